package sessions_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
	"github.com/bcn-bot/bcn/internal/roles"
)

// grant assumes the target's role as bcn does, until ten minutes from now.
func (w *world) grant(t *testing.T, target access.Target) awssdk.Credentials {
	t.Helper()
	policy, err := access.Policy(target, w.clock.Now().Add(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(w.as()).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: awssdk.String("arn:aws:iam::123456789012:role/" + target.Role()), RoleSessionName: awssdk.String(access.SessionName(7, 1)),
		SourceIdentity: awssdk.String("dana"), ExternalId: awssdk.String("bcn-1"), DurationSeconds: awssdk.Int32(900), Policy: awssdk.String(string(policy)),
	})
	wantCode(t, err, "")
	return awssdk.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}
}

// made creates a stack as the administrator and answers what it exports.
func (w *world) made(t *testing.T, name, template string) map[string]string {
	t.Helper()
	c := cloudformation.NewFromConfig(w.as())
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: &name, TemplateBody: &template, Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam},
	})
	wantCode(t, err, "")
	w.clock.Advance(2 * time.Minute)
	out, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	wantCode(t, err, "")
	if status := out.Stacks[0].StackStatus; status != cfntypes.StackStatusCreateComplete {
		events, _ := c.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: &name})
		for _, e := range events.StackEvents {
			t.Logf("%s: %s", awssdk.ToString(e.LogicalResourceId), awssdk.ToString(e.ResourceStatusReason))
		}
		t.Fatal(status)
	}
	outputs := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		outputs[*o.OutputKey] = *o.OutputValue
	}
	return outputs
}

func onSampleNode(minutes int) access.Target {
	return access.Target{
		Kind: access.Instance, District: "default", Account: aws.DefaultAccount, Region: region,
		Node: aws.SampleNode, Session: time.Duration(minutes) * time.Minute,
	}
}

func TestGrantsOfTheSampleMachine(t *testing.T) {
	t.Parallel()
	w := newAccount(t, true)
	w.Sessions().PutNode(sessionsNode(other, "production"))
	found, err := ssm.NewFromConfig(w.as()).DescribeInstanceInformation(t.Context(), &ssm.DescribeInstanceInformationInput{})
	wantCode(t, err, "")
	if len(found.InstanceInformationList) != 2 || *found.InstanceInformationList[0].InstanceId != aws.SampleNode || found.InstanceInformationList[0].PingStatus != "Online" {
		t.Fatalf("%+v", found.InstanceInformationList)
	}
	for _, minutes := range roles.SessionMinutes() {
		t.Run(strconv.Itoa(minutes)+" minutes, and with no other document and on no other machine", func(t *testing.T) {
			t.Parallel()
			c := ssm.NewFromConfig(w.as(w.grant(t, onSampleNode(minutes))))
			start := func(node, document string) error {
				_, err := c.StartSession(t.Context(), &ssm.StartSessionInput{Target: &node, DocumentName: &document})
				return err
			}
			name := roles.SessionDocumentName("default", minutes)
			wantCode(t, start(aws.SampleNode, name), "")
			wantCode(t, start(other, name), "AccessDeniedException")
			for _, document := range []string{"SSM-SessionManagerRunShell", "AWS-StartPortForwardingSession", roles.SessionDocumentName("default", 65-minutes)} {
				wantCode(t, start(aws.SampleNode, document), "AccessDeniedException")
			}
		})
	}
	t.Run("a shell on it is recorded in the district's log group", func(t *testing.T) {
		t.Parallel()
		w := newAccount(t, true)
		creds := w.grant(t, onSampleNode(5))
		out, err := ssm.NewFromConfig(w.as(creds)).StartSession(t.Context(), &ssm.StartSessionInput{
			Target: awssdk.String(aws.SampleNode), DocumentName: awssdk.String(roles.SessionDocumentName("default", 5)),
		})
		wantCode(t, err, "")
		p := plugintest.Start(t, plugintest.Options{
			Path: plugintest.Build(t), Response: answer(out.SessionId, out.StreamUrl, out.TokenValue), Target: aws.SampleNode, Endpoint: w.URL(), Keys: keys(creds),
		})
		p.Expect(t, "$ ")
		p.Type(t, "echo $USER\n")
		p.Expect(t, roles.DefaultRunAs)
		w.clock.Advance(5 * time.Minute)
		p.ExpectEnd(t)
		if got := w.streams(t, roles.SessionLogGroup("default")); len(got) != 1 || got[0] != *out.SessionId {
			t.Fatalf("%v", got)
		}
	})
}

func TestGrantsOfAPort(t *testing.T) {
	t.Parallel()
	w := newAccount(t, true)
	template, err := roles.AccessTemplate(roles.AccessInput{
		Input: roles.Input{
			District: "tokyo", Account: aws.DefaultAccount, Region: region, BotPrincipal: "arn:aws:iam::123456789012:root",
			AnyExternalID: true, Cluster: "default", Bucket: "b-tokyo",
		},
		Ports: []roles.DatabasePort{{Name: "main", Host: "db.internal", Port: 5432}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := w.made(t, "bcn-access-tokyo", string(template))
	target := access.Target{Kind: access.Port, District: "tokyo", Account: aws.DefaultAccount, Region: region, Node: aws.SampleNode, Database: "main"}
	if out["PortRole"] != "arn:aws:iam::123456789012:role/"+target.Role() {
		t.Fatal(out)
	}
	if err := w.Sessions().PutHost("db.internal:5432", backend(t).Listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	creds := w.grant(t, target)
	in, err := ssm.NewFromConfig(w.as(creds)).StartSession(t.Context(), &ssm.StartSessionInput{
		Target: awssdk.String(aws.SampleNode), DocumentName: awssdk.String(roles.PortDocumentName("tokyo", "main")),
	})
	wantCode(t, err, "")
	p := plugintest.Start(t, plugintest.Options{
		Path: plugintest.Build(t), Response: answer(in.SessionId, in.StreamUrl, in.TokenValue), Target: aws.SampleNode, Endpoint: w.URL(), Keys: keys(creds),
	})
	p.Expect(t, "Waiting for connections")
	addr := "localhost:" + opened.FindStringSubmatch(p.Output())[1]
	if got, err := say(t, addr, "hello"); err != nil || got != "HELLO" {
		t.Fatal(got, err)
	}
	w.terminate(t, *in.SessionId)
	p.ExpectEnd(t)
	if got, err := say(t, addr, "hello"); err == nil {
		t.Fatalf("answered %q after the end", got)
	}
}

// consoleStack is a task definition for grants' own tasks, and a service whose
// tasks can be entered.
func consoleStack(t *testing.T) string {
	t.Helper()
	type object = map[string]any
	type list = []any
	definition := func(family string, container object) object {
		return object{"Type": "AWS::ECS::TaskDefinition", "Properties": object{
			"Family": family, "NetworkMode": "awsvpc", "RequiresCompatibilities": list{"FARGATE"}, "Cpu": "256", "Memory": "512",
			"TaskRoleArn": "arn:aws:iam::123456789012:role/enterable", "ContainerDefinitions": list{container},
		}}
	}
	text, err := json.Marshal(object{
		"Resources": object{
			"Console": definition("console", object{
				"Name": "main", "Image": "shell:1", "EntryPoint": list{"/bin/sh", "-c"}, "StopTimeout": 10, "LinuxParameters": object{"InitProcessEnabled": true},
			}),
			"Web": definition("web", object{"Name": "main", "Image": "shell:1", "LinuxParameters": object{"InitProcessEnabled": true}}),
			"Service": object{"Type": "AWS::ECS::Service", "Properties": object{
				"Cluster": "default", "TaskDefinition": object{"Ref": "Web"}, "LaunchType": "FARGATE", "DesiredCount": 1, "EnableExecuteCommand": true,
				"NetworkConfiguration": object{"AwsvpcConfiguration": object{"Subnets": list{"subnet-0a11ce00000000001"}, "SecurityGroups": list{"sg-0a11ce00000000001"}}},
			}},
		},
		"Outputs": object{"Console": object{"Value": object{"Ref": "Console"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGrantsOfTasks(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newECS(t)
	out := w.made(t, "heritage-hello", consoleStack(t))
	c := ecs.NewFromConfig(w.as())
	inTask := func(arn string) access.Target {
		return access.Target{
			Kind: access.LiveTask, District: "default", Account: aws.DefaultAccount, Region: region,
			Cluster: "default", Task: arn[len(arn)-32:], Container: "main",
		}
	}
	t.Run("a task of a service is entered by who was granted it", func(t *testing.T) {
		t.Parallel()
		tasks, err := c.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: s("default"), Family: s("web")})
		wantCode(t, err, "")
		if len(tasks.TaskArns) != 1 {
			t.Fatal(tasks.TaskArns)
		}
		arn := tasks.TaskArns[0]
		_, err = w.enter(t, w.as(w.grant(t, inTask(arn))), arn, asIs)
		wantCode(t, err, "")
	})
	t.Run("a task of a grant's own says what it was started with", func(t *testing.T) {
		t.Parallel()
		end := w.clock.Now().Add(time.Hour)
		in := &ecs.RunTaskInput{
			TaskDefinition: s(out["Console"]), Cluster: s("default"), LaunchType: ecstypes.LaunchTypeFargate, EnableExecuteCommand: true,
			ClientToken: s("grant-7"), StartedBy: s("bcn-g7"), Tags: []ecstypes.Tag{{Key: s("bcn:grant"), Value: s("7")}},
			NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
				Subnets: []string{"subnet-0a11ce00000000001"}, SecurityGroups: []string{"sg-0a11ce00000000001"},
			}},
			Overrides: &ecstypes.TaskOverride{ContainerOverrides: []ecstypes.ContainerOverride{{Name: s("main"), Command: waitUntil(end)[2:]}}},
		}
		first, err := c.RunTask(t.Context(), in)
		wantCode(t, err, "")
		again, err := c.RunTask(t.Context(), in)
		wantCode(t, err, "")
		arn := *first.Tasks[0].TaskArn
		if *again.Tasks[0].TaskArn != arn {
			t.Fatal("started twice")
		}
		describe := func() ecstypes.Task {
			out, err := c.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: s("default"), Tasks: []string{arn}, Include: []ecstypes.TaskField{"TAGS"}})
			wantCode(t, err, "")
			return out.Tasks[0]
		}
		if agent := describe().Containers[0].ManagedAgents[0]; *agent.LastStatus != "PENDING" || agent.LastStartedAt != nil {
			t.Fatalf("%+v", agent)
		}
		w.clock.Advance(30 * time.Second)
		x := describe()
		agent := x.Containers[0].ManagedAgents[0]
		if agent.Name != "ExecuteCommandAgent" || *agent.LastStatus != "RUNNING" || agent.LastStartedAt == nil || !x.EnableExecuteCommand ||
			*x.StartedBy != "bcn-g7" || *x.Containers[0].RuntimeId == "" || len(x.Tags) != 1 || *x.Tags[0].Value != "7" ||
			len(x.Overrides.ContainerOverrides[0].Command) != 1 || *x.LastStatus != "RUNNING" {
			t.Fatalf("%+v", x)
		}
		_, err = w.enter(t, w.as(w.grant(t, inTask(arn))), arn, asIs)
		wantCode(t, err, "")
	})
}
