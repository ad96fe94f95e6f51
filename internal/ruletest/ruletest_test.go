package ruletest_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/ruletest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func rules(t *testing.T) *config.Config {
	t.Helper()
	data, err := os.ReadFile("testdata/bot.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, problems := config.Load("bot.yaml", data, config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func run(t *testing.T, name string) (int, []ruletest.Problem) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return ruletest.Run(context.Background(), rules(t), name, data, commands.RuleVerbs(), commands.RuleOf)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s: got\n%s\n%v", name, got, err)
	}
}

func TestCases(t *testing.T) {
	t.Parallel()
	t.Run("those that hold are counted", func(t *testing.T) {
		t.Parallel()
		if n, failed := run(t, "hold.yaml"); n != 16 || len(failed) > 0 {
			t.Errorf("%d cases, %v", n, failed)
		}
	})
	t.Run("each that does not hold is told with its place", func(t *testing.T) {
		t.Parallel()
		_, failed := run(t, "fail.yaml")
		var got strings.Builder
		for _, p := range failed {
			fmt.Fprintln(&got, p)
		}
		golden(t, "fail.golden", got.String())
	})
	for name, text := range map[string]string{
		"no YAML": "\t- x", "nothing": "", "a list": "- x", "no cases": "people: {}", "people that are none": "people: [x]\ncases: [{a deploys b c: refused}]",
		"an unknown key": "case: []\ncases: [{U0ADMIN deploys b c: refused}]",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			if _, failed := ruletest.Run(context.Background(), rules(t), "x", []byte(text), commands.RuleVerbs(), commands.RuleOf); len(failed) == 0 {
				t.Error("it holds")
			}
		})
	}
}

// What is asked about must be there, or what was probably meant is said.
func TestWhatIsAskedAbout(t *testing.T) {
	t.Parallel()
	a := ruletest.NewAsker(rules(t), ruletest.People{"olu": {"developers"}}, commands.RuleVerbs(), commands.RuleOf)
	verb := func(s string) error { _, _, err := a.VerbOf(s); return err }
	env := func(s string) error {
		q := ruletest.Question{Who: "olu"}
		q.Ask.Env = s
		return a.Places(q)
	}
	person := func(s string) error { return a.Person(s, "say more") }
	for _, c := range []struct {
		about string
		err   error
		want  string // "": it is there
	}{
		{"a verb", verb("deploy"), ""},
		{"a verb as it is typed", verb("district list"), ""},
		{"a kind of access", verb("access:live"), ""},
		{"a misspelt verb", verb("depoly"), `there is no verb "depoly"; did you mean "deploy"?`},
		{"no verb at all", verb("xyzzy"), `there is no verb "xyzzy"`},
		{"a verb without a rule", verb("approve"), "approve needs no rule: whoever the request or the access is about may use it"},
		{"an environment", env("production"), ""},
		{"one that no rule names", env("demo"), ""},
		{"another of several", env("staging2"), ""},
		{"a misspelt environment", env("produktion"), `no rule names the environment "produktion"; did you mean "production"?`},
		{"an abbreviation", env("prod"), `no rule names the environment "prod"; did you mean "production"?`},
		{"a login", person("dana"), ""},
		{"a misspelt login", person("dena"), `nothing is known of dena; did you mean "dana"? (say more)`},
		{"a stranger", person("somebody"), "nothing is known of somebody (say more)"},
		{"a misspelt team", a.Team("develepers"), `bot.yaml has no team "develepers"; did you mean "developers"?`},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			if got := fmt.Sprint(c.err); got != c.want && (c.err != nil || c.want != "") {
				t.Errorf("%s, want %q", got, c.want)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, app, env string
		teams          []string
		iam            bool
	}{
		{"deploy", "hello", "production", []string{"developers"}, false},
		{"deploy-iam", "hello", "production", []string{"developers"}, true},
		{"deploy-nowhere", "", "", []string{"developers"}, false},
		{"deploy-stranger", "hello", "staging", []string{"security"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := ruletest.Question{Who: "olu"}
			q.Ask.Verb, q.Ask.App, q.Ask.Env, q.Ask.IAM = "deploy", c.app, c.env, c.iam
			asker := ruletest.NewAsker(rules(t), ruletest.People{"olu": c.teams}, commands.RuleVerbs(), commands.RuleOf)
			var out bytes.Buffer
			if err := asker.Explain(context.Background(), q, &out); err != nil {
				t.Fatal(err)
			}
			golden(t, "explain-"+c.name+".golden", out.String())
		})
	}
}
