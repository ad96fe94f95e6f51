package config

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"gopkg.in/yaml.v3"
)

// reader walks YAML nodes and collects problems. Its depth is that of the
// format, so an alias that contains itself cannot send it round for ever.
type reader struct {
	file     string
	problems []Problem
}

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	line, column := 1, 1
	if n != nil && n.Line > 0 {
		line, column = n.Line, n.Column
	}
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

// field reads the value of one key; path names it for messages.
type field struct {
	key  string
	read func(path string, n *yaml.Node)
}

// object reads a mapping whose keys are known. It answers false, having said
// so, where n is something else.
func (r *reader) object(path string, n *yaml.Node, fields ...field) bool {
	known := map[string]func(string, *yaml.Node){}
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		known[f.key] = f.read
		names = append(names, f.key)
	}
	return r.pairs(path, n, func(key, value *yaml.Node) {
		read, ok := known[key.Value]
		if !ok {
			r.fault(key, "unknown key %q%s%s", key.Value, under(path), suggest(key.Value, names))
			return
		}
		read(join(path, key.Value), value)
	})
}

// pairs calls each with every key and value of a mapping. A key that is
// written twice is a problem; the second is not read.
func (r *reader) pairs(path string, n *yaml.Node, each func(key, value *yaml.Node)) bool {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		r.wrong(path, n, "a mapping")
		return false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := resolve(n.Content[i])
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			r.fault(key, "keys%s must be plain words", under(path))
			continue
		}
		if first, ok := seen[key.Value]; ok {
			r.fault(key, "%q%s is written twice, first on line %d", key.Value, under(path), first)
			continue
		}
		seen[key.Value] = key.Line
		each(key, n.Content[i+1])
	}
	return true
}

// list calls each with every item of a sequence.
func (r *reader) list(path string, n *yaml.Node, each func(path string, n *yaml.Node)) {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode {
		r.wrong(path, n, "a list")
		return
	}
	for i, item := range n.Content {
		each(path+"["+strconv.Itoa(i)+"]", item)
	}
}

// text reads a string that is not empty.
func (r *reader) text(path string, n *yaml.Node) (string, bool) {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		r.wrong(path, n, "a string")
		return "", false
	}
	if strings.TrimSpace(n.Value) == "" {
		r.fault(n, "%s must not be empty", path)
		return "", false
	}
	return n.Value, true
}

// strings reads a list of strings that has at least one item, each of which
// passes check (which answers what is wrong with it, or "").
func (r *reader) strings(path string, n *yaml.Node, check func(string) string) []string {
	before := len(r.problems)
	list := []string{}
	seen := map[string]bool{}
	r.list(path, n, func(path string, n *yaml.Node) {
		s, ok := r.text(path, n)
		if !ok {
			return
		}
		if wrong := check(s); wrong != "" {
			r.fault(resolve(n), "%s: %s", path, wrong)
			return
		}
		if !seen[s] {
			list = append(list, s)
		}
		seen[s] = true
	})
	if len(list) == 0 && len(r.problems) == before {
		r.fault(resolve(n), "%s must name at least one", path)
	}
	return list
}

// checked reads a string that passes check.
func (r *reader) checked(to *string, check func(string) string) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		s, ok := r.text(path, n)
		if !ok {
			return
		}
		if wrong := check(s); wrong != "" {
			r.fault(resolve(n), "%s: %s", path, wrong)
			return
		}
		*to = s
	}
}

// number reads a whole number between low and high.
func (r *reader) number(to *int, low, high int) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		n = resolve(n)
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil {
			r.wrong(path, n, "a whole number")
			return
		}
		if v < low || v > high {
			r.fault(n, "%s must be between %d and %d, it is %d", path, low, high, v)
			return
		}
		*to = v
	}
}

// boolean reads true or false.
func (r *reader) boolean(to **bool) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		n = resolve(n)
		var v bool
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Decode(&v) != nil {
			r.wrong(path, n, "true or false")
			return
		}
		*to = &v
	}
}

// duration reads a positive time such as 30m or 1h.
func (r *reader) duration(to *time.Duration) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		n = resolve(n)
		if n.Kind != yaml.ScalarNode {
			r.wrong(path, n, "a time such as 30m or 1h")
			return
		}
		v, err := time.ParseDuration(n.Value)
		if err != nil {
			r.wrong(path, n, "a time such as 30m or 1h")
			return
		}
		if v <= 0 {
			r.fault(n, "%s must be more than nothing, it is %s", path, n.Value)
			return
		}
		*to = v
	}
}

// span reads a time between a minute and longest; why says why not longer, if
// not "".
func (r *reader) span(to *time.Duration, longest time.Duration, why string) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		n = resolve(n)
		v, err := time.ParseDuration(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			r.wrong(path, n, "a time such as 30m or 1h")
			return
		}
		if v < time.Minute || v > longest {
			reason := ""
			if why != "" && v > longest {
				reason = ": " + why
			}
			r.fault(n, "%s must be between 1m and %s, it is %s%s", path, short(longest), short(v), reason)
			return
		}
		*to = v
	}
}

// short writes a time as people do: 1h, not 1h0m0s.
func short(d time.Duration) string {
	s := d.String()
	for _, unit := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, unit) {
			s = s[:len(s)-2]
		}
	}
	return s
}

func (r *reader) wrong(path string, n *yaml.Node, want string) {
	if path == "" {
		path = "the file"
	}
	r.fault(n, "%s must be %s, it is %s", path, want, describe(n))
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the truth value " + n.Value
	}
	return strconv.Quote(n.Value)
}

func under(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// suggest answers ", did you mean ...?" where a known name is near, else the
// names that there are.
func suggest(word string, names []string) string {
	best, distance := "", len(word)/2+2
	for _, name := range names {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), name); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	sorted := append([]string(nil), names...)
	sort.Strings(sorted)
	if len(sorted) > 12 {
		return ""
	}
	return "; known: " + strings.Join(sorted, ", ")
}
