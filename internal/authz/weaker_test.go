package authz_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// set makes a ruleset of a file, as the bot reads it.
func set(t *testing.T, rules string) config.Ruleset {
	t.Helper()
	return setOf(t, "{ admins: { members: [U0ADMIN] }, developers: { slack_usergroup: S0DEV }, leads: { github_team: acme/leads }, security: { members: [U0SEC] } }", rules)
}

func setOf(t *testing.T, teams, rules string) config.Ruleset {
	t.Helper()
	c, problems := config.Load("bot.yaml", []byte("slack: { channels: { security: C0SEC } }\nteams: "+teams+"\nrules:\n"+rules), config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c.Ruleset()
}

func TestWeakerRules(t *testing.T) {
	t.Parallel()
	const gated = "  - { allow: [developers], to: [deploy], on: [production], approve: { by: [leads], count: 2 } }\n"
	rule := func(rest string) string { return "  - { allow: [developers], to: [deploy], " + rest + " }\n" }
	for _, c := range []struct {
		name, before, now string
		weaker, back      bool // and the other way round
	}{
		{"the same", gated, gated, false, false},
		{"another rule that gives something", gated, gated + "  - { allow: [leads], to: [deploy] }\n", true, false},
		{"one that gives nothing more", gated, gated + gated, false, false},
		{"a rule in front that is free", gated, "  - { allow: [developers], to: [deploy] }\n" + gated, true, false},
		{"the order for whoever is in both teams", gated + "  - { allow: [leads], to: [deploy] }\n", "  - { allow: [leads], to: [deploy] }\n" + gated, true, false},
		{"fewer approvers", gated, rule("on: [production], approve: { by: [leads], count: 1 }"), true, false},
		{"another group that may approve", gated, rule("on: [production], approve: { by: [leads, security], count: 2 }"), true, false},
		{"a second group", gated, rule("on: [production], approve: { by: [{ team: leads, count: 2 }, { team: security }] }"), false, true},
		{"approvers from outside", gated, rule("on: [production], approve: { by: [leads], count: 2, outside: true }"), false, true},
		{"escalation", gated, rule("on: [production], approve: { by: [leads], count: 2, escalate: [admins] }"), true, false},
		{"who is on call", gated, rule("on: [production], approve: { by: [leads], count: 2, oncall: { slack_usergroup: S0ONCALL } }"), true, false},
		{"breaking the glass", gated, rule("on: [production], approve: { by: [leads], count: 2 }, break_glass: {}"), true, false},
		{"another environment", gated, rule("approve: { by: [leads], count: 2 }"), true, false},
		{"dangerous plans apart", rule("on: [a]"), rule("on: [a], iam: true, approve: { by: [leads] }") + rule("on: [a]"), false, true},
		{"a reason", rule("on: [a]"), rule("on: [a], reason: required"), false, true},
		{"a pattern of the reason", rule("reason: required"), rule("reason: { pattern: O }"), false, true},
		{"a ticket", rule("on: [a]"), rule("on: [a], ticket: { pattern: O, url: 'https://t.example/{ticket}', status: a, open: [x] }"), false, true},
		{"hours", rule("on: [a]"), rule("on: [a], when: [{ days: mon, zone: UTC }]"), false, true},
		{"more hours", rule("when: [{ days: mon, zone: UTC }]"), rule("when: [{ days: mon, zone: UTC }, { days: sun, zone: UTC }]"), true, false},
		{"a limit", rule("limit: { count: 2, per: 1h }"), rule("limit: { count: 3, per: 1h }"), true, false},
		{"a scan", rule("on: [a]"), rule("on: [a], scan: { deny: critical }"), false, true},
		{"a scan that denies more", rule("scan: { deny: high }"), rule("scan: { deny: medium }"), false, true},
		{"glass in front of a scan", rule("scan: { deny: high }"), rule("scan: { deny: high }, break_glass: {}"), true, false},
		{"longer access", "  - { allow: [leads], to: [access], max: 10m }\n", "  - { allow: [leads], to: [access], max: 20m }\n", true, false},
		{"more tasks", "  - { allow: [leads], to: [scale] }\n", "  - { allow: [leads], to: [scale], max_count: 99 }\n", true, false},
		{"words only", rule("reason: { pattern: O, hint: such as O }"), rule("reason: { pattern: O, hint: as O }"), false, false},
		{"longer waiting", rule("approve: { by: [leads] }"), rule("approve: { by: [leads], within: 2h }"), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before, now := set(t, c.before), set(t, c.now)
			if got := authz.Weaker(before, now); got != c.weaker {
				t.Errorf("weaker: %v", got)
			}
			if got := authz.Weaker(now, before); got != c.back {
				t.Errorf("the other way: %v", got)
			}
		})
	}
	t.Run("a team that grows", func(t *testing.T) {
		t.Parallel()
		const rules = "  - { allow: [admins], to: [deploy] }\n"
		small, big := setOf(t, "{ admins: { members: [U0ADMIN] } }", rules), setOf(t, "{ admins: { members: [U0ADMIN, U0EVE] } }", rules)
		group := setOf(t, "{ admins: { members: [U0ADMIN], slack_usergroup: S0X } }", rules)
		if !authz.Weaker(small, big) || !authz.Weaker(small, group) || authz.Weaker(big, small) {
			t.Error("it is not said, or the other way round")
		}
	})
	t.Run("rules without number are weaker by any change", func(t *testing.T) {
		t.Parallel()
		many := ""
		for _, verb := range config.DefaultVerbs() {
			many += "  - { allow: [developers, leads, security, admins], to: [" + verb + "], on: [a, b, c, d], apps: [e, f, g, h], districts: [i, j, k, l] }\n"
		}
		if !authz.Weaker(set(t, many), set(t, many+gated)) || authz.Weaker(set(t, many), set(t, many)) {
			t.Error("too many questions are taken for none")
		}
	})
}

// Whenever somebody may do what they might not before, or with fewer people's
// approval, the rules are said to be weaker.
func TestWhatGivesMoreIsWeaker(t *testing.T) {
	t.Parallel()
	teams := list("a", "b", "c")
	some := func(t *rapid.T, label string, from []string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 1, 2, rapid.ID[string]).Draw(t, label)
	}
	rules := rapid.Custom(func(t *rapid.T) config.Rule {
		r := config.Rule{Allow: some(t, "allow", append(slices.Clone(teams), authz.Everyone)), To: some(t, "to", list("deploy", "restart"))}
		if rapid.Bool().Draw(t, "narrow") {
			r.On = some(t, "on", list("x", "y"))
		}
		if rapid.Bool().Draw(t, "dangerous") {
			r.IAM = yes()
		}
		if n := rapid.IntRange(0, 2).Draw(t, "count"); n > 0 {
			r.Approve = &config.Approve{By: list("leads"), Count: n, Within: time.Hour}
		}
		r.Raw = []byte(config.Ruleset{Rules: []config.Rule{r}}.Lines()[0])
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rules, 0, 3).Draw(t, "before")
		now := rapid.SliceOfN(rules, 0, 3).Draw(t, "now")
		p := &people{teams: map[string][]string{"U0DEV": rapid.SliceOfDistinct(rapid.SampledFrom(teams), rapid.ID[string]).Draw(t, "teams")}}
		ask := authz.Ask{
			Verb: rapid.SampledFrom(list("deploy", "restart")).Draw(t, "verb"), Env: rapid.SampledFrom(list("x", "y", "z", "")).Draw(t, "env"),
			IAM: rapid.Bool().Draw(t, "iam"),
		}
		count := func(rules []config.Rule) int {
			v, err := p.authorizer(rules...).Judge(context.Background(), person("U0DEV"), ask)
			if bcn.CodeOf(err) == bcn.CodeNotAllowed {
				return 99
			}
			if len(v.Needs) == 0 {
				return 0
			}
			return v.Needs[0].Count
		}
		if count(now) < count(before) && !authz.Weaker(config.Ruleset{Rules: before}, config.Ruleset{Rules: now}) {
			t.Fatalf("%+v by %d, then by %d people", ask, count(before), count(now))
		}
	})
}
