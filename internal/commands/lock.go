package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Holds are the use cases of locks and freezes. Each checks who may at the
// moment of use and writes the audit log.
type Holds interface {
	// Lock locks an app in an environment; the actor's own lock gets the wish's
	// reason and end. Errors: not_allowed, lock_owned.
	Lock(ctx context.Context, o deploy.Origin, actor bcn.Actor, w deploy.HoldWish) (deploy.HoldDone, error)
	// Freeze freezes an environment, or all. Errors: not_allowed, unknown_name,
	// freeze_owned.
	Freeze(ctx context.Context, o deploy.Origin, actor bcn.Actor, w deploy.HoldWish) (deploy.HoldDone, error)
	// Lift unlocks or thaws; false: there was nothing to lift. Errors:
	// lock_owned, freeze_owned.
	Lift(ctx context.Context, o deploy.Origin, actor bcn.Actor, kind bcn.HoldKind, app, env string) (deploy.HoldView, bool, error)
	// HoldViews answers what holds now and what waits, the oldest first.
	HoldViews(ctx context.Context) ([]deploy.HoldView, error)
}

// maxHold is how long a lock or a freeze with an end lasts at most.
const maxHold = 30 * 24 * time.Hour

// lasting is the end of a reason that says how long: "for 2h", "for 3 days".
var lasting = regexp.MustCompile(`(?i)(?:^|\s)for\s+((?:\d+\s*(?:m|mins?|minutes?|h|hrs?|hours?|d|days?)\s*)+)$`)

// noLasting is an end of a reason that was meant to say how long, with a unit
// that there is not: a lock without an end is not what was asked for.
var noLasting = regexp.MustCompile(`(?i)(?:^|\s)(for\s+\d+[a-z])$`)

// holdReason is why somebody locks or freezes, and for how long.
type holdReason struct {
	Reason string `arg:"" name:"reason" free:"" kind:"hold-reason"`

	why   string // the reason without its length
	lasts time.Duration
}

// read cuts the length off the reason's end. What was typed stays as it is: a
// correction repeats it.
func (g *holdReason) read(example string) (err error) {
	g.why = g.Reason
	if m := lasting.FindStringSubmatchIndex(g.Reason); m != nil {
		g.lasts, err = span{"for", "2h", time.Minute, maxHold}.read(g.Reason[m[2]:m[3]])
		g.why = strings.TrimRight(g.Reason[:m[0]], " ,;")
		var p problem
		if errors.As(err, &p) { // it is typed as a word here, not as a flag
			p.word, p.suggestion = strings.TrimPrefix(p.word, "--"), strings.TrimPrefix(p.suggestion, "--")
			err = p
		}
	} else if m := noLasting.FindStringSubmatch(g.Reason); m != nil {
		err = problem{id: problemForm, word: m[1], suggestion: "for 2h"}
	}
	if err == nil && g.why == "" {
		err = problem{id: text.ProblemNoWhy, suggestion: example}
	}
	return err
}

type lockArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
	holdReason
}

func (*lockArgs) forms() []string { return []string{"APP ENV REASON [for 2h]"} }

func (g *lockArgs) check() error {
	return g.read("lock " + g.App + " " + g.Env + " the migration runs for 2h")
}

func (r *Registry) lock(ctx context.Context, a asked, g *lockArgs) (chat.Message, error) {
	d, err := r.holds.Lock(ctx, a.origin, a.actor, deploy.HoldWish{App: g.App, Env: g.Env, Reason: g.why, For: g.lasts})
	return r.held(a, d, err)
}

type freezeArgs struct {
	Env string `arg:"" live:"frozen" kind:"frozen" placeholder:"ENV|all"`
	holdReason
}

func (*freezeArgs) forms() []string { return []string{"ENV|all REASON [for 2h]"} }

func (g *freezeArgs) check() error {
	g.Env = lowerAll(g.Env)
	return g.read("freeze " + g.Env + " the sale is on for 3d")
}

// everyEnv is typed in place of an environment.
const everyEnv = "all"

// lowerAll writes the word for all environments as we do.
func lowerAll(env string) string {
	if strings.EqualFold(env, everyEnv) {
		return everyEnv
	}
	return env
}

func (r *Registry) freeze(ctx context.Context, a asked, g *freezeArgs) (chat.Message, error) {
	d, err := r.holds.Freeze(ctx, a.origin, a.actor, deploy.HoldWish{Env: allOr(g.Env), Reason: g.why, For: g.lasts})
	return r.held(a, d, err)
}

// allOr is the environment that was typed, empty for all.
func allOr(env string) string {
	if env == everyEnv {
		return ""
	}
	return env
}

// held says what holds now, and who waits already.
func (r *Registry) held(a asked, d deploy.HoldDone, err error) (chat.Message, error) {
	if err != nil {
		return chat.Message{}, err
	}
	id := text.ReplyHoldSet
	if d.Changed {
		id = text.ReplyHoldChanged
	}
	m := say(r.text.Say(a.lang, id, text.Args{"line": r.text.Hold(a.lang, d.Hold), "frozen": frozen(d.Hold)}))
	m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyHoldUndo, text.Args{"verb": d.Hold.LiftedBy()})})
	return m, nil
}

func frozen(h bcn.Hold) bool { return h.Kind == bcn.HoldFreeze }

type unlockArgs struct {
	App   string `arg:"" live:"app"`
	Env   string `arg:"" live:"env"`
	Steal string `name:"steal" placeholder:"REASON" free:"" kind:"steal"`
}

// unlock lifts the actor's own lock, or asks for somebody else's to be taken
// away: then the card speaks.
func (r *Registry) unlock(ctx context.Context, a asked, g *unlockArgs) (chat.Message, error) {
	if g.Steal != "" {
		return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindUnlock, App: g.App, Env: g.Env, Reason: g.Steal})
	}
	return r.lifted(ctx, a, bcn.Hold{Kind: bcn.HoldLock, App: g.App, Env: g.Env})
}

type thawArgs struct {
	Env string `arg:"" live:"frozen" kind:"frozen" placeholder:"ENV|all"`
}

//nolint:unparam // what is typed is checked by this signature
func (g *thawArgs) check() error {
	g.Env = lowerAll(g.Env)
	return nil
}

func (r *Registry) thaw(ctx context.Context, a asked, g *thawArgs) (chat.Message, error) {
	return r.lifted(ctx, a, bcn.Hold{Kind: bcn.HoldFreeze, Env: allOr(g.Env)})
}

func (r *Registry) lifted(ctx context.Context, a asked, h bcn.Hold) (chat.Message, error) {
	v, was, err := r.holds.Lift(ctx, a.origin, a.actor, h.Kind, h.App, h.Env)
	if err != nil {
		return chat.Message{}, err
	}
	args := text.Args{"what": r.text.Held(a.lang, h), "frozen": frozen(h), "waiting": r.waiters(ctx, a, v.Waiting)}
	if !was {
		return say(r.text.Say(a.lang, text.ReplyHoldNone, args)), nil
	}
	return say(r.text.Say(a.lang, text.ReplyHoldLifted, args)), nil
}

type locksArgs struct {
	App string `arg:"" optional:"" live:"app"`
}

// locks shows what is locked and frozen, by whom, and who waits.
func (r *Registry) locks(ctx context.Context, a asked, g *locksArgs) (chat.Message, error) {
	list, err := r.holdsSeen(ctx, a, g.App)
	if err != nil {
		return chat.Message{}, err
	}
	if len(list) == 0 {
		return say(r.text.Say(a.lang, text.ReplyHoldsNone, nil)), nil
	}
	title := r.text.Say(a.lang, text.ReplyHolds, nil)
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, v := range list[:min(len(list), maxButtons)] {
		line := r.text.Say(a.lang, text.ReplyStatusHeld, text.Args{"line": r.text.Hold(a.lang, v.Hold), "frozen": frozen(v.Hold)})
		m.Blocks = append(m.Blocks, chat.Block{Section: line + r.waiters(ctx, a, v.Waiting)})
		if v.Hold.Owner == a.actor.User {
			m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{r.button(a, chat.ActionTyped, v.Hold.LiftedBy(), liftLabel(v.Hold), chat.Plain)}})
		}
	}
	return r.more(a, m, len(list)-maxButtons), nil
}

func liftLabel(h bcn.Hold) text.ID {
	if frozen(h) {
		return text.ButtonThaw
	}
	return text.ButtonUnlock
}

// holdsSeen are the freezes, and the locks of apps that the reader may see.
func (r *Registry) holdsSeen(ctx context.Context, a asked, app string) ([]deploy.HoldView, error) {
	apps, err := r.visible(ctx, a, func(h bcn.Heritage) bool { return app == "" || h.App == app })
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, h := range apps {
		seen[h.App+"/"+h.Env] = true
	}
	all, err := r.holds.HoldViews(ctx)
	if err != nil {
		return nil, fmt.Errorf("read locks: %w", err)
	}
	var out []deploy.HoldView
	for _, v := range all {
		if frozen(v.Hold) || seen[v.Hold.App+"/"+v.Hold.Env] {
			out = append(out, v)
		}
	}
	return out, nil
}

// waiters lists what waits, a line each.
func (r *Registry) waiters(ctx context.Context, a asked, waiting []bcn.Change) chat.Markup {
	var out chat.Markup
	for i, c := range waiting {
		if i == maxButtons {
			return out + "\n• " + r.text.Say(a.lang, text.ReplyMore, text.Args{"Count": len(waiting) - i})
		}
		out += "\n• " + r.text.Say(a.lang, text.HoldWaiter, text.Args{
			"ref": r.ref(ctx, c.ID), "what": r.describe(a.lang, c), "by": who(c.Requester),
		})
	}
	return out
}

// holdLines are the holds of one heritage, for status.
func (r *Registry) holdLines(lang string, views []deploy.HoldView, h bcn.Heritage) []chat.Markup {
	var out []chat.Markup
	for _, v := range views {
		if frozen(v.Hold) && cmp.Or(v.Hold.Env, h.Env) == h.Env || v.Hold.App == h.App && v.Hold.Env == h.Env {
			out = append(out, r.text.Say(lang, text.ReplyStatusHeld, text.Args{"line": r.text.Hold(lang, v.Hold), "frozen": frozen(v.Hold)}))
		}
	}
	return out
}
