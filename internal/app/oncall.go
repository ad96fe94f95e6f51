package app

import (
	"context"
	"slices"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/oncall"
)

// oncall asks who is on call. Without a token PagerDuty cannot be asked: whoever
// it would say is on call then needs an approval as everybody does.
func (a *App) oncall() authz.Oncall {
	o := oncall.Options{Slack: a.api, People: a.o.Config.People}
	if p := a.o.Process; p.PagerDutyToken.Set() {
		o.PagerDuty = pagerDuty(p)
	}
	return oncall.New(o)
}

func pagerDuty(p *config.Process) *oncall.PagerDuty {
	return oncall.NewPagerDuty(oncall.PagerDutyOptions{URL: p.PagerDutyAPIURL, Token: p.PagerDutyToken.Reveal()})
}

// oncall looks whether PagerDuty answers for each schedule that a rule names.
func (c *checker) oncall(ctx context.Context, p *config.Process, cfg *config.Config) {
	if missing := p.RequireOncall(cfg); len(missing) > 0 {
		for _, m := range missing {
			c.fault("environment", m, "set it; docs/configuration.md lists all")
		}
		return
	}
	var asked []string
	for _, r := range cfg.Rules {
		if r.Approve == nil || r.Approve.Oncall == nil || r.Approve.Oncall.PagerDuty == "" || slices.Contains(asked, r.Approve.Oncall.PagerDuty) {
			continue
		}
		schedule := r.Approve.Oncall.PagerDuty
		asked = append(asked, schedule)
		if on, err := pagerDuty(p).Primary(ctx, schedule); err != nil {
			c.fault("PagerDuty", err, "check PAGERDUTY_TOKEN and the id of the schedule, which is in its address")
		} else {
			c.ok("PagerDuty: %d on call by %s", len(on), schedule)
		}
	}
}
