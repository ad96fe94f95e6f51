package config

import (
	"slices"
	"testing"
)

func TestRulesetsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	c, problems := Load("bot.yaml", []byte(`
slack: { channels: { security: C0SEC } }
teams:
  admins: { members: [U0ADMIN] }
  developers: { slack_usergroup: S0DEV, members: [U0DEV] }
  leads: { github_team: acme/leads }
rules:
  - { allow: ["*"], to: [help] }
  - allow: [developers]
    to: [deploy, access, scale, access:live]
    on: [production]
    apps: [hello]
    districts: [default]
    destructive: true
    iam: false
    reason: { pattern: '^O', hint: such as O-1 }
    ticket: { pattern: 'O-[0-9]', url: 'https://t.example/{ticket}', status: a.b, open: [x], assignee: c }
    when: [{ days: mon-fri, hours: 22:00-06:00, zone: Asia/Tokyo }, { days: sun, zone: UTC }]
    limit: { count: 2, per: 90m }
    approve: { by: [{ team: leads, count: 2 }, { team: admins }], within: 10m, outside: true, escalate: [admins], oncall: { slack_usergroup: S0ONCALL } }
    break_glass: { max: 10m, limit: 1, per: 2h }
    max: 30m
    open_within: 20m
    session: 15m
    exec: bot
    stop_task: true
    min_count: 0
    max_count: 9
  - { allow: [leads], to: [deploy], reason: required, approve: { by: [leads], count: 2 } }
`), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	lines := c.Ruleset().Lines()
	read, err := ReadRuleset(lines)
	if err != nil || !slices.Equal(read.Lines(), lines) || len(lines) != 7 || read.Security() != "C0SEC" {
		t.Errorf("%v\nread as %v\n%v", lines, read.Lines(), err)
	}
	for name, line := range map[string]string{
		"no JSON": "{", "a time that is none": `{"allow":["a"],"to":["b"],"max":"soon"}`, "a window that is none": `{"allow":["a"],"to":["b"],"when":["always"]}`,
		"days that are none": `{"allow":["a"],"to":["b"],"when":["x 00:00-01:00 UTC"]}`, "a team that is none": `{"team":1}`,
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			t.Parallel()
			if _, err := ReadRuleset([]string{line}); err == nil {
				t.Error("it was read")
			}
		})
	}
}
