// Package directory knows who is in which team. A team is the union of what
// bot.yaml names for it: people, a Slack user group, a GitHub team, and whoever
// has a capability on a path of Vault. By the last nobody is in a team as such,
// but for a matter: one heritage in one district.
//
// A "no" is only said when every part of the team that could say "yes" was
// read. What cannot be read is could_not_check: nobody gains rights by an
// outage, and nobody is told that they lack them.
package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/fresh"
	"github.com/bcn-bot/bcn/internal/vault"
)

// Slack reads user groups. internal/slackbot implements it.
type Slack interface {
	// GroupMembers answers the Slack user ids of a user group, by a read that
	// began at notBefore or later; the zero time allows one of up to 60 s of age.
	GroupMembers(ctx context.Context, group string, notBefore time.Time) ([]string, error)
}

// GitHub reads teams. internal/githubx implements it.
type GitHub interface {
	// TeamMember says whether a login is an active member, now.
	TeamMember(ctx context.Context, org, slug, login string) (bool, error)
	// TeamMembers answers the ids of the active members by their logins, now.
	TeamMembers(ctx context.Context, org, slug string) (map[string]int64, error)
	// LoginOf answers the login that an account has now, "" where it is gone.
	LoginOf(ctx context.Context, org string, id int64) (string, error)
}

// Links are the GitHub accounts that people linked to their Slack accounts, for
// who has none in bot.yaml. They go by GitHub's ids: a login that was given up
// may be another's. internal/store implements it.
type Links interface {
	// LinkedAccount answers the id of a Slack user's account, 0 for none.
	LinkedAccount(ctx context.Context, user string) (int64, error)
	// Links answers all of them: Slack users by id.
	Links(ctx context.Context) (map[int64]string, error)
}

// Options say which teams there are.
type Options struct {
	Teams  map[string]config.Team
	People []config.Person
	Slack  Slack
	GitHub GitHub
	Vault  Vault            // nil: it cannot be asked
	Links  Links            // nil: nobody linked an account
	Now    func() time.Time // nil: time.Now
}

// Directory answers who is in which team. It is safe for concurrent use.
type Directory struct {
	o        Options
	logins   map[string]string // by Slack user id
	users    map[string]string // by lower-case login
	entities map[string]string // of Vault, in lower case, by Slack user id
	member   *fresh.Reads[membership, bool]
	members  *fresh.Reads[membership, map[string]int64]
	account  *fresh.Reads[account, string]
	entity   *fresh.Reads[string, vault.Entity]
}

// membership names a person in a GitHub team; login is empty for all of it.
type membership struct{ org, slug, login string }

// account is a GitHub account, which is asked about with the credentials for an
// organisation.
type account struct {
	org string
	id  int64
}

// New makes a directory; it asks nobody.
func New(o Options) *Directory {
	d := &Directory{o: o, logins: map[string]string{}, users: map[string]string{}, entities: entitiesOf(o.People)}
	for _, p := range o.People {
		if p.Slack != "" && p.GitHub != "" {
			d.logins[p.Slack] = p.GitHub
			d.users[strings.ToLower(p.GitHub)] = p.Slack
		}
	}
	reads := fresh.Options{Now: o.Now}
	d.member = fresh.New(reads, func(ctx context.Context, m membership) (bool, error) {
		return o.GitHub.TeamMember(ctx, m.org, m.slug, m.login)
	})
	d.members = fresh.New(reads, func(ctx context.Context, m membership) (map[string]int64, error) {
		return o.GitHub.TeamMembers(ctx, m.org, m.slug)
	})
	d.account = fresh.New(reads, func(ctx context.Context, a account) (string, error) {
		return o.GitHub.LoginOf(ctx, a.org, a.id)
	})
	if o.Vault != nil {
		d.entity = fresh.New(reads, o.Vault.Entity)
	}
	return d
}

// TeamsOf answers which of the named teams a Slack user is in for a matter, in
// the order of among. Only these teams are read, side by side, by reads that began at
// notBefore or later (the zero time allows up to 60 s of age), which concurrent
// callers share. Where a team could not be read and nothing else of it says
// yes, the error is could_not_check; the teams that are certain are answered
// all the same.
func (d *Directory) TeamsOf(ctx context.Context, user string, among []string, of bcn.Matter, notBefore time.Time) ([]string, error) {
	found := make([]bool, len(among))
	var failures errgroup.Group
	for i, name := range among {
		failures.Go(func() (err error) {
			found[i], err = d.Member(ctx, user, name, of, notBefore)
			return err
		})
	}
	err := failures.Wait()
	var in []string
	for i, name := range among {
		if found[i] && !slices.Contains(in, name) {
			in = append(in, name)
		}
	}
	return in, err
}

// Member says whether a Slack user is in a team for a matter, as TeamsOf does. A
// team that bot.yaml does not name is could_not_check.
func (d *Directory) Member(ctx context.Context, user, team string, of bcn.Matter, notBefore time.Time) (bool, error) {
	t, known := d.o.Teams[team]
	if !known {
		return false, bcn.E(bcn.CodeCouldNotCheck, "what", "team "+team)
	}
	if user == "" {
		return false, nil
	}
	if slices.Contains(t.Members, user) {
		return true, nil
	}
	var failed error
	for _, ask := range []func() (bool, error){
		func() (bool, error) { return d.inUsergroup(ctx, user, t, notBefore) },
		func() (bool, error) { return d.inGitHub(ctx, user, t, notBefore) },
		func() (bool, error) {
			if t.VaultPolicy == nil {
				return false, nil
			}
			return d.inVault(ctx, user, *t.VaultPolicy, of, notBefore)
		},
	} {
		in, err := ask()
		if err == nil && in {
			return true, nil
		}
		if err != nil {
			failed = err
		}
	}
	return false, failed
}

func (d *Directory) inUsergroup(ctx context.Context, user string, t config.Team, notBefore time.Time) (bool, error) {
	if t.SlackUsergroup == "" {
		return false, nil
	}
	members, err := d.o.Slack.GroupMembers(ctx, t.SlackUsergroup, notBefore)
	if err != nil {
		return false, couldNotCheck("Slack user group "+t.SlackUsergroup, err)
	}
	return slices.Contains(members, user), nil
}

func (d *Directory) inGitHub(ctx context.Context, user string, t config.Team, notBefore time.Time) (bool, error) {
	if t.GitHubTeam == "" {
		return false, nil
	}
	org, slug, _ := strings.Cut(t.GitHubTeam, "/")
	login, err := d.login(ctx, user, org, notBefore)
	if err != nil {
		return false, couldNotCheck("linked accounts", err)
	}
	if login == "" {
		return false, nil
	}
	in, err := d.member.Get(ctx, membership{org, slug, strings.ToLower(login)}, notBefore)
	if err != nil {
		return false, couldNotCheck("GitHub team "+t.GitHubTeam, err)
	}
	return in, nil
}

// Members answers the Slack users of a team for a matter, sorted; members of a
// GitHub team or of Vault whose Slack account bot.yaml does not name are left out. It is as fresh as
// TeamsOf. Where a part could not be read, the others are answered with
// could_not_check.
func (d *Directory) Members(ctx context.Context, team string, of bcn.Matter, notBefore time.Time) ([]string, error) {
	t, known := d.o.Teams[team]
	if !known {
		return nil, bcn.E(bcn.CodeCouldNotCheck, "what", "team "+team)
	}
	all := slices.Clone(t.Members)
	var failed error
	if t.SlackUsergroup != "" {
		members, err := d.o.Slack.GroupMembers(ctx, t.SlackUsergroup, notBefore)
		all = append(all, members...)
		failed = couldNotCheck("Slack user group "+t.SlackUsergroup, err)
	}
	if t.GitHubTeam != "" {
		org, slug, _ := strings.Cut(t.GitHubTeam, "/")
		logins, err := d.members.Get(ctx, membership{org: org, slug: slug}, notBefore)
		if err != nil {
			failed = couldNotCheck("GitHub team "+t.GitHubTeam, err)
		}
		users, err := d.usersOf(ctx, logins)
		all = append(all, users...)
		if err != nil {
			failed = couldNotCheck("linked accounts", err)
		}
	}
	if t.VaultPolicy != nil {
		users, err := d.ofVault(ctx, *t.VaultPolicy, of, notBefore)
		all = append(all, users...)
		if err != nil {
			failed = err
		}
	}
	slices.Sort(all)
	return slices.Compact(all), failed
}

// login is whoever a Slack user is at GitHub: by bot.yaml, else by the login
// that the account they linked has now, unless bot.yaml gives that login to
// another.
func (d *Directory) login(ctx context.Context, user, org string, notBefore time.Time) (string, error) {
	if login := d.logins[user]; login != "" || d.o.Links == nil {
		return login, nil
	}
	id, err := d.o.Links.LinkedAccount(ctx, user)
	if err != nil || id == 0 {
		return "", err
	}
	login, err := d.account.Get(ctx, account{org, id}, notBefore)
	if d.users[strings.ToLower(login)] != "" {
		return "", err
	}
	return login, err
}

// usersOf are the Slack users of GitHub accounts, as far as they are known.
func (d *Directory) usersOf(ctx context.Context, accounts map[string]int64) (users []string, err error) {
	var linked map[int64]string
	if d.o.Links != nil && len(accounts) > 0 {
		linked, err = d.o.Links.Links(ctx)
	}
	for login, id := range accounts {
		user := d.users[strings.ToLower(login)]
		if user == "" && d.logins[linked[id]] == "" { // bot.yaml counts before a link
			user = linked[id]
		}
		if user != "" {
			users = append(users, user)
		}
	}
	return users, err
}

// couldNotCheck says what could not be read, and keeps why; nil stays nil.
func couldNotCheck(what string, cause error) error {
	if cause == nil {
		return nil
	}
	return bcn.E(bcn.CodeCouldNotCheck, "what", what).Wrap(cause)
}
