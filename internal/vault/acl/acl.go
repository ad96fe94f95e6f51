package acl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ACL is what several policies say together. The zero ACL gives nothing.
type ACL struct {
	rules     map[key]grant
	templates []string // paths with templates
}

// key is a path as it is compared: two of them are one rule.
type key struct {
	kind kind
	path string
}

// New joins policies.
func New(policies ...Policy) ACL {
	a := ACL{rules: map[key]grant{}}
	for _, p := range policies {
		for _, s := range p.stanzas {
			if s.kind == templated {
				a.templates = append(a.templates, s.path)
				continue
			}
			k := key{s.kind, s.path}
			a.rules[k] = a.rules[k].and(s.gives)
		}
	}
	return a
}

// and joins what two policies say of one path.
func (g grant) and(other grant) grant {
	if g.deny || other.deny {
		return grant{deny: true}
	}
	g.can = slices.Concat(g.can, other.can)
	g.conditions = g.conditions || other.conditions
	return g
}

// Can says whether a capability, such as update, is given at a path. The error
// says why that cannot be judged; then it is no yes.
func (a ACL) Can(path, capability string) (bool, error) {
	path = strings.TrimLeft(path, "/")
	for _, t := range a.templates {
		if couldBe(t, path) {
			return false, fmt.Errorf("the path %q of a policy has a template, which is not judged", t)
		}
	}
	g, found := a.find(path)
	switch {
	case !found, g.deny, !slices.Contains(g.can, capability):
		return false, nil
	case g.conditions:
		return false, fmt.Errorf("%s of %s is given on conditions, which are not judged", capability, path)
	default:
		return true, nil
	}
}

// couldBe says whether a path with a template could be, or be a prefix of, path:
// whatever stands before what is open is compared.
func couldBe(template, path string) bool {
	open := len(template)
	for _, sign := range []string{"{{", "+", "*"} {
		if at := strings.Index(template, sign); at >= 0 {
			open = min(open, at)
		}
	}
	return strings.HasPrefix(path, template[:open])
}

// find answers what the one rule that counts says of a path.
func (a ACL) find(path string) (grant, bool) {
	if g, ok := a.rules[key{exact, path}]; ok {
		return g, true
	}
	var best *match
	for k, g := range a.rules {
		m, ok := k.matches(path)
		if !ok {
			continue
		}
		m.grant = g
		if best == nil || m.compare(*best) > 0 {
			best = &m
		}
	}
	if best == nil {
		return grant{}, false
	}
	return best.grant, true
}

// match is a rule that matches, and what decides whether it counts.
type match struct {
	grant  grant
	open   int  // where its first + or * stands
	prefix bool // it ends in *
	pluses int
	path   string // without the *
}

// compare answers above 0 where m counts before o.
func (m match) compare(o match) int {
	return cmp.Or(
		cmp.Compare(m.open, o.open),
		cmp.Compare(flag(o.prefix), flag(m.prefix)),
		cmp.Compare(o.pluses, m.pluses),
		cmp.Compare(len(m.path), len(o.path)),
		cmp.Compare(m.path, o.path),
	)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// matches compares a rule that is not exact with a path.
func (k key) matches(path string) (match, bool) {
	switch k.kind {
	case prefix:
		return match{open: len(k.path), prefix: true, path: k.path}, strings.HasPrefix(path, k.path)
	case segmented:
		return k.segments(path)
	default:
		return match{}, false
	}
}

// segments compares one segment after another.
func (k key) segments(path string) (match, bool) {
	m := match{open: strings.Index(k.path, "+")}
	m.path, m.prefix = strings.CutSuffix(k.path, "*")
	rule, asked := strings.Split(m.path, "/"), strings.Split(path, "/")
	if len(asked) < len(rule) || !m.prefix && len(asked) != len(rule) {
		return m, false
	}
	for i, part := range rule {
		last := m.prefix && i == len(rule)-1
		switch {
		case part == "+":
			m.pluses++
		case part == asked[i], last && strings.HasPrefix(asked[i], part):
		default:
			return m, false
		}
	}
	return m, true
}
