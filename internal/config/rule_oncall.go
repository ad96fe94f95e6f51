package config

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// Oncall names who is on call: exactly one of its fields is set.
type Oncall struct {
	SlackUsergroup string `json:"slack_usergroup,omitempty"` // user group id, whose members are on call
	PagerDuty      string `json:"pagerduty,omitempty"`       // schedule id, whose first level is on call
}

// String names the source for people and logs.
func (o Oncall) String() string {
	if o.PagerDuty != "" {
		return "PagerDuty " + o.PagerDuty
	}
	return "Slack " + o.SlackUsergroup
}

// oncallField reads oncall of an approve.
func (l *loader) oncallField(a *Approve) field {
	return field{"oncall", func(path string, n *yaml.Node) {
		o := &Oncall{}
		before := len(l.problems)
		ok := l.object(path, n,
			field{"slack_usergroup", l.checked(&o.SlackUsergroup, isUsergroup)},
			field{"pagerduty", l.checked(&o.PagerDuty, isPagerDutyID)},
		)
		if ok && len(l.problems) == before && (o.SlackUsergroup == "") == (o.PagerDuty == "") {
			l.fault(resolve(n), "%s names one of slack_usergroup and pagerduty", path)
		}
		a.Oncall = o
	}}
}

// isPagerDutyID checks the id of a schedule, such as PI7DH85: PagerDuty's ids
// are capital letters and digits.
func isPagerDutyID(s string) string {
	if len(s) < 2 || len(s) > 40 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return quoted(s) + " is not the id of a schedule such as PI7DH85"
	}
	return ""
}

// NeedsPagerDuty says that a rule asks PagerDuty who is on call.
func (c *Config) NeedsPagerDuty() bool {
	for _, r := range c.Rules {
		if r.Approve != nil && r.Approve.Oncall != nil && r.Approve.Oncall.PagerDuty != "" {
			return true
		}
	}
	return false
}
