package config

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// RuleAccess is how access by a rule begins and ends. The zero value: the clock
// starts at the approval, the requester gets credentials, and nothing is armed
// outside bcn.
type RuleAccess struct {
	// OpenWithin is how long after the approval the first use may be, at which
	// the clock then starts; 1m to 24h. 0: the clock starts at the approval.
	OpenWithin time.Duration
	// Session is how long access lasts from its first use where the command
	// does not say, and at most; 1m to 1h, never over the rule's Max. 0: as
	// without OpenWithin.
	Session time.Duration
	// ByBot: bcn calls ECS Exec for the requester and hands over one session.
	ByBot bool
	// StopTask: a StopTask of a live task is armed outside bcn.
	StopTask bool
}

// about is what a key of a rule is about, and the verbs that a rule must then
// name one of.
type about struct {
	what  string
	verbs []string
}

// narrowKeys are the keys of a rule that are about some verbs only.
func narrowKeys() map[string]about {
	all := about{"access", []string{"access", "access:live", "access:instance", "access:port"}}
	return map[string]about{
		"max": all, "open_within": all, "session": all,
		// On nodes a requester always opens sessions themselves.
		"exec": {"access to tasks", []string{"access", "access:live"}},
		// A task of the grant's own ends by itself.
		"stop_task": {"access to live tasks", []string{"access:live"}},
		"min_count": {"scale", []string{"scale"}}, "max_count": {"scale", []string{"scale"}},
	}
}

// narrowFields reads them and remembers where they are written.
func (l *loader) narrowFields(rule *Rule, at map[string]*yaml.Node) []field {
	var exec string
	var stop *bool
	const why = "AWS gives a role that another role assumed an hour at most"
	fields := []field{
		{"max", l.span(&rule.Max, MaxAccess, why)},
		{"open_within", l.span(&rule.Access.OpenWithin, 24*time.Hour, "")},
		{"session", l.span(&rule.Access.Session, MaxAccess, why)},
		{"exec", func(path string, n *yaml.Node) {
			l.checked(&exec, isExec)(path, n)
			rule.Access.ByBot = exec == "bot"
		}},
		{"stop_task", func(path string, n *yaml.Node) {
			l.boolean(&stop)(path, n)
			rule.Access.StopTask = stop != nil && *stop
		}},
	}
	fields = append(fields, l.countFields(&rule.Counts)...)
	for i, f := range fields {
		fields[i].read = func(path string, n *yaml.Node) {
			at[f.key] = resolve(n)
			f.read(path, n)
		}
	}
	return fields
}

// narrowMeans refuses keys where they would mean nothing: somebody believes
// them to be in force.
func (l *loader) narrowMeans(path string, rule Rule, at map[string]*yaml.Node) {
	for key, about := range narrowKeys() {
		n, written := at[key]
		if !written || len(rule.To) == 0 || slices.Contains(rule.To, "*") ||
			slices.ContainsFunc(about.verbs, func(v string) bool { return slices.Contains(rule.To, v) }) {
			continue
		}
		l.fault(n, `%s is about %s: %s would have to name %s or "*"`,
			join(path, key), about.what, join(path, "to"), strings.Join(about.verbs, ", "))
	}
	l.countsMean(path, rule, at)
	session, written := at["session"]
	if !written {
		return
	}
	if _, ok := at["open_within"]; !ok {
		l.fault(session, "%s counts from the first use, which needs open_within; without it max says how long", join(path, "session"))
	}
	if rule.Max > 0 && rule.Access.Session > rule.Max {
		l.fault(session, "%s is longer than max: %s, which is %s", join(path, "session"), short(rule.Access.Session), short(rule.Max))
	}
}

func isExec(s string) string {
	if s == "bot" || s == "requester" {
		return ""
	}
	return quoted(s) + " is not bot or requester"
}
