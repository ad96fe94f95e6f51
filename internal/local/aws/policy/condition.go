package policy

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Keys are a request's condition keys, lower case, with their values. Set puts
// them in.
type Keys map[string][]string

// Set gives a key its values; names ignore case.
func (k Keys) Set(name string, values ...string) { k[strings.ToLower(name)] = values }

func (k Keys) get(name string) []string { return k[strings.ToLower(name)] }

// quantifier is a set operator before a condition operator.
type quantifier int

const (
	single quantifier = iota
	forAll
	forAny
)

// condition is one line of a Condition block.
type condition struct {
	op       string // without prefix and suffix: StringLike
	set      quantifier
	ifExists bool
	key      string
	values   []string
	vars     bool // ${variables} are resolved
}

// comparison compares a request's value with one of the policy's.
type comparison struct {
	test  func(policy, value string, vars Keys) bool
	check func(policy string) bool // says whether the policy's value is well formed
	not   bool                     // true where no value matches, also with the key absent
}

// operators is every condition operator that is evaluated; IAM's others
// (IpAddress, NotIpAddress, BinaryEquals) are refused as malformed.
func operators() map[string]comparison {
	return map[string]comparison{
		"StringEquals":              {test: equals, check: anyString},
		"StringNotEquals":           {test: equals, check: anyString, not: true},
		"StringEqualsIgnoreCase":    {test: equalsFold, check: anyString},
		"StringNotEqualsIgnoreCase": {test: equalsFold, check: anyString, not: true},
		"StringLike":                {test: glob, check: anyString},
		"StringNotLike":             {test: glob, check: anyString, not: true},
		"ArnEquals":                 {test: arnMatches, check: anyString},
		"ArnNotEquals":              {test: arnMatches, check: anyString, not: true},
		"ArnLike":                   {test: arnMatches, check: anyString},
		"ArnNotLike":                {test: arnMatches, check: anyString, not: true},
		"Bool":                      {test: equalsBool, check: isBool},
		"Null":                      {check: isBool},
		"DateEquals":                {test: date(func(c int) bool { return c == 0 }), check: isDate},
		"DateNotEquals":             {test: date(func(c int) bool { return c == 0 }), check: isDate, not: true},
		"DateLessThan":              {test: date(func(c int) bool { return c < 0 }), check: isDate},
		"DateLessThanEquals":        {test: date(func(c int) bool { return c <= 0 }), check: isDate},
		"DateGreaterThan":           {test: date(func(c int) bool { return c > 0 }), check: isDate},
		"DateGreaterThanEquals":     {test: date(func(c int) bool { return c >= 0 }), check: isDate},
		"NumericEquals":             {test: numeric(func(c int) bool { return c == 0 }), check: isNumber},
		"NumericNotEquals":          {test: numeric(func(c int) bool { return c == 0 }), check: isNumber, not: true},
		"NumericLessThan":           {test: numeric(func(c int) bool { return c < 0 }), check: isNumber},
		"NumericLessThanEquals":     {test: numeric(func(c int) bool { return c <= 0 }), check: isNumber},
		"NumericGreaterThan":        {test: numeric(func(c int) bool { return c > 0 }), check: isNumber},
		"NumericGreaterThanEquals":  {test: numeric(func(c int) bool { return c >= 0 }), check: isNumber},
	}
}

// conditions reads a Condition block; all its lines must hold.
func conditions(v any, version string) ([]condition, error) {
	if v == nil {
		return nil, nil
	}
	block, ok := v.(map[string]any)
	if !ok {
		return nil, malformed("Syntax errors in policy: Condition must be an object")
	}
	known := operators()
	var out []condition
	for _, name := range sorted(block) {
		c, ok := operator(name)
		cmp, exists := known[c.op]
		if !ok || !exists {
			return nil, malformed("Invalid Condition type : %s", name)
		}
		keys, ok := block[name].(map[string]any)
		if !ok || len(keys) == 0 {
			return nil, malformed("Syntax errors in policy: %s must be an object of keys", name)
		}
		c.vars = version == "2012-10-17"
		for _, key := range sorted(keys) {
			if !strings.Contains(key, ":") {
				return nil, malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: %q", key)
			}
			values, err := scalars(keys[key])
			if err != nil {
				return nil, err
			}
			for _, val := range values {
				if !cmp.check(val) {
					return nil, malformed("Invalid value %q for %s", val, name)
				}
			}
			line := c
			line.key, line.values = key, values
			out = append(out, line)
		}
	}
	return out, nil
}

// operator splits ForAnyValue:StringLikeIfExists into its parts.
func operator(name string) (condition, bool) {
	var c condition
	if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		c.set, name = forAll, rest
	} else if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		c.set, name = forAny, rest
	}
	c.op, c.ifExists = strings.CutSuffix(name, "IfExists")
	if c.op == "Null" && (c.ifExists || c.set != single) {
		return c, false // IAM has no such operator
	}
	return c, true
}

// scalars reads a condition's values: strings, booleans, numbers, or a list.
func scalars(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, malformed("Syntax errors in policy: a condition without values")
	}
	out := make([]string, len(list))
	for i, e := range list {
		switch e := e.(type) {
		case string:
			out[i] = e
		case bool:
			out[i] = strconv.FormatBool(e)
		case json.Number:
			out[i] = e.String()
		default:
			return nil, malformed("Syntax errors in policy: a condition's value must be a string, a boolean or a number")
		}
	}
	return out, nil
}

// holds evaluates one line against the request's keys.
func (c condition) holds(known map[string]comparison, keys Keys) bool {
	values := keys.get(c.key)
	if c.op == "Null" {
		for _, want := range c.values {
			if strings.EqualFold(want, "true") == (len(values) == 0) {
				return true
			}
		}
		return false
	}
	cmp := known[c.op]
	if len(values) == 0 {
		return c.ifExists || c.set == forAll || cmp.not && c.set == single
	}
	vars := keys
	if !c.vars {
		vars = nil
	}
	for _, v := range values {
		ok := c.one(cmp, v, vars)
		switch {
		case c.set == forAny && ok, c.set == single && ok && !cmp.not:
			return true
		case c.set == forAll && !ok, c.set == single && !ok && cmp.not:
			return false
		}
	}
	return c.set == forAll || c.set == single && cmp.not
}

// one compares one value of the request with all of the policy's.
func (c condition) one(cmp comparison, value string, vars Keys) bool {
	for _, want := range c.values {
		if cmp.test(want, value, vars) {
			return !cmp.not
		}
	}
	return cmp.not
}

func equals(want, got string, vars Keys) bool {
	s, ok := literal(want, vars)
	return ok && s == got
}

func equalsFold(want, got string, vars Keys) bool {
	s, ok := literal(want, vars)
	return ok && strings.EqualFold(s, got)
}

func equalsBool(want, got string, _ Keys) bool { return strings.EqualFold(want, got) }

// literal resolves variables; * and ? stand for themselves.
func literal(s string, vars Keys) (string, bool) {
	p, ok := compile(s, vars)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for _, e := range p {
		if e.wild != 0 {
			b.WriteByte(e.wild)
			continue
		}
		b.WriteRune(e.r)
	}
	return b.String(), true
}

// parseDate reads what IAM takes for a date: ISO 8601 (W3C profile) or seconds
// since 1970. Variables are not allowed in it.
func parseDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

func date(ok func(int) bool) func(string, string, Keys) bool {
	return func(want, got string, _ Keys) bool {
		w, ok1 := parseDate(want)
		g, ok2 := parseDate(got)
		return ok1 && ok2 && ok(g.Compare(w))
	}
}

func numeric(ok func(int) bool) func(string, string, Keys) bool {
	return func(want, got string, _ Keys) bool {
		w, ok1 := parseNumber(want)
		g, ok2 := parseNumber(got)
		return ok1 && ok2 && ok(g.Cmp(w))
	}
}

// parseNumber reads a decimal number; the length is bounded because exponents
// would otherwise make huge rationals of short texts.
func parseNumber(s string) (*big.Rat, bool) {
	if len(s) > 40 || strings.ContainsAny(s, "eExXpP_/") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func anyString(string) bool  { return true }
func isBool(s string) bool   { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }
func isDate(s string) bool   { _, ok := parseDate(s); return ok }
func isNumber(s string) bool { _, ok := parseNumber(s); return ok }
