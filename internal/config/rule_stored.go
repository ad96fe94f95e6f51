package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Ruleset is what decides who may do what: rules, and what teams are made of.
type Ruleset struct {
	Rules []Rule
	Teams map[string]Team
	Kept  []string // what else guards, a line each: to take one away is to weaken
}

// Ruleset answers that of a configuration.
func (c *Config) Ruleset() Ruleset { return Ruleset{Rules: c.Rules, Teams: c.Teams, Kept: c.kept()} }

// keptPrefix begins the lines of Kept.
const keptPrefix = `{"kept":`

// keptLine is a line of Kept.
type keptLine struct {
	Kept  string `json:"kept"`
	Value any    `json:"value"`
}

// kept are which accounts are one person's, the guardrails, and where it is told
// what weakens.
func (c *Config) kept() []string {
	var out []string
	add := func(kind string, value any) {
		line, err := json.Marshal(keptLine{kind, value})
		if err != nil { // strings and numbers always marshal
			panic(err)
		}
		out = append(out, string(line))
	}
	for _, p := range c.People {
		add("person", p)
	}
	for _, g := range c.Guardrails.Own {
		g.Line = 0 // where it is written guards nothing
		add("guardrail", g)
	}
	if !reflect.ValueOf(c.Guardrails.Settings).IsZero() {
		add("guardrails", c.Guardrails.Settings)
	}
	if channel := c.Slack.Channels.Security; channel != "" {
		add(keptSecurity, channel)
	}
	slices.Sort(out)
	return out
}

const keptSecurity = "security channel"

// Security is the channel of Kept in which it is told what weakens; empty: none.
func (s Ruleset) Security() string {
	for _, line := range s.Kept {
		var k struct{ Kept, Value string }
		if err := json.Unmarshal([]byte(line), &k); err == nil && k.Kept == keptSecurity {
			return k.Value
		}
	}
	return ""
}

// storedTeam is a team as a line.
type storedTeam struct {
	Team           string   `json:"team"`
	SlackUsergroup string   `json:"slack_usergroup,omitempty"`
	GitHubTeam     string   `json:"github_team,omitempty"`
	Members        []string `json:"members,omitempty"`

	VaultPolicy *VaultPolicy `json:"vault_policy,omitempty"`
}

// Lines writes it so that two can be compared line by line and read again: a
// line for each team, by name, one for each other guard, and one for each rule, in
// their order.
func (s Ruleset) Lines() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.Teams)) {
		t := s.Teams[name]
		line, err := json.Marshal(storedTeam{Team: name, SlackUsergroup: t.SlackUsergroup, GitHubTeam: t.GitHubTeam, Members: t.Members, VaultPolicy: t.VaultPolicy})
		if err != nil { // strings always marshal
			panic(err)
		}
		out = append(out, string(line))
	}
	out = append(out, s.Kept...)
	for _, r := range s.Rules {
		out = append(out, string(r.canonical()))
	}
	return out
}

// ReadRuleset reads what Lines wrote.
func ReadRuleset(lines []string) (Ruleset, error) {
	out := Ruleset{Teams: map[string]Team{}}
	for _, line := range lines {
		if strings.HasPrefix(line, keptPrefix) {
			out.Kept = append(out.Kept, line)
			continue
		}
		if strings.HasPrefix(line, `{"team":`) {
			var t storedTeam
			if err := json.Unmarshal([]byte(line), &t); err != nil {
				return out, err
			}
			out.Teams[t.Team] = Team{SlackUsergroup: t.SlackUsergroup, GitHubTeam: t.GitHubTeam, Members: t.Members, VaultPolicy: t.VaultPolicy}
			continue
		}
		r, err := readRule(line)
		if err != nil {
			return out, err
		}
		out.Rules = append(out.Rules, r)
	}
	return out, nil
}

// readRule reads what canonical wrote.
func readRule(line string) (Rule, error) {
	var w writtenRule
	if err := json.Unmarshal([]byte(line), &w); err != nil {
		return Rule{}, err
	}
	times := timesOf{}
	r := Rule{
		Allow: w.Allow, To: w.To, On: w.On, Apps: w.Apps, Districts: w.Districts, Destructive: w.Destructive, IAM: w.IAM,
		Ticket: w.Ticket, Max: times.read(w.Max), Counts: RuleCounts{Min: w.MinCount, Max: w.MaxCount}, Raw: json.RawMessage(line),
		Access: RuleAccess{OpenWithin: times.read(w.OpenWithin), Session: times.read(w.Session), ByBot: w.Exec == "bot", StopTask: w.StopTask},
	}
	if w.Reason != nil {
		r.Reason = RuleReason{Required: true, Pattern: w.Reason.Pattern, Hint: w.Reason.Hint}
	}
	if w.Limit != nil {
		r.Limit = &Limit{Count: w.Limit.Count, Per: times.read(w.Limit.Per)}
	}
	if g := w.BreakGlass; g != nil {
		r.BreakGlass = &BreakGlass{Max: times.read(g.Max), Limit: g.Limit, Per: times.read(g.Per)}
	}
	if w.Scan != nil {
		r.ScanDeny = w.Scan.Deny
	}
	if a := w.Approve; a != nil {
		r.Approve = &Approve{By: a.By, Count: a.Count, Needs: a.Needs, Within: times.read(a.Within), Outside: a.Outside, Escalate: a.Escalate, Oncall: a.Oncall}
		for _, n := range a.Needs {
			r.Approve.By, r.Approve.Count = append(r.Approve.By, n.Teams...), r.Approve.Count+n.Count
		}
	}
	for _, s := range w.When {
		window, err := readWindow(s)
		if err != nil {
			return r, err
		}
		r.When = append(r.When, window)
	}
	return r, times.err
}

// timesOf reads times, and keeps what went wrong first.
type timesOf struct{ err error }

func (t *timesOf) read(s string) time.Duration {
	if s == "" || t.err != nil {
		return 0
	}
	var d time.Duration
	d, t.err = time.ParseDuration(s)
	return d
}

// readWindow reads what Window.String wrote.
func readWindow(s string) (Window, error) {
	var w Window
	parts := strings.Fields(s)
	if len(parts) != 3 {
		return w, fmt.Errorf("%q is no window", s)
	}
	for _, wrong := range []string{readDays(parts[0], &w.Days), readHours(parts[1], &w), readZone(parts[2], &w.Zone)} {
		if wrong != "" {
			return w, fmt.Errorf("%q is no window: %s", s, wrong)
		}
	}
	return w, nil
}
