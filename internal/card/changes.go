package card

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// lineMarks tell how a line changes; what destroys is bold too.
var lineMarks = map[bcn.LineMark]string{
	bcn.MarkAdded: "+", bcn.MarkChanged: "~", bcn.MarkReplaced: "±", bcn.MarkRemoved: "−", bcn.MarkNote: "•",
}

// changes lists what the plan changes, in words, and each stack's counts.
func (p *Presenter) changes(pl *bcn.Plan) chat.Markup {
	if pl == nil {
		return ""
	}
	var out []string
	lines := slices.DeleteFunc(slices.Clone(pl.Lines), shownAsImage)
	for i, l := range lines {
		if i == linesOnCard {
			out = append(out, string(p.say(text.CardMore, text.Args{"n": len(lines) - linesOnCard})))
			break
		}
		out = append(out, string(line(l)))
	}
	if pl.Commits != nil {
		out = append(out, string(p.commits(pl.Commits)))
	}
	for _, sp := range pl.Stacks {
		if len(sp.Changes) == 0 && pl.Empty() {
			continue // the sentence above says that nothing would change
		}
		out = append(out, string(p.say(text.CardStack, text.Args{"stack": sp.Name, "counts": p.counts(sp), "services": chat.Markup(p.services(sp))})))
		out = append(out, p.destroyed(sp)...)
	}
	return chat.Markup(strings.Join(out, "\n"))
}

// shownAsImage says that a line is what the field with the image shows.
func shownAsImage(l bcn.Line) bool { return strings.HasPrefix(l.What, "image: ") }

func line(l bcn.Line) chat.Markup {
	m := chat.Markup(lineMarks[l.Mark]+" ") + chat.Escape(l.What)
	if l.Mark == bcn.MarkRemoved || l.Mark == bcn.MarkReplaced {
		return "*" + m + "*"
	}
	return m
}

// counts says how many resources of a stack change, and how.
func (p *Presenter) counts(sp bcn.StackPlan) chat.Markup {
	n := map[text.ID]int{}
	for _, d := range sp.Changes {
		n[kindOf(d)]++
	}
	var out []string
	for _, id := range []text.ID{text.CardCountAdded, text.CardCountChanged, text.CardCountReplaced, text.CardCountRemoved} {
		if n[id] > 0 {
			out = append(out, string(p.say(id, text.Args{"n": n[id]})))
		}
	}
	if len(out) == 0 {
		return p.say(text.CardUnchanged, nil)
	}
	return chat.Markup(strings.Join(out, ", "))
}

func kindOf(d bcn.ResourceDelta) text.ID {
	switch {
	case d.Action == "Add" || d.Action == "Import":
		return text.CardCountAdded
	case d.Action == "Remove":
		return text.CardCountRemoved
	case (d.Replacement == "True" || d.Replacement == "Conditional") && !routine[d.Type]:
		return text.CardCountReplaced
	default:
		return text.CardCountChanged
	}
}

// routine are the types that are replaced with every release: a task
// definition is a new revision, nothing is lost.
var routine = map[string]bool{"AWS::ECS::TaskDefinition": true}

// destroyed names the resources that are replaced or removed.
func (p *Presenter) destroyed(sp bcn.StackPlan) []string {
	var out []string
	for _, d := range sp.Changes {
		switch kindOf(d) {
		case text.CardCountReplaced:
			out = append(out, string("   *± "+chat.Escape(d.LogicalID)+"* "+chat.Code(d.Type)))
		case text.CardCountRemoved:
			out = append(out, string("   *− "+chat.Escape(d.LogicalID)+"* "+chat.Code(d.Type)))
		}
	}
	return out
}

// services names the services that a stack changes: what people know it by.
func (p *Presenter) services(sp bcn.StackPlan) string {
	var names []string
	for _, d := range sp.Changes {
		if d.Type == "AWS::ECS::Service" {
			names = append(names, string(chat.Code(d.LogicalID)))
		}
	}
	return strings.Join(names, ", ")
}

// Resources lists every resource that the plan changes, for the thread: first
// the image in full, then per stack each resource with its properties below it,
// in lines short enough for a thread.
func Resources(pl bcn.Plan) string {
	var b strings.Builder
	if pl.Digest != "" && pl.Digest != pl.OldDigest {
		fmt.Fprintf(&b, "image %s\n", pl.Image)
		if pl.OldDigest != "" {
			fmt.Fprintf(&b, "  - %s %s\n", pl.OldTag, pl.OldDigest)
		}
		fmt.Fprintf(&b, "  + %s %s\n", pl.Tag, pl.Digest)
	}
	for _, sp := range pl.Stacks {
		fmt.Fprintf(&b, "stack %s\n", sp.Name)
		for _, d := range sp.Changes {
			fmt.Fprintf(&b, "  %s %s (%s)\n", resourceMarks[kindOf(d)], d.LogicalID, d.Type[strings.LastIndex(d.Type, ":")+1:])
			for _, path := range d.Properties {
				fmt.Fprintf(&b, "      %s%s\n", strings.TrimPrefix(path, "/Properties/"), values(d, path))
			}
		}
		if len(sp.Changes) == 0 {
			b.WriteString("  unchanged\n")
		}
	}
	return b.String()
}

// values says how the value at a path changes, where it may be shown.
func values(d bcn.ResourceDelta, path string) string {
	for _, v := range d.Values {
		if v.Path == path {
			return ": " + cmp.Or(v.Before, "–") + " → " + cmp.Or(v.After, "–")
		}
	}
	return ""
}

var resourceMarks = map[text.ID]string{
	text.CardCountAdded: "+", text.CardCountChanged: "~", text.CardCountReplaced: "±", text.CardCountRemoved: "-",
}

func (p *Presenter) warnings(pl *bcn.Plan) chat.Markup {
	if pl == nil || len(pl.Findings) == 0 {
		return ""
	}
	var parts []string
	for _, part := range []struct {
		title text.ID
		asks  bool
	}{{text.CardNeedsApproval, true}, {text.CardWarnings, false}} {
		lines := []string{string(p.say(part.title, nil))}
		for _, f := range pl.Findings {
			if (f.Level == bcn.AskFirst) == part.asks {
				lines = append(lines, "• "+string(p.finding(f)))
			}
		}
		if len(lines) > 1 {
			parts = append(parts, strings.Join(lines, "\n"))
		}
	}
	return chat.Markup(strings.Join(parts, "\n"))
}

// finding says what was found; what the file's reader says has its place in
// its own words.
func (p *Presenter) finding(f bcn.Finding) chat.Markup {
	if f.ID == "manifest" {
		return chat.Escape(f.Where)
	}
	return p.text.Finding(p.lang, f)
}

// links lead to the stacks in AWS's console.
func (p *Presenter) links(v View) chat.Markup {
	if v.Plan == nil || v.Change.State.BeforeApplying() || v.Change.State == bcn.ChangeClosed {
		return ""
	}
	var out []string
	for _, sp := range v.Plan.Stacks {
		if sp.StackID == "" {
			continue
		}
		region := v.Plan.District.Region
		address := "https://" + region + "." + bcn.Console(region) + "/cloudformation/home?region=" + region + "#/stacks/events?stackId=" + url.QueryEscape(sp.StackID)
		out = append(out, string(chat.Link(address, p.text.Plain(p.lang, text.CardLinkStack, text.Args{"stack": sp.Name}))))
	}
	return chat.Markup(strings.Join(out, " · "))
}
