package commands

import (
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// RuleTerms are the conditions under which a rule gives something. The zero
// value has none.
type RuleTerms struct {
	Destructive, IAM *bool   // only plans that are so, or are not; nil: both
	Hours            []Hours // it holds while one of them is open
	Limit            Often   // for each person
	Reason           bool
	Wants            string   // what the reason must be like; empty: anything
	Ticket           []string // the statuses of the ticket that the reason names; empty: none is looked up
	Mine             bool     // the ticket is the requester's
	Scan             bcn.Severity
	Oncall           string   // whoever it says is on call needs no approval
	Escalate         []string // teams that may approve too before it expires
	Glass            Often    // without the approval
	GlassMax         time.Duration
	Least, Most      int // tasks that scale may set; 0, 0: the rule is not about it
}

// Hours are a time of the week; see config.Window.
type Hours struct {
	Days     []time.Weekday
	From, To int // minutes since midnight
	Zone     string
}

// Often is a number of times in a span; the zero value is none.
type Often struct {
	Count int
	Per   time.Duration
}

// terms says under which conditions a rule gives something, in few words each.
func (r *Registry) terms(lang string, t RuleTerms) chat.Markup {
	var out []string
	add := func(there bool, id text.ID, args text.Args) {
		if there {
			out = append(out, string(r.text.Say(lang, id, args)))
		}
	}
	add(t.Destructive != nil, text.RuleDestructive, text.Args{"is": t.Destructive != nil && *t.Destructive})
	add(t.IAM != nil, text.RuleIAM, text.Args{"is": t.IAM != nil && *t.IAM})
	add(len(t.Hours) > 0, text.RuleHours, text.Args{"hours": r.hours(lang, t.Hours)})
	add(t.Reason, text.RuleReason, text.Args{"wants": t.Wants})
	add(len(t.Ticket) > 0, text.RuleTicket, text.Args{"open": strings.Join(t.Ticket, " / "), "mine": t.Mine})
	add(t.Limit.Count > 0, text.RuleLimit, text.Args{"Count": t.Limit.Count, "per": text.Duration(lang, t.Limit.Per)})
	add(t.Most > 0, text.RuleCounts, text.Args{"least": t.Least, "most": t.Most})
	add(t.Scan != "", text.RuleScan, text.Args{"deny": string(t.Scan)})
	add(t.Oncall != "", text.RuleOncall, text.Args{"source": t.Oncall})
	add(len(t.Escalate) > 0, text.RuleEscalate, text.Args{"teams": strings.Join(t.Escalate, ", ")})
	add(t.Glass.Count > 0, text.RuleGlass, text.Args{
		"Count": t.Glass.Count, "per": text.Duration(lang, t.Glass.Per), "max": optional(lang, t.GlassMax),
	})
	return chat.Markup(strings.Join(out, " · "))
}

// hours says when a rule holds: Monday to Friday 09:00–17:00 (Asia/Tokyo).
func (r *Registry) hours(lang string, list []Hours) chat.Markup {
	w := wording{text: r.text, lang: lang}
	var out []string
	for _, h := range list {
		days := chat.Markup("")
		if len(h.Days) < 7 {
			days = w.weekdays(h.Days)
		}
		clock := ""
		if h.From != 0 || h.To != 24*60 {
			clock = fmt.Sprintf("%02d:%02d–%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
		}
		out = append(out, string(r.text.Say(lang, text.RuleHour, text.Args{"days": days, "clock": clock, "zone": h.Zone})))
	}
	return chat.Markup(strings.Join(out, ", "))
}
