package access_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/local/aws/policy"
)

// wish is one line of the table by meaning.
type wish struct {
	name string
	call
	allowed bool
}

func shared() []wish {
	const other = "AROAEXAMPLE:bcn-g7-1"
	return []wish{
		{"run a command on the node", call{"ssm:SendCommand", node, nil}, false},
		{"run a command by a document", call{"ssm:SendCommand", "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript", nil}, false},
		{"automate", call{"ssm:StartAutomationExecution", "*", nil}, false},
		{"SSH", call{"ssm:StartSession", "arn:aws:ssm:eu-west-1::document/AWS-StartSSHSession", named("x")}, false},
		{"forward any port", call{"ssm:StartSession", "arn:aws:ssm:eu-west-1::document/AWS-StartPortForwardingSession", named("x")}, false},
		{"forward any port of any host", call{"ssm:StartSession", "arn:aws:ssm:eu-west-1::document/AWS-StartPortForwardingSessionToRemoteHost", named("x")}, false},
		{"run one command in a session", call{"ssm:StartSession", "arn:aws:ssm:eu-west-1::document/AWS-StartInteractiveCommand", named("x")}, false},
		{"use the account's own document", call{"ssm:StartSession", "arn:aws:ssm:" + base + "document/SSM-SessionManagerRunShell", named("x")}, false},
		{"name no document", call{"ssm:StartSession", "arn:aws:ssm:" + base + "document/SSM-SessionManagerRunShell", named("")}, false},
		{"use a longer document", call{"ssm:StartSession", "arn:aws:ssm:" + base + "document/bcn-default-session-60m", named("x")}, false},
		{"use another district's document", call{"ssm:StartSession", "arn:aws:ssm:" + base + "document/bcn-other-session-10m", named("x")}, false},
		{"use another account's document", call{"ssm:StartSession", "arn:aws:ssm:eu-west-1:999999999999:document/bcn-default-session-10m", named("x")}, false},
		{"enter another node", call{"ssm:StartSession", "arn:aws:ec2:" + base + "instance/i-0aaaaaaaaaaaaaaaa", named("x")}, false},
		{"enter the node in another region", call{"ssm:StartSession", "arn:aws:ec2:us-east-1:123456789012:instance/" + nodeID, named("x")}, false},
		{"enter a node of one's own premises", call{"ssm:StartSession", "arn:aws:ssm:" + base + "managed-instance/mi-0123456789abcdef0", named("x")}, false},
		{"start a session on the task", call{"ssm:StartSession", task, named("x")}, false},
		{"start a session anywhere", call{"ssm:StartSession", "*", named("x")}, false},
		{"enter another task", call{"ecs:ExecuteCommand", "arn:aws:ecs:" + base + "task/default/ffffffffffffffffffffffffffffffff", inContainer("web")}, false},
		{"enter another cluster", call{"ecs:ExecuteCommand", "arn:aws:ecs:" + base + "cluster/other", keys("ecs:cluster", "arn:aws:ecs:"+base+"cluster/other", "ecs:container-name", "web")}, false},
		{"enter another container", call{"ecs:ExecuteCommand", task, inContainer("proxy")}, false},
		{"enter a container without naming it", call{"ecs:ExecuteCommand", task, keys("ecs:cluster", cluster)}, false},
		{"resume another's session", call{"ssm:ResumeSession", session + other + "-1", sessionOf(other)}, false},
		{"terminate another's session", call{"ssm:TerminateSession", session + other + "-1", sessionOf(other)}, false},
		{"terminate a session without an owner", call{"ssm:TerminateSession", session + "x-1", nil}, false},
		{"open another's channel", call{"ssmmessages:OpenDataChannel", session + other + "-1", nil}, false},
		{"see sessions", call{"ssm:DescribeSessions", "*", nil}, false},
		{"see nodes", call{"ssm:DescribeInstanceInformation", "*", nil}, false},
		{"read a parameter", call{"ssm:GetParameter", "arn:aws:ssm:" + base + "parameter/barcelona/default/x", nil}, false},
		{"read a secret", call{"secretsmanager:GetSecretValue", "*", nil}, false},
		{"change a document", call{"ssm:UpdateDocument", ten, nil}, false},
		{"move a document's version", call{"ssm:UpdateDocumentDefaultVersion", ten, nil}, false},
		{"tag the node", call{"ec2:CreateTags", node, nil}, false},
		{"tag the task", call{"ecs:TagResource", task, nil}, false},
		{"run a task", call{"ecs:RunTask", "arn:aws:ecs:" + base + "task-definition/hello:1", keys("ecs:cluster", cluster)}, false},
		{"stop the task", call{"ecs:StopTask", task, keys("ecs:cluster", cluster)}, false},
		{"assume another role", call{"sts:AssumeRole", "arn:aws:iam::123456789012:role/bcn-default-bot", nil}, false},
		{"pass a role", call{"iam:PassRole", "arn:aws:iam::123456789012:role/bcn-default-bot", nil}, false},
		{"use any key", call{"kms:GenerateDataKey", "arn:aws:kms:" + base + "key/1", nil}, false},
		{"do anything else", call{"s3:GetObject", "arn:aws:s3:::bucket/key", nil}, false},
	}
}

// table is what each kind of grant may do; what is not said it may not.
func table(target access.Target) []wish {
	onNode, ownSessions, onTask := target.Kind == access.Instance || target.Kind == access.Port, target.Kind == access.Instance || target.Kind == access.Port, target.Tasks()
	return append(shared(), []wish{
		{"enter the node", call{"ssm:StartSession", node, named("x")}, onNode},
		{"enter the node without a document", call{"ssm:StartSession", node, named("")}, false},
		{"use the document of a shell", call{"ssm:StartSession", ten, named("x")}, target.Kind == access.Instance},
		{"use the document of the port", call{"ssm:StartSession", port, named("x")}, target.Kind == access.Port},
		{"resume one's own session", call{"ssm:ResumeSession", session + me + "-1", sessionOf(me)}, ownSessions},
		{"terminate one's own session", call{"ssm:TerminateSession", session + me + "-1", sessionOf(me)}, ownSessions},
		{"open one's own channel", call{"ssmmessages:OpenDataChannel", session + me + "-1", nil}, ownSessions},
		{"enter the cluster", call{"ecs:ExecuteCommand", cluster, inContainer("web")}, onTask},
		{"enter the task", call{"ecs:ExecuteCommand", task, inContainer("web")}, onTask},
	}...)
}

func TestNothingButTheTargetAtAnyTime(t *testing.T) {
	t.Parallel()
	const length = 10 * time.Minute
	end := start.Add(length)
	times := []time.Duration{-time.Hour, length - time.Second, length, length + time.Second, length + time.Minute, 15 * time.Minute, 24 * time.Hour}
	for m := time.Duration(0); m < length; m += time.Minute {
		times = append(times, m)
	}
	for _, target := range []access.Target{own(), live(), instance(), database()} {
		set := minted(t, target, end)
		// The session policy must do it by itself too: roles change.
		alone := policy.Set{Identity: []*policy.Document{everything(t)}, Session: set.Session}
		for _, w := range table(target) {
			t.Run(fmt.Sprintf("%s: %s", target.Kind, w.name), func(t *testing.T) {
				t.Parallel()
				for _, after := range times {
					want := w.allowed && after < length
					if got := w.call.allowed(set, start.Add(after)); got != want {
						t.Errorf("after %s: got %v, want %v", after, got, want)
					}
					if got := w.call.allowed(alone, start.Add(after)); got != want {
						t.Errorf("after %s, with a role that may do all: got %v, want %v", after, got, want)
					}
				}
			})
		}
	}
}

func everything(t *testing.T) *policy.Document {
	t.Helper()
	all, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The role alone must be no way around the grant either: what is denied by
// name stays denied whatever session policy is minted.
func TestASessionPolicyCannotWidenTheRole(t *testing.T) {
	t.Parallel()
	for _, target := range []access.Target{own(), instance(), database()} {
		set := policy.Set{Identity: []*policy.Document{roleOf(t, target)}, Session: everything(t)}
		for _, c := range []call{
			{"ssm:StartSession", task, named("x")},
			{"ssm:StartSession", "arn:aws:ssm:eu-west-1::document/AWS-StartSSHSession", named("x")},
			{"ssm:StartSession", "arn:aws:ssm:" + base + "document/bcn-other-session-10m", named("x")},
			{"ssm:SendCommand", node, nil},
			{"ssm:UpdateDocument", ten, nil},
			{"ec2:CreateTags", node, nil},
			{"ecs:ExecuteCommand", "arn:aws:ecs:" + base + "task/other/1", keys("ecs:cluster", "arn:aws:ecs:"+base+"cluster/other")},
			{"s3:GetObject", "arn:aws:s3:::bucket/key", nil},
		} {
			if c.allowed(set, start) {
				t.Errorf("%s: %s on %s", target.Kind, c.action, c.resource)
			}
		}
	}
}

func hex(n int) *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("0123456789abcdef")), n, n, n)
}

func anyTarget() *rapid.Generator[access.Target] {
	return rapid.Custom(func(r *rapid.T) access.Target {
		out := access.Target{
			Kind:     rapid.SampledFrom([]access.Kind{access.OwnTask, access.LiveTask, access.Instance, access.Port}).Draw(r, "kind"),
			District: rapid.StringMatching(`[a-z][a-z0-9-]{0,40}`).Draw(r, "district"),
			Account:  rapid.StringMatching(`[0-9]{12}`).Draw(r, "account"),
			Region:   rapid.SampledFrom([]string{"eu-west-1", "ap-northeast-1", "us-gov-west-1", "cn-north-1"}).Draw(r, "region"),
		}
		switch {
		case out.Tasks():
			out.Cluster = rapid.StringMatching(`[A-Za-z0-9_-]{1,255}`).Draw(r, "cluster")
			out.Container = rapid.StringMatching(`[A-Za-z0-9_-]{1,255}`).Draw(r, "container")
			out.Task = hex(32).Draw(r, "task")
		case out.Kind == access.Port:
			out.Database = "main"
			out.Node = "mi-" + hex(17).Draw(r, "node")
		default:
			out.Node = rapid.SampledFrom([]string{"i-", "mi-"}).Draw(r, "prefix") + hex(17).Draw(r, "node")
			out.Session = time.Duration(rapid.IntRange(60, 3600).Draw(r, "session")) * time.Second
		}
		return out
	})
}

// opened are the calls by which a target is opened, all of which must be
// allowed for it to be.
func opened(t access.Target) []call {
	at := func(service, rest string) string {
		return strings.Join([]string{"arn", strings.Split(t.ARN(), ":")[1], service, t.Region, t.Account, rest}, ":")
	}
	if t.Tasks() {
		home := at("ecs", "cluster/"+t.Cluster)
		k := keys("ecs:cluster", home, "ecs:container-name", t.Container)
		return []call{{"ecs:ExecuteCommand", home, k}, {"ecs:ExecuteCommand", t.ARN(), k}}
	}
	return []call{{"ssm:StartSession", t.ARN(), named("x")}, {"ssm:StartSession", at("ssm", "document/"+t.Document()), named("x")}}
}

// near is another target, or the same but for one part.
func near(r *rapid.T, t access.Target) access.Target {
	other, out := anyTarget().Draw(r, "other"), t
	switch rapid.IntRange(0, 8).Draw(r, "what differs") {
	case 0:
		return other
	case 1:
		out.Account = other.Account
	case 2:
		out.Region = other.Region
	case 3:
		out.Cluster += "x"
	case 4:
		out.Container += "x"
	case 5:
		out.Task = hex(32).Draw(r, "task")
	case 6:
		out.Node = "i-" + hex(17).Draw(r, "node")
	case 7:
		out.Session = time.Duration(rapid.IntRange(60, 3600).Draw(r, "session")) * time.Second
	case 8:
		out.District += "x"
	}
	return out
}

func TestAnyTargetIsOpenUntilItsEndAndNoOtherIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		mine := anyTarget().Draw(r, "target")
		other := near(r, mine)
		end := start.Add(time.Duration(rapid.Int64Range(0, int64(12*time.Hour)).Draw(r, "length")))
		now := end.Add(time.Duration(rapid.Int64Range(int64(-time.Hour), int64(time.Hour)).Draw(r, "from the end")))
		raw, err := access.Policy(mine, end)
		if err != nil {
			r.Fatal(err)
		}
		if len(raw) > access.MaxPolicy {
			r.Fatalf("%d characters", len(raw))
		}
		set := minted(t, mine, end)
		// AWS's clock has seconds, and the end is cut to them.
		open := now.Truncate(time.Second).Before(end.Truncate(time.Second))
		for _, c := range opened(mine) {
			if c.allowed(set, now) != open {
				r.Fatalf("%s on %s at %s, end %s: %v", c.action, c.resource, now, end, !open)
			}
		}
		calls := opened(other)
		all := true
		for _, c := range calls {
			all = all && c.allowed(set, now)
		}
		same := fmt.Sprint(opened(mine)) == fmt.Sprint(calls)
		if all && !same {
			r.Fatalf("%+v opens %+v", mine, other)
		}
	})
}

func TestPolicyIsCompactAndInUTC(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("JST", 9*3600)
	raw, err := access.Policy(own(), start.Add(10*time.Minute+999*time.Millisecond).In(tokyo))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecs:ExecuteCommand"],"Resource":["` + cluster + `","` + task +
		`"],"Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"},"StringEquals":{"ecs:container-name":"web"}}},` +
		`{"Effect":"Deny","Action":["ssm:StartSession"],"Resource":["*"]}]}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}

func TestTheAccountsKeyIsAllowedOnlyUntilTheEnd(t *testing.T) {
	t.Parallel()
	for _, target := range []access.Target{own(), instance()} {
		target.Key = "arn:aws:kms:" + base + "key/11111111-2222-3333-4444-555555555555"
		set := minted(t, target, start.Add(time.Minute))
		c := call{"kms:GenerateDataKey", target.Key, nil}
		if !c.allowed(set, start) || c.allowed(set, start.Add(time.Minute)) {
			t.Errorf("%s: not exactly until the end", target.Kind)
		}
		for _, other := range []call{{"kms:Decrypt", target.Key, nil}, {"kms:GenerateDataKey", "arn:aws:kms:" + base + "key/other", nil}} {
			if other.allowed(set, start) {
				t.Errorf("%s: %s on %s", target.Kind, other.action, other.resource)
			}
		}
	}
}

func TestWhatIsNoTargetIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of    access.Target
		spoil func(*access.Target)
	}{
		"no kind":                      {own(), func(x *access.Target) { x.Kind = "" }},
		"another kind":                 {own(), func(x *access.Target) { x.Kind = "access:all" }},
		"a wildcard as task":           {own(), func(x *access.Target) { x.Task = "*" }},
		"a task's ARN":                 {own(), func(x *access.Target) { x.Task = task }},
		"no task":                      {live(), func(x *access.Target) { x.Task = "" }},
		"a wildcard as container":      {own(), func(x *access.Target) { x.Container = "w*" }},
		"no container":                 {own(), func(x *access.Target) { x.Container = "" }},
		"a wildcard as cluster":        {own(), func(x *access.Target) { x.Cluster = "*" }},
		"a variable as cluster":        {own(), func(x *access.Target) { x.Cluster = "${aws:userid}" }},
		"a task and a node":            {own(), func(x *access.Target) { x.Node = nodeID }},
		"a node and a task":            {instance(), func(x *access.Target) { x.Task = taskID }},
		"a wildcard as node":           {instance(), func(x *access.Target) { x.Node = "i-*" }},
		"a name as node":               {instance(), func(x *access.Target) { x.Node = "web-1" }},
		"a newline after the node":     {instance(), func(x *access.Target) { x.Node += "\n" }},
		"no length of a session":       {instance(), func(x *access.Target) { x.Session = 0 }},
		"too long a session":           {instance(), func(x *access.Target) { x.Session = 61 * time.Minute }},
		"a session of a task":          {own(), func(x *access.Target) { x.Session = time.Minute }},
		"no database":                  {database(), func(x *access.Target) { x.Database = "" }},
		"a wildcard as database":       {database(), func(x *access.Target) { x.Database = "*" }},
		"a database and a shell":       {instance(), func(x *access.Target) { x.Database = "main" }},
		"a wildcard as district":       {instance(), func(x *access.Target) { x.District = "*" }},
		"a wildcard as account":        {instance(), func(x *access.Target) { x.Account = "*" }},
		"a wildcard as region":         {instance(), func(x *access.Target) { x.Region = "*" }},
		"a wildcard as key":            {instance(), func(x *access.Target) { x.Key = "*" }},
		"all keys":                     {instance(), func(x *access.Target) { x.Key = "arn:aws:kms:" + base + "key/*" }},
		"letters in the account's id ": {instance(), func(x *access.Target) { x.Account = "12345678901a" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.spoil(&c.of)
			if got, err := access.Policy(c.of, start); !errors.Is(err, access.ErrTarget) || got != nil {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestNoPolicyWithoutAnEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []time.Time{{}, time.Unix(0, 0), start.AddDate(8000, 0, 0)} {
		if _, err := access.Policy(own(), end); !errors.Is(err, access.ErrEnd) {
			t.Errorf("%s: %v", end, err)
		}
	}
}
