package authz_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// linked are GitHub logins by Slack user.
type linked map[string]string

func (l linked) Linked(_ context.Context, user string) (string, error) {
	if user == "U0OUTAGE" {
		return "", errors.New("the database is away")
	}
	return l[user], nil
}

// T1: who is one person, by bot.yaml, by the address of the account, and by what
// was linked.
func TestAccountsOfOnePerson(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := staff()
	p.profiles = map[string]bcn.Profile{}
	for user, email := range map[string]string{
		"U0DEV": "dana@example.com", "U0LEAD": "lee@example.com", "U0ALT": "LEE@example.com", "U0MIXED": "lee@example.com",
		"U0NEW": "new@example.com", "U0NEW2": "New@Example.com", "U0OUTAGE": "",
	} {
		p.profiles[user] = bcn.Profile{User: user, Team: home, Email: email}
	}
	p.teams["U0ALT"] = list("developers")
	a := authz.New(authz.Options{
		Rules:  []config.Rule{{Allow: list(authz.Everyone), To: list("deploy")}},
		People: p, Teams: p, Workspace: authz.Workspace{Team: home},
		Persons: []config.Person{
			{Slack: "U0DEV", GitHub: "dana", Email: "dana@example.com"}, {Slack: "U0LEAD", GitHub: "Lee", Email: "lee@example.com"},
		},
		Links: linked{"U0MIXED": "DANA", "U0LINKED": "lee", "U0FREE": "free"},
	})
	overlaps := func(t *testing.T, one, other string) bool {
		t.Helper()
		x, err := a.Voter(ctx, person(one), list("leads"))
		y, err2 := a.Accounts(ctx, other)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return slices.ContainsFunc(x.Accounts, func(s string) bool { return slices.Contains(y, s) })
	}
	for _, c := range []struct {
		name, one, other string
		same             bool
	}{
		{"two people of bot.yaml are two", "U0DEV", "U0LEAD", false},
		{"the address of somebody in bot.yaml makes an account theirs, whatever its case", "U0ALT", "U0LEAD", true},
		{"so does their GitHub login, linked", "U0LINKED", "U0LEAD", true},
		{"two accounts with one address are one person, also where bot.yaml names neither", "U0NEW", "U0NEW2", true},
		{"accounts without an address in common are two people", "U0NEW", "U0FREE", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if overlaps(t, c.one, c.other) != c.same || overlaps(t, c.other, c.one) != c.same {
				t.Errorf("%s and %s: %t", c.one, c.other, !c.same)
			}
		})
	}
	t.Run("an account of two people is refused everywhere", func(t *testing.T) {
		t.Parallel()
		_, judged := a.Judge(ctx, person("U0MIXED"), authz.Ask{Verb: "deploy"})
		_, read := a.Judge(ctx, person("U0MIXED"), authz.Ask{Verb: "apps", Reads: true})
		_, who := a.Person(ctx, person("U0MIXED"))
		_, eligible := a.Eligible(ctx, person("U0MIXED"), list("leads"))
		_, recent := a.Recently(ctx, person("U0MIXED"), list("leads"))
		for _, err := range []error{judged, read, who, eligible, recent} {
			var e *bcn.Error
			if !errors.As(err, &e) || e.Code != bcn.CodeRefusedPerson || e.Params["why"] != "two_people" {
				t.Error(err)
			}
		}
	})
	t.Run("that an account leads to a person gives it none of their teams", func(t *testing.T) {
		t.Parallel()
		if in, err := a.Eligible(ctx, person("U0ALT"), list("leads")); err != nil || len(in) > 0 {
			t.Error(in, err)
		}
	})
	t.Run("links that cannot be read are no answer", func(t *testing.T) {
		t.Parallel()
		if _, err := a.Eligible(ctx, person("U0OUTAGE"), list("leads")); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Error(err)
		}
	})
}
