package ruletest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// answer is what the rules say, in the words of the cases.
type answer struct {
	refused string // why; "" where it is allowed
	needs   []string
	outside []string
	rule    int // -1: none
}

// reasons are how cases name a refusal.
func reasons() map[bcn.Code]string {
	return map[bcn.Code]string{
		bcn.CodeNotAllowed: "as not allowed", bcn.CodeOutsideHours: "outside of hours", bcn.CodeReasonWanted: "for its reason",
		bcn.CodeNoTicket: "for its reason", bcn.CodeNoApprover: "as nobody could approve",
	}
}

// answered puts a verdict into words.
func answered(v authz.Verdict, q Question, err error) (answer, error) {
	out := answer{rule: v.Index, outside: v.Outside}
	if bcn.CodeOf(err) == bcn.CodeNotAllowed {
		out.rule = -1
	}
	if err == nil && q.Reason != "" { // a case that gives none is not about it
		err = v.Fits(q.Reason)
	}
	if r := (bcn.Request{Needs: v.Needs, Outside: v.Outside, Escalate: v.Escalate}); err == nil && v.Gated() && approval.Nobody(r) {
		err = bcn.E(bcn.CodeNoApprover, "who", approval.Who(v.Needs))
	}
	if err != nil {
		why, known := reasons()[bcn.CodeOf(err)]
		if !known {
			return out, err
		}
		out.refused = why
		return out, nil
	}
	for _, n := range v.Needs {
		teams := slices.Sorted(slices.Values(n.Teams))
		out.needs = append(out.needs, strconv.Itoa(max(n.Count, 1))+" of "+strings.Join(teams, "/"))
	}
	slices.Sort(out.needs)
	return out, nil
}

// String says it as a case would.
func (a answer) String() string {
	if a.refused != "" {
		return "refused " + a.refused + a.by()
	}
	if len(a.needs) == 0 {
		return "needs nobody" + a.by()
	}
	s := "needs " + strings.Join(a.needs, " and ")
	if len(a.outside) > 0 {
		s += " from outside " + strings.Join(a.outside, "/")
	}
	return s + a.by()
}

func (a answer) by() string {
	if a.rule < 0 {
		return ""
	}
	return ", by rules[" + strconv.Itoa(a.rule) + "]"
}

var (
	needForm = regexp.MustCompile(`^(\d+) of ([a-z0-9_/-]+)$`)
	byForm   = regexp.MustCompile(`,? by rules\[(\d+)\]$`)
)

// expectation is what a case says. What it does not say may be anything.
type expectation struct {
	refused    bool
	why        string // "": for whatever reason
	needs      []string
	outside    []string
	anyOutside bool
	rule       int // -1: any
}

// readExpectation reads "needs 1 of leads and 2 of security from outside
// developers, by rules[3]", "needs nobody", "refused", "refused outside of hours".
func readExpectation(s string) (expectation, error) {
	e := expectation{rule: -1, anyOutside: true}
	s = strings.TrimSpace(s)
	if m := byForm.FindStringSubmatch(s); m != nil {
		e.rule, _ = strconv.Atoi(m[1])
		s = strings.TrimSuffix(s, m[0])
	}
	if why, ok := strings.CutPrefix(s, "refused"); ok {
		e.refused, e.why = true, strings.TrimSpace(why)
		for _, known := range reasons() {
			if e.why == "" || e.why == known {
				return e, nil
			}
		}
		return e, fmt.Errorf("%q is no reason of a refusal; known: as not allowed, as nobody could approve, for its reason, outside of hours", e.why)
	}
	list, ok := strings.CutPrefix(s, "needs ")
	if !ok {
		return e, fmt.Errorf("%q is not what rules can say: needs nobody, needs 1 of leads, refused", s)
	}
	if list == "nobody" {
		return e, nil
	}
	list, outside, said := strings.Cut(list, " from outside ")
	if said {
		e.outside, e.anyOutside = split(strings.TrimPrefix(outside, "of ")), false
	}
	for need := range strings.SplitSeq(list, " and ") {
		m := needForm.FindStringSubmatch(strings.TrimSpace(need))
		if m == nil {
			return e, fmt.Errorf("%q is not a need such as 1 of leads, or 2 of leads/security", need)
		}
		e.needs = append(e.needs, m[1]+" of "+strings.Join(split(m[2]), "/"))
	}
	slices.Sort(e.needs)
	return e, nil
}

// teams are all that are named.
func (e expectation) teams() []string {
	out := slices.Clone(e.outside)
	for _, n := range e.needs {
		_, list, _ := strings.Cut(n, " of ")
		out = append(out, split(list)...)
	}
	return out
}

// split reads teams between slashes, sorted.
func split(s string) []string { return slices.Sorted(strings.SplitSeq(strings.TrimSpace(s), "/")) }

// met says whether the rules answer what was expected.
func (e expectation) met(a answer) bool {
	switch {
	case e.rule >= 0 && e.rule != a.rule:
		return false
	case e.refused:
		return a.refused != "" && (e.why == "" || e.why == a.refused)
	default:
		return a.refused == "" && slices.Equal(e.needs, a.needs) && (e.anyOutside || slices.Equal(e.outside, a.outside))
	}
}
