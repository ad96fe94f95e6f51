package config

import (
	"encoding/json"
	"time"

	"gopkg.in/yaml.v3"
)

func (l *loader) rules(path string, n *yaml.Node) {
	l.list(path, n, func(path string, n *yaml.Node) {
		if rule, ok := l.rule(path, n); ok {
			l.c.Rules = append(l.c.Rules, rule)
		}
	})
}

func (l *loader) rule(path string, n *yaml.Node) (Rule, bool) {
	rule := Rule{Line: n.Line}
	before := len(l.problems)
	names := func(to *[]string) func(string, *yaml.Node) {
		return func(path string, n *yaml.Node) { *to = l.strings(path, n, isNameOrAll) }
	}
	at := map[string]*yaml.Node{}
	ok := l.object(path, n, append(l.narrowFields(&rule, at),
		field{"allow", func(path string, n *yaml.Node) { rule.Allow = l.namesOfTeams(path, n, true) }},
		field{"to", func(path string, n *yaml.Node) { rule.To = l.strings(path, n, l.isVerb) }},
		field{"on", names(&rule.On)},
		field{"apps", names(&rule.Apps)},
		field{"districts", names(&rule.Districts)},
		field{"destructive", l.boolean(&rule.Destructive)},
		field{"approve", func(path string, n *yaml.Node) { rule.Approve = l.approve(path, n) }},
	)...)
	if !ok {
		return rule, false
	}
	if len(l.problems) == before {
		if len(rule.Allow) == 0 {
			l.fault(resolve(n), "%s needs allow: the teams that may", path)
		}
		if len(rule.To) == 0 {
			l.fault(resolve(n), "%s needs to: what they may do", path)
		}
	}
	l.narrowMeans(path, rule, at)
	rule.Raw = rule.canonical()
	return rule, true
}

func (l *loader) approve(path string, n *yaml.Node) *Approve {
	a := &Approve{Count: 1, Within: DefaultWithin}
	before := len(l.problems)
	ok := l.object(path, n,
		// Everybody is no team: a card mentions those who may approve.
		field{"by", func(path string, n *yaml.Node) { a.By = l.namesOfTeams(path, n, false) }},
		field{"count", l.number(&a.Count, 1, 20)},
		field{"within", l.duration(&a.Within)},
	)
	if ok && len(a.By) == 0 && len(l.problems) == before {
		l.fault(resolve(n), "%s needs by: the teams that may approve", path)
	}
	return a
}

// namesOfTeams reads team names and remembers to check that they exist.
func (l *loader) namesOfTeams(path string, n *yaml.Node, all bool) []string {
	list := l.strings(path, n, func(s string) string {
		if s == "*" && !all {
			return `"*" is no team`
		}
		if s == "*" {
			return ""
		}
		return isTeam(s)
	})
	for _, item := range resolve(n).Content {
		item = resolve(item)
		if item.Kind == yaml.ScalarNode && item.Value != "*" && isTeam(item.Value) == "" {
			l.uses = append(l.uses, use{at: item, path: path, team: item.Value})
		}
	}
	return list
}

func (l *loader) isVerb(s string) string {
	if s == "*" || s == "read" {
		return ""
	}
	for _, v := range l.verbs {
		if v == s {
			return ""
		}
	}
	return "there is no verb " + quoted(s) + suggest(s, append([]string{"read"}, l.verbs...))
}

// canonical writes the rule for the plan, so that the hash that is approved
// covers the rule by which it was: fixed order of keys, times as Go says them.
func (r Rule) canonical() json.RawMessage {
	type approve struct {
		By     []string `json:"by"`
		Count  int      `json:"count"`
		Within string   `json:"within"`
	}
	out := struct {
		Allow       []string `json:"allow"`
		To          []string `json:"to"`
		On          []string `json:"on,omitempty"`
		Apps        []string `json:"apps,omitempty"`
		Districts   []string `json:"districts,omitempty"`
		Destructive *bool    `json:"destructive,omitempty"`
		Approve     *approve `json:"approve,omitempty"`
		Max         string   `json:"max,omitempty"`
		OpenWithin  string   `json:"open_within,omitempty"`
		Session     string   `json:"session,omitempty"`
		Exec        string   `json:"exec,omitempty"`
		StopTask    bool     `json:"stop_task,omitempty"`
		MinCount    *int     `json:"min_count,omitempty"`
		MaxCount    *int     `json:"max_count,omitempty"`
	}{
		Allow: r.Allow, To: r.To, On: r.On, Apps: r.Apps, Districts: r.Districts, Destructive: r.Destructive,
		Max: written(r.Max), OpenWithin: written(r.Access.OpenWithin), Session: written(r.Access.Session),
		StopTask: r.Access.StopTask, MinCount: r.Counts.Min, MaxCount: r.Counts.Max,
	}
	if r.Approve != nil {
		out.Approve = &approve{By: r.Approve.By, Count: r.Approve.Count, Within: r.Approve.Within.String()}
	}
	if r.Access.ByBot {
		out.Exec = "bot"
	}
	raw, err := json.Marshal(out)
	if err != nil { // strings, numbers and booleans always marshal
		panic(err)
	}
	return raw
}

// written is a time in a plan; none is left out.
func written(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
