package config

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

// Guardrails is what bot.yaml says of guardrails, as guard.New takes it: Load
// has compiled the expressions, so that it finds nothing wrong.
type Guardrails struct {
	Settings guard.Settings
	Own      []guard.Custom
}

const (
	// longestMessage is what fits a card's line, in characters.
	longestMessage = 300
	// maxGuardrails are evaluated for each resource of each plan.
	maxGuardrails = 100
)

// guardrails reads a list: an entry with the id of one of bcn's own sets that
// one, any other is an operator's.
func (l *loader) guardrails(path string, n *yaml.Node) {
	g := &l.c.Guardrails
	set := map[string]int{} // lines, of bcn's own
	var written []customNodes
	l.list(path, n, func(path string, n *yaml.Node) {
		id := idOf(n)
		if slices.Contains(guard.IDs(), id) {
			if first, twice := set[id]; twice {
				l.fault(resolve(n), "%s: %s is set twice, first on line %d", path, id, first)
			}
			set[id] = resolve(n).Line
			l.builtin(path, n, id)
			return
		}
		if c, at, ok := l.custom(path, n); ok {
			g.Own, written = append(g.Own, c), append(written, at)
		}
	})
	if len(g.Own) > maxGuardrails {
		l.fault(resolve(n), "%s has %d, more than %d", path, len(g.Own), maxGuardrails)
		return
	}
	_, problems := guard.New(g.Settings, g.Own)
	for _, p := range problems {
		if p.Guardrail >= len(written) { // of no single one
			l.fault(resolve(n), "%s: %s", path, p.Message)
			continue
		}
		l.badGuardrail(written[p.Guardrail], p)
	}
}

// customNodes are where the parts of an operator's guardrail are written.
type customNodes struct {
	path        string
	whole, when *yaml.Node
}

// idOf looks ahead: the id says which keys an entry may have.
func idOf(n *yaml.Node) string {
	n = resolve(n)
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "id" {
			return resolve(n.Content[i+1]).Value
		}
	}
	return ""
}

// builtin reads what is set of a guardrail of bcn's own.
func (l *loader) builtin(path string, n *yaml.Node, id string) {
	if !slices.Contains(guard.Settable(), id) {
		l.fault(resolve(n), "%s: nothing can be set of %s, which is in force as it is; of these it can: %s", path, id, strings.Join(guard.Settable(), ", "))
		return
	}
	s := &l.c.Guardrails.Settings
	var level string
	fields := []field{
		{"id", func(string, *yaml.Node) {}},
		{"level", l.checked(&level, isLevel)},
	}
	const most = 1 << 20
	switch id {
	case guard.ImageRegistry:
		fields = append(fields, field{"registries", func(path string, n *yaml.Node) { s.Registries = l.strings(path, n, isRegistry) }})
	case guard.TaskSize:
		fields = append(fields, field{"memory", l.number(&s.Memory, 1, most)}, field{"cpu", l.number(&s.CPU, 1, most)})
	case guard.ServiceCount:
		fields = append(fields, field{"max", l.number(&s.Count, 1, most)})
	}
	if !l.object(path, n, fields...) {
		return
	}
	if given := resolve(n).Content; !slices.ContainsFunc(given, func(k *yaml.Node) bool {
		return slices.Contains([]string{"registries", "memory", "cpu", "max"}, k.Value)
	}) {
		l.fault(resolve(n), "%s sets nothing that %s could compare with", path, id)
	}
	if level != "" {
		if s.Levels == nil {
			s.Levels = map[string]bcn.Level{}
		}
		s.Levels[id] = bcn.Level(level)
	}
}

// custom reads an operator's guardrail.
func (l *loader) custom(path string, n *yaml.Node) (guard.Custom, customNodes, bool) {
	at := customNodes{path: path, whole: resolve(n)}
	c := guard.Custom{Line: at.whole.Line}
	var level string
	before := len(l.problems)
	ok := l.object(path, n,
		field{"id", l.checked(&c.ID, isGuardrail)},
		field{"level", l.checked(&level, isLevel)},
		field{"on", func(path string, n *yaml.Node) { c.On = l.strings(path, n, isResourceType) }},
		field{"when", func(path string, n *yaml.Node) {
			at.when = resolve(n)
			l.checked(&c.When, anything)(path, n)
		}},
		field{"message", l.checked(&c.Message, isMessage)},
		field{"remedy", l.checked(&c.Remedy, isMessage)},
	)
	c.Level = bcn.Level(level)
	if !ok || len(l.problems) > before {
		return c, at, false
	}
	for _, need := range []struct{ key, value string }{
		{"id", c.ID}, {"level", level}, {"when", c.When}, {"message", c.Message}, {"remedy", c.Remedy},
	} {
		if need.value == "" {
			l.fault(at.whole, "%s needs %s", path, need.key)
		}
	}
	return c, at, len(l.problems) == before
}

// badGuardrail says what is wrong with an expression at its place in the file.
func (l *loader) badGuardrail(written customNodes, p guard.Problem) {
	if p.Field != "when" {
		l.fault(written.whole, "%s.%s: %s", written.path, p.Field, p.Message)
		return
	}
	at, exact := l.inside(written.when, p.Line, p.Column)
	where := ""
	if !exact && p.Line > 0 {
		where = fmt.Sprintf(" (line %d, column %d of the expression)", p.Line, p.Column)
	}
	l.fault(at, "%s.%s: %s%s", written.path, p.Field, p.Message, where)
}

// inside finds a place of a value in the file; false, with the value's own
// place, where YAML has folded its lines.
func (l *loader) inside(n *yaml.Node, line, column int) (*yaml.Node, bool) {
	at := *n
	switch {
	case line <= 0:
		return &at, false
	case n.Style&yaml.LiteralStyle != 0:
		indent, ok := l.indentOf(n)
		if !ok {
			return &at, false
		}
		at.Line, at.Column = n.Line+line, indent+column
		return &at, true
	case line == 1 && n.Style&yaml.FoldedStyle == 0 && !strings.Contains(n.Value, "\n"):
		at.Column += column - 1
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			at.Column++
		}
		return &at, true
	default:
		return &at, false
	}
}

// indentOf is how far the lines of a literal block are moved to the right.
func (l *loader) indentOf(n *yaml.Node) (int, bool) {
	blanks := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
	for i, line := range strings.Split(n.Value, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if n.Line+i >= len(l.lines) {
			return 0, false
		}
		return blanks(l.lines[n.Line+i]) - blanks(line), true
	}
	return 0, false
}

func isGuardrail(s string) string {
	return shape(s, `^[a-z][a-z0-9_-]{0,39}$`, "a guardrail's name: lower-case letters, digits, - and _, a letter first, at most 40")
}

func isLevel(s string) string {
	return shape(s, `^(deny|approve|warn)$`, "deny, approve or warn")
}

func isResourceType(s string) string {
	return shape(s, `^[A-Za-z0-9]{1,64}::[A-Za-z0-9]{1,64}(::[A-Za-z0-9]{1,64})?$`, "a resource type such as AWS::ECS::Service")
}

func isRegistry(s string) string {
	if !strings.ContainsAny(strings.SplitN(s, "/", 2)[0], ".:") {
		return quoted(s) + " has no host; of Docker Hub it is docker.io/" + s
	}
	return shape(s, `^[a-z0-9][a-z0-9.-]{0,252}(:[0-9]{1,5})?(/[a-z0-9._-]+)*/?$`, "a registry, or a path of one, such as ghcr.io/acme")
}

func isMessage(s string) string {
	if n := len([]rune(s)); n > longestMessage {
		return fmt.Sprintf("it has %d characters, more than %d", n, longestMessage)
	}
	return ""
}
