package config

import (
	"strings"
	"testing"
	"time"
)

func loadRule(t *testing.T, rule string) Rule {
	t.Helper()
	c, problems := Load("bot.yaml", []byte("teams: { admins: { members: [U0ADMIN] }, developers: { slack_usergroup: S0DEV }, leads: { github_team: acme/leads }, security: { slack_usergroup: S0SEC } }\nrules:\n  - { allow: [developers], "+rule+" }\n"), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c.Rules[0]
}

func TestTermsOfRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rule, raw string }{
		{"a short quorum is written as it was", `to: [deploy], approve: { by: [leads], count: 2 }`, `"approve":{"by":["leads"],"count":2,"within":"1h0m0s"}`},
		{
			"several groups, each with its count", `to: [deploy], approve: { by: [{ team: leads }, { team: security, count: 2 }], outside: true, escalate: [admins] }`,
			`"approve":{"needs":[{"teams":["leads"],"count":1},{"teams":["security"],"count":2}],"within":"1h0m0s","outside":true,"escalate":["admins"]}`,
		},
		{"plans that change roles", `to: [deploy], iam: true`, `"iam":true`},
		{"any reason", `to: [deploy], reason: required`, `"reason":{}`},
		{"a reason with a pattern", `to: [deploy], reason: { pattern: '^OPS-[0-9]+', hint: a ticket such as OPS-12 }`, `"reason":{"pattern":"^OPS-[0-9]+","hint":"a ticket such as OPS-12"}`},
		{
			"a ticket", `to: ["*"], ticket: { pattern: 'OPS-[0-9]+', url: 'https://tickets.example/rest/{ticket}', open: [To Do], status: fields.status.name, assignee: fields.assignee.emailAddress }`,
			`"ticket":{"pattern":"OPS-[0-9]+","url":"https://tickets.example/rest/{ticket}","status":"fields.status.name","open":["To Do"],"assignee":"fields.assignee.emailAddress"}`,
		},
		{"hours", `to: [deploy], when: [{ days: mon-fri, hours: 09:00-17:00, zone: Asia/Tokyo }]`, `"when":["mon,tue,wed,thu,fri 09:00-17:00 Asia/Tokyo"]`},
		{"days over the weekend", `to: [deploy], when: [{ days: "fri - mon, wed", zone: UTC }]`, `"when":["mon,wed,fri,sat,sun 00:00-24:00 UTC"]`},
		{"a limit", `to: [access], limit: { count: 3, per: 1h }`, `"limit":{"count":3,"per":"1h0m0s"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if raw := string(loadRule(t, c.rule).Raw); !strings.Contains(raw, c.raw) {
				t.Errorf("%s\nwant %s", raw, c.raw)
			}
		})
	}
	t.Run("people are counted over all groups", func(t *testing.T) {
		t.Parallel()
		a := loadRule(t, `to: [deploy], approve: { by: [{ team: leads }, { team: security, count: 2 }] }`).Approve
		if a.Count != 3 || strings.Join(a.By, " ") != "leads security" || len(a.Quorum()) != 2 {
			t.Errorf("%+v", a)
		}
	})
	t.Run("what a rule demands is not what it is about", func(t *testing.T) {
		t.Parallel()
		a, b := loadRule(t, `to: [deploy], limit: { count: 3, per: 1h }`), loadRule(t, `to: [deploy], limit: { count: 9, per: 2h }, reason: required`)
		if a.Key() != b.Key() || a.Key() == loadRule(t, `to: [deploy], on: [production]`).Key() {
			t.Error("its limit would begin anew, or be another rule's")
		}
	})
}

func TestReasonsThatFit(t *testing.T) {
	t.Parallel()
	ticket := RuleReason{Required: true, Pattern: `^[A-Z]+-[0-9]+`}
	for _, c := range []struct {
		name, reason string
		rule         RuleReason
		fits         bool
	}{
		{"none is wanted", "", RuleReason{}, true},
		{"none is given", "", RuleReason{Required: true}, false},
		{"blanks are none", " \t ", RuleReason{Required: true}, false},
		{"any will do", "because", RuleReason{Required: true}, true},
		{"one of the form", "OPS-12 fixes it", ticket, true},
		{"one of another form", "fixes OPS-12", ticket, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.rule.Fits(c.reason) != c.fits {
				t.Errorf("%q", c.reason)
			}
		})
	}
}

func TestBadTermsAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	ticket := func(url string) string {
		return `to: [deploy], ticket: { pattern: 'O-[0-9]+', url: '` + url + `', open: [x], status: a.b }`
	}
	for _, c := range []struct{ name, rule, want string }{
		{"a group without a team", `to: [deploy], approve: { by: [{ count: 2 }] }`, "by[0] needs team"},
		{"a group of a team that is not there", `to: [deploy], approve: { by: [{ team: leaders }] }`, `no team "leaders"; did you mean "leads"?`},
		{"a team in two groups", `to: [deploy], approve: { by: [{ team: leads }, { team: leads }] }`, "has a group already"},
		{"groups and a count", `to: [deploy], approve: { by: [{ team: leads }], count: 2 }`, "leave out count"},
		{"too many people", `to: [deploy], approve: { by: [{ team: leads, count: 19 }, { team: security, count: 2 }] }`, "at most 20"},
		{"escalation to nobody", `to: [deploy], approve: { by: [leads], escalate: [nobody] }`, `no team "nobody"`},
		{"outside of the only team asked", `to: [deploy], approve: { by: [developers], outside: true }`, "nobody of developers is outside"},
		{"a word that is no reason", `to: [deploy], reason: yes please`, `is not required`},
		{"a hint without a pattern", `to: [deploy], reason: { hint: a ticket }`, "needs pattern"},
		{"no regular expression", `to: [deploy], reason: { pattern: '(' }`, "missing closing )"},
		{"a reason of what is only read", `to: [read], reason: required`, "would have to name deploy"},
		{"a limit of what is only read", `to: [logs], limit: { count: 1, per: 1h }`, "would have to name deploy"},
		{"a ticket without its status", `to: [deploy], ticket: { pattern: x, url: 'https://t.example/{ticket}' }`, "needs pattern, url, status and open"},
		{"a ticket over plain http", ticket("http://tickets.example/{ticket}"), "must begin with https://"},
		{"a host that the reason says", ticket("https://{ticket}.example/x"), "must not be in the host"},
		{"a password in the address", ticket("https://u:p@tickets.example/{ticket}"), "BCN_TICKET_TOKEN"},
		{"an address without a place", ticket("https://tickets.example/"), "needs {ticket}"},
		{"a limit without a time", `to: [deploy], limit: { count: 1 }`, "needs count and per"},
		{"hours without a zone", `to: [deploy], when: [{ hours: 09:00-17:00 }]`, "needs zone"},
		{"a zone alone", `to: [deploy], when: [{ zone: UTC }]`, "needs days or hours"},
		{"a zone that is the machine's", `to: [deploy], when: [{ days: mon, zone: Local }]`, "is not a time zone"},
		{"days that are none", `to: [deploy], when: [{ days: monday, zone: UTC }]`, "are not days"},
		{"hours that are none", `to: [deploy], when: [{ hours: 9-17, zone: UTC }]`, "is not hours"},
		{"no time at all", `to: [deploy], when: [{ hours: 09:00-09:00, zone: UTC }]`, "is no time at all"},
		{"no windows", `to: [deploy], when: []`, "at least one time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := Load("bot.yaml", []byte("teams: { admins: { members: [U0ADMIN] }, developers: { slack_usergroup: S0DEV }, leads: { github_team: acme/leads }, security: { slack_usergroup: S0SEC } }\nrules:\n  - { allow: [developers], "+c.rule+" }\n"), Options{})
			if len(problems) != 1 || !strings.Contains(problems[0].Error(), c.want) || problems[0].Line != 3 {
				t.Errorf("%v, want %q", problems, c.want)
			}
		})
	}
	t.Run("nobody is outside of everybody", func(t *testing.T) {
		t.Parallel()
		_, problems := Load("bot.yaml", []byte("teams: { admins: { members: [U0ADMIN] } }\nrules:\n  - { allow: [\"*\"], to: [deploy], approve: { by: [admins], outside: true } }\n"), Options{})
		if len(problems) != 1 || !strings.Contains(problems[0].Message, "allow must name teams") {
			t.Error(problems)
		}
	})
}

func TestLimitsAreRead(t *testing.T) {
	t.Parallel()
	if l := loadRule(t, `to: [deploy], limit: { count: 3, per: 90m }`).Limit; l.Count != 3 || l.Per != 90*time.Minute {
		t.Errorf("%+v", l)
	}
}
