package deploy

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// lastResort decides where a group has nobody, and neither has the next.
const lastResort = "admins"

// maxAccounts bounds how many accounts are looked up to see whether a group has
// somebody who works: each is a call of Slack's.
const maxAccounts = 40

// staffedWithin bounds the look at who could decide: it is a courtesy, for
// which nobody's card waits.
const staffedWithin = 2 * time.Second

// staffed finds the groups of which too few people besides the requester could
// decide: its only member is the requester, it is empty, or all have left. Then
// the next group may decide instead, at once: the one that the rule escalates
// to, else the administrators. What cannot be read counts as staffed: an outage
// asks nobody else. Errors: no_approver where nobody could decide at all.
func (s *Service) staffed(ctx context.Context, r bcn.Request, home string) (bcn.Request, error) {
	if s.Members == nil {
		return r, nil
	}
	ctx, cancel := context.WithTimeout(ctx, staffedWithin)
	defer cancel()
	if r.Accounts == nil {
		var err error
		if r.Accounts, err = s.Authz.Accounts(ctx, r.Requester); err != nil {
			return r, nil // as with teams: what cannot be read asks nobody else
		}
	}
	c := census{s: s, r: r, home: home, works: map[string]bool{}, accounts: map[string][]string{}}
	missing, known := c.missing(ctx, r)
	if !known || len(missing) == 0 {
		return r, nil
	}
	options := [][]string{r.Escalate, {lastResort}}
	if len(r.Escalate) == 0 {
		options = options[1:]
	}
	for _, instead := range options {
		wide := r
		wide.Needs = slices.Clone(r.Needs)
		for i, n := range wide.Needs {
			if slices.ContainsFunc(missing, func(m bcn.Need) bool { return slices.Equal(m.Teams, n.Teams) }) {
				wide.Needs[i].Instead = instead
			}
		}
		if still, known := c.missing(ctx, wide); !known || len(still) == 0 {
			return wide, nil
		}
	}
	return r, bcn.E(bcn.CodeNoApprover, "who", approval.Who(missing))
}

// stoodIn looks before anything is stored whether somebody could approve, and
// names the groups that have nobody with who decides instead. Errors: no_approver.
func (s *Service) stoodIn(ctx context.Context, c bcn.Change, v authz.Verdict) (empty, instead string, err error) {
	if !v.Gated() {
		return "", "", nil
	}
	r, err := s.staffed(ctx, bcn.Request{Matter: c.Matter(), Requester: c.Requester.User, Accounts: v.Profile.Accounts, Needs: v.Needs, Outside: v.Outside, Escalate: v.Escalate}, c.Requester.Team)
	empty, instead = insteadOf(r.Needs)
	return empty, instead, err
}

// census counts who could decide on a request.
type census struct {
	s     *Service
	r     bcn.Request
	home  string
	works map[string]bool // users that were looked up

	accounts map[string][]string // of those who work
}

// missing answers what nobody could fill; known is false where a team could not
// be read.
func (c *census) missing(ctx context.Context, r bcn.Request) (missing []bcn.Need, known bool) {
	in := map[string][]string{} // teams by person
	var order []string
	for _, team := range approval.Asked(r) {
		members, err := c.s.Members.Members(ctx, team, r.Matter, time.Time{})
		if err != nil {
			return nil, false
		}
		for _, user := range members {
			if user == r.Requester {
				continue
			}
			if in[user] == nil {
				order = append(order, user)
			}
			in[user] = append(in[user], team)
		}
	}
	var ballots []approval.Ballot
	missing = approval.Remaining(r, ballots)
	for _, user := range order {
		if len(missing) == 0 {
			break
		}
		if !c.working(ctx, user) {
			continue
		}
		ballots = append(ballots, approval.Ballot{Person: user, Teams: in[user], Accounts: c.accounts[user]})
		missing = approval.Remaining(r, ballots)
	}
	return missing, true
}

// working says whether an account's word would count; one that could not be
// looked up is believed to work.
func (c *census) working(ctx context.Context, user string) bool {
	works, looked := c.works[user]
	if looked || len(c.works) >= maxAccounts {
		return works || !looked
	}
	v, err := c.s.Authz.RecentVoter(ctx, bcn.Actor{Kind: bcn.Person, User: user, Team: c.home}, nil)
	c.works[user], c.accounts[user] = !refused(err), v.Accounts
	return c.works[user]
}

// insteadOf names the groups that have nobody, and who decides instead.
func insteadOf(needs []bcn.Need) (empty, instead string) {
	var teams, others []string
	for _, n := range needs {
		if len(n.Instead) > 0 {
			teams, others = append(teams, n.Teams...), append(others, n.Instead...)
		}
	}
	list := func(s []string) string {
		slices.Sort(s)
		return strings.Join(slices.Compact(s), ", ")
	}
	return list(teams), list(others)
}
