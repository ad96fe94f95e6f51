package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

const (
	// mentionPatience is how long one card waits for GitHub and Vault.
	mentionPatience = 800 * time.Millisecond
	// mentionPause is how long they are then left alone by cards.
	mentionPause = 20 * time.Second
	// maxMentions bounds how many people one message calls by their names.
	maxMentions = 12
)

// mentions names those who may approve now and have not: members and user groups as they are
// written, members of a GitHub team, and of one by Vault, by their Slack accounts. Who is away by
// their status is said to be, and whoever stands for one of them is called too.
func (a *App) mentions(ctx context.Context, r bcn.Request) chat.Markup {
	return a.mentionTeams(ctx, r, approval.Called(r, a.o.Now()))
}

func (a *App) mentionTeams(ctx context.Context, r bcn.Request, teams []string) chat.Markup {
	// A card must not wait for what hangs: then its teams are named.
	ctx, cancel := context.WithTimeout(ctx, mentionPatience)
	defer cancel()
	m := mentioning{a: a, r: r}
	for _, b := range approval.Approvals(r) {
		m.answered = append(m.answered, b.Person, b.For)
	}
	for _, name := range teams {
		team := a.o.Config.Teams[name]
		for _, u := range team.Members {
			m.person(ctx, u)
		}
		if team.SlackUsergroup != "" {
			m.add(string(chat.MentionGroup(team.SlackUsergroup)))
		}
		if team.GitHubTeam != "" || team.VaultPolicy != nil {
			m.read(ctx, name)
		}
	}
	m.deputies(ctx, teams)
	if len(m.out) == 0 {
		return chat.Escape(strings.Join(teams, ", "))
	}
	if m.more > 0 {
		m.out = append(m.out, string(a.text.Say(a.o.Config.Language, text.CardMoreApprovers, text.Args{"n": m.more})))
	}
	return chat.Markup(strings.Join(m.out, " "))
}

// mentioning collects whom one message calls.
type mentioning struct {
	a        *App
	r        bcn.Request
	out      []string
	called   []string // Slack user ids
	more     int      // who did not fit
	answered []string // Slack user ids of who approved, or was stood for
}

func (m *mentioning) add(s string) {
	if !slices.Contains(m.out, s) {
		m.out = append(m.out, s)
	}
}

// person calls one, unless it is who asked or whose word does not count or was
// given; of somebody away it says so.
func (m *mentioning) person(ctx context.Context, user string) {
	if user == m.r.Requester || slices.Contains(m.called, user) || slices.Contains(m.answered, user) || m.inside(ctx, user) {
		return
	}
	if len(m.called) >= maxMentions {
		m.more++
		return
	}
	m.called = append(m.called, user)
	who := chat.Mention(user)
	p, err := m.a.api.Profile(ctx, user, zeroTime)
	switch {
	case err == nil && p.Deleted: // a mention of theirs calls nobody
	case err == nil && p.Away(m.a.o.Now()):
		m.add(string(m.a.text.Say(m.a.o.Config.Language, text.CardAway, text.Args{"who": who})))
	default:
		m.add(string(who))
	}
}

// read calls who is in a team by GitHub or Vault, as long as they answer in time.
func (m *mentioning) read(ctx context.Context, name string) {
	a := m.a
	if time.Now().Before(a.githubQuiet.Load().Add(mentionPause)) {
		return
	}
	var known []string
	for _, p := range a.o.Config.People {
		if p.GitHub != "" {
			known = append(known, p.Slack)
		}
	}
	links, err := a.store.Links(ctx)
	if err != nil {
		a.log.Warn("links not read for a card", "change", int64(m.r.ID), "error", err)
	}
	known = slices.AppendSeq(known, maps.Values(links))
	slices.Sort(known)
	for _, user := range slices.Compact(known) {
		if user == m.r.Requester {
			continue
		}
		in, err := a.dir.TeamsOf(ctx, user, []string{name}, m.r.Matter, zeroTime)
		if err != nil {
			now := time.Now()
			a.githubQuiet.Store(&now)
			return
		}
		if len(in) > 0 {
			m.person(ctx, user)
		}
	}
}

// inside says that somebody's word does not count, since they are in a team that
// let the requester in. Who could not be looked up is called.
func (m *mentioning) inside(ctx context.Context, user string) bool {
	if len(m.r.Outside) == 0 {
		return false
	}
	in, err := m.a.dir.TeamsOf(ctx, user, m.r.Outside, m.r.Matter, zeroTime)
	return err == nil && len(in) > 0
}

// deputies calls who stands for somebody that is asked.
func (m *mentioning) deputies(ctx context.Context, teams []string) {
	all, err := m.a.store.Deputies(ctx, zeroTime)
	if err != nil {
		m.a.log.Warn("deputies not read for a card", "change", int64(m.r.ID), "error", err)
		return
	}
	for _, d := range all {
		if d.Absent == m.r.Requester || d.Deputy == m.r.Requester || slices.Contains(m.answered, d.Absent) || len(m.out) > 2*maxMentions {
			continue
		}
		if in, err := m.a.dir.TeamsOf(ctx, d.Absent, teams, m.r.Matter, zeroTime); err == nil && len(in) > 0 {
			m.add(string(m.a.text.Say(m.a.o.Config.Language, text.CardStandsFor,
				text.Args{"deputy": chat.Mention(d.Deputy), "absent": chat.Mention(d.Absent)})))
		}
	}
}

// remind tells those who may approve, once, that a request waits when half of
// its time is over, and the next group when theirs has come.
func (a *App) remind(ctx context.Context) error {
	waiting, err := a.store.HalfTime(ctx)
	if err != nil {
		return err
	}
	for _, r := range waiting {
		if err := a.store.Say(ctx, r.ID, a.card.Reminder(r, a.mentions(ctx, r))); err != nil {
			return err
		}
	}
	if waiting, err = a.store.Escalating(ctx); err != nil {
		return err
	}
	for _, r := range waiting {
		if err := a.store.Escalated(ctx, r, a.card.Escalation(r, a.mentionTeams(ctx, r, r.Escalate))); err != nil {
			return err
		}
	}
	return nil
}
