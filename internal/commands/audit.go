package commands

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// AuditLog is what was written down of all that happened.
type AuditLog interface {
	// Entries answers at most f.Limit entries that the filter matches, the newest
	// first.
	Entries(ctx context.Context, f bcn.AuditFilter) ([]bcn.AuditEntry, error)
	// Export writes that the actor exports, and then sends them what the filter
	// matches as files, the newest that fit. Errors: unavailable.
	Export(ctx context.Context, o deploy.Origin, actor bcn.Actor, f bcn.AuditFilter) (AuditExport, error)
	// Reconcile has the district's CloudTrail compared with the log, or that of
	// each district, and answers which: what is found is told in the security
	// channel.
	Reconcile(ctx context.Context, o deploy.Origin, actor bcn.Actor, district string) ([]string, error)
}

// AuditExport is what was sent.
type AuditExport struct {
	Entries int
	More    bool // not all fit
}

// auditArgs are a filter. The words before the flags are an app, with or without
// its environment, or the number of a change, a schedule or a run.
type auditArgs struct {
	App    string `arg:"" optional:"" live:"app" kind:"audit-app"`
	Env    string `arg:"" optional:"" live:"env" kind:"audit-env"`
	Who    string `name:"who" placeholder:"@U" kind:"audit-who"`
	What   string `name:"what" placeholder:"KIND" kind:"audit-what"`
	Since  string `name:"since" placeholder:"7d" kind:"audit-since"`
	Before string `name:"before" placeholder:"N" kind:"audit-before"`
	After  string `name:"after" placeholder:"N" kind:"audit-after"`
	Export bool   `name:"export" kind:"audit-export"`

	id            string
	since         time.Duration
	before, after bcn.ID
}

func (*auditArgs) whole() {}

func (*auditArgs) short() string { return "[APP [ENV]]" }

func (*auditArgs) forms() []string {
	const flags = " [--who @U] [--what KIND] [--since 7d] [--before N | --after N] [--export]"
	return []string{"[APP [ENV]]" + flags, "ID" + flags}
}

var auditID = regexp.MustCompile(`^#?[0-9]{1,18}$`)

// auditFamilies are the families of kinds.
func auditFamilies() []string {
	return slices.DeleteFunc(auditKinds(), func(s string) bool { return strings.Contains(s, ".") })
}

// auditKinds are the kinds of entries and their families, which are what stands
// before the dot.
func auditKinds() []string {
	var out []string
	for kind := range auditSentences() {
		family, _, _ := strings.Cut(kind, ".")
		out = append(out, kind, family)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// maxSince is as long as anybody looks back; older entries are reached page by
// page.
const maxSince = 5 * 366 * 24 * time.Hour

func (g *auditArgs) check() (err error) {
	if auditID.MatchString(g.App) {
		if g.Env != "" {
			return problem{id: text.ProblemAuditBoth, word: clip(g.Env)}
		}
		g.id, g.App = strings.TrimPrefix(g.App, "#"), ""
	}
	g.Who = strings.TrimPrefix(g.Who, "@")
	if g.What = strings.ToLower(g.What); g.What != "" && !slices.Contains(auditKinds(), g.What) {
		return problem{id: text.ProblemAuditKind, word: clip(g.What), suggestion: nearest(g.What, auditKinds())}
	}
	if g.since, err = (span{"since", "7d", 0, maxSince}).read(g.Since); err != nil {
		return err
	}
	if g.Before != "" && g.After != "" {
		return problem{id: text.ProblemAuditBoth, word: "--after " + clip(g.After)}
	}
	for _, n := range []struct {
		flag, typed string
		to          *bcn.ID
	}{{"--before", g.Before, &g.before}, {"--after", g.After, &g.after}} {
		if n.typed == "" {
			continue
		}
		if *n.to, err = bcn.ParseID(clip(n.typed)); err != nil {
			return problem{id: problemForm, word: n.flag + " " + clip(n.typed), suggestion: n.flag + " 1042"}
		}
	}
	return nil
}

// commandLine is the actor of what was done at the command line.
const commandLine = "command line"

func (g *auditArgs) filter() bcn.AuditFilter {
	f := bcn.AuditFilter{
		Who: g.Who, What: g.What, Since: g.since, App: g.App, Env: g.Env, Before: int64(g.before), After: int64(g.after), Limit: auditPage + 1,
	}
	if id, err := bcn.ParseID(g.id); err == nil && g.id != "" {
		f.ID = id
	}
	switch f.Who {
	case "bcn", "system":
		f.Who = bcn.SystemIdentity
	case "cli", "command-line":
		f.Who = commandLine
	}
	return f
}

// turned is the command of another page.
func (g *auditArgs) turned(before, after int64) string {
	next := *g
	next.Before, next.After, next.App = "", "", g.App
	if g.id != "" {
		next.App = g.id
	}
	if before > 0 {
		next.Before = fmt.Sprint(before)
	}
	if after > 0 {
		next.After = fmt.Sprint(after)
	}
	return typed("audit", &next)
}

// auditPage is how many entries a message shows.
const auditPage = 15

// audit shows entries of the log, the newest first, or sends them as files.
func (r *Registry) audit(ctx context.Context, a asked, g *auditArgs) (chat.Message, error) {
	f := g.filter()
	if err := r.mayAudit(ctx, a, f); err != nil {
		return chat.Message{}, err
	}
	if f.Who != bcn.SystemIdentity && f.Who != commandLine {
		if err := people(f.Who); err != nil {
			return chat.Message{}, err
		}
	}
	if g.Export {
		x, err := r.auditLog.Export(ctx, a.origin, a.actor, f)
		switch {
		case err != nil:
			return chat.Message{}, err
		case x.Entries == 0:
			return r.auditEmpty(a, g), nil
		}
		return say(r.text.Say(a.lang, text.ReplyAuditExport, text.Args{"Count": x.Entries, "more": x.More})), nil
	}
	list, err := r.auditLog.Entries(ctx, f)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read the audit log: %w", err)
	}
	if len(list) == 0 {
		return r.auditEmpty(a, g), nil
	}
	more := len(list) > auditPage
	if more && f.After > 0 { // the one too many is the newest
		list = list[1:]
	}
	list = list[:min(len(list), auditPage)]
	return r.auditPage(ctx, a, g, list, more), nil
}

// mayAudit asks for the app that a number is of: a rule may give the log of some
// apps only.
func (r *Registry) mayAudit(ctx context.Context, a asked, f bcn.AuditFilter) error {
	app, env, district := f.App, f.Env, ""
	if f.ID != 0 {
		c, err := r.reads.Change(ctx, f.ID)
		switch {
		case err == nil:
			app, env, district = c.App, c.Env, c.District
		case bcn.CodeOf(err) != bcn.CodeUnknownID:
			return err
		}
	}
	return r.who.Allow(ctx, a.actor, a.verb.name, app, env, district)
}

func (r *Registry) auditEmpty(a asked, g *auditArgs) chat.Message {
	var flags []string
	for _, f := range []struct{ name, given string }{{"--who", g.Who}, {"--what", g.What}, {"--since", g.Since}} {
		if f.given != "" {
			flags = append(flags, f.name)
		}
	}
	id := ""
	if g.id != "" {
		id = "#" + g.id
	}
	m := say(r.text.Say(a.lang, text.ReplyAuditNone, text.Args{"id": id, "flags": joined(flags)}))
	if g.before > 0 || g.after > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{r.auditButton(a, text.ButtonAuditNewest, g.turned(0, 0))}})
	}
	return m
}

// auditPage writes a page, with buttons to the next ones.
func (r *Registry) auditPage(ctx context.Context, a asked, g *auditArgs, list []bcn.AuditEntry, more bool) chat.Message {
	title := r.text.Say(a.lang, text.ReplyAudit, text.Args{"first": list[len(list)-1].Seq, "last": list[0].Seq})
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	for _, e := range list {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.auditLine(ctx, a.lang, e)})
	}
	var buttons []chat.Button
	if more || g.after > 0 {
		buttons = append(buttons, r.auditButton(a, text.ButtonAuditOlder, g.turned(list[len(list)-1].Seq, 0)))
	}
	if g.before > 0 || g.after > 0 && more {
		buttons = append(buttons, r.auditButton(a, text.ButtonAuditNewer, g.turned(0, list[0].Seq)))
	}
	if len(buttons) == 0 {
		return m
	}
	twins := make([]string, len(buttons))
	for i, b := range buttons {
		twins[i] = string(chat.Code(r.command + " " + b.Value))
	}
	m.Blocks = append(m.Blocks, chat.Block{Buttons: buttons}, chat.Block{Context: chat.Markup(strings.Join(twins, " · "))})
	return m
}

func (r *Registry) auditButton(a asked, label text.ID, command string) chat.Button {
	return chat.Button{Action: chat.ActionTyped, Value: command, Label: r.text.Plain(a.lang, label, nil)}
}

type auditReconcileArgs struct {
	District string `name:"district" placeholder:"D" live:"district" kind:"audit-district"`
}

// auditReconcile has CloudTrail compared with the log.
func (r *Registry) auditReconcile(ctx context.Context, a asked, g *auditReconcileArgs) (chat.Message, error) {
	if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", g.District); err != nil {
		return chat.Message{}, err
	}
	names, err := r.auditLog.Reconcile(ctx, a.origin, a.actor, g.District)
	if errors.Is(err, deploy.ErrNone) || err == nil && len(names) == 0 {
		return say(r.text.Say(a.lang, text.ReplyAuditNoDistrict, nil)), nil
	}
	if err != nil {
		return chat.Message{}, err
	}
	return say(r.text.Say(a.lang, text.ReplyAuditReconcile, text.Args{"districts": joined(names)})), nil
}
