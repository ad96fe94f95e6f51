package cfn

import (
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// invalid is the error that CloudFormation answers to most faults.
func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

func str(c *wire.Call, name string) string {
	s, _ := c.Params[name].(string)
	return s
}

// flag reads a boolean; the query protocol has them as text.
func flag(c *wire.Call, name string) (value, given bool) {
	switch v := c.Params[name].(type) {
	case bool:
		return v, true
	case string:
		return strings.EqualFold(v, "true"), v != ""
	}
	return false, false
}

func list(c *wire.Call, name string) []string {
	items, _ := c.Params[name].([]any)
	out := make([]string, 0, len(items))
	for _, i := range items {
		if s, ok := i.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func objects(c *wire.Call, name string) []map[string]any {
	items, _ := c.Params[name].([]any)
	out := make([]map[string]any, 0, len(items))
	for _, i := range items {
		if m, ok := i.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

const (
	stackPattern     = `[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*`
	changeSetPattern = `[a-zA-Z][-a-zA-Z0-9]*`
	setOrARNPattern  = `[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/]*`
	tokenPattern     = `[a-zA-Z0-9][-a-zA-Z0-9]*`
)

// matches checks a parameter against the pattern and length that the service
// model gives it; an empty value passes, being not given.
func matches(member, value, pattern string, longest int) error {
	switch {
	case value == "":
		return nil
	case len(value) > longest:
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", value, member, longest)
	case !regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(value):
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", value, member, pattern)
	}
	return nil
}

// oneOf checks an enumeration; an empty value passes.
func oneOf(member, value string, allowed ...string) error {
	if value == "" {
		return nil
	}
	for _, a := range allowed {
		if a == value {
			return nil
		}
	}
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]", value, member, strings.Join(allowed, ", "))
}

func required(member, value string) error {
	if value == "" {
		return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
	}
	return nil
}

// first answers the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
