package authz

import (
	"slices"
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// Demand is what one rule wants of a request besides approvals. Of a joined
// verdict each counts.
type Demand struct {
	Rule   int    // its place in bot.yaml
	Key    string // config.Rule.Key
	Reason config.RuleReason
	Ticket *config.Ticket
	When   []config.Window
	Limit  *config.Limit
	Scan   bcn.Severity // of new vulnerabilities in the image, from which on they deny; "": none does
	Glass  bool         // the rule lets who is in a hurry go on in spite of Scan
}

// Name is how a rule is named to people: as bot.yaml's own problems name it.
func (d Demand) Name() string { return "rules[" + strconv.Itoa(d.Rule) + "]" }

// Fits refuses a reason that will not do, with reason_wanted.
func (d Demand) Fits(reason string) error {
	if d.Reason.Fits(reason) {
		return nil
	}
	return bcn.E(bcn.CodeReasonWanted, "rule", d.Name(), "wants", d.Reason.Wants())
}

// Open refuses a time outside of the rule's hours, with outside_hours.
func (d Demand) Open(at time.Time) error {
	open, next := config.OpenWindow(d.When, at)
	if open {
		return nil
	}
	opens := ""
	if !next.IsZero() {
		opens = next.UTC().Format(time.RFC3339)
	}
	return bcn.E(bcn.CodeOutsideHours, "rule", d.Name(), "opens", opens)
}

// Fits refuses a reason that will not do for one of the rules.
func (v Verdict) Fits(reason string) error {
	for _, d := range v.Demands {
		if err := d.Fits(reason); err != nil {
			return err
		}
	}
	return nil
}

// Stops says that a verb only stops what happens: neither the hours nor the
// limits of a rule refuse it.
func Stops(verb string) bool { return verb == "halt" || verb == "cancel" }

// atAnyHour says that a verb is not judged by hours: it stops something, or
// keeps it from starting.
func atAnyHour(verb string) bool { return Stops(verb) || verb == "lock" || verb == "freeze" }

// demand notes what the matched rule wants, and refuses a time that it does not
// allow.
func (a *Authorizer) demand(v *Verdict, ask Ask) error {
	r := v.Rule
	if !r.Reason.Required && r.Ticket == nil && len(r.When) == 0 && r.Limit == nil && r.ScanDeny == "" {
		return nil
	}
	d := Demand{Rule: v.Index, Key: r.Key(), Reason: r.Reason, Ticket: r.Ticket, When: r.When, Limit: r.Limit, Scan: r.ScanDeny, Glass: r.BreakGlass != nil}
	v.Demands = []Demand{d}
	if ask.AnyTime || atAnyHour(ask.Verb) {
		return nil
	}
	at := a.o.Now()
	if ask.At.After(at) {
		at = ask.At
	}
	return d.Open(at)
}

// approvedBy puts in who must approve by a rule.
func (v *Verdict) approvedBy(a config.Approve) {
	v.Needs, v.Within, v.Escalate = a.Quorum(), a.Within, a.Escalate
	if a.Outside {
		v.Outside = v.In
	}
}

// ApprovedBy is the verdict with another's approvers: a rule's, where somebody
// must approve what the actor's own rule does not want approved. Whoever let the
// actor in stays who it was.
func (v Verdict) ApprovedBy(by Verdict) Verdict {
	v.Needs, v.Within, v.Escalate = by.Needs, by.Within, by.Escalate
	if by.Rule.Approve != nil && by.Rule.Approve.Outside {
		v.Outside = either(v.Outside, v.In)
	}
	return v
}

// joinDemands keeps one of each rule.
func joinDemands(a, b []Demand) []Demand {
	out := slices.Clone(a)
	for _, d := range b {
		if !slices.ContainsFunc(a, func(x Demand) bool { return x.Rule == d.Rule }) {
			out = append(out, d)
		}
	}
	return out
}

// either joins two lists of teams.
func either(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// both is what two lists of teams have in common.
func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(t string) bool { return !slices.Contains(b, t) })
}
