package card

import (
	"maps"
	"strings"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// linesOnCard bounds what a card lists; the rest is in its thread.
const linesOnCard = 10

// View is all that a card shows.
type View struct {
	Holding

	Change    bcn.Change
	Wish      deploy.Wish
	Plan      *bcn.Plan
	Hash      string
	Request   *bcn.Request
	Grant     *bcn.Grant  // of access that was approved
	Oneoff    *bcn.Oneoff // its one-off task, once it is asked for
	Rollouts  []deploy.Rollout
	Halt      deploy.Halt
	Approvers chat.Markup   // who may approve, mentioned
	FollowUp  *bcn.FollowUp // of what went without approval
}

// Presenter speaks one language: that of the channels.
type Presenter struct {
	text *text.Catalogue
	lang string
	// approvals is the channel of the cards, announce that of the verdicts.
	approvals, announce, security string
	// channelOf is a heritage's own channel for announcements; empty for none.
	channelOf func(app, env string) string
}

// Options is what a Presenter needs.
type Options struct {
	Text                *text.Catalogue
	Lang                string
	Approvals, Announce string
	Security            string // what must not be missed
	ChannelOf           func(app, env string) string
}

// New makes a Presenter.
func New(o Options) *Presenter {
	return &Presenter{text: o.Text, lang: o.Lang, approvals: o.Approvals, announce: o.Announce, security: o.Security, channelOf: o.ChannelOf}
}

func (p *Presenter) say(id text.ID, args text.Args) chat.Markup { return p.text.Say(p.lang, id, args) }

// Card shows a change as it is.
func (p *Presenter) Card(v View) chat.Message {
	if v.Change.Kind.Access() {
		return p.accessCard(v)
	}
	first := p.first(v.Change, v.Wish)
	blocks := []chat.Block{{Section: first + "\n" + p.status(v.Change)}}
	if why := p.why(v.Change); why != "" {
		blocks = append(blocks, chat.Block{Section: why})
	}
	if glass := p.glass(v); glass != "" {
		blocks = append(blocks, chat.Block{Section: glass})
	}
	if image := p.image(v); image != "" {
		blocks = append(blocks, chat.Block{Section: image})
	}
	if taken := p.takesOver(v.Plan); taken != "" {
		blocks = append(blocks, chat.Block{Section: taken})
	}
	if held := p.hold(v); held != "" {
		blocks = append(blocks, chat.Block{Section: held})
	}
	if reason := v.Change.Reason; reason != "" {
		blocks = append(blocks, chat.Block{Section: p.say(text.CardReason, text.Args{"reason": reason})})
	}
	if fields := p.fields(v); len(fields) > 0 {
		blocks = append(blocks, chat.Block{Fields: fields})
	}
	if changes := p.changes(v.Plan); changes != "" {
		blocks = append(blocks, chat.Block{Section: changes})
	}
	if scan := p.scan(v); scan != "" {
		blocks = append(blocks, chat.Block{Section: scan})
	}
	blocks = append(blocks, p.oneoff(v)...)
	if warnings := p.warnings(v.Plan); warnings != "" {
		blocks = append(blocks, chat.Block{Section: warnings})
	}
	if live := p.live(v); live != "" {
		blocks = append(blocks, chat.Block{Section: live})
	}
	if small := p.small(v); small != "" {
		blocks = append(blocks, chat.Block{Context: small})
	}
	if buttons := p.withAcknowledge(v, p.buttons(v)); len(buttons) > 0 {
		blocks = append(blocks, chat.Block{Buttons: buttons})
	}
	return chat.Message{Text: first + " " + p.status(v.Change), Blocks: blocks}
}

// first says in plain words what happens and for whom.
func (p *Presenter) first(c bcn.Change, w deploy.Wish) chat.Markup {
	if c.Kind.Access() {
		return p.firstAccess(c, w, nil)
	}
	args := text.Args{"who": mention(c.Requester), "app": c.App, "env": c.Env, "tag": c.Tag, "district": c.District, "name": subjectName(c), "source": ""}
	maps.Copy(args, operation(w))
	maps.Copy(args, secretWish(w))
	if w.Heritage != nil {
		args["source"] = w.Heritage.Source
	}
	return p.say(text.FirstLine(c.Kind), args)
}

// subjectName is the name in "endpoint:main".
func subjectName(c bcn.Change) string {
	_, name, _ := strings.Cut(c.Subject, ":")
	return name
}

func mention(a bcn.Actor) chat.Markup {
	if a.Kind == bcn.Person {
		return chat.Mention(a.User)
	}
	return "bcn"
}

// marks show at a glance where a change stands.
var marks = map[bcn.ChangeState]string{
	bcn.ChangeWaitingTurn: "⏳", bcn.ChangePlanning: "⏳", bcn.ChangePlanned: "⏳", bcn.ChangeWaiting: "🟡", bcn.ChangeQueued: "🔵",
	bcn.ChangeApplying: "🔵", bcn.ChangeVerifying: "🔵", bcn.ChangeCancelling: "🟠", bcn.ChangeBlocked: "🚨", bcn.ChangeSucceeded: "✅",
	bcn.ChangeFailed: "❌", bcn.ChangeRolledBack: "↩️", bcn.ChangeRollbackFailed: "🚨", bcn.ChangeCancelled: "⏹️", bcn.ChangeClosed: "⚪\ufe0f",
}

func (p *Presenter) status(c bcn.Change) chat.Markup {
	state, mark := p.say(text.State(c.State), text.Args{"behind": c.Behind.String(), "held": c.HeldBy != 0, "later": c.NotBefore != nil}), marks[c.State]
	if unlocked(c) {
		state, mark = p.say(text.CardUnlocked, nil), marks[bcn.ChangeSucceeded]
	}
	args := text.Args{"mark": chat.Markup(mark), "id": c.ID.String(), "state": state}
	if c.State.Ended() && c.StartedAt != nil && c.EndedAt != nil {
		args["duration"] = text.Duration(p.lang, c.EndedAt.Sub(*c.StartedAt))
		return p.say(text.CardStatusEnded, args)
	}
	return p.say(text.CardStatus, args)
}

// why explains an end in a sentence, or what a change waits for outside.
func (p *Presenter) why(c bcn.Change) chat.Markup {
	outside := c.Code == bcn.CodeUnavailable || c.Code == bcn.CodeCouldNotCheck
	if c.Code == "" || (!outside && !c.State.Ended() && c.State != bcn.ChangeBlocked) {
		return ""
	}
	if outside && !c.State.Ended() {
		return p.say(text.CardOutside, text.Args{"what": c.Params["what"]})
	}
	return p.explain(c.Code, c.Params)
}

// explain turns a code into its sentence.
func (p *Presenter) explain(code bcn.Code, params map[string]string) chat.Markup {
	if why := params["why"]; why != "" {
		params = maps.Clone(params)
		params["why"] = plainReason(why)
	}
	return p.text.Code(p.lang, code, params, "")
}

func isUser(s string) bool {
	return len(s) > 3 && (s[0] == 'U' || s[0] == 'W') && strings.ToUpper(s) == s && !strings.ContainsAny(s, " #")
}

// image has a line of its own: two versions with their digests do not fit into
// half a card.
func (p *Presenter) image(v View) chat.Markup {
	pl := v.Plan
	if pl == nil || pl.Digest == "" {
		return ""
	}
	to := version(pl.Tag, pl.Digest)
	if pl.OldDigest == "" || (pl.OldDigest == pl.Digest && pl.OldTag == pl.Tag) {
		return p.say(text.CardImageFirst, text.Args{"to": to})
	}
	return p.say(text.CardImage, text.Args{"from": version(pl.OldTag, pl.OldDigest), "to": to})
}

// fields stand two beside each other: who asked and who answers, what for how
// long.
func (p *Presenter) fields(v View) []chat.Markup {
	out := []chat.Markup{p.say(text.CardRequester, text.Args{"who": mention(v.Change.Requester), "via": v.Change.Requester.Via != ""})}
	pending := v.Request != nil && v.Request.State == bcn.RequestPending
	switch {
	case pending:
		out = append(out, p.say(text.CardApprovers, text.Args{"who": v.Approvers}))
	case v.Plan != nil && len(v.Plan.Needs) == 0 && v.Change.Kind != bcn.KindPlan:
		out = append(out, p.notAsked(v.Change, *v.Plan))
	}
	out = append(out, p.oncallUnknown(v)...)
	if v.Hash != "" {
		out = append(out, p.say(text.CardHash, text.Args{"hash": short(v.Hash)}))
	}
	if pending {
		out = append(out, p.say(text.CardExpires, text.Args{"when": text.When(v.Request.ExpiresAt)}))
	}
	if at := v.Change.NotBefore; at != nil && v.Change.State.BeforeApplying() {
		out = append(out, p.say(text.CardStarts, text.Args{"when": text.When(*at)}))
	}
	return out
}

// version shows a tag with the beginning of its digest.
func version(tag, digest string) chat.Markup {
	return chat.Code(tag) + " " + chat.Code(short(strings.TrimPrefix(digest, "sha256:")))
}

// short is how a hash is shown: 12 digits, as git and docker do.
func short(hash string) string {
	if len(hash) > 12 {
		return hash[:12]
	}
	return hash
}

// live shows what runs while it changes, and what a success left running.
// After any other end the counts may be of before the rollback: status reads
// them afresh.
func (p *Presenter) live(v View) chat.Markup {
	s := v.Change.State
	if s.BeforeApplying() || (s.Ended() && s != bcn.ChangeSucceeded) {
		return ""
	}
	var lines []string
	for _, r := range v.Rollouts {
		lines = append(lines, string(p.say(text.CardRollout, text.Args{
			"service": r.Service, "running": r.Running, "desired": r.Desired,
			"pending": r.Pending, "failed": r.Failed, "healthy": r.Healthy, "targets": r.Targets,
		})))
		if shift := p.shift(r); shift != "" {
			lines = append(lines, string(shift))
		}
	}
	return chat.Markup(strings.Join(lines, "\n"))
}

// small is the small print: decisions, a halt, a parked job, links.
func (p *Presenter) small(v View) chat.Markup {
	var out []string
	if v.Request != nil {
		out = append(out, p.others(*v.Request)...)
		for _, d := range v.Request.Decisions {
			out = append(out, string(p.answer(*v.Request, d)))
		}
		if v.Request.State == bcn.RequestPending && len(v.Request.Decisions) > 0 {
			for _, n := range approval.Remaining(*v.Request, approval.Approvals(*v.Request)) {
				out = append(out, string(p.say(text.CardStillNeeded, text.Args{"n": n.Count, "teams": strings.Join(n.Of(), ", ")})))
			}
		}
	}
	if v.Halt.On && !v.Change.State.Ended() {
		out = append(out, string(p.say(text.CardHalted, text.Args{"by": p.by(v.Halt.By), "reason": v.Halt.Reason})))
	}
	if v.Change.Parked {
		out = append(out, string(p.say(text.CardParked, text.Args{"id": v.Change.ID.String()})))
	}
	if l := p.links(v); l != "" {
		out = append(out, string(l))
	}
	return chat.Markup(strings.Join(out, "\n"))
}

// by mentions a user, and shows anything else as it is.
func (p *Presenter) by(s string) any {
	switch {
	case isUser(s):
		return chat.Mention(s)
	case s == "command line":
		return p.say(text.CardCommandLine, nil)
	default:
		return s
	}
}
