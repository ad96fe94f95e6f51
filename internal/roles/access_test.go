package roles_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/local/aws/schema"
	"github.com/bcn-bot/bcn/internal/roles"
)

func accessInput() roles.AccessInput { return roles.AccessInput{Input: input()} }

// fullAccess has all that may be left out.
func fullAccess() roles.AccessInput {
	in := accessInput()
	in.RunAs, in.IdleMinutes, in.LogGroup = "operator", 10, "ops/sessions"
	in.Key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
	in.NodeTag = roles.Tag{Key: "bcn:district", Value: "default"}
	in.Ports = []roles.DatabasePort{{Name: "main-db", Host: "main.cluster-abc.eu-west-1.rds.amazonaws.com", Port: 5432}}
	return in
}

// accessTree is the template as CloudFormation reads it.
type accessTree struct {
	Resources map[string]struct {
		Type           string
		DeletionPolicy string
		Properties     map[string]any
	}
}

func accessTemplate(t *testing.T, in roles.AccessInput) ([]byte, accessTree) {
	t.Helper()
	raw, err := roles.AccessTemplate(in)
	if err != nil {
		t.Fatal(err)
	}
	var tree accessTree
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	return raw, tree
}

func TestTheTemplatesOfAccessAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]roles.AccessInput{"testdata/access.json": accessInput(), "testdata/access_full.json": fullAccess()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, tree := accessTemplate(t, in)
			golden(t, name, raw)
			if len(raw) > 51200 {
				t.Errorf("%d bytes, CloudFormation takes 51,200 in a request", len(raw))
			}
			for id, r := range tree.Resources {
				for _, p := range schema.Check(r.Type, r.Properties) {
					t.Errorf("%s%s: %s", id, p.Path, p.Message)
				}
			}
		})
	}
}

func TestTheTableOfAccessIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	got, err := roles.AccessTable(fullAccess())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/access_table.md", []byte(got))
	if _, err := roles.AccessTable(roles.AccessInput{}); err == nil {
		t.Error("a table of nothing")
	}
}

// accessDocs are a role's policy and its trust policy, within IAM's limits.
func accessDocs(t *testing.T, tree accessTree, role string) (identity, trust *policy.Document) {
	t.Helper()
	p := tree.Resources[role].Properties
	doc := func(v any, kind policy.Kind, limit int) *policy.Document {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > limit {
			t.Errorf("%s: %d characters, IAM takes %d", role, len(raw), limit)
		}
		d, err := policy.Parse(raw, kind)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	list, _ := p["Policies"].([]any)
	if len(list) != 1 || p["MaxSessionDuration"] != 3600.0 {
		t.Fatalf("%s: %v", role, p)
	}
	inline, _ := list[0].(map[string]any)
	return doc(inline["PolicyDocument"], policy.Identity, 10240), doc(p["AssumeRolePolicyDocument"], policy.Trust, 2048)
}

func TestWhoMayAssumeTheRolesOfAccess(t *testing.T) {
	t.Parallel()
	_, tree := accessTemplate(t, fullAccess())
	bcn := []policy.Principal{{Type: "AWS", Value: "arn:aws:iam::999999999999:role/bcn"}}
	other := []policy.Principal{{Type: "AWS", Value: "arn:aws:iam::999999999999:role/other"}}
	good := map[string]string{"sts:ExternalId": "bcn-1234", "sts:SourceIdentity": "dana", "sts:RoleSessionName": "bcn-g1042-1"}
	but := func(key, value string) map[string]string {
		out := map[string]string{}
		for k, v := range good {
			out[k] = v
		}
		out[key] = value
		if value == "" {
			delete(out, key)
		}
		return out
	}
	for _, role := range []string{"TaskRole", "InstanceRole", "PortRole"} {
		_, trust := accessDocs(t, tree, role)
		for _, c := range []struct {
			ask
			caller []policy.Principal
		}{
			{ask{"bcn may, for a grant", "sts:AssumeRole", "*", good, policy.Allowed}, bcn},
			{ask{"bcn may name the person", "sts:SetSourceIdentity", "*", good, policy.Allowed}, bcn},
			{ask{"another role may not", "sts:AssumeRole", "*", good, policy.Implicit}, other},
			{ask{"a wrong external id may not", "sts:AssumeRole", "*", but("sts:ExternalId", "x"), policy.Implicit}, bcn},
			{ask{"no external id may not", "sts:AssumeRole", "*", but("sts:ExternalId", ""), policy.Implicit}, bcn},
			{ask{"nobody in particular may not", "sts:AssumeRole", "*", but("sts:SourceIdentity", ""), policy.Implicit}, bcn},
			{ask{"another session name may not", "sts:AssumeRole", "*", but("sts:RoleSessionName", "bcn-1042"), policy.Implicit}, bcn},
			{ask{"nobody tags the session", "sts:TagSession", "*", good, policy.Implicit}, bcn},
		} {
			t.Run(role+": "+c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, trust, c.caller)
			})
		}
	}
}

const (
	taskARN  = ecsARN + "task/default/0123456789abcdef0123456789abcdef"
	nodeARN  = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"
	ssmARN   = "arn:aws:ssm:eu-west-1:123456789012:"
	shellDoc = ssmARN + "document/bcn-default-session-10m"
	portDoc  = ssmARN + "document/bcn-default-port-main-db"
)

func TestWhatTheRolesOfAccessMay(t *testing.T) {
	t.Parallel()
	_, tree := accessTemplate(t, fullAccess())
	me := "AROAEXAMPLE:bcn-g1042-1"
	session := ssmARN + "session/" + me + "-0123"
	as := func(more ...string) map[string]string {
		out := map[string]string{
			"aws:SourceIdentity": "dana", "aws:userid": me, "ecs:cluster": cluster,
			"ssm:SessionDocumentAccessCheck": "true", "ssm:resourceTag/bcn:district": "default",
		}
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	mine := as("ssm:resourceTag/aws:ssmmessages:session-id", me)
	for role, asks := range map[string][]ask{
		"TaskRole": {
			{"may enter a task of the cluster", "ecs:ExecuteCommand", taskARN, as(), policy.Allowed},
			{"may not enter another cluster's", "ecs:ExecuteCommand", ecsARN + "task/other/0123", as("ecs:cluster", ecsARN+"cluster/other"), policy.Implicit},
			{"may not without a person's name", "ecs:ExecuteCommand", taskARN, as("aws:SourceIdentity", ""), policy.Implicit},
			{"may not start a session on the task", "ssm:StartSession", taskARN, as(), policy.Denied},
			{"may not start a session on a node", "ssm:StartSession", nodeARN, as(), policy.Denied},
			{"may not run a task", "ecs:RunTask", ecsARN + "task-definition/hello:1", as(), policy.Denied},
			{"may not stop a task", "ecs:StopTask", taskARN, as(), policy.Implicit},
		},
		"InstanceRole": {
			{"may enter a node", "ssm:StartSession", nodeARN, as(), policy.Allowed},
			{"may not enter a node without the tag", "ssm:StartSession", nodeARN, as("ssm:resourceTag/bcn:district", "other"), policy.Implicit},
			{"may use its documents", "ssm:StartSession", shellDoc, as(), policy.Allowed},
			{"may not use none", "ssm:StartSession", shellDoc, as("ssm:SessionDocumentAccessCheck", "false"), policy.Implicit},
			{"may not use the account's own", "ssm:StartSession", ssmARN + "document/SSM-SessionManagerRunShell", as(), policy.Denied},
			{"may not use SSH", "ssm:StartSession", "arn:aws:ssm:eu-west-1::document/AWS-StartSSHSession", as(), policy.Denied},
			{"may not forward a port", "ssm:StartSession", portDoc, as(), policy.Denied},
			{"may not start a session on a task", "ssm:StartSession", taskARN, as(), policy.Denied},
			{"may not enter a task", "ecs:ExecuteCommand", taskARN, as(), policy.Denied},
			{"may end its own session", "ssm:TerminateSession", session, mine, policy.Allowed},
			{"may not end another's", "ssm:TerminateSession", session, as("ssm:resourceTag/aws:ssmmessages:session-id", "AROAEXAMPLE:bcn-g7-1"), policy.Implicit},
			{"may open its own channel", "ssmmessages:OpenDataChannel", session, as(), policy.Allowed},
			{"may not open another's channel", "ssmmessages:OpenDataChannel", ssmARN + "session/AROAEXAMPLE:bcn-g7-1-0123", as(), policy.Implicit},
		},
		"PortRole": {
			{"may use its document", "ssm:StartSession", portDoc, as(), policy.Allowed},
			{"may not open a shell", "ssm:StartSession", shellDoc, as(), policy.Denied},
			{"may not forward any port", "ssm:StartSession", "arn:aws:ssm:eu-west-1::document/AWS-StartPortForwardingSessionToRemoteHost", as(), policy.Denied},
		},
	} {
		d, _ := accessDocs(t, tree, role)
		for _, action := range []string{
			"ssm:SendCommand", "ssm:StartAutomationExecution", "ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion",
			"ec2:CreateTags", "ecs:TagResource", "ssm:AddTagsToResource", "iam:PassRole", "sts:AssumeRole",
		} {
			asks = append(asks, ask{"is denied " + action, action, "*", as(), policy.Denied})
		}
		for _, a := range asks {
			t.Run(role+" "+a.name, func(t *testing.T) {
				t.Parallel()
				if a.keys["aws:SourceIdentity"] == "" {
					delete(a.keys, "aws:SourceIdentity")
				}
				a.run(t, d, nil)
			})
		}
		for _, s := range d.Statements {
			for _, act := range s.Actions {
				if strings.Contains(act, "*") {
					t.Errorf("%s %s: action %s has a wildcard", role, s.Sid, act)
				}
			}
			if !s.Deny && (s.NotRes || strings.Join(s.Resources, "") == "*") {
				t.Errorf("%s %s: allows on everything", role, s.Sid)
			}
		}
	}
}

func TestEverySessionDocumentEndsItsSessions(t *testing.T) {
	t.Parallel()
	_, tree := accessTemplate(t, accessInput())
	for id, want := range map[string][2]string{
		"Session5": {"5", "5"}, "Session10": {"10", "5"}, "Session15": {"15", "5"}, "Session30": {"30", "5"}, "Session60": {"60", "5"},
	} {
		content, _ := tree.Resources[id].Properties["Content"].(map[string]any)
		inputs, _ := content["inputs"].(map[string]any)
		if inputs["maxSessionDuration"] != want[0] || inputs["idleSessionTimeout"] != want[1] ||
			inputs["runAsEnabled"] != true || inputs["runAsDefaultUser"] != roles.DefaultRunAs || inputs["cloudWatchLogGroupName"] != "bcn/default/sessions" {
			t.Errorf("%s: %v", id, inputs)
		}
	}
	if n := len(roles.SessionMinutes()); n != 5 {
		t.Errorf("%d lengths, 5 documents", n)
	}
	if tree.Resources["SessionLogs"].DeletionPolicy != "Retain" {
		t.Error("what was typed is deleted with the stack")
	}
}

func TestAPortDocumentHasNothingToChoose(t *testing.T) {
	t.Parallel()
	_, tree := accessTemplate(t, fullAccess())
	content, _ := tree.Resources["PortMainDb"].Properties["Content"].(map[string]any)
	properties, _ := content["properties"].(map[string]any)
	if content["parameters"] != nil || properties["host"] != fullAccess().Ports[0].Host || properties["portNumber"] != "5432" {
		t.Errorf("%v", content)
	}
	_, without := accessTemplate(t, accessInput())
	if _, there := without.Resources["PortRole"]; there {
		t.Error("a role for ports where there are none")
	}
}

func TestAccessRefusesWhatWouldMeanSomethingElse(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*roles.AccessInput){
		"a wildcard as district":  func(in *roles.AccessInput) { in.District = "*" },
		"root":                    func(in *roles.AccessInput) { in.RunAs = "root" },
		"a user with a space":     func(in *roles.AccessInput) { in.RunAs = "a b" },
		"no idle time":            func(in *roles.AccessInput) { in.IdleMinutes = -1 },
		"over an hour idle":       func(in *roles.AccessInput) { in.IdleMinutes = 61 },
		"a wildcard as log group": func(in *roles.AccessInput) { in.LogGroup = "*" },
		"a wildcard as tag":       func(in *roles.AccessInput) { in.NodeTag = roles.Tag{Key: "a", Value: "*"} },
		"any key":                 func(in *roles.AccessInput) { in.Key = "*" },
		"a document's parameter":  func(in *roles.AccessInput) { in.Ports[0].Host = "{{ host }}" },
		"no port":                 func(in *roles.AccessInput) { in.Ports[0].Port = 0 },
		"too high a port":         func(in *roles.AccessInput) { in.Ports[0].Port = 65536 },
		"a wildcard as database":  func(in *roles.AccessInput) { in.Ports[0].Name = "*" },
		"two databases of one id": func(in *roles.AccessInput) { in.Ports = append(in.Ports, in.Ports[0]) },
		"two databases, one in id": func(in *roles.AccessInput) {
			in.Ports = append(in.Ports, roles.DatabasePort{Name: "main--db", Host: "h", Port: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := fullAccess()
			spoil(&in)
			if _, err := roles.AccessTemplate(in); err == nil {
				t.Error("accepted")
			}
		})
	}
}
