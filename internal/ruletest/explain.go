package ruletest

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bcn-bot/bcn/internal/authz"
)

// Explain writes which rules are read for a question, why those before the one
// that matches do not, and what the rules say in the end.
func (a *Asker) Explain(ctx context.Context, q Question, out io.Writer) error {
	steps, err := a.authorizer(q).Explain(ctx, actor(q.Who), q.Ask)
	if err != nil {
		return err
	}
	for _, s := range steps {
		fmt.Fprintf(out, "rules[%d] (line %d): %s\n", s.Index, s.Rule.Line, because(s, q))
	}
	got, err := a.ask(ctx, q)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %s\n", q.said(), got)
	return nil
}

func (q Question) said() string {
	return strings.Join(strings.Fields(strings.Join([]string{q.Who, q.Ask.Verb, q.Ask.App, q.Ask.Env, q.Ask.District}, " ")), " ")
}

// because says in words why a rule does not match, or that it does.
func because(s authz.Step, q Question) string {
	list := func(l []string) string { return strings.Join(l, ", ") }
	switch s.Why {
	case authz.NotVerb:
		return "is about " + list(s.Rule.To) + ", not " + q.Ask.Verb
	case authz.NotEnv:
		return "is about the environments " + list(s.Rule.On) + not(q.Ask.Env)
	case authz.NotApp:
		return "is about the apps " + list(s.Rule.Apps) + not(q.Ask.App)
	case authz.NotDistrict:
		return "is about the districts " + list(s.Rule.Districts) + not(q.Ask.District)
	case authz.NotDestructive:
		return "is about plans with destructive: " + fmt.Sprint(*s.Rule.Destructive)
	case authz.NotIAM:
		return "is about plans with iam: " + fmt.Sprint(*s.Rule.IAM)
	case authz.NotTeam:
		return "allows " + list(s.Rule.Allow) + ", and " + q.Who + " is in none of them"
	default:
		return "matches: " + string(s.Rule.Raw)
	}
}

func not(s string) string {
	if s == "" {
		return ", and none was named"
	}
	return ", not " + s
}
