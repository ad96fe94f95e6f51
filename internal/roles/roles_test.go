package roles_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/roles"
)

var update = flag.Bool("update", false, "write the golden files")

func input() roles.Input {
	return roles.Input{
		District: "default", Account: "123456789012", Region: "eu-west-1",
		BotPrincipal: "arn:aws:iam::999999999999:role/bcn", ExternalID: "bcn-1234", Installation: "bcn-1234",
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; run with -update and look at the difference", name)
	}
}

func TestTheTemplateIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	got, err := roles.Template(input())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/default.json", got)
}

func TestTheTableIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	got, err := roles.Table(input())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/table.md", []byte(got))
}

func TestWildcardsInNamesAreRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*roles.Input){
		"a wildcard as district":     func(in *roles.Input) { in.District = "*" },
		"a slash in the district":    func(in *roles.Input) { in.District = "a/b" },
		"no account":                 func(in *roles.Input) { in.Account = "" },
		"no region":                  func(in *roles.Input) { in.Region = "" },
		"anybody as the bot":         func(in *roles.Input) { in.BotPrincipal = "*" },
		"no external id":             func(in *roles.Input) { in.ExternalID = "" },
		"a wildcard as external id":  func(in *roles.Input) { in.ExternalID = "b*" },
		"a wildcard as installation": func(in *roles.Input) { in.Installation = "*" },
		"a wildcard as cluster":      func(in *roles.Input) { in.Cluster = "*" },
		"a wildcard as bucket":       func(in *roles.Input) { in.Bucket = "b*" },
		"a wildcard as action":       func(in *roles.Input) { in.TaskActions = []string{"s3:*"} },
		"rights that make rights":    func(in *roles.Input) { in.TaskActions = []string{"s3:GetObject", "iam:PassRole"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input()
			spoil(&in)
			if _, err := roles.Template(in); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// parsed are the documents of the template, as IAM reads them.
type parsed struct {
	bot, cfn, scheduler, boundary      *policy.Document
	botTrust, cfnTrust, schedulerTrust *policy.Document
}

func parse(t *testing.T, in roles.Input) parsed {
	t.Helper()
	raw, err := roles.Template(in)
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Resources map[string]struct {
			Properties struct {
				AssumeRolePolicyDocument, PolicyDocument json.RawMessage
				Policies                                 []struct{ PolicyDocument json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	doc := func(raw json.RawMessage, kind policy.Kind, limit int) *policy.Document {
		d, err := policy.Parse(raw, kind)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(strings.Map(dropSpace, string(raw))); n > limit {
			t.Errorf("%d characters, IAM takes %d", n, limit)
		}
		return d
	}
	bot, cfn := tree.Resources["BotRole"].Properties, tree.Resources["CloudFormationRole"].Properties
	scheduler := tree.Resources["SchedulerRole"].Properties
	// The limits are IAM's: inline policies of a role, a managed policy, a
	// trust policy, in characters that are not white space.
	doc(bot.Policies[0].PolicyDocument, policy.Identity, 10240)
	doc(tree.Resources["ReadPolicy"].Properties.PolicyDocument, policy.Identity, 6144)
	return parsed{
		bot:      doc(joined(t, bot.Policies[0].PolicyDocument, tree.Resources["ReadPolicy"].Properties.PolicyDocument), policy.Identity, 10240+6144),
		cfn:      doc(cfn.Policies[0].PolicyDocument, policy.Identity, 10240),
		boundary: doc(tree.Resources["Boundary"].Properties.PolicyDocument, policy.Identity, 6144),
		botTrust: doc(bot.AssumeRolePolicyDocument, policy.Trust, 2048),
		cfnTrust: doc(cfn.AssumeRolePolicyDocument, policy.Trust, 2048),

		scheduler:      doc(scheduler.Policies[0].PolicyDocument, policy.Identity, 10240),
		schedulerTrust: doc(scheduler.AssumeRolePolicyDocument, policy.Trust, 2048),
	}
}

// joined is one document with the statements of both.
func joined(t *testing.T, a, b json.RawMessage) json.RawMessage {
	t.Helper()
	var x, y struct {
		Version   string
		Statement []json.RawMessage
	}
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	x.Statement = append(x.Statement, y.Statement...)
	out, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func dropSpace(r rune) rune {
	if unicode.IsSpace(r) {
		return -1
	}
	return r
}

func TestNoStatementIsWiderThanItMustBe(t *testing.T) {
	t.Parallel()
	p := parse(t, input())
	for _, d := range []*policy.Document{p.bot, p.cfn, p.scheduler, p.boundary} {
		for _, s := range d.Statements {
			for _, a := range s.Actions {
				if strings.Contains(a, "*") {
					t.Errorf("%s: action %s has a wildcard", s.Sid, a)
				}
			}
			for _, r := range s.Resources {
				if r == "*" && len(s.Conditions) == 0 {
					t.Errorf("%s: everything, without a condition", s.Sid)
				}
			}
		}
	}
}
