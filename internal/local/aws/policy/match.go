package policy

import (
	"strings"
	"unicode/utf8"
)

// element is one step of a pattern: a literal rune, * or ?. What a variable
// stands for becomes literals, so a value can never act as a wildcard.
type element struct {
	r    rune
	wild byte // '*', '?', or 0 for a literal
}

// compile turns a policy's string into a pattern, resolving ${variables} where
// vars is not nil. It answers false where a variable has no single value: such
// a string matches nothing.
func compile(s string, vars Keys) ([]element, bool) {
	var out []element
	for s != "" {
		if vars != nil && strings.HasPrefix(s, "${") {
			if end := strings.IndexByte(s, '}'); end > 0 {
				value, ok := variable(s[2:end], vars)
				if !ok {
					return nil, false
				}
				for _, r := range value {
					out = append(out, element{r: r})
				}
				s = s[end+1:]
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(s)
		switch r {
		case '*', '?':
			out = append(out, element{wild: byte(r)})
		default:
			out = append(out, element{r: r})
		}
		s = s[size:]
	}
	return out, true
}

// variable resolves what stands between ${ and }: a literal *, ? or $, or a
// key with an optional default ("aws:username, 'nobody'").
func variable(name string, vars Keys) (string, bool) {
	if name == "*" || name == "?" || name == "$" {
		return name, true
	}
	name, def, hasDefault := strings.Cut(name, ",")
	values := vars.get(strings.TrimSpace(name))
	if len(values) == 1 {
		return values[0], true
	}
	def = strings.TrimSpace(def)
	if hasDefault && len(def) >= 2 && def[0] == '\'' && def[len(def)-1] == '\'' {
		return def[1 : len(def)-1], true
	}
	return "", false
}

// matches compares a whole string with a pattern, in time proportional to the
// product of their lengths at worst.
func matches(pattern []element, s string) bool {
	text := []rune(s)
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p].wild == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p].wild == '?' || pattern[p].wild == 0 && pattern[p].r == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p].wild == '*' {
		p++
	}
	return p == len(pattern)
}

// glob matches a string with * and ? as wildcards.
func glob(pattern, s string, vars Keys) bool {
	p, ok := compile(pattern, vars)
	return ok && matches(p, s)
}

// actionMatches ignores case, as IAM does.
func actionMatches(pattern, action string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(action), nil)
}

// arnMatches compares the six parts of an ARN one by one, so that a wildcard
// in one part does not reach into the next.
func arnMatches(pattern, arn string, vars Keys) bool {
	if pattern == "*" {
		return true
	}
	ps, as := splitARN(pattern), strings.SplitN(arn, ":", 6)
	if len(ps) != 6 || len(as) != 6 {
		return false
	}
	for i := range ps {
		if !glob(ps[i], as[i], vars) {
			return false
		}
	}
	return true
}

// splitARN splits at the first five colons that are not inside a ${variable}.
func splitARN(s string) []string {
	var parts []string
	start, inside := 0, false
	for i := 0; i < len(s) && len(parts) < 5; i++ {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			inside = true
		case s[i] == '}':
			inside = false
		case s[i] == ':' && !inside:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}
