package config

import (
	"strings"
	"testing"
	"time"
)

const glassOf = "slack: { channels: { security: C0SEC } }\n" + ruleOf

func TestRulesSayWhoMayBreakTheGlass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rule string
		want       BreakGlass
		raw        string
	}{
		{"nothing but that", `to: [deploy], break_glass: {}`, BreakGlass{15 * time.Minute, 2, 24 * time.Hour}, `"break_glass":{"max":"15m0s","limit":2,"per":"24h0m0s"}`},
		{"its figures", `to: [access], break_glass: { max: 5m, limit: 1, per: 168h }`, BreakGlass{5 * time.Minute, 1, 7 * 24 * time.Hour}, `"break_glass":{"max":"5m0s","limit":1,"per":"168h0m0s"}`},
		{"of every verb", `to: ["*"], break_glass: { limit: 20, per: 1h }`, BreakGlass{15 * time.Minute, 20, time.Hour}, `"break_glass":{"max":"15m0s","limit":20,"per":"1h0m0s"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, problems := Load("bot.yaml", []byte(glassOf+c.rule+" }\n"), Options{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			rule := got.Rules[0]
			if rule.BreakGlass == nil || *rule.BreakGlass != c.want {
				t.Errorf("%+v", rule.BreakGlass)
			}
			if !strings.Contains(string(rule.Raw), c.raw) {
				t.Errorf("raw %s, want %s in it", rule.Raw, c.raw)
			}
		})
	}
	t.Run("without it there is none", func(t *testing.T) {
		t.Parallel()
		got, problems := Load("bot.yaml", []byte(glassOf+"to: [deploy] }\n"), Options{})
		if len(problems) > 0 || got.Rules[0].BreakGlass != nil || strings.Contains(string(got.Rules[0].Raw), "break_glass") {
			t.Errorf("%+v, %v", got, problems)
		}
	})
}

func TestBadBreakGlassIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rule, want string }{
		{"it is not true or false", "to: [deploy], break_glass: true", "rules[0].break_glass must be a mapping"},
		{"access for long", "to: [access], break_glass: { max: 2h }", "rules[0].break_glass.max must be between 1m and 1h, it is 2h"},
		{"no times at all", "to: [deploy], break_glass: { limit: 0 }", "rules[0].break_glass.limit must be between 1 and 20"},
		{"counted for minutes", "to: [deploy], break_glass: { per: 10m }", "rules[0].break_glass.per must be between 1h and 744h, it is 10m"},
		{"counted for ever", "to: [deploy], break_glass: { per: 9999h }", "rules[0].break_glass.per must be between 1h and 744h"},
		{"a word that it does not know", "to: [deploy], break_glass: { mix: 1m }", "break_glass"},
		{"verbs that do not take it", "to: [secret, delete], break_glass: {}", `rules[0].break_glass is about verbs that take --break-glass`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, glassOf+c.rule+" }\n", c.want)
		})
	}
	t.Run("for everybody", func(t *testing.T) {
		t.Parallel()
		refused(t, strings.Replace(glassOf, "allow: [admins]", `allow: ["*"]`, 1)+"to: [deploy], break_glass: {} }\n", "rules[0].break_glass is not for everybody")
	})
	t.Run("where no channel hears of it", func(t *testing.T) {
		t.Parallel()
		refused(t, ruleOf+"to: [deploy], break_glass: {} }\n", "rules[0].break_glass is told in a channel each time: give slack.channels.security")
	})
}

func TestRulesSayWhoIsOnCall(t *testing.T) {
	t.Parallel()
	const rule = ruleOf + "to: [deploy], approve: { by: [admins], oncall: "
	for written, want := range map[string]Oncall{
		"{ slack_usergroup: S0ONCALL }": {SlackUsergroup: "S0ONCALL"},
		"{ pagerduty: PI7DH85 }":        {PagerDuty: "PI7DH85"},
	} {
		got, problems := Load("bot.yaml", []byte(rule+written+" } }\n"), Options{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		r := got.Rules[0]
		if r.Approve.Oncall == nil || *r.Approve.Oncall != want || !strings.Contains(string(r.Raw), `"oncall":{`) {
			t.Errorf("%s: %+v, raw %s", written, r.Approve.Oncall, r.Raw)
		}
		if got.NeedsPagerDuty() != (want.PagerDuty != "") {
			t.Errorf("%s: needs PagerDuty: %v", written, got.NeedsPagerDuty())
		}
	}
	for written, want := range map[string]string{
		"{}": "oncall names one of slack_usergroup and pagerduty",
		"{ slack_usergroup: S0ONCALL, pagerduty: PI7DH85 }": "oncall names one of slack_usergroup and pagerduty",
		"{ pagerduty: pi7dh85 }":                            `"pi7dh85" is not the id of a schedule such as PI7DH85`,
		"{ slack_usergroup: oncall }":                       "slack_usergroup",
		"S0ONCALL":                                          "must be a mapping",
	} {
		refused(t, rule+written+" } }\n", want)
	}
}

func TestWhatOncallNeedsOfTheEnvironment(t *testing.T) {
	t.Parallel()
	with, problems := Load("bot.yaml", []byte(ruleOf+"to: [deploy], approve: { by: [admins], oncall: { pagerduty: PI7DH85 } } }\n"), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	token := NewSecret("secret")
	for _, c := range []struct {
		name    string
		config  *Config
		process Process
		want    string // the variable that is wrong
	}{
		{"nothing, where no rule asks", &Config{}, Process{}, ""},
		{"a token", with, Process{}, "PAGERDUTY_TOKEN"},
		{"PagerDuty's own address is the default", with, Process{PagerDutyToken: token}, ""},
		{"its European region", with, Process{PagerDutyToken: token, PagerDutyAPIURL: "https://api.eu.pagerduty.com/"}, ""},
		{"another PagerDuty beside AWS's AWS", with, Process{PagerDutyToken: token, PagerDutyAPIURL: "https://pagerduty.com.evil.example/"}, "PAGERDUTY_API_URL"},
		{"without TLS", with, Process{PagerDutyToken: token, PagerDutyAPIURL: "http://api.pagerduty.com/"}, "PAGERDUTY_API_URL"},
		{"a local one beside a local AWS", with, Process{PagerDutyToken: token, PagerDutyAPIURL: "http://127.0.0.1:1/", AWSEndpointURL: "http://127.0.0.1:2"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			for _, p := range c.process.RequireOncall(c.config) {
				got += p.File
				if strings.Contains(p.Error(), "evil") {
					t.Errorf("it repeats the address: %v", p)
				}
			}
			if got != c.want {
				t.Errorf("wrong: %q, want %q", got, c.want)
			}
		})
	}
}
