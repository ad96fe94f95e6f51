package authz

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// Links answers which GitHub account a person has shown to be theirs.
type Links interface {
	// Linked answers the GitHub login that a Slack user linked, "" for none.
	Linked(ctx context.Context, user string) (string, error)
}

// Voter is somebody whose word may count: in which of the teams they are, and
// every account of theirs that is known.
type Voter struct{ Teams, Accounts []string }

// Voter is Eligible, and answers the person's accounts as well.
func (a *Authorizer) Voter(ctx context.Context, actor bcn.Actor, teams []string) (Voter, error) {
	return a.voter(ctx, actor, teams, a.o.Now())
}

// OutsideVoter is Voter, and adds those of the barring teams in which another
// account of the person is: who is inside by one account is by all of them.
func (a *Authorizer) OutsideVoter(ctx context.Context, actor bcn.Actor, teams, barring []string) (Voter, error) {
	notBefore := a.o.Now()
	v, err := a.voter(ctx, actor, teams, notBefore)
	if err != nil || len(barring) == 0 {
		return v, err
	}
	also, err := a.elsewhere(ctx, actor.User, v.Accounts, barring, a.matter, notBefore)
	v.Teams = either(v.Teams, also)
	return v, err
}

// RecentVoter is Voter with answers of up to a minute of age, for what decides
// nothing.
func (a *Authorizer) RecentVoter(ctx context.Context, actor bcn.Actor, teams []string) (Voter, error) {
	return a.voter(ctx, actor, teams, time.Time{})
}

// elsewhere answers in which of the teams the other Slack accounts of a person
// are. It gives them no right.
func (a *Authorizer) elsewhere(ctx context.Context, user string, accounts, teams []string, of bcn.Matter, notBefore time.Time) ([]string, error) {
	var in []string
	teams = slices.DeleteFunc(slices.Clone(teams), func(t string) bool { return t == Everyone })
	for _, account := range accounts {
		other, is := strings.CutPrefix(account, slackAccount(""))
		if !is || other == user || len(teams) == 0 {
			continue
		}
		also, err := a.o.Teams.TeamsOf(ctx, other, teams, of, notBefore)
		if err != nil {
			return nil, err
		}
		in = either(in, also)
	}
	return in, nil
}

func (a *Authorizer) voter(ctx context.Context, actor bcn.Actor, teams []string, notBefore time.Time) (Voter, error) {
	p, err := a.person(ctx, actor, notBefore)
	if err != nil {
		return Voter{}, err
	}
	in, err := a.o.Teams.TeamsOf(ctx, actor.User, teams, a.matter, notBefore)
	return Voter{Teams: in, Accounts: p.Accounts}, err
}

// Accounts answers, afresh, every account that is known of whoever has a Slack
// account, also of somebody who may do nothing: it is for comparing people. One
// that Slack does not know is only itself. Errors: could_not_check.
func (a *Authorizer) Accounts(ctx context.Context, user string) ([]string, error) {
	if user == "" {
		return nil, nil
	}
	p, err := a.o.People.Profile(ctx, user, a.o.Now())
	if bcn.CodeOf(err) == bcn.CodeRefusedPerson {
		return []string{slackAccount(user)}, nil
	}
	if err != nil {
		return nil, err
	}
	known, err := a.identify(ctx, p)
	return known.accounts, err
}

// identity is what is known of whose account a Slack account is.
type identity struct {
	accounts []string
	persons  int // of bot.yaml to whom it leads: more than one is nobody
}

// identify gathers the accounts of whoever has a Slack account: what bot.yaml
// says of the account itself, of its address, and of the GitHub login that was
// linked to it. Addresses and logins are compared without case. That an account
// leads to a person gives it none of their rights: teams go by the Slack account.
func (a *Authorizer) identify(ctx context.Context, p bcn.Profile) (identity, error) {
	login := ""
	if a.o.Links != nil {
		var err error
		if login, err = a.o.Links.Linked(ctx, p.User); err != nil {
			return identity{}, bcn.E(bcn.CodeCouldNotCheck, "what", "linked accounts").Wrap(err)
		}
	}
	known := identity{accounts: []string{slackAccount(p.User)}}
	add := func(accounts ...string) {
		for _, s := range accounts {
			if s != "" && !slices.Contains(known.accounts, s) {
				known.accounts = append(known.accounts, s)
			}
		}
	}
	if slices.ContainsFunc(a.o.Persons, func(x config.Person) bool { return x.Slack == p.User && x.GitHub != "" }) {
		login = "" // bot.yaml says who they are at GitHub
	}
	for _, x := range a.o.Persons {
		if x.Slack == p.User || sameName(x.Email, p.Email) || sameName(x.GitHub, login) {
			known.persons++
			add(accountsOf(x)...)
		}
	}
	add(account("email", p.Email), account("github", login))
	return known, nil
}

func accountsOf(p config.Person) []string {
	return []string{slackAccount(p.Slack), account("github", p.GitHub), account("email", p.Email), account("vault", p.Vault)}
}

func sameName(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

func slackAccount(user string) string { return "slack:" + user }

// account names one, in lower case; "" stays "".
func account(kind, name string) string {
	if name == "" {
		return ""
	}
	return kind + ":" + strings.ToLower(name)
}
