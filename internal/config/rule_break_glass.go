package config

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// What a rule with break_glass gives where it does not say.
const (
	DefaultGlassMax   = 15 * time.Minute // of access
	DefaultGlassLimit = 2                // times per DefaultGlassPer and person
	DefaultGlassPer   = 24 * time.Hour
)

// BreakGlass lets who is allowed by a rule go without the approval it asks for.
type BreakGlass struct {
	Max   time.Duration // of access that is taken so; 1m to 1h, never over the rule's Max
	Limit int           // how often a person may in Per; 1 to 20
	Per   time.Duration // 1h to 31 days
}

// maxGlassPer is the longest time that break_glass counts over.
const maxGlassPer = 31 * 24 * time.Hour

// GlassVerbs are the verbs that take --break-glass, as rules name them.
func GlassVerbs() []string {
	return []string{
		"deploy", "rollback", "restart", "promote", "scale", "env", "run",
		"access", "access:live", "access:instance", "access:port",
	}
}

// glassField reads break_glass and remembers where it is written. An empty
// mapping is enough: everything has a default.
func (l *loader) glassField(rule *Rule, at map[string]*yaml.Node) field {
	return field{"break_glass", func(path string, n *yaml.Node) {
		at["break_glass"] = resolve(n)
		g := &BreakGlass{Max: DefaultGlassMax, Limit: DefaultGlassLimit, Per: DefaultGlassPer}
		before := len(l.problems)
		l.object(path, n,
			field{"max", l.span(&g.Max, MaxAccess, "AWS gives a role that another role assumed an hour at most")},
			field{"limit", l.number(&g.Limit, 1, 20)},
			field{"per", l.duration(&g.Per)},
		)
		if len(l.problems) == before && (g.Per < time.Hour || g.Per > maxGlassPer) {
			l.fault(resolve(n), "%s must be between 1h and %s, it is %s", join(path, "per"), short(maxGlassPer), short(g.Per))
		}
		rule.BreakGlass = g
	}}
}

// glassMeans refuses break_glass where nothing could be done with it.
func (l *loader) glassMeans(path string, rule Rule, at map[string]*yaml.Node) {
	n, written := at["break_glass"]
	if !written {
		return
	}
	path = join(path, "break_glass")
	if len(rule.To) > 0 && !slices.Contains(rule.To, "*") &&
		!slices.ContainsFunc(GlassVerbs(), func(v string) bool { return slices.Contains(rule.To, v) }) {
		l.fault(n, `%s is about verbs that take --break-glass: to would have to name %s or "*"`, path, strings.Join(GlassVerbs(), ", "))
	}
	if slices.Contains(rule.Allow, "*") {
		l.fault(n, "%s is not for everybody: name the teams in allow", path)
	}
}

// glasses refuses rules with break_glass where the channel is not known that
// hears of it each time.
func (l *loader) glasses() {
	if l.c.Slack.Channels.Security != "" || l.c.Slack.Channels.Approvals != "" {
		return
	}
	for i, rule := range l.c.Rules {
		if rule.BreakGlass != nil {
			l.fault(&yaml.Node{Line: rule.Line, Column: 1},
				"rules[%d].break_glass is told in a channel each time: give slack.channels.security", i)
		}
	}
}

// writtenGlass is break_glass as a plan holds it.
type writtenGlass struct {
	Max   string `json:"max"`
	Limit int    `json:"limit"`
	Per   string `json:"per"`
}

func (r Rule) writtenGlass() *writtenGlass {
	g := r.BreakGlass
	if g == nil {
		return nil
	}
	return &writtenGlass{Max: written(g.Max), Limit: g.Limit, Per: written(g.Per)}
}
