package authz

import (
	"bytes"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// other is a name that no rule names.
const other = "\x00other"

// maxQuestions bounds how much is compared. Rules that give rise to more are
// taken to be weaker by any change: an announcement too many does no harm.
const maxQuestions = 1_000_000

// Weaker says whether rules let somebody do what those before did not, or with
// fewer approvals or demands, whether a team grew, or one that
// is to be outside shrank, or something else that guards is gone. It asks both every
// question that their words tell apart, for everybody who is in up to two teams:
// which of two rules is read first depends on no more.
func Weaker(before, now config.Ruleset) bool {
	gone := func(line string) bool { return !slices.Contains(now.Kept, line) }
	if grew(before.Teams, now.Teams) || shrank(before, now.Teams) || slices.ContainsFunc(before.Kept, gone) {
		return true
	}
	c := comparison{before: before.Rules, now: now.Rules, weaker: map[[2]int]bool{}}
	return c.questions(c.compare)
}

// grew says whether a team has, or may have, people that it had not.
func grew(before, now map[string]config.Team) bool {
	for name, t := range now {
		old, known := before[name]
		if !known {
			continue // rules that name it are new too
		}
		if reaches(t, old) {
			return true
		}
	}
	return false
}

// reaches says whether a team has, or may have, somebody whom the other has not.
func reaches(t, other config.Team) bool {
	return slices.ContainsFunc(t.Members, func(m string) bool { return !slices.Contains(other.Members, m) }) ||
		t.SlackUsergroup != "" && t.SlackUsergroup != other.SlackUsergroup ||
		t.GitHubTeam != "" && t.GitHubTeam != other.GitHubTeam ||
		t.VaultPolicy != nil && (other.VaultPolicy == nil || *t.VaultPolicy != *other.VaultPolicy)
}

// shrank says whether a team whose people do not count as approvers, where the
// rule wants some from outside, has or may have fewer of them.
func shrank(before config.Ruleset, now map[string]config.Team) bool {
	for _, r := range before.Rules {
		if r.Approve == nil || !r.Approve.Outside {
			continue
		}
		for _, name := range r.Allow {
			if reaches(before.Teams[name], now[name]) {
				return true
			}
		}
	}
	return false
}

// comparison holds two lists of rules and what is known of pairs of them.
type comparison struct {
	before, now []config.Rule
	weaker      map[[2]int]bool
}

// questions asks until ask answers true, and true where there are too many.
func (c *comparison) questions(ask func(Ask, [][]string) bool) bool {
	rules := slices.Concat(c.before, c.now)
	words := func(of func(config.Rule) []string, more ...string) []string {
		out := more
		for _, r := range rules {
			out = append(out, of(r)...)
		}
		slices.Sort(out)
		return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == Everyone })
	}
	verbs := words(func(r config.Rule) []string { return r.To }, other, Port)
	envs := words(func(r config.Rule) []string { return r.On }, "", other)
	apps := words(func(r config.Rule) []string { return r.Apps }, "", other)
	districts := words(func(r config.Rule) []string { return r.Districts }, "", other)
	people := pairs(words(func(r config.Rule) []string { return r.Allow }))
	plans := []Ask{{DestructiveNotKnown: true}, {}, {Destructive: true}, {IAM: true}, {Destructive: true, IAM: true}}
	if len(verbs)*2*len(envs)*len(apps)*len(districts)*len(plans)*len(people) > maxQuestions {
		return !slices.EqualFunc(c.before, c.now, same)
	}
	for _, q := range plans {
		for _, q.Verb = range verbs {
			for _, q.Reads = range []bool{false, true} {
				for _, q.Env = range envs {
					for _, q.App = range apps {
						for _, q.District = range districts {
							if ask(q, people) {
								return true
							}
						}
					}
				}
			}
		}
	}
	return false
}

func same(a, b config.Rule) bool { return bytes.Equal(a.Raw, b.Raw) }

// pairs are everybody who can be told apart: in no team, in one, in two.
func pairs(teams []string) [][]string {
	out := [][]string{nil}
	for i, a := range teams {
		out = append(out, []string{a})
		for _, b := range teams[i+1:] {
			out = append(out, []string{a, b})
		}
	}
	return out
}

// compare answers whether the rules of now give somebody more.
func (c *comparison) compare(q Ask, people [][]string) bool {
	about := func(rules []config.Rule) []int {
		var out []int
		for i, r := range rules {
			if applies(r, q) {
				out = append(out, i)
			}
		}
		return out
	}
	before, now := about(c.before), about(c.now)
	if slices.EqualFunc(before, now, func(i, j int) bool { return same(c.before[i], c.now[j]) }) {
		return false
	}
	for _, teams := range people {
		j := first(c.now, now, teams)
		if j < 0 {
			continue
		}
		i := first(c.before, before, teams)
		if i < 0 || c.isWeaker(i, j) {
			return true
		}
	}
	return false
}

// first is the first of the rules that allows somebody in the teams, or -1.
func first(rules []config.Rule, among []int, teams []string) int {
	for _, i := range among {
		if slices.ContainsFunc(rules[i].Allow, func(t string) bool { return t == Everyone || slices.Contains(teams, t) }) {
			return i
		}
	}
	return -1
}

func (c *comparison) isWeaker(i, j int) bool {
	known, ok := c.weaker[[2]int{i, j}]
	if !ok {
		a, b := c.before[i], c.now[j]
		known = !same(a, b) && (weakerApproval(a.Approve, b.Approve) || weakerGlass(a, b) || weakerDemands(a, b) || weakerAccess(a, b))
		c.weaker[[2]int{i, j}] = known
	}
	return known
}

// weakerApproval says whether b is content with approvals that a is not.
func weakerApproval(a, b *config.Approve) bool {
	if a == nil {
		return false
	}
	if b == nil {
		return true
	}
	left := slices.Clone(b.Quorum())
	for _, need := range a.Quorum() {
		i := slices.IndexFunc(left, func(n bcn.Need) bool { return n.Count >= need.Count && within(n.Teams, need.Teams) })
		if i < 0 {
			return true
		}
		left = slices.Delete(left, i, i+1)
	}
	oncall := b.Oncall != nil && (a.Oncall == nil || *a.Oncall != *b.Oncall)
	return oncall || a.Outside && !b.Outside || !within(b.Escalate, a.Escalate)
}

// within says whether every item of a list is in another.
func within(list, in []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(in, s) })
}

func weakerGlass(a, b config.Rule) bool {
	x, y := a.BreakGlass, b.BreakGlass
	if y == nil || a.Approve == nil && b.Approve == nil {
		return false
	}
	return x == nil && a.Approve != nil || x != nil && (y.Max > x.Max || y.Limit > x.Limit || y.Per < x.Per)
}

// weakerDemands compares reasons, tickets, hours, limits and scans. Patterns that differ
// cannot be compared: any other one is taken to be weaker.
func weakerDemands(a, b config.Rule) bool {
	switch {
	case a.Reason.Required && (!b.Reason.Required || a.Reason.Pattern != "" && a.Reason.Pattern != b.Reason.Pattern):
		return true
	case a.Ticket != nil && (b.Ticket == nil || !sameTicket(*a.Ticket, *b.Ticket)):
		return true
	case len(a.When) > 0 && (len(b.When) == 0 || !within(windows(b), windows(a))):
		return true
	case a.Limit != nil && (b.Limit == nil || b.Limit.Count > a.Limit.Count || b.Limit.Per < a.Limit.Per):
		return true
	case a.ScanDeny != "" && (!b.ScanDeny.AtMost(a.ScanDeny) || b.BreakGlass != nil && a.BreakGlass == nil):
		return true
	}
	return false
}

func sameTicket(a, b config.Ticket) bool {
	return a.Pattern == b.Pattern && a.URL == b.URL && a.Status == b.Status && within(b.Open, a.Open) && (a.Assignee == "" || a.Assignee == b.Assignee)
}

func windows(r config.Rule) []string {
	var out []string
	for _, w := range r.When {
		out = append(out, w.String())
	}
	return out
}

// weakerAccess compares how long access lasts, how it begins, and how many tasks
// may be set.
func weakerAccess(a, b config.Rule) bool {
	longer := func(a, b time.Duration) bool { return a != 0 && (b == 0 || b > a) }
	least, most := a.Counts.Bounds()
	nowLeast, nowMost := b.Counts.Bounds()
	return longer(a.Max, b.Max) || longer(a.Access.Session, b.Access.Session) || b.Access.OpenWithin > a.Access.OpenWithin ||
		a.Access.ByBot && !b.Access.ByBot || a.Access.StopTask && !b.Access.StopTask || nowLeast < least || nowMost > most
}
