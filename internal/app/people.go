package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// who answers what a person may do.
type who struct{ a *App }

var _ commands.Who = who{}

// Allow asks the rules for a verb as it is typed, such as "district list".
func (w who) Allow(ctx context.Context, actor bcn.Actor, verb, app, env, district string) error {
	_, err := w.Judge(ctx, actor, verb, app, env, district)
	return err
}

// Judge is Allow, and answers which teams must approve.
func (w who) Judge(ctx context.Context, actor bcn.Actor, verb, app, env, district string) ([]string, error) {
	v, err := w.verdict(ctx, actor, verb, authz.Ask{App: app, Env: env, District: district})
	return approval.Teams(v.Needs), err
}

// Plan is Judge for what is done later, with that reason. What is asked for then
// is judged then, by its hours too.
func (w who) Plan(ctx context.Context, actor bcn.Actor, verb, app, env, district, reason string) ([]string, error) {
	v, err := w.verdict(ctx, actor, verb, authz.Ask{App: app, Env: env, District: district, AnyTime: true})
	if _, reads := commands.RuleOf(verb); err == nil && !reads {
		err = v.Fits(reason)
	}
	return approval.Teams(v.Needs), err
}

func (w who) verdict(ctx context.Context, actor bcn.Actor, verb string, ask authz.Ask) (authz.Verdict, error) {
	ask.Verb, ask.Reads = commands.RuleOf(verb)
	if ask.Verb == "" {
		return authz.Verdict{}, nil
	}
	ask.DestructiveNotKnown = true
	return w.a.deploy.Authz.Judge(ctx, actor, ask)
}

// Whoami reads a person's accounts, teams and rules.
func (w who) Whoami(ctx context.Context, actor bcn.Actor) (commands.Whoami, error) {
	out := commands.Whoami{User: actor.User}
	if _, err := w.a.deploy.Authz.Person(ctx, actor); err != nil {
		return out, err
	}
	for _, p := range w.a.o.Config.People {
		if p.Slack == actor.User {
			out.GitHub, out.Email, out.Vault = p.GitHub, p.Email, p.Vault
		}
	}
	if out.GitHub == "" {
		var err error
		if out.GitHub, err = w.a.store.Linked(ctx, actor.User); err != nil {
			return out, err
		}
	}
	teams, rules, err := w.a.deploy.Authz.Given(ctx, actor)
	if err != nil {
		return out, err
	}
	out.Teams, out.ByVault = teams, w.a.o.Config.VaultTeams()
	for _, r := range rules {
		v := commands.RuleView{
			Terms: terms(r),
			Verbs: r.To, On: r.On, Apps: r.Apps, Districts: r.Districts, Max: r.Max,
			OpenWithin: r.Access.OpenWithin, Session: r.Access.Session, ByBot: r.Access.ByBot, StopTask: r.Access.StopTask,
		}
		if r.Approve != nil {
			v.Approvers, v.Count, v.Within = r.Approve.By, max(r.Approve.Count, 1), r.Approve.Within
			v.Groups, v.Outside = r.Approve.Needs, r.Approve.Outside
		}
		out.Rules = append(out.Rules, v)
	}
	return out, nil
}

// terms are the conditions of a rule.
func terms(r config.Rule) commands.RuleTerms {
	t := commands.RuleTerms{Destructive: r.Destructive, IAM: r.IAM, Reason: r.Reason.Required, Wants: r.Reason.Wants(), Scan: r.ScanDeny}
	for _, w := range r.When {
		h := commands.Hours{From: w.From, To: w.To, Zone: w.Zone.String()}
		for d, on := range w.Days {
			if on {
				h.Days = append(h.Days, time.Weekday(d))
			}
		}
		t.Hours = append(t.Hours, h)
	}
	if r.Limit != nil {
		t.Limit = commands.Often{Count: r.Limit.Count, Per: r.Limit.Per}
	}
	if r.Ticket != nil {
		t.Ticket, t.Mine = r.Ticket.Open, r.Ticket.Assignee != ""
	}
	if slices.Contains(r.To, "scale") {
		t.Least, t.Most = r.Counts.Bounds()
	}
	if g := r.BreakGlass; g != nil {
		t.Glass = commands.Often{Count: g.Limit, Per: g.Per}
		if slices.ContainsFunc(r.To, func(v string) bool { return v == "*" || strings.HasPrefix(v, "access") }) {
			t.GlassMax = g.Max
		}
	}
	if r.Approve != nil {
		t.Escalate = r.Approve.Escalate
		if r.Approve.Oncall != nil {
			t.Oncall = r.Approve.Oncall.String()
		}
	}
	return t
}

// live reads what runs now.
type live struct{ a *App }

// Rollouts reads a heritage's services.
func (l live) Rollouts(ctx context.Context, h bcn.Heritage) ([]deploy.Rollout, error) {
	d, err := l.a.store.District(ctx, h.District)
	if err != nil {
		return nil, err
	}
	return l.a.apply.Rollouts(ctx, l.a.deploy.SystemTarget(d), h.ServicesStack())
}

// Stacks reads a heritage's two stacks.
func (l live) Stacks(ctx context.Context, h bcn.Heritage) ([]deploy.StackStatus, error) {
	d, err := l.a.store.District(ctx, h.District)
	if err != nil {
		return nil, err
	}
	return l.a.apply.States(ctx, l.a.deploy.SystemTarget(d), []string{h.BaseStack(), h.ServicesStack()})
}

// links leads to cards.
type links struct{ a *App }

// Card answers the address of a change's card.
func (l links) Card(ctx context.Context, id bcn.ID) (string, bool) {
	channel, ts, err := l.a.store.CardAt(ctx, id)
	if err != nil || ts == "" {
		return "", false
	}
	url, err := l.a.api.Permalink(ctx, channel, ts)
	return url, err == nil
}

// Shown answers the card of a change without its buttons.
func (l links) Shown(ctx context.Context, id bcn.ID) (chat.Message, error) {
	m, err := l.a.renderCard(ctx, id)
	m.Blocks = slices.DeleteFunc(m.Blocks, func(b chat.Block) bool { return len(b.Buttons) > 0 })
	return m, err
}

// channelOf is a heritage's own channel for announcements.
func (a *App) channelOf(app, env string) string {
	h, err := a.store.Heritage(context.Background(), app, env)
	if err != nil {
		return ""
	}
	return h.Channel
}
