package config

import (
	"strings"
	"testing"
	"time"
)

const ruleOf = "teams: { admins: { members: [U0ADMIN] } }\nrules:\n - { allow: [admins], "

func TestRulesSayHowAccessBeginsAndEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rule string
		max        time.Duration
		want       RuleAccess
		raw        string // behind to
	}{
		{"nothing", `to: [access]`, 0, RuleAccess{}, ``},
		{"a limit", `to: [access], max: 30m`, 30 * time.Minute, RuleAccess{}, `,"max":"30m0s"`},
		{"the shortest and the longest", `to: [access:port], max: 1m, open_within: 24h`, time.Minute, RuleAccess{OpenWithin: 24 * time.Hour}, `,"max":"1m0s","open_within":"24h0m0s"`},
		{"a window and a session", `to: ["*"], open_within: 10m, session: 1h`, 0, RuleAccess{OpenWithin: 10 * time.Minute, Session: time.Hour}, `,"open_within":"10m0s","session":"1h0m0s"`},
		{"a session as long as the limit", `to: [access], max: 5m, open_within: 10m, session: 5m`, 5 * time.Minute, RuleAccess{OpenWithin: 10 * time.Minute, Session: 5 * time.Minute}, `,"max":"5m0s","open_within":"10m0s","session":"5m0s"`},
		{"sixty minutes are an hour", `to: [access], max: 60m`, time.Hour, RuleAccess{}, `,"max":"1h0m0s"`},
		{"bcn's own call", `to: [access:live, access:instance], exec: bot`, 0, RuleAccess{ByBot: true}, `,"exec":"bot"`},
		{"the requester's own call", `to: [access], exec: requester`, 0, RuleAccess{}, ``},
		{"an armed stop", `to: [deploy, access:live], stop_task: true`, 0, RuleAccess{StopTask: true}, `,"stop_task":true`},
		{"no armed stop", `to: ["*"], stop_task: false`, 0, RuleAccess{}, ``},
		{"keys before the verb", `stop_task: true, exec: bot, to: [access:live]`, 0, RuleAccess{ByBot: true, StopTask: true}, `,"exec":"bot","stop_task":true`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, problems := Load("bot.yaml", []byte(ruleOf+c.rule+" }\n"), Options{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			rule := got.Rules[0]
			if rule.Max != c.max || rule.Access != c.want {
				t.Errorf("max %s, %+v", rule.Max, rule.Access)
			}
			if _, rest, _ := strings.Cut(string(rule.Raw), "]"); !strings.HasSuffix(rest, "]"+c.raw+"}") {
				t.Errorf("raw %s, want ...%s", rule.Raw, c.raw)
			}
		})
	}
}

func TestBadAccessOfRulesIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	const hour = ": AWS gives a role that another role assumed an hour at most"
	for _, c := range []struct{ name, rule, want string }{
		{"a limit over an hour", "to: [access], max: 2h", "3:42: rules[0].max must be between 1m and 1h, it is 2h" + hour},
		{"a limit over an hour by *", `to: ["*"], max: 8h30m`, "rules[0].max must be between 1m and 1h, it is 8h30m" + hour},
		{"a limit under a minute", "to: [access], max: 59s", "rules[0].max must be between 1m and 1h, it is 59s"},
		{"no time at all", "to: [access], max: -1m", "rules[0].max must be between 1m and 1h, it is -1m"},
		{"a window over a day", "to: [access], open_within: 25h", "3:50: rules[0].open_within must be between 1m and 24h, it is 25h"},
		{"a window under a minute", "to: [access], open_within: 1s", "rules[0].open_within must be between 1m and 24h, it is 1s"},
		{"a window without unit", "to: [access], open_within: 10", "must be a time such as 30m or 1h, it is the number 10"},
		{"a session over an hour", "to: [access], open_within: 1h, session: 61m", "rules[0].session must be between 1m and 1h, it is 1h1m" + hour},
		{"a session without a window", "to: [access], session: 1h", "3:46: rules[0].session counts from the first use, which needs open_within"},
		{"a session longer than the limit", "to: [access], open_within: 1h, session: 1h, max: 30m", "rules[0].session is longer than max: 1h, which is 30m"},
		{"a word that is nobody", "to: [access], exec: boot", `3:43: rules[0].exec: "boot" is not bot or requester`},
		{"a truth value for who calls", "to: [access], exec: true", "rules[0].exec must be a string, it is the truth value true"},
		{"a word for true", `to: [access:live], stop_task: "yes"`, `must be true or false, it is "yes"`},
		{"a key misspelt", "to: [access], open_with: 1h", `unknown key "open_with" in rules[0]; did you mean "open_within"?`},
		{"a limit of no access", "to: [deploy], max: 1h", `3:42: rules[0].max is about access: rules[0].to would have to name access, access:live, access:instance, access:port or "*"`},
		{"a window of no access", "open_within: 1h, to: [deploy, read]", "3:36: rules[0].open_within is about access: rules[0].to would have"},
		{"a session of no access", "to: [run], open_within: 1h, session: 1h", "rules[0].session is about access: "},
		{"a call for no task", "to: [access:instance], exec: bot", `rules[0].exec is about access to tasks: rules[0].to would have to name access, access:live or "*"`},
		{"a call for no access", "to: [deploy], exec: requester", "rules[0].exec is about access to tasks"},
		{"a stop of no live task", "to: [access, access:instance], stop_task: true", `rules[0].stop_task is about access to live tasks: rules[0].to would have to name access:live or "*"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, ruleOf+c.rule+" }\n", c.want)
		})
	}
	t.Run("all are reported at once", func(t *testing.T) {
		t.Parallel()
		_, problems := Load("bot.yaml", []byte(ruleOf+"to: [deploy], max: 1h, open_within: 1h, session: 1h, exec: bot, stop_task: true }\n"), Options{})
		if len(problems) != 5 {
			t.Errorf("%d problems: %v", len(problems), problems)
		}
	})
	t.Run("a rule whose verbs are wrong is told so once", func(t *testing.T) {
		t.Parallel()
		_, problems := Load("bot.yaml", []byte(ruleOf+"to: [acces], max: 1h }\n"), Options{})
		if len(problems) != 1 {
			t.Errorf("%v", problems)
		}
	})
}
