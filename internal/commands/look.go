package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

type whoamiArgs struct{}

func (r *Registry) whoami(ctx context.Context, a asked, _ *whoamiArgs) (chat.Message, error) {
	if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", ""); err != nil {
		return chat.Message{}, err
	}
	me, err := r.who.Whoami(ctx, a.actor)
	if err != nil {
		return chat.Message{}, err
	}
	teams := chat.Escape(strings.Join(me.Teams, ", "))
	if len(me.Teams) == 0 {
		teams = r.text.Say(a.lang, text.ReplyNoTeams, nil)
	}
	title := r.text.Say(a.lang, text.ReplyWhoami, text.Args{"user": chat.Mention(me.User)})
	rules := "*" + r.text.Say(a.lang, text.ReplyYouMay, nil) + "*"
	for _, rule := range me.Rules {
		rules += "\n• " + r.rule(a.lang, rule)
		if terms := r.terms(a.lang, rule.Terms); terms != "" {
			rules += "\n    " + terms
		}
	}
	if len(me.Rules) == 0 {
		rules = r.text.Say(a.lang, text.ReplyNoRules, nil)
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{
		{Section: title},
		{Fields: []chat.Markup{
			r.labelled(a.lang, text.LabelGitHub, dash(chat.Code(me.GitHub))),
			r.labelled(a.lang, text.LabelEmail, dash(chat.Escape(me.Email))),
			r.labelled(a.lang, text.LabelTeams, teams),
		}},
		{Section: rules},
	}}
	if len(me.ByVault) > 0 {
		fields := &m.Blocks[1].Fields
		*fields = append(*fields, r.labelled(a.lang, text.LabelVault, dash(chat.Code(me.Vault))))
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyWhoamiVault,
			text.Args{"teams": strings.Join(me.ByVault, ", "), "known": me.Vault != ""})})
	}
	if me.GitHub == "" {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyWhoamiHint, nil)})
	}
	return m, nil
}

// rule says in one sentence what a rule gives.
func (r *Registry) rule(lang string, v RuleView) chat.Markup {
	return r.text.Say(lang, text.ReplyRule, text.Args{
		"groups": r.needs(lang, bcn.Request{Needs: v.Groups}), "outside": v.Outside,
		"verbs": joined(v.Verbs), "on": joined(v.On), "apps": joined(v.Apps), "districts": joined(v.Districts),
		"approvers": strings.Join(v.Approvers, ", "), "Count": max(v.Count, 1),
		"within": optional(lang, v.Within), "max": optional(lang, v.Max),
		"open_within": optional(lang, v.OpenWithin), "session": optional(lang, v.Session), "by_bot": v.ByBot, "stop_task": v.StopTask,
	})
}

// joined lists words; a matcher that matches all is left out of the sentence.
func joined(list []string) chat.Markup {
	if slices.Contains(list, "*") {
		return ""
	}
	var out []string
	for _, s := range list {
		out = append(out, string(chat.Code(s)))
	}
	return chat.Markup(strings.Join(out, ", "))
}

func optional(lang string, d time.Duration) chat.Markup {
	if d <= 0 {
		return ""
	}
	return chat.Escape(text.Duration(lang, d))
}

type appsArgs struct{}

// maxListed bounds lists: with a hint after it, it fits Slack's 3,000
// characters of a section many times over.
const maxListed = 40

func (r *Registry) apps(ctx context.Context, a asked, _ *appsArgs) (chat.Message, error) {
	heritages, err := r.visible(ctx, a, nil)
	if err != nil {
		return chat.Message{}, err
	}
	if len(heritages) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoApps, nil)), nil
	}
	title := r.text.Say(a.lang, text.ReplyApps, text.Args{"Count": len(heritages)})
	var b strings.Builder
	last := ""
	for i, h := range heritages {
		if i == maxListed {
			break
		}
		if h.App != last {
			fmt.Fprintf(&b, "\n*%s*", chat.Escape(h.App))
			last = h.App
		}
		fmt.Fprintf(&b, "\n• %s", r.text.Say(a.lang, text.ReplyAppLine, text.Args{
			"env": h.Env, "heritage": h.Name, "district": h.District, "source": chat.Truncate(h.Source, 120),
		}))
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title + chat.Markup(b.String())}}}
	return r.more(a, m, len(heritages)-maxListed), nil
}

// more adds how many things are not shown.
func (r *Registry) more(a asked, m chat.Message, left int) chat.Message {
	if left > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyMore, text.Args{"Count": left})})
	}
	return m
}

// visible lists the heritages that the actor may see with the verb, by app and
// environment. Where there are some and none may be seen, it says who may.
func (r *Registry) visible(ctx context.Context, a asked, keep func(bcn.Heritage) bool) ([]bcn.Heritage, error) {
	heritages, err := r.reads.Heritages(ctx)
	if err != nil {
		return nil, fmt.Errorf("read heritages: %w", err)
	}
	if len(heritages) == 0 {
		return nil, r.who.Allow(ctx, a.actor, a.verb.name, "", "", "")
	}
	var out []bcn.Heritage
	var refused error
	for _, h := range heritages {
		if keep != nil && !keep(h) {
			continue
		}
		switch err := r.who.Allow(ctx, a.actor, a.verb.name, h.App, h.Env, h.District); {
		case err == nil:
			out = append(out, h)
		case bcn.CodeOf(err) == bcn.CodeNotAllowed:
			refused = err
		default:
			return nil, err
		}
	}
	if len(out) == 0 && refused != nil {
		return nil, refused
	}
	slices.SortFunc(out, func(x, y bcn.Heritage) int {
		return strings.Compare(x.App+"\x00"+x.Env, y.App+"\x00"+y.Env)
	})
	return out, nil
}

// heritage finds the one that app and environment name, and checks the rule.
func (r *Registry) heritage(ctx context.Context, a asked, app, env string) (bcn.Heritage, error) {
	found, err := r.visible(ctx, a, func(h bcn.Heritage) bool { return h.App == app && h.Env == env })
	if err != nil {
		return bcn.Heritage{}, err
	}
	if len(found) == 0 { // correct has looked it up before: it was removed since
		return bcn.Heritage{}, bcn.E(bcn.CodeUnknownEnv, "app", app, "env", env)
	}
	return found[0], nil
}

// labelled is a field of two lines: what it is, and its value.
func (r *Registry) labelled(lang string, id text.ID, value chat.Markup) chat.Markup {
	return "*" + r.text.Say(lang, id, nil) + "*\n" + value
}

func dash(m chat.Markup) chat.Markup {
	if m == "" {
		return "–"
	}
	return m
}

// notAllowed says that an error is a refusal by the rules.
func notAllowed(err error) bool { return errors.Is(err, bcn.E(bcn.CodeNotAllowed)) }
