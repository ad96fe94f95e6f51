package authz

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// Stricter joins two verdicts, of the command and of the known plan: every
// need of both must be met, and the shorter times count. Whose rule it carries
// does not matter for access and scale: Max, Access and Counts are those of both.
func Stricter(a, b Verdict) Verdict {
	out := b
	switch {
	case !b.Gated():
		out = a
	case a.Gated():
		out.Within = min(a.Within, b.Within)
		for _, n := range a.Needs {
			out.Needs = addNeed(out.Needs, n)
		}
		// Who may stand in for anybody must be able to by both.
		out.Escalate = both(a.Escalate, b.Escalate)
	}
	out.In, out.Outside, out.Demands = either(a.In, b.In), either(a.Outside, b.Outside), joinDemands(a.Demands, b.Demands)
	out.Max, out.Access = stricterAccess(a, b)
	out.Destructive = b.Destructive
	out.Counts = stricterCounts(a.Counts, b.Counts)
	out.BreakGlass, out.Oncall = stricterGlass(a, b), stricterOncall(a, b)
	return out
}

// stricterCounts is what both allow.
func stricterCounts(a, b config.RuleCounts) config.RuleCounts {
	least, most := a.Bounds()
	otherLeast, otherMost := b.Bounds()
	least, most = max(least, otherLeast), min(most, otherMost)
	return config.RuleCounts{Min: &least, Max: &most}
}

// Gate answers who approves it where any rule about it wants that, whomever the
// rule allows.
func (a *Authorizer) Gate(ask Ask) (Verdict, bool) {
	v := a.Approvers(ask)
	return v, v.Rule.Approve != nil
}

// Approvers answers who approves what no rule wants approved, and a guardrail
// does: those of the first rule about it that names approvers, whomever it
// allows and whether or not it says destructive; else an administrator.
func (a *Authorizer) Approvers(ask Ask) Verdict {
	for i, r := range a.o.Rules {
		about := r
		about.Destructive, about.IAM = nil, nil
		if r.Approve != nil && applies(about, ask) {
			v := Verdict{Rule: r, Index: i}
			v.approvedBy(*r.Approve)
			return v
		}
	}
	return Verdict{Needs: []bcn.Need{{Teams: []string{administrators}, Count: 1}}, Within: config.DefaultWithin}
}

// administrators is the team that every bot.yaml has.
const administrators = "admins"

// stricterAccess joins what two verdicts say of access. A clock that starts at
// the approval is stricter than one that waits for the first use; the length
// that a session had then limits the whole.
func stricterAccess(a, b Verdict) (time.Duration, config.RuleAccess) {
	longest := shorter(a.Max, b.Max)
	out := config.RuleAccess{
		OpenWithin: min(a.Access.OpenWithin, b.Access.OpenWithin),
		Session:    shorter(a.Access.Session, b.Access.Session),
		ByBot:      a.Access.ByBot || b.Access.ByBot,
		StopTask:   a.Access.StopTask || b.Access.StopTask,
	}
	if out.OpenWithin == 0 {
		longest, out.Session = shorter(longest, out.Session), 0
	}
	return longest, out
}

// shorter is the shorter of two limits; 0 is none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Longest is how long access lasts at most, counted from when its clock starts.
func (v Verdict) Longest() time.Duration {
	return shorter(shorter(v.Max, v.Access.Session), config.MaxAccess)
}

// addNeed keeps the larger count where the teams are the same.
func addNeed(needs []bcn.Need, n bcn.Need) []bcn.Need {
	key := func(n bcn.Need) string {
		t := slices.Clone(n.Teams)
		sort.Strings(t)
		return strings.Join(t, ",")
	}
	out := slices.Clone(needs)
	for i := range out {
		if key(out[i]) == key(n) {
			out[i].Count = max(out[i].Count, n.Count)
			return out
		}
	}
	return append(out, n)
}
