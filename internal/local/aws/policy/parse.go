package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Kind is where a document is attached, which decides what it must contain.
type Kind int

// The kinds.
const (
	Identity Kind = iota // on a role, as a boundary, or of a session: Resource, no Principal
	Trust                // a role's AssumeRolePolicyDocument: Principal, no Resource
)

// Document is a policy that was parsed and checked.
type Document struct {
	Version    string // 2012-10-17, or 2008-10-17 (without variables)
	Statements []Statement
}

// Statement is one rule of a Document.
type Statement struct {
	Sid        string
	Deny       bool
	Principals []Principal // trust policies only
	Actions    []string    // as written
	NotAction  bool        // Actions are those that it does not match
	Resources  []string
	NotRes     bool
	Conditions []condition
}

// Principal is one entry of a trust policy's Principal element.
type Principal struct {
	Type  string // AWS, Service, Federated
	Value string // ARN, account id, service name, or *
}

// maxDepth bounds nesting; the deepest valid document has 6 levels.
const maxDepth = 16

var (
	sidPattern    = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionPattern = regexp.MustCompile(`^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$`)
)

func malformed(format string, args ...any) error {
	return wire.Errorf("MalformedPolicyDocument", format, args...)
}

// Parse reads a document; whatever is wrong with it is a wire.Error with the
// code MalformedPolicyDocument.
func Parse(doc []byte, kind Kind) (*Document, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	tree, err := decode(dec, 0)
	if err != nil {
		return nil, malformed("Syntax errors in policy: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, malformed("Syntax errors in policy: something follows the document")
	}
	top, ok := tree.(map[string]any)
	if !ok {
		return nil, malformed("Syntax errors in policy: not an object")
	}
	if err := only(top, "Version", "Id", "Statement"); err != nil {
		return nil, err
	}
	d := &Document{Version: "2008-10-17"}
	if v, ok := top["Version"]; ok {
		d.Version, _ = v.(string)
		if d.Version != "2012-10-17" && d.Version != "2008-10-17" {
			return nil, malformed("Syntax errors in policy: unknown version %v", v)
		}
	}
	if err := d.statements(top["Statement"], kind); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Document) statements(v any, kind Kind) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if v == nil || len(list) == 0 {
		return malformed("Syntax errors in policy: no statement")
	}
	sids := map[string]bool{}
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return malformed("Syntax errors in policy: a statement is not an object")
		}
		s, err := statement(m, kind, d.Version)
		if err != nil {
			return err
		}
		if s.Sid != "" && sids[s.Sid] {
			return malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.Sid] = true
		d.Statements = append(d.Statements, s)
	}
	return nil
}

func statement(m map[string]any, kind Kind, version string) (Statement, error) {
	var s Statement
	if err := only(m, "Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"); err != nil {
		return s, err
	}
	if sid, ok := m["Sid"]; ok {
		s.Sid, ok = sid.(string)
		if !ok || !sidPattern.MatchString(s.Sid) {
			return s, malformed("Statement IDs (SID) must be alpha-numeric.")
		}
	}
	switch m["Effect"] {
	case "Allow":
	case "Deny":
		s.Deny = true
	default:
		return s, malformed("Syntax errors in policy: Effect must be Allow or Deny")
	}
	var err error
	if s.Actions, s.NotAction, err = pair(m, "Action"); err != nil {
		return s, err
	}
	for _, a := range s.Actions {
		if a != "*" && !actionPattern.MatchString(a) {
			return s, malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: %q", a)
		}
	}
	if err := s.target(m, kind); err != nil {
		return s, err
	}
	s.Conditions, err = conditions(m["Condition"], version)
	return s, err
}

// target reads whom or what the statement is about.
func (s *Statement) target(m map[string]any, kind Kind) (err error) {
	_, principal := m["Principal"]
	_, res := m["Resource"]
	_, not := m["NotResource"]
	if kind == Trust {
		if res || not {
			return malformed("Has prohibited field Resource")
		}
		s.Principals, err = principals(m["Principal"])
		return err
	}
	if principal {
		return malformed("Policy document should not specify a principal.")
	}
	if s.Resources, s.NotRes, err = pair(m, "Resource"); err != nil {
		return err
	}
	for _, r := range s.Resources {
		if r != "*" && (!strings.HasPrefix(r, "arn:") || strings.Count(r, ":") < 5) {
			return malformed("Resource %s must be in ARN format or \"*\".", r)
		}
	}
	return nil
}

func principals(v any) ([]Principal, error) {
	if v == "*" {
		return []Principal{{Type: "AWS", Value: "*"}}, nil
	}
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return nil, malformed("Missing required field Principal")
	}
	var out []Principal
	for _, typ := range sorted(m) {
		if typ != "AWS" && typ != "Service" && typ != "Federated" {
			return nil, malformed("Invalid principal in policy: %q", typ)
		}
		values, err := stringList(m[typ], "Principal")
		if err != nil {
			return nil, err
		}
		for _, p := range values {
			out = append(out, Principal{Type: typ, Value: p})
		}
	}
	return out, nil
}

// pair reads Action or NotAction, Resource or NotResource: exactly one of them.
func pair(m map[string]any, name string) (values []string, not bool, err error) {
	yes, hasYes := m[name]
	no, hasNo := m["Not"+name]
	if hasYes == hasNo {
		return nil, false, malformed("Policy statement must contain exactly one of %s and Not%s.", name, name)
	}
	if hasNo {
		yes = no
	}
	values, err = stringList(yes, name)
	return values, hasNo, err
}

func stringList(v any, name string) ([]string, error) {
	if s, ok := v.(string); ok {
		v = []any{s}
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, malformed("Syntax errors in policy: %s must be a string or a list of strings", name)
	}
	out := make([]string, len(list))
	for i, e := range list {
		s, ok := e.(string)
		if !ok || s == "" {
			return nil, malformed("Syntax errors in policy: %s must be a string or a list of strings", name)
		}
		out[i] = s
	}
	return out, nil
}

func only(m map[string]any, names ...string) error {
	for _, k := range sorted(m) {
		known := false
		for _, n := range names {
			known = known || n == k
		}
		if !known {
			return malformed("Syntax errors in policy: unknown element %q", k)
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// decode reads one JSON value and refuses a key that is given twice, which
// encoding/json would let the last one win and IAM refuses.
func decode(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested too deeply")
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		m := map[string]any{}
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			key, _ := k.(string)
			if _, twice := m[key]; twice {
				return nil, fmt.Errorf("duplicate key %q", key)
			}
			if m[key], err = decode(dec, depth+1); err != nil {
				return nil, err
			}
		}
		_, err = dec.Token()
		return m, err
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := decode(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err
	}
	return tok, nil
}
