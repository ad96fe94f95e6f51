package manifest

import (
	"fmt"
	"math"
	"strconv"

	"gopkg.in/yaml.v3"
)

// node is a value of the file with aliases and merge keys expanded. at is
// where the value was written, which behind an alias is the anchor's place.
type node struct {
	at     Position
	keyAt  Position // of the key in its mapping; zero for items and the root
	text   string   // a scalar as it was written
	value  any      // a scalar: string, int64, float64, bool, nil
	fields map[string]*node
	keys   []string // of fields, in the order of the file
	items  []*node
	kind   yaml.Kind // ScalarNode, MappingNode, SequenceNode
	anchor bool      // it, or something in it, defines an anchor
}

// get answers a field, or nil where there is none or n is no mapping.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	return n.fields[key]
}

// str answers a scalar string, or "".
func (n *node) str() string {
	if n == nil {
		return ""
	}
	s, _ := n.value.(string)
	return s
}

// list answers the items, none where n is no sequence.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// all answers the items, or the fields in the order of the file.
func (n *node) all() []*node {
	out := append([]*node(nil), n.list()...)
	if n != nil {
		for _, k := range n.keys {
			out = append(out, n.fields[k])
		}
	}
	return out
}

// plain answers the tree as encoding/json and jsonschema know values.
func (n *node) plain() any {
	switch n.kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.fields))
		for k, v := range n.fields {
			m[k] = v.plain()
		}
		return m
	case yaml.SequenceNode:
		s := make([]any, 0, len(n.items))
		for _, v := range n.items {
			s = append(s, v.plain())
		}
		return s
	default:
		return n.value
	}
}

// expander turns YAML nodes into a tree, within limits.
type expander struct {
	report func(at Position, format string, args ...any)
	open   map[*yaml.Node]bool // anchors being expanded: meeting one again is a cycle
	count  int
	full   bool // the limit was reported
}

func position(y *yaml.Node) Position { return Position{Line: y.Line, Column: y.Column} }

func (e *expander) expand(y *yaml.Node, depth int) *node {
	n := &node{at: position(y), kind: yaml.ScalarNode, anchor: y.Anchor != ""}
	e.count++
	if e.full || e.count > MaxNodes || depth > MaxDepth {
		if !e.full {
			e.report(n.at, "the file is too large once its aliases are expanded: at most %d values, %d levels deep", MaxNodes, MaxDepth)
		}
		e.full = true
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		return e.alias(y, depth)
	case yaml.MappingNode:
		e.open[y] = true
		e.mapping(n, y, depth)
		delete(e.open, y)
	case yaml.SequenceNode:
		n.kind = yaml.SequenceNode
		e.open[y] = true
		for _, item := range y.Content {
			child := e.expand(item, depth+1)
			n.anchor = n.anchor || child.anchor
			n.items = append(n.items, child)
		}
		delete(e.open, y)
	default:
		e.scalar(n, y)
	}
	return n
}

func (e *expander) alias(y *yaml.Node, depth int) *node {
	if y.Alias == nil || e.open[y.Alias] {
		e.report(position(y), "the alias *%s contains itself", y.Value)
		return &node{at: position(y), kind: yaml.ScalarNode}
	}
	n := e.expand(y.Alias, depth+1)
	n.anchor = false // it is defined elsewhere
	return n
}

func (e *expander) mapping(n *node, y *yaml.Node, depth int) {
	n.kind, n.fields = yaml.MappingNode, map[string]*node{}
	var merges []*yaml.Node
	seen := map[string]bool{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Kind == yaml.AliasNode && key.Alias != nil {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			e.report(position(y.Content[i]), "a key must be a plain word")
			continue
		}
		if seen[key.Value] {
			e.report(position(y.Content[i]), "the key %s is there twice", quote(key.Value))
			continue
		}
		seen[key.Value] = true
		if key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			n.anchor = n.anchor || value.Anchor != ""
			continue
		}
		child := e.expand(value, depth+1)
		child.keyAt = position(y.Content[i])
		n.anchor = n.anchor || child.anchor
		n.add(key.Value, child)
	}
	for _, m := range merges {
		e.merge(n, m, depth)
	}
}

// merge adds what << names: keys that are there already stay, and of several
// mappings the first wins (YAML 1.1, "Merge Key Language-Independent Type").
func (e *expander) merge(n *node, y *yaml.Node, depth int) {
	from := e.expand(y, depth+1)
	sources := []*node{from}
	if from.kind == yaml.SequenceNode {
		sources = from.items
	}
	for _, s := range sources {
		if s.kind != yaml.MappingNode {
			if !e.full {
				e.report(position(y), "<< must name a mapping")
			}
			return
		}
		for _, k := range s.keys {
			if n.fields[k] == nil {
				n.add(k, s.fields[k])
			}
		}
	}
}

func (n *node) add(key string, child *node) {
	n.fields[key] = child
	n.keys = append(n.keys, key)
}

func (e *expander) scalar(n *node, y *yaml.Node) {
	n.text = y.Value
	switch y.ShortTag() {
	case "!!int":
		var i int64
		if len(y.Value) > 1 && y.Value[0] == '0' && y.Value[1] >= '0' && y.Value[1] <= '9' {
			// YAML 1.1 reads 0123 as octal 83, which nobody means.
			n.value = y.Value
			return
		}
		if err := y.Decode(&i); err != nil {
			e.report(n.at, "%s is not a number that fits", quote(y.Value))
			return
		}
		n.value = i
	case "!!float":
		f, err := strconv.ParseFloat(y.Value, 64)
		if err != nil || f-f != 0 {
			n.value = y.Value // .inf and .nan are words here
			return
		}
		n.value = whole(f)
	case "!!bool":
		var b bool
		if err := y.Decode(&b); err != nil {
			e.report(n.at, "%s is neither true nor false", quote(y.Value))
			return
		}
		n.value = b
	case "!!null":
		n.value = nil
	case "!!str", "!!timestamp": // a date is text here
		n.value = y.Value
	default:
		e.report(n.at, "the tag %s is not allowed", y.Tag)
		n.value = y.Value
	}
}

// whole answers 5.0 as the whole number that it is, so that every rule reads it
// as the schema does. Beyond 2^53 a float64 does not say which number was meant.
func whole(f float64) any {
	if i := int64(f); math.Abs(f) <= 1<<53 && float64(i) == f {
		return i
	}
	return f
}

// lookup follows a path of keys and indexes as far as it goes.
func (n *node) lookup(path []string) *node {
	at := n
	for _, p := range path {
		next := at.fields[p]
		if at.kind == yaml.SequenceNode {
			if i, err := strconv.Atoi(p); err == nil && i >= 0 && i < len(at.items) {
				next = at.items[i]
			}
		}
		if next == nil {
			return at
		}
		at = next
	}
	return at
}

// pathOf writes a path as people do: environments.production.services[0].
func (n *node) pathOf(path []string) string {
	out, at := "", n
	for _, p := range path {
		switch {
		case at != nil && at.kind == yaml.SequenceNode:
			out += fmt.Sprintf("[%s]", p)
		case out == "":
			out = p
		default:
			out += "." + p
		}
		if at != nil {
			at = at.lookup([]string{p})
		}
	}
	return out
}
