package aws

import (
	"strconv"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// str reads a text; absent or of another kind is "".
func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// list reads a list. The query protocol writes an empty one as an empty text.
func list(m map[string]any, key string) []any {
	l, _ := m[key].([]any)
	return l
}

// texts reads a list of texts.
func texts(m map[string]any, key string) []string {
	var out []string
	for _, e := range list(m, key) {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}

// boolean reads true, or "true" as the query protocol writes it.
func boolean(m map[string]any, key string) bool {
	b, _ := m[key].(bool)
	return b || m[key] == "true"
}

// number reads an integer of either protocol; absent is def, and ok is false
// where there is something else.
func number(m map[string]any, key string, def int) (n int, ok bool) {
	switch v := m[key].(type) {
	case nil:
		return def, true
	case float64:
		return int(v), v == float64(int(v))
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

// page cuts one page out of n things: token is where the last one ended.
func page(token string, size, n int) (from, to int, next string, err error) {
	if token != "" {
		from, err = strconv.Atoi(token)
		if err != nil || from < 0 || from > n {
			return 0, 0, "", wire.Errorf("InvalidNextToken", "The specified token is not valid.")
		}
	}
	to = min(from+size, n)
	if to < n {
		next = strconv.Itoa(to)
	}
	return from, to, next, nil
}

// tagsOf reads [{Key, Value}] lists, as IAM, SSM and CloudFormation write tags.
func tagsOf(v []any) map[string]string {
	out := map[string]string{}
	for _, e := range v {
		m, _ := e.(map[string]any)
		if k := str(m, "Key"); k != "" {
			out[k] = str(m, "Value")
		}
	}
	return out
}

// tagList writes tags in the order of their keys.
func tagList(tags map[string]string, key, value string) []any {
	out := make([]any, 0, len(tags))
	for _, k := range sortedKeys(tags) {
		out = append(out, map[string]any{key: k, value: tags[k]})
	}
	return out
}

// tagKeys are the condition keys of a resource's or a request's tags.
func tagKeys(prefix string, tags map[string]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range tags {
		out[prefix+k] = []string{v}
	}
	return out
}
