package config

import (
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// maxApprovers is how many people a rule may want at most, of all groups.
const maxApprovers = 20

// Approve says who must approve.
type Approve struct {
	By     []string   // teams of all groups, each once; never "*"
	Count  int        // different people in all; default 1
	Needs  []bcn.Need // one per group where several must approve; nil: Count of By
	Within time.Duration
	// Outside: whoever is in a team of allow that let the requester in does not
	// count.
	Outside bool
	// Escalate are teams that are told before a request expires and whose
	// members may then approve as well, in anybody's place.
	Escalate []string
	// Oncall: whoever it says is on call now needs no approver; nil: everybody does.
	Oncall *Oncall
}

// Quorum answers who must approve, group by group.
func (a Approve) Quorum() []bcn.Need {
	if len(a.Needs) > 0 {
		return a.Needs
	}
	return []bcn.Need{{Teams: a.By, Count: max(a.Count, 1)}}
}

func (l *loader) approve(path string, n *yaml.Node) *Approve {
	a := &Approve{Count: 1, Within: DefaultWithin}
	before := len(l.problems)
	var count *yaml.Node
	var outside *bool
	ok := l.object(path, n,
		// Everybody is no team: a card mentions those who may approve.
		field{"by", func(path string, n *yaml.Node) { l.groups(path, n, a) }},
		field{"count", func(path string, n *yaml.Node) {
			count = resolve(n)
			l.number(&a.Count, 1, maxApprovers)(path, n)
		}},
		field{"within", l.duration(&a.Within)},
		field{"outside", l.boolean(&outside)},
		field{"escalate", func(path string, n *yaml.Node) { a.Escalate = l.namesOfTeams(path, n, false) }},
		l.oncallField(a),
	)
	a.Outside = outside != nil && *outside
	if ok && len(a.By) == 0 && len(l.problems) == before {
		l.fault(resolve(n), "%s needs by: the teams that may approve", path)
	}
	l.groupsCount(path, n, a, count)
	return a
}

// groups reads by: names of teams, or groups of which each has its own count.
func (l *loader) groups(path string, n *yaml.Node, a *Approve) {
	first := resolve(n)
	if first.Kind != yaml.SequenceNode || len(first.Content) == 0 || resolve(first.Content[0]).Kind != yaml.MappingNode {
		a.By = l.namesOfTeams(path, n, false)
		return
	}
	l.list(path, n, func(path string, n *yaml.Node) {
		need := bcn.Need{Count: 1}
		before := len(l.problems)
		ok := l.object(path, n,
			field{"team", func(path string, n *yaml.Node) { need.Teams = []string{l.team(path, n)} }},
			field{"count", l.number(&need.Count, 1, maxApprovers)},
		)
		if !ok || len(l.problems) > before {
			return
		}
		if len(need.Teams) == 0 {
			l.fault(resolve(n), "%s needs team: who may approve", path)
			return
		}
		if slices.Contains(a.By, need.Teams[0]) {
			l.fault(resolve(n), "%s: the team %s has a group already", path, need.Teams[0])
			return
		}
		a.Needs, a.By = append(a.Needs, need), append(a.By, need.Teams[0])
	})
}

// team reads one team's name and remembers to check that it exists.
func (l *loader) team(path string, n *yaml.Node) string {
	var name string
	l.checked(&name, isTeam)(path, n)
	if name != "" {
		l.uses = append(l.uses, use{at: resolve(n), path: path, team: name})
	}
	return name
}

// groupsCount counts the people of all groups; a count beside groups would
// say something else than they do.
func (l *loader) groupsCount(path string, n *yaml.Node, a *Approve, count *yaml.Node) {
	if len(a.Needs) == 0 {
		return
	}
	if count != nil {
		l.fault(count, "%s: by has groups with a count each: leave out count", path)
	}
	a.Count = 0
	for _, need := range a.Needs {
		a.Count += need.Count
	}
	if a.Count > maxApprovers {
		l.fault(resolve(n), "%s: %d people must approve, at most %d may", path, a.Count, maxApprovers)
	}
}

// quorums finds rules that nobody could ever satisfy: more approvers than the
// listed members, where the members are all there is, or approvers who are all
// from the team that they must not be from.
func (l *loader) quorums() {
	for i := range l.c.Rules {
		rule := &l.c.Rules[i]
		if rule.Approve == nil || len(rule.Approve.By) == 0 {
			continue
		}
		at, path := &yaml.Node{Line: rule.Line, Column: 1}, "rules["+strconv.Itoa(i)+"].approve"
		needs := slices.Clone(rule.Approve.Quorum())
		if len(needs) > 1 { // one person stands for one group
			needs = append(needs, bcn.Need{Teams: rule.Approve.By, Count: rule.Approve.Count})
		}
		for _, need := range needs {
			if can, fixed := l.members(need.Teams); fixed && can < need.Count {
				l.fault(at, "%s: %d people must approve, but only %d can", path, need.Count, can)
				break
			}
		}
		if rule.Approve.Outside {
			l.outsiders(at, path, rule)
		}
	}
}

// members counts the people of teams, and says whether the members listed are
// all there is.
func (l *loader) members(teams []string) (count int, fixed bool) {
	people := map[string]bool{}
	for _, name := range teams {
		t := l.c.Teams[name]
		if t.SlackUsergroup != "" || t.GitHubTeam != "" || len(t.Members) == 0 {
			return 0, false
		}
		for _, m := range t.Members {
			people[m] = true
		}
	}
	return len(people), true
}

// outsiders refuses outside: true where nobody is outside.
func (l *loader) outsiders(at *yaml.Node, path string, rule *Rule) {
	switch {
	case slices.Contains(rule.Allow, "*"):
		l.fault(at, `%s: nobody is outside of "*": allow must name teams`, path)
	case len(rule.Allow) == 1 && slices.Equal(rule.Approve.By, rule.Allow):
		l.fault(at, "%s: nobody of %s is outside of %s", path, rule.Allow[0], rule.Allow[0])
	}
}
