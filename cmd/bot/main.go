// Command bot is bcn: a Slack bot for deploys, approvals and production access.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the image has no time zones of its own

	"github.com/alecthomas/kong"
	_ "golang.org/x/crypto/x509roots/fallback" // nor certificate roots

	"github.com/bcn-bot/bcn/internal/app"
)

// cli is the command line (DESIGN.md section 6).
type cli struct {
	Dev struct {
		Addr string `default:"127.0.0.1:8700" help:"Address of the page."`
	} `cmd:"" help:"Everything local and embedded, with a sample app; prints the page's address."`
	Serve struct {
		Config string `help:"Path of bot.yaml (default: BCN_CONFIG, then bot.yaml)."`
	} `cmd:"" help:"Run the bot."`
	Migrate struct{} `cmd:"" help:"Bring the database schema up to date."`
	Render  struct {
		File        string `short:"f" default:"barcelona.yml" help:"The manifest."`
		Environment string `short:"e" required:"" help:"The environment in it."`
		Tag         string `required:"" help:"The image's tag."`
		District    string `help:"A file that describes the district; default: a documented example."`
		Out         string `help:"A folder for one file per stack; default: one JSON object on standard output."`
	} `cmd:"" help:"Print the stacks that a deploy would apply, offline."`
	Validate struct {
		File string `short:"f" default:"barcelona.yml" help:"The manifest."`
	} `cmd:"" help:"Check a manifest: errors with line and column, exit 1."`
	Schema   struct{}       `cmd:"" help:"Print the JSON Schema of barcelona.yml, for editors."`
	Check    struct{}       `cmd:"" help:"Check tokens, scopes, database, roles and teams."`
	Manifest struct{}       `cmd:"" help:"Print the Slack app manifest to paste when the app is created."`
	Rules    app.RulesArgs  `cmd:"" help:"Who may do what, and why."`
	IAM      app.IAMArgs    `cmd:"" name:"iam" help:"Print the roles to apply in a district's account, as a CloudFormation template."`
	Deploy   app.DeployArgs `cmd:"" help:"Ask for a deploy from CI, with BCN_URL and BCN_TOKEN."`
	Access   struct {
		Open app.AccessOpenArgs `cmd:"" help:"Open a grant on this machine: makes a key, prints a line for chat, starts the session."`
		Test app.AccessTestArgs `cmd:"" help:"Check that this machine has what opening a grant needs; exit 1 and the remedy if not."`
	} `cmd:"" help:"The engineer's side of a grant."`
	Audit struct {
		Verify    app.VerifyArgs    `cmd:"" help:"Walk the audit chain and compare it with its anchors; exit 1 and the first broken entry if it was tampered with."`
		Reconcile app.ReconcileArgs `cmd:"" help:"Compare AWS's CloudTrail with the log; exit 1 where something was found."`
	} `cmd:"" help:"The audit log."`
	Halt struct {
		Reason string `arg:"" optional:"" help:"Why; kept in the audit log and told by /bcn status."`
	} `cmd:"" help:"Start no new change in AWS; running ones are followed to their end."`
	Resume struct{} `cmd:"" help:"Let new changes start again."`
	Local  struct {
		Slack struct {
			Addr string `required:"" help:"Address to listen on."`
		} `cmd:"" help:"The local Slack workspace alone."`
		GitHub struct {
			Addr string `required:"" help:"Address to listen on."`
		} `cmd:"" name:"github" help:"The local GitHub alone."`
		Vault struct {
			Addr string `required:"" help:"Address to listen on."`
		} `cmd:"" name:"vault" help:"The local Vault alone."`
		AWS struct {
			Addr   string `required:"" help:"Address to listen on."`
			Sample bool   `help:"Put in what the sample app needs, and print the commands that register it."`
		} `cmd:"" name:"aws" help:"The local AWS alone."`
	} `cmd:"" help:"The local parts, each alone."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	var exit *app.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		fmt.Fprintln(os.Stderr, "bot:", err)
		os.Exit(exit.Code)
	default:
		fmt.Fprintln(os.Stderr, "bot:", err)
		os.Exit(app.ExitOutside)
	}
}

func run(ctx context.Context) error {
	var c cli
	k := kong.Must(&c, kong.Name("bot"), kong.Description("bcn: deploys, approvals and production access from chat."), kong.UsageOnError())
	parsed, err := k.Parse(os.Args[1:])
	if err != nil {
		return &app.ExitError{Code: app.ExitUsage, Err: err}
	}
	out, errs := os.Stdout, os.Stderr
	explain := func() error { return app.RulesExplain(ctx, c.Rules.Explain, out) }
	return map[string]func() error{
		"dev":                        func() error { return app.RunDev(ctx, c.Dev.Addr, out, errs) },
		"serve":                      func() error { return app.Serve(ctx, c.Serve.Config, errs) },
		"migrate":                    func() error { return app.Migrate(ctx, errs) },
		"render":                     func() error { return app.Render(app.RenderArgs(c.Render), out) },
		"validate":                   func() error { return app.Validate(c.Validate.File, out) },
		"schema":                     func() error { return app.Schema(out) },
		"check":                      func() error { return app.Check(ctx, out) },
		"manifest":                   func() error { return app.Manifest(out) },
		"iam":                        func() error { return app.IAM(ctx, c.IAM, out) },
		"deploy <app> <env> <tag>":   func() error { return app.Deploy(ctx, c.Deploy, out) },
		"access open <id>":           func() error { return app.AccessOpen(ctx, c.Access.Open) },
		"access test":                func() error { return app.AccessTest(ctx, c.Access.Test) },
		"audit reconcile":            func() error { return app.Reconcile(ctx, c.Audit.Reconcile, out) },
		"audit verify":               func() error { return app.VerifyAudit(ctx, c.Audit.Verify, out) },
		"rules test <file>":          func() error { return app.RulesTest(ctx, c.Rules.Test, out) },
		"rules explain <who> <verb>": explain, "rules explain <who> <verb> <app>": explain, "rules explain <who> <verb> <app> <env>": explain,
		"halt":          func() error { return app.SetHalt(ctx, true, c.Halt.Reason, out) },
		"halt <reason>": func() error { return app.SetHalt(ctx, true, c.Halt.Reason, out) },
		"resume":        func() error { return app.SetHalt(ctx, false, "", out) },
		"local slack":   func() error { return app.LocalSlack(ctx, c.Local.Slack.Addr, out) },
		"local github":  func() error { return app.LocalGitHub(ctx, c.Local.GitHub.Addr, out) },
		"local vault":   func() error { return app.LocalVault(ctx, c.Local.Vault.Addr, out) },
		"local aws":     func() error { return app.LocalAWS(ctx, c.Local.AWS.Addr, c.Local.AWS.Sample, out) },
	}[parsed.Command()]()
}
