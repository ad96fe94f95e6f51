package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/ruletest"
)

// RulesArgs are the subcommands of `bot rules`.
type RulesArgs struct {
	Test    RulesTestArgs    `cmd:"" help:"Run a file of cases against the rules of bot.yaml; exit 1 and each that does not hold."`
	Explain RulesExplainArgs `cmd:"" help:"Say which rule matches, and why those before it do not."`
}

// RulesTestArgs are the arguments of `bot rules test`.
type RulesTestArgs struct {
	File   string `arg:"" help:"The file of cases."`
	Config string `help:"Path of bot.yaml (default: BCN_CONFIG, then bot.yaml)."`
}

// RulesExplainArgs are the arguments of `bot rules explain`.
type RulesExplainArgs struct {
	Who         string    `arg:"" help:"Who asks: a login, an address or a Slack user id of bot.yaml, or any name with --team."`
	Verb        string    `arg:"" help:"What for, as rules name it: deploy, access:live."`
	App         string    `arg:"" optional:"" help:"The app."`
	Env         string    `arg:"" optional:"" help:"The environment."`
	Config      string    `help:"Path of bot.yaml (default: BCN_CONFIG, then bot.yaml)."`
	Team        []string  `help:"A team that they are in, whose members bot.yaml does not list; may be given again."`
	District    string    `help:"The district, for what is about one."`
	Destructive bool      `help:"The plan replaces or removes something."`
	IAM         bool      `name:"iam" help:"The plan changes roles or policies."`
	Reason      string    `help:"The reason that they give."`
	At          time.Time `help:"When, such as 2026-11-20T10:00:00+09:00; without it no hours are judged."`
}

// RulesTest runs a file of cases against the rules of bot.yaml.
func RulesTest(ctx context.Context, a RulesTestArgs, out io.Writer) error {
	c, err := rulesOf(a.Config)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(a.File)
	if err != nil {
		return Wrong(err)
	}
	cases, failed := ruletest.Run(ctx, c, a.File, data, commands.RuleVerbs(), commands.RuleOf)
	for _, p := range failed {
		fmt.Fprintln(out, p)
	}
	if len(failed) > 0 {
		return Wrong(fmt.Errorf("%d of %d cases of %s do not hold", len(failed), cases, a.File))
	}
	fmt.Fprintf(out, "%s: %d cases hold\n", a.File, cases)
	return nil
}

// RulesExplain says which rule matches, and why those before it do not.
func RulesExplain(ctx context.Context, a RulesExplainArgs, out io.Writer) error {
	c, err := rulesOf(a.Config)
	if err != nil {
		return err
	}
	people := ruletest.People{}
	if len(a.Team) > 0 {
		people[a.Who] = a.Team
	}
	asker := ruletest.NewAsker(c, people, commands.RuleVerbs(), commands.RuleOf)
	for _, t := range a.Team {
		if err := asker.Team(t); err != nil {
			return Wrong(err)
		}
	}
	q := ruletest.Question{Who: a.Who, Reason: a.Reason, At: a.At}
	if q.Ask.Verb, q.Ask.Reads, err = asker.VerbOf(a.Verb); err != nil {
		return Wrong(err)
	}
	q.Ask.App, q.Ask.Env, q.Ask.District, q.Ask.Destructive, q.Ask.IAM = a.App, a.Env, a.District, a.Destructive, a.IAM
	err = cmp.Or(asker.Person(a.Who, "say with --team which teams somebody is in whom bot.yaml does not list"), asker.Places(q))
	if err != nil {
		return Wrong(err)
	}
	if err := asker.Explain(ctx, q, out); err != nil {
		return Wrong(err)
	}
	return nil
}

// rulesOf reads bot.yaml without the rest of the environment.
func rulesOf(path string) (*config.Config, error) {
	return ReadConfig(cmp.Or(path, os.Getenv("BCN_CONFIG"), "bot.yaml"))
}
