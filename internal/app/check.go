package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/githubx"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/store"

	"github.com/bcn-bot/bcn/internal/apply"
)

// scopes are those of the Slack app manifest that bcn cannot work without.
var scopes = []string{
	"app_mentions:read", "channels:history", "channels:read", "chat:write", "commands",
	"files:write", "im:history", "im:write", "usergroups:read", "users:read", "users:read.email",
}

// checker writes a line per check and counts what is missing.
type checker struct {
	out    io.Writer
	faults int
}

func (c *checker) ok(format string, args ...any) { fmt.Fprintf(c.out, "ok    "+format+"\n", args...) }

func (c *checker) fault(what string, err error, mend string) {
	c.faults++
	fmt.Fprintf(c.out, "FAULT %s: %v\n      mend: %s\n", what, err, mend)
}

// Check looks at everything that bcn needs and says what is missing and how to
// mend it.
func Check(ctx context.Context, out io.Writer) error {
	c := &checker{out: out}
	p, err := ReadProcess()
	if err != nil {
		return err
	}
	for _, missing := range p.RequireServe() {
		c.fault("environment", missing, "set it; docs/configuration.md lists all")
	}
	cfg, err := ReadConfig(p.ConfigPath)
	if err != nil {
		c.fault(p.ConfigPath, err, "docs/configuration.md describes the file")
	} else {
		c.ok("%s: %d rules, %d teams", p.ConfigPath, len(cfg.Rules), len(cfg.Teams))
	}
	if p.SlackBotToken.Set() && p.SlackAppToken.Set() {
		c.slack(ctx, p, cfg)
	}
	if p.DatabaseURL.Set() && p.Key.Set() {
		c.database(ctx, p, cfg)
	}
	if cfg != nil {
		c.github(ctx, p, cfg)
		c.oncall(ctx, p, cfg)
		c.vault(ctx, p, cfg)
	}
	if c.faults > 0 {
		return Wrong(fmt.Errorf("faults: %d", c.faults))
	}
	return nil
}

func (c *checker) slack(ctx context.Context, p *config.Process, cfg *config.Config) {
	api := slackbot.NewAPI(slackbot.APIOptions{BotToken: p.SlackBotToken.Reveal(), AppToken: p.SlackAppToken.Reveal(), URL: p.SlackAPIURL})
	self, err := api.Identify(ctx)
	if err != nil {
		c.fault("Slack", err, "check SLACK_BOT_TOKEN; it is under OAuth & Permissions of the app")
		return
	}
	c.ok("Slack: %s in workspace %s", self.Name, self.Team)
	var missing []string
	for _, s := range scopes {
		if len(self.Scopes) > 0 && !slices.Contains(self.Scopes, s) {
			missing = append(missing, s)
		}
	}
	if len(missing) > 0 {
		c.fault("Slack scopes", fmt.Errorf("missing: %s", strings.Join(missing, ", ")), "add them to the app (bot manifest prints all) and install it again")
	}
	if cfg == nil {
		return
	}
	ch := cfg.Slack.Channels
	for _, id := range []string{ch.Approvals, ch.Announce, ch.Security} {
		if id == "" {
			continue
		}
		if err := api.CanPost(ctx, id); err != nil {
			c.fault("channel "+id, err, "invite the bot there: /invite @bcn")
		}
	}
	for name, team := range cfg.Teams {
		if team.SlackUsergroup == "" {
			continue
		}
		if _, err := api.GroupMembers(ctx, team.SlackUsergroup, zeroTime); err != nil {
			c.fault("team "+name, err, "check slack_usergroup in bot.yaml: it is the group's id, S...")
		}
	}
}

func (c *checker) database(ctx context.Context, p *config.Process, cfg *config.Config) {
	s, err := store.Open(ctx, store.Options{URL: p.DatabaseURL.Reveal(), Key: audit.Key(p.Key.Reveal()), MaxConns: 2})
	if err != nil {
		c.fault("database", err, "check DATABASE_URL")
		return
	}
	defer s.Close()
	districts, err := s.Districts(ctx)
	if err != nil {
		c.fault("database", err, "run: bot migrate")
		return
	}
	n, err := s.VerifyAudit(ctx)
	if err != nil {
		c.fault("audit log", err, "docs/operations.md: a broken audit chain")
	} else {
		c.ok("database: %d audit entries, all whole", n)
	}
	c.districts(ctx, p, cfg, s, districts)
}

func (c *checker) districts(ctx context.Context, p *config.Process, cfg *config.Config, s *store.Store, districts []bcn.District) {
	if cfg == nil {
		cfg = &config.Config{}
	}
	aws, err := awsx.New(ctx, awsx.Options{Region: p.AWSRegion, Endpoint: p.AWSEndpointURL})
	if err != nil {
		c.fault("AWS", err, "set AWS_REGION and give bcn credentials (a role of its own)")
		return
	}
	svc := deploy.New(deploy.Options{Store: s, ExternalID: ExternalID(audit.Key(p.Key.Reveal()))})
	inspect := apply.New(aws, apply.Options{AccessInput: accessOf(cfg)})
	for _, d := range districts {
		if _, err := inspect.Inspect(ctx, svc.SystemTarget(d)); err != nil {
			c.fault("district "+d.Name, err, "bot iam --district "+d.Name+" prints the roles that it needs")
			continue
		}
		c.ok("district %s: %s %s", d.Name, d.Account, d.Region)
		c.access(ctx, inspect, cfg, svc.SystemTarget(d))
	}
}

func (c *checker) github(ctx context.Context, p *config.Process, cfg *config.Config) {
	for name, team := range cfg.Teams {
		org, slug, ok := strings.Cut(team.GitHubTeam, "/")
		if !ok {
			continue
		}
		gh, err := githubx.New(githubx.Options{URL: p.GitHubAPIURL, Token: p.GitHubToken.Reveal(), AppID: p.GitHubAppID, PrivateKey: []byte(p.GitHubAppPrivateKey.Reveal())})
		if err == nil {
			var members map[string]int64
			if members, err = gh.TeamMembers(ctx, org, slug); err == nil {
				c.ok("team %s: GitHub team %s has %d members", name, team.GitHubTeam, len(members))
				continue
			}
		}
		c.fault("team "+name, err, "the token needs read:org (or the app: Members, read) for "+org)
	}
}
