package commands

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Deputies are who stands for whom while they are away.
type Deputies interface {
	// NameDeputy lets deputy decide in the actor's place until a time. Errors:
	// deputy_self, deputy_time, no_approves, refused_person, could_not_check.
	NameDeputy(ctx context.Context, o deploy.Origin, actor bcn.Actor, deputy string, until time.Time) (bcn.Deputation, error)
	// AllDeputies answers who stands for whom now, the one that ends first in front.
	AllDeputies(ctx context.Context) ([]bcn.Deputation, error)
	// RemoveDeputy ends that deputy (empty: whoever it is) stands for absent
	// (empty: the actor). Errors: no_deputy, not_allowed, refused_person, could_not_check.
	RemoveDeputy(ctx context.Context, o deploy.Origin, actor bcn.Actor, deputy, absent string) ([]bcn.Deputation, error)
}

type deputyArgs struct {
	Person string `arg:"" placeholder:"@PERSON" kind:"deputy"`
	Until  string `arg:"" name:"until" free:"" kind:"deputy-until"`
}

func (*deputyArgs) forms() []string { return []string{"@PERSON until WHEN"} }

func (g *deputyArgs) check() error {
	g.Until = withoutUntil(g.Until)
	if _, ok := untilWhen(g.Until, time.Unix(0, 0).UTC()); !ok {
		return problem{id: text.ProblemUntil, word: clip(g.Until), suggestion: "until friday"}
	}
	return nil
}

// withoutUntil drops the word that makes the command read as a sentence.
func withoutUntil(s string) string {
	if first, rest := nextWord(s); strings.EqualFold(first, "until") {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(s)
}

// personForm is an id of Slack's, which is what a mention becomes.
var personForm = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)

// people refuses names that Slack did not make a mention of; empty is nobody.
func people(names ...string) error {
	for _, s := range names {
		if s != "" && !personForm.MatchString(s) {
			return bcn.E(bcn.CodeUnknownPerson, "name", clip(s))
		}
	}
	return nil
}

func (r *Registry) deputy(ctx context.Context, a asked, g *deputyArgs) (chat.Message, error) {
	if err := people(g.Person); err != nil {
		return chat.Message{}, err
	}
	now := r.now().In(r.schedules.Zone(ctx, a.actor.User))
	until, ok := untilWhen(g.Until, now)
	if !ok || !until.After(now) {
		return chat.Message{}, bcn.E(bcn.CodeDeputyTime)
	}
	d, err := r.deputies.NameDeputy(ctx, a.origin, a.actor, g.Person, until)
	if err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyDeputyNamed, deputyWords(d))), nil
}

func deputyWords(d bcn.Deputation) text.Args {
	return text.Args{"absent": chat.Mention(d.Absent), "deputy": chat.Mention(d.Deputy), "until": text.When(d.Until)}
}

type deputyListArgs struct{}

func (r *Registry) deputyList(ctx context.Context, a asked, _ *deputyListArgs) (chat.Message, error) {
	if err := r.who.Allow(ctx, a.actor, "approvals", "", "", ""); err != nil {
		return chat.Message{}, err
	}
	all, err := r.deputies.AllDeputies(ctx)
	if err != nil {
		return chat.Message{}, err
	}
	if len(all) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoDeputies, nil)), nil
	}
	m := say(r.text.Say(a.lang, text.ReplyDeputies, text.Args{"Count": len(all)}))
	for _, d := range all[:min(len(all), maxButtons)] {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.text.Say(a.lang, text.ReplyDeputy, deputyWords(d))})
	}
	return r.more(a, m, len(all)-maxButtons), nil
}

type deputyRemoveArgs struct {
	Person string `arg:"" optional:"" placeholder:"@PERSON" kind:"deputy-removed"`
	Of     string `name:"of" placeholder:"@PERSON" kind:"deputy-of"`
}

func (r *Registry) deputyRemove(ctx context.Context, a asked, g *deputyRemoveArgs) (chat.Message, error) {
	if err := people(g.Person, g.Of); err != nil {
		return chat.Message{}, err
	}
	gone, err := r.deputies.RemoveDeputy(ctx, a.origin, a.actor, g.Person, g.Of)
	if err != nil {
		return chat.Message{}, err
	}
	var lines []string
	for _, d := range gone {
		lines = append(lines, string(r.text.Say(a.lang, text.ReplyDeputyRemoved, deputyWords(d))))
	}
	return say(chat.Markup(strings.Join(lines, "\n"))), nil
}
