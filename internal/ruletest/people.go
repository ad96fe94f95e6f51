package ruletest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// home is the workspace that everybody here is in.
const home = "T0RULES"

// People are who is in which team, by what the cases call them.
type People map[string][]string

// directory answers who people are from what is written.
type directory struct {
	c      *config.Config
	people People
}

// Profile answers a plain member.
func (d directory) Profile(_ context.Context, user string, _ time.Time) (bcn.Profile, error) {
	return bcn.Profile{User: user, Team: home}, nil
}

// TeamsOf answers the teams that are given for the name, and those of bot.yaml
// whose members list them.
func (d directory) TeamsOf(_ context.Context, user string, among []string, _ bcn.Matter, _ time.Time) ([]string, error) {
	id := d.slack(user)
	var out []string
	for _, t := range among {
		if slices.Contains(d.people[user], t) || slices.Contains(d.c.Teams[t].Members, id) {
			out = append(out, t)
		}
	}
	return out, nil
}

// slack is the Slack id of somebody whom bot.yaml's people know by that name: a
// login, an address or what stands before its @.
func (d directory) slack(name string) string {
	for _, p := range d.c.People {
		before, _, _ := strings.Cut(p.Email, "@")
		if name != "" && (strings.EqualFold(name, p.GitHub) || strings.EqualFold(name, p.Email) || strings.EqualFold(name, before)) {
			return p.Slack
		}
	}
	return name
}

// knows says whether anything is known of a name.
func (d directory) knows(name string) bool {
	if _, ok := d.people[name]; ok || d.slack(name) != name {
		return true
	}
	for _, t := range d.c.Teams {
		if slices.Contains(t.Members, name) {
			return true
		}
	}
	return false
}
