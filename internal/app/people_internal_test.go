package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/config"
)

// What a rule demands is what whoami shows of it.
func TestTerms(t *testing.T) {
	t.Parallel()
	const file = `
slack: { channels: { approvals: C0APPROVALS, announce: C0ANNOUNCE } }
teams:
  admins: { members: [U0ADMIN] }
  leads:  { members: [U0LEAD] }
  olus:   { members: [U0OLU] }
rules:
  - allow: [leads]
    to: [deploy, scale]
    on: [production]
    destructive: true
    iam: false
    reason: { pattern: '^[A-Z]+-[0-9]+', hint: a ticket such as OPS-12 }
    ticket: { pattern: '[A-Z]+-[0-9]+', url: 'https://tickets.example.com/{ticket}', status: status, open: [To Do], assignee: who }
    when: [{ days: mon-tue, hours: 09:00-17:00, zone: Asia/Tokyo }]
    limit: { count: 5, per: 1h }
    scan: { deny: high }
    min_count: 2
    max_count: 6
    break_glass: { limit: 2, per: 24h }
    approve: { by: [leads], within: 1h, escalate: [admins], oncall: { pagerduty: PI7DH85 } }
  - { allow: [olus], to: [access], max: 30m, break_glass: { max: 10m, limit: 1, per: 24h }, approve: { by: [leads] } }
  - { allow: [admins], to: ["*"] }
`
	c, problems := config.Load("bot.yaml", []byte(file), config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	yes, no := true, false
	for i, want := range []commands.RuleTerms{
		{
			Destructive: &yes, IAM: &no, Reason: true, Wants: "a ticket such as OPS-12", Ticket: []string{"To Do"}, Mine: true, Scan: "high",
			Hours: []commands.Hours{{Days: []time.Weekday{time.Monday, time.Tuesday}, From: 9 * 60, To: 17 * 60, Zone: "Asia/Tokyo"}},
			Limit: commands.Often{Count: 5, Per: time.Hour}, Oncall: "PagerDuty PI7DH85", Escalate: []string{"admins"},
			Glass: commands.Often{Count: 2, Per: 24 * time.Hour}, Least: 2, Most: 6,
		},
		{Glass: commands.Often{Count: 1, Per: 24 * time.Hour}, GlassMax: 10 * time.Minute},
		{},
	} {
		if diff := cmp.Diff(want, terms(c.Rules[i])); diff != "" {
			t.Errorf("rules[%d]: %s", i, diff)
		}
	}
}
