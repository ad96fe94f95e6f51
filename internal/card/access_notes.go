package card

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// What a report holds at most; the rest is in AWS.
const (
	reportSessions = 12
	reportTrail    = 25
)

// accessNotes finds the words for a moment of a grant.
func (p *Presenter) accessNotes(m deploy.Moment) []deploy.Note {
	if m.Grant == nil {
		return nil
	}
	args := p.grantArgs(m.Change, *m.Grant, m.Plan)
	args["where"], args["length"] = chat.Markup(""), ""
	if m.Plan != nil && m.Plan.Access != nil {
		said := p.accessArgs(m.Change, *m.Plan.Access)
		args["where"], args["length"] = p.say(text.Where(m.Change.Kind), said), said["length"]
	}
	switch m.Kind {
	case deploy.MomentGranted:
		return p.granted(m, args)
	case deploy.MomentHanded:
		args["again"] = ""
		if m.Grant.Mints > 1 {
			args["again"] = strconv.Itoa(m.Grant.Mints)
		}
		return []deploy.Note{thread("handed:"+strconv.Itoa(m.Grant.Mints), p.say(text.ThreadHanded, args))}
	case deploy.MomentNear:
		return p.near(m, args)
	case deploy.MomentOver:
		return []deploy.Note{thread("over:"+stamp(m.Grant.VerifiedAt), p.say(overID(*m.Grant), args))}
	case deploy.MomentStuck:
		return p.alarm("stuck:"+stamp(m.Grant.SweptAt), p.say(text.ThreadStuck, with(with(args, "open", codes(m.Left)), "usable", usable(*m.Grant, m.Plan))))
	case deploy.MomentUnstuck:
		return p.alarm("unstuck:"+stamp(m.Grant.VerifiedAt), p.say(text.ThreadUnstuck, args))
	default:
		return p.report(m, args)
	}
}

// stamp tells two moments of the same kind apart.
func stamp(t *time.Time) string {
	if t == nil {
		return "0"
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func with(args text.Args, key string, value any) text.Args {
	args[key] = value
	return args
}

// codes lists words in a fixed-width font.
func codes(list []string) chat.Markup {
	var out []string
	for i, s := range list {
		if i == reportSessions {
			out = append(out, "…")
			break
		}
		out = append(out, string(chat.Code(chat.Truncate(s, 200))))
	}
	return chat.Markup(strings.Join(out, ", "))
}

// granted calls the requester, in the thread and directly: what is approved has
// to be picked up, and its time may run already.
func (p *Presenter) granted(m deploy.Moment, args text.Args) []deploy.Note {
	notes := []deploy.Note{thread("granted", p.say(text.ThreadGranted, args))}
	if m.Grant.Person == "" {
		return notes
	}
	head := p.say(text.DirectGranted, args)
	blocks := []chat.Block{{Section: head}, {Code: "bot access open " + m.Change.ID.String()[1:]}}
	return append(notes, deploy.Note{
		Key: "granted:direct", Role: deploy.RoleDirect, To: m.Grant.Person, Body: chat.Message{Text: head, Blocks: blocks},
	})
}

// near warns the requester where they are, with one tap to go on.
func (p *Presenter) near(m deploy.Moment, args text.Args) []deploy.Note {
	head := p.say(text.DirectNear, args)
	extend := p.button(m.Change, chat.ActionAccessExtend, text.ButtonAccessExtend, chat.Primary)
	return []deploy.Note{{
		Key: "near:" + stamp(m.Grant.EndsAt), Role: deploy.RoleDirect, To: m.Grant.Person,
		Body: chat.Message{Text: head, Blocks: []chat.Block{{Section: head}, {Buttons: []chat.Button{extend, p.endAccess(m.Change)}}}},
	}}
}

func overID(g bcn.Grant) text.ID {
	switch g.State {
	case bcn.GrantExpired:
		return text.ThreadAccessExpired
	case bcn.GrantCancelled:
		return text.ThreadAccessCancelled
	default:
		return text.ThreadAccessOver
	}
}

// alarm speaks in the thread, in its channel, and where nobody must miss it.
func (p *Presenter) alarm(key string, m chat.Markup) []deploy.Note {
	notes := []deploy.Note{{Key: key, Role: deploy.RoleThread, Broadcast: true, Body: plain(m)}}
	if p.security != "" {
		notes = append(notes, deploy.Note{Key: key + ":security", Role: deploy.RoleAnnounce, Channel: p.security, Body: plain(m)})
	}
	return notes
}

// report tells what was done: each session, where it is logged, who else was
// there, and what CloudTrail has.
func (p *Presenter) report(m deploy.Moment, args text.Args) []deploy.Note {
	head := p.say(text.ThreadReport, args)
	blocks := []chat.Block{{Section: head}}
	if sessions := p.sessions(*m.Grant); sessions != "" {
		blocks = append(blocks, chat.Block{Section: sessions})
	}
	if len(m.Trail) == 0 {
		blocks = append(blocks, chat.Block{Context: p.say(text.ThreadNoTrail, nil)})
	} else {
		blocks = append(blocks, chat.Block{Section: p.say(text.ThreadTrail, nil)}, chat.Block{Code: p.trail(m.Trail)})
	}
	body := chat.Message{Text: head, Blocks: blocks}
	return append([]deploy.Note{{Key: "report", Role: deploy.RoleThread, Body: body}}, p.skippedReport(m, body)...)
}

func (p *Presenter) sessions(g bcn.Grant) chat.Markup {
	var out []string
	for i, s := range g.Sessions {
		if i == reportSessions {
			out = append(out, string(p.say(text.ThreadSessionsMore, text.Args{"n": len(g.Sessions) - i})))
			break
		}
		args := text.Args{"session": chat.Truncate(s.ID, 100), "from": text.Clock(s.Started), "to": "", "log": chat.Truncate(s.Log, 300), "by_bot": s.ByBot}
		if s.Closed != nil {
			args["to"] = text.Clock(*s.Closed)
		}
		id := text.ThreadSession
		if s.Stranger {
			id = text.ThreadStranger
		}
		out = append(out, string(p.say(id, args)))
	}
	return chat.Markup(strings.Join(out, "\n"))
}

// trail writes lines of CloudTrail, in UTC as the console shows them.
func (p *Presenter) trail(list []deploy.TrailLine) string {
	var b strings.Builder
	for i, l := range list {
		if i == reportTrail {
			fmt.Fprintf(&b, "… +%d\n", len(list)-i)
			break
		}
		fmt.Fprintf(&b, "%s %s %s", l.At.UTC().Format(time.TimeOnly), chat.Truncate(l.Name, 60), chat.Truncate(l.User, 64))
		if l.Error != "" {
			fmt.Fprintf(&b, " %s", chat.Truncate(l.Error, 80))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// trimLines drops lines of which nothing can be seen.
func trimLines(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
