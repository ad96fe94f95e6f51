package authz_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

const home, grid = "T0HOME", "E0GRID"

// people is a directory as a table: who is whom and in which teams. It notes
// every question, so that a test can tell what was read and how fresh. The
// real directories have tests of their own, over the wire.
type people struct {
	profiles map[string]bcn.Profile
	teams    map[string][]string // by user
	fails    error               // of reading teams
	failsWho error               // of reading people

	lock     sync.Mutex
	asked    [][]string  // teams that were asked about
	fresh    []time.Time // notBefore of each question about teams
	freshWho []time.Time // and about people
}

func (p *people) Profile(_ context.Context, user string, notBefore time.Time) (bcn.Profile, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.freshWho = append(p.freshWho, notBefore)
	if p.failsWho != nil {
		return bcn.Profile{}, p.failsWho
	}
	if found, ok := p.profiles[user]; ok {
		return found, nil
	}
	return bcn.Profile{User: user, Team: home, Name: "somebody"}, nil
}

func (p *people) TeamsOf(_ context.Context, user string, among []string, _ bcn.Matter, notBefore time.Time) ([]string, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.asked = append(p.asked, slices.Clone(among))
	p.fresh = append(p.fresh, notBefore)
	if p.fails != nil {
		return nil, p.fails
	}
	return slices.DeleteFunc(slices.Clone(among), func(t string) bool { return !slices.Contains(p.teams[user], t) }), nil
}

func (p *people) authorizer(rules ...config.Rule) *authz.Authorizer {
	return authz.New(authz.Options{
		Rules: rules, People: p, Teams: p, Workspace: authz.Workspace{Team: home},
		Now: func() time.Time { return now },
	})
}

// staff is who works here.
func staff() *people {
	return &people{teams: map[string][]string{
		"U0DEV": {"developers"}, "U0LEAD": {"developers", "leads"}, "U0ADMIN": {"admins"}, "U0NONE": nil,
	}}
}

func person(user string) bcn.Actor { return bcn.Actor{Kind: bcn.Person, User: user, Team: home} }

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func list(s ...string) []string { return s }
