package roles_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
)

const (
	schedARN  = "arn:aws:scheduler:eu-west-1:123456789012:schedule/"
	schedRole = iamARN + "role/bcn-default-scheduler"
)

func TestTheBotsRoleOpensAndEndsGrants(t *testing.T) {
	t.Parallel()
	toScheduler := map[string]string{"iam:PassedToService": "scheduler.amazonaws.com"}
	elsewhere := map[string]string{"aws:RequestedRegion": "us-east-1"}
	d := parse(t, input()).bot
	for _, a := range []ask{
		{"may end a grant's session", "ssm:TerminateSession", ssmARN + "session/bcn-g1042-1-0a1b", nil, policy.Allowed},
		{"may end a session of ECS Exec", "ssm:TerminateSession", ssmARN + "session/ecs-execute-command-0a1b", nil, policy.Allowed},
		{"may not end a person's session", "ssm:TerminateSession", ssmARN + "session/dana-0a1b", nil, policy.Implicit},
		{"may list sessions", "ssm:DescribeSessions", "*", nil, policy.Allowed},
		{"may not list sessions of another region", "ssm:DescribeSessions", "*", elsewhere, policy.Implicit},
		{"may list nodes", "ssm:DescribeInstanceInformation", "*", nil, policy.Allowed},
		{"may read a session document", "ssm:GetDocument", shellDoc, nil, policy.Allowed},
		{"may read a port document", "ssm:GetDocument", portDoc, nil, policy.Allowed},
		{"may not read another district's document", "ssm:GetDocument", ssmARN + "document/bcn-other-session-10m", nil, policy.Implicit},
		{"may not change a document", "ssm:UpdateDocument", shellDoc, nil, policy.Implicit},
		{"may not open a session", "ssm:StartSession", nodeARN, nil, policy.Implicit},
		{"may not resume a session", "ssm:ResumeSession", ssmARN + "session/bcn-g1042-1-0a1b", nil, policy.Implicit},
		{"may not send a command", "ssm:SendCommand", nodeARN, nil, policy.Implicit},
		{"may arm a grant's stop", "scheduler:CreateSchedule", schedARN + "default/bcn_g1042-stop", nil, policy.Allowed},
		{"may read a grant's stop", "scheduler:GetSchedule", schedARN + "default/bcn_g1042-stop", nil, policy.Allowed},
		{"may remove a grant's stop", "scheduler:DeleteSchedule", schedARN + "default/bcn_g1042-stop", nil, policy.Allowed},
		{"may not change a stop", "scheduler:UpdateSchedule", schedARN + "default/bcn_g1042-stop", nil, policy.Implicit},
		{"may not make another schedule", "scheduler:CreateSchedule", schedARN + "default/nightly", nil, policy.Implicit},
		{"may not touch the schedule of a heritage whose name begins with g", "scheduler:DeleteSchedule", schedARN + "default/" + render.ScheduleName("g1042", "stop"), nil, policy.Implicit},
		{"may not arm in another group", "scheduler:CreateSchedule", schedARN + "other/bcn_g1042-stop", nil, policy.Implicit},
		{"may pass the Scheduler's role to it", "iam:PassRole", schedRole, toScheduler, policy.Allowed},
		{"may not pass it to a task", "iam:PassRole", schedRole, map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}, policy.Implicit},
		{"may not pass a task's role to the Scheduler", "iam:PassRole", iamARN + "role/bcn/default/bcn-default-hello-task", toScheduler, policy.Implicit},
		{"may look events up", "cloudtrail:LookupEvents", "*", nil, policy.Allowed},
		{"may not look events up elsewhere", "cloudtrail:LookupEvents", "*", elsewhere, policy.Implicit},
		{"may not assume a role of access", "sts:AssumeRole", iamARN + "role/bcn-default-access-task", nil, policy.Implicit},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, d, nil)
		})
	}
}

func TestTheSchedulersRole(t *testing.T) {
	t.Parallel()
	p := parse(t, input())
	on := map[string]string{"ecs:cluster": cluster}
	for _, a := range []ask{
		{"may stop a task", "ecs:StopTask", taskARN, on, policy.Allowed},
		{"may not stop another cluster's", "ecs:StopTask", ecsARN + "task/other/0123", map[string]string{"ecs:cluster": ecsARN + "cluster/other"}, policy.Implicit},
		{"may not start one", "ecs:RunTask", ecsARN + "task-definition/hello:1", on, policy.Implicit},
		{"may not enter one", "ecs:ExecuteCommand", taskARN, on, policy.Implicit},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, p.scheduler, nil)
		})
	}
	mine := map[string]string{"aws:SourceAccount": "123456789012"}
	scheduler, bcn := policy.ServicePrincipal("scheduler.amazonaws.com"), []policy.Principal{{Type: "AWS", Value: "arn:aws:iam::999999999999:role/bcn"}}
	for _, c := range []struct {
		ask
		caller []policy.Principal
	}{
		{ask{"the Scheduler may assume it", "sts:AssumeRole", "*", mine, policy.Allowed}, scheduler},
		{ask{"not for another account's schedule", "sts:AssumeRole", "*", map[string]string{"aws:SourceAccount": "999999999999"}, policy.Implicit}, scheduler},
		{ask{"tasks may not", "sts:AssumeRole", "*", mine, policy.Implicit}, policy.ServicePrincipal("ecs-tasks.amazonaws.com")},
		{ask{"bcn may not", "sts:AssumeRole", "*", mine, policy.Implicit}, bcn},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, p.schedulerTrust, c.caller)
		})
	}
}

func TestASessionDocumentIsTheTemplates(t *testing.T) {
	t.Parallel()
	in := fullAccess()
	_, tree := accessTemplate(t, in)
	in.Input = roles.Input{District: in.District} // what is compared needs no more
	n := 0
	for id, r := range tree.Resources {
		if r.Type != "AWS::SSM::Document" {
			continue
		}
		n++
		name, _ := r.Properties["Name"].(string)
		raw, err := roles.SessionDocument(in, name)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		var got any
		if err := json.Unmarshal(raw, &got); err != nil || !reflect.DeepEqual(got, r.Properties["Content"]) {
			t.Errorf("%s: %s", id, raw)
		}
	}
	if n != len(roles.SessionMinutes())+len(in.Ports) {
		t.Errorf("%d documents", n)
	}
	for _, name := range []string{"", "bcn-default-session-7m", "bcn-other-session-10m", "SSM-SessionManagerRunShell"} {
		if _, err := roles.SessionDocument(in, name); err == nil || !strings.Contains(err.Error(), "no document") {
			t.Errorf("%q: %v", name, err)
		}
	}
	in.RunAs = "root"
	if _, err := roles.SessionDocument(in, "bcn-default-session-5m"); err == nil {
		t.Error("a document that runs as root")
	}
}
