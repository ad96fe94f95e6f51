package card

import (
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// accessCard shows time-boxed access as it is: who, into what exactly, for how
// long, why, and what the policy says, before anybody approves it; then whether
// it is open, and at last that it is verified to be closed.
func (p *Presenter) accessCard(v View) chat.Message {
	first, status := p.firstAccess(v.Change, v.Wish, v.Plan), p.accessStatus(v)
	m := chat.Message{Text: first + " " + status, Blocks: []chat.Block{{Section: first + "\n" + status}}}
	if why := p.accessWhy(v); why != "" {
		m.Blocks = append(m.Blocks, chat.Block{Section: why})
	}
	if glass := p.glass(v); glass != "" {
		m.Blocks = append(m.Blocks, chat.Block{Section: glass})
	}
	if v.Plan != nil && v.Plan.Access != nil {
		if command := v.Plan.Access.Command; command != "" {
			m.Blocks = append(m.Blocks, chat.Block{Section: p.say(text.CardCommand, nil)}, chat.Block{Code: command})
		}
	}
	for _, part := range []chat.Markup{p.accessReason(v.Change), p.where(v), p.lasts(v), p.policy(v)} {
		if part != "" {
			m.Blocks = append(m.Blocks, chat.Block{Section: part})
		}
	}
	if fields := p.accessFields(v); len(fields) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Fields: fields})
	}
	if small := p.small(v); small != "" {
		m.Blocks = append(m.Blocks, chat.Block{Context: small})
	}
	if buttons := p.withAcknowledge(v, p.accessButtons(v)); len(buttons) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Buttons: buttons})
	}
	return m
}

// firstAccess says in plain words who asks for what, for how long. Before it
// is planned only the wish is known.
func (p *Presenter) firstAccess(c bcn.Change, w deploy.Wish, pl *bcn.Plan) chat.Markup {
	a := bcn.AccessPlan{}
	if w.Access != nil {
		a = bcn.AccessPlan{
			Service: w.Access.Service, Node: w.Access.Instance, Database: w.Access.Database, Command: w.Access.Command,
			Seconds: int64(w.Access.For / time.Second), Extends: w.Access.Extends,
		}
	}
	if pl != nil && pl.Access != nil {
		a = *pl.Access
	}
	args := p.accessArgs(c, a)
	args["who"] = mention(c.Requester)
	return p.say(text.FirstLine(c.Kind), args)
}

// accessArgs are what sentences about access are filled with.
func (p *Presenter) accessArgs(c bcn.Change, a bcn.AccessPlan) text.Args {
	args := text.Args{
		"id": c.ID.String(), "number": c.ID.String()[1:], "app": c.App, "env": c.Env, "district": c.District,
		"service": a.Service, "task": short(taskID(a.Task)), "container": a.Container, "node": a.Node, "name": a.NodeName,
		"database": a.Database, "command": chat.Truncate(a.Command, 120), "length": "", "extends": "",
	}
	if a.Seconds > 0 {
		args["length"] = seconds(p.lang, a.Seconds)
	}
	if a.Extends != 0 {
		args["extends"] = a.Extends.String()
	}
	return args
}

func seconds(lang string, n int64) string { return text.Duration(lang, time.Duration(n)*time.Second) }

// taskID is the last part of a task's ARN.
func taskID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func (p *Presenter) accessReason(c bcn.Change) chat.Markup {
	if c.Reason == "" {
		return ""
	}
	return p.say(text.CardReason, text.Args{"reason": c.Reason})
}

// where says exactly where one would be.
func (p *Presenter) where(v View) chat.Markup {
	pl := v.Plan
	if pl == nil || pl.Access == nil {
		return ""
	}
	a := pl.Access
	args := p.accessArgs(v.Change, *a)
	d := pl.District
	args["account"], args["region"], args["cluster"], args["district"] = d.Account, d.Region, d.Cluster, d.Name
	args["host"], args["port"], args["release"], args["tag"] = a.Host, a.Port, a.Release, pl.Tag
	if a.Node != "" {
		args["cluster"] = ""
	}
	args["digest"] = short(strings.TrimPrefix(pl.Digest, "sha256:"))
	if v.Grant != nil && v.Grant.Task != "" {
		args["task"] = short(taskID(v.Grant.Task))
	}
	return p.say(whereID(v.Change.Kind), args) + "\n" + p.say(text.CardPlace, args)
}

func whereID(k bcn.Kind) text.ID {
	switch k {
	case bcn.KindAccessLive:
		return text.CardWhereLive
	case bcn.KindAccessInstance:
		return text.CardWhereNode
	case bcn.KindAccessPort:
		return text.CardWherePort
	default:
		return text.CardWhereTask
	}
}

// lasts says how long, and when the clock starts. Once it runs, the status says
// until when.
func (p *Presenter) lasts(v View) chat.Markup {
	if v.Plan == nil || v.Plan.Access == nil || closedAccess(v) {
		return ""
	}
	a := v.Plan.Access
	args := text.Args{"length": seconds(p.lang, a.Seconds), "within": seconds(p.lang, a.OpenWithin), "of": a.Extends.String(), "from": a.From, "how": how(v.Plan)}
	switch {
	case !a.From.IsZero():
		return p.say(text.CardLastsFrom, args)
	case a.OpenWithin > 0:
		return p.say(text.CardLastsFirstUse, args)
	default:
		return p.say(text.CardLastsApproval, args)
	}
}

// closedAccess says that nothing of the access can be opened any more: what it
// would have allowed is then of no use on its card.
func closedAccess(v View) bool {
	if v.Grant != nil {
		return !v.Grant.State.Open()
	}
	return v.Change.State.Ended()
}

// policy says in words what will be minted, and what a reader should mind.
func (p *Presenter) policy(v View) chat.Markup {
	if v.Plan == nil || v.Plan.Access == nil || closedAccess(v) {
		return ""
	}
	words := access.Describe(accessTarget(v), time.Time{})
	args := p.accessArgs(v.Change, *v.Plan.Access)
	args["cluster"], args["document"], args["until"] = v.Plan.District.Cluster, words.Document, chat.Markup("")
	args["by_bot"] = v.Plan.Access.ByBot
	if v.Grant != nil && v.Grant.EndsAt != nil {
		args["until"] = text.When(*v.Grant.EndsAt)
	}
	may := p.rights(words.May, args)
	if v.Plan.Access.ByBot {
		may = p.say(text.CardByBot, args)
	}
	return p.say(text.CardMay, text.Args{"what": may}) + "\n" +
		p.say(text.CardNever, text.Args{"what": p.rights(words.Never, args)}) + "\n" +
		p.say(text.CardMind, text.Args{"what": p.mind(v, words)})
}

// accessTarget is the target as package access describes it.
func accessTarget(v View) access.Target {
	a, d := v.Plan.Access, v.Plan.District
	t := access.Target{
		Kind: access.Kind(v.Change.Kind), District: d.Name, Account: d.Account, Region: d.Region, Cluster: d.Cluster,
		Task: taskID(a.Task), Container: a.Container, Node: a.Node, Database: a.Database, Key: a.Key,
	}
	if t.Kind == access.Instance {
		t.Session = time.Duration(a.Session) * time.Second
	}
	return t
}

func (p *Presenter) rights(list []access.Right, args text.Args) chat.Markup {
	var out []string
	for _, r := range list {
		out = append(out, string(p.say(text.ID(r), args)))
	}
	return chat.Markup(strings.Join(out, "; "))
}

// mind lists what an approver could overlook.
func (p *Presenter) mind(v View, w access.Words) chat.Markup {
	var ids []text.ID
	if w.Root {
		ids = append(ids, text.MindRoot)
	}
	switch w.Log {
	case access.LogDocument:
		ids = append(ids, text.MindLogged)
	case access.LogCluster:
		ids = append(ids, text.MindLogCluster)
	default:
		ids = append(ids, text.MindNotLogged)
	}
	if w.Cap > 0 {
		ids = append(ids, text.MindCap)
	}
	switch {
	case w.Target.Kind == access.OwnTask:
		ids = append(ids, text.MindOwnTask)
	case w.Target.Kind == access.LiveTask && v.Plan.Access.StopTask:
		ids = append(ids, text.MindStopTask)
	case w.Cap > 0:
		ids = append(ids, text.MindDetached)
	case w.Target.Kind == access.LiveTask:
		ids = append(ids, text.MindBotCloses, text.MindDetached)
	default:
		ids = append(ids, text.MindBotCloses)
	}
	var out []string
	for _, id := range ids {
		out = append(out, "\n• "+string(p.say(id, text.Args{"cap": text.Duration(p.lang, w.Cap)})))
	}
	return chat.Markup(strings.Join(out, ""))
}

// accessFields adds the key that the access is bound to.
func (p *Presenter) accessFields(v View) []chat.Markup {
	out := p.fields(v)
	if key := fingerprint(v.Grant); key != "" {
		out = append(out, p.say(text.CardKey, text.Args{"key": key}))
	}
	return out
}

// fingerprint names the key of a grant; empty where none is bound.
func fingerprint(g *bcn.Grant) string {
	if g == nil || g.Key == "" {
		return ""
	}
	name, err := access.Fingerprint(g.Key)
	if err != nil { // it was checked when it was bound
		return ""
	}
	return name
}
