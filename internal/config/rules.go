package config

import "gopkg.in/yaml.v3"

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
	ok := l.object(path, n, append(append(l.narrowFields(&rule, at), l.termFields(&rule, at)...),
		field{"allow", func(path string, n *yaml.Node) { rule.Allow = l.namesOfTeams(path, n, true) }},
		field{"to", func(path string, n *yaml.Node) { rule.To = l.strings(path, n, l.isVerb) }},
		field{"on", names(&rule.On)},
		field{"apps", names(&rule.Apps)},
		field{"districts", names(&rule.Districts)},
		field{"destructive", l.boolean(&rule.Destructive)},
		field{"iam", l.boolean(&rule.IAM)},
		field{"approve", func(path string, n *yaml.Node) { rule.Approve = l.approve(path, n) }},
		l.glassField(&rule, at),
		l.scanField(&rule, at),
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
	l.termsMean(path, rule, at)
	l.glassMeans(path, rule, at)
	l.scanMeans(path, rule, at)
	rule.Raw = rule.canonical()
	return rule, true
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
