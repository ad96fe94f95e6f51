package acl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl"
	"github.com/hashicorp/hcl/hcl/ast"
)

// maxPolicy is the size in bytes above which a text is not read.
const maxPolicy = 1 << 20

// Policy is one policy that was read.
type Policy struct {
	stanzas []stanza
}

// stanza is what a policy says of one path.
type stanza struct {
	path  string // without a slash in front; of one with +, a * at its end stays
	kind  kind
	gives grant
}

// kind is how a path is compared.
type kind int

const (
	exact     kind = iota
	prefix         // it ended in *
	segmented      // it has + segments
	templated      // it has {{: what it names is not known here
)

// grant is what is given at a path.
type grant struct {
	deny       bool
	can        []string
	conditions bool // on conditions that are not judged here
}

// The words of a stanza: those that give without conditions, and those that add
// some (vault/policy.go).
var (
	plainWords     = []string{"capabilities", "policy", "comment"}
	conditionWords = []string{
		"allowed_parameters", "denied_parameters", "required_parameters",
		"min_wrapping_ttl", "max_wrapping_ttl", "mfa_methods", "control_group",
	}
	capabilities = []string{"create", "read", "update", "delete", "list", "sudo", "patch", "subscribe", "recover"}
)

// shorthands are what the old word `policy` stands for.
func shorthand(word string) ([]string, bool) {
	read := []string{"read", "list"}
	write := []string{"create", "read", "update", "delete", "list"}
	switch word {
	case "":
		return nil, true
	case "deny":
		return []string{"deny"}, true
	case "read":
		return read, true
	case "write":
		return write, true
	case "sudo":
		return append(write, "sudo"), true
	default:
		return nil, false
	}
}

// Parse reads a policy in HCL or JSON, as Vault stores it. Anything that it
// does not understand is an error: half a policy could lack its deny.
func Parse(name, text string) (Policy, error) {
	var p Policy
	if name == "root" { // Vault gives it to tokens only
		return p, errors.New("the policy root is nobody's")
	}
	if len(text) > maxPolicy {
		return p, fmt.Errorf("policy %s has %d bytes, more than %d", name, len(text), maxPolicy)
	}
	file, err := hcl.Parse(text)
	if err != nil {
		return p, fmt.Errorf("policy %s: %w", name, err)
	}
	top, ok := file.Node.(*ast.ObjectList)
	if !ok {
		return p, fmt.Errorf("policy %s has no stanzas", name)
	}
	for _, item := range top.Items {
		if word := keyOf(item); word != "path" && word != "name" {
			return p, fmt.Errorf("policy %s: %q is not known", name, word)
		}
	}
	for _, item := range top.Filter("path").Items {
		s, err := readStanza(item)
		if err != nil {
			return p, fmt.Errorf("policy %s: %w", name, err)
		}
		p.stanzas = append(p.stanzas, s)
	}
	return p, nil
}

func keyOf(item *ast.ObjectItem) string {
	if len(item.Keys) == 0 {
		return ""
	}
	word, _ := item.Keys[0].Token.Value().(string)
	return word
}

func readStanza(item *ast.ObjectItem) (stanza, error) {
	if len(item.Keys) != 1 {
		return stanza{}, errors.New("a stanza without one path")
	}
	s, err := readPath(keyOf(item))
	if err != nil {
		return s, err
	}
	body, ok := item.Val.(*ast.ObjectType)
	if !ok {
		return s, fmt.Errorf("path %q has no stanza", s.path)
	}
	for _, part := range body.List.Items {
		word := keyOf(part)
		if slices.Contains(conditionWords, word) {
			s.gives.conditions = true
		} else if !slices.Contains(plainWords, word) {
			return s, fmt.Errorf("path %q: %q is not known", s.path, word)
		}
	}
	var written struct {
		Policy       string   `hcl:"policy"`
		Capabilities []string `hcl:"capabilities"`
	}
	if err := hcl.DecodeObject(&written, body); err != nil {
		return s, fmt.Errorf("path %q: %w", s.path, err)
	}
	also, ok := shorthand(written.Policy)
	if !ok {
		return s, fmt.Errorf("path %q: policy %q is not known", s.path, written.Policy)
	}
	for _, c := range append(also, written.Capabilities...) {
		switch {
		case c == "deny":
			s.gives.deny = true
		case !slices.Contains(capabilities, c):
			return s, fmt.Errorf("path %q: capability %q is not known", s.path, c)
		case !slices.Contains(s.gives.can, c):
			s.gives.can = append(s.gives.can, c)
		}
	}
	return s, nil
}

func readPath(path string) (stanza, error) {
	s := stanza{path: strings.TrimPrefix(path, "/")}
	switch {
	case strings.Contains(path, "{{"):
		s.kind = templated
	case strings.Contains(path, "+*"):
		return s, fmt.Errorf("path %q: +* is forbidden", path)
	case s.path == "+", strings.Contains(s.path, "/+"), strings.HasPrefix(s.path, "+/"):
		s.kind = segmented
	case strings.HasSuffix(s.path, "*"):
		s.path, s.kind = strings.TrimSuffix(s.path, "*"), prefix
	}
	return s, nil
}
