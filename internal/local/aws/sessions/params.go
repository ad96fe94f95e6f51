package sessions

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// str reads a text; absent or of another kind is "".
func str(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// items reads a list of objects.
func items(m map[string]any, key string) []map[string]any {
	l, _ := m[key].([]any)
	out := make([]map[string]any, 0, len(l))
	for _, e := range l {
		o, _ := e.(map[string]any)
		out = append(out, o)
	}
	return out
}

// texts reads a list of texts.
func texts(m map[string]any, key string) []string {
	l, _ := m[key].([]any)
	out := make([]string, 0, len(l))
	for _, e := range l {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}

// accepts refuses parameters that the handler does not look at: AWS would have
// done something with them, so that silence would be a lie.
func accepts(h wire.Handler, names ...string) wire.Handler {
	return func(ctx context.Context, c *wire.Call) (any, error) {
		for _, k := range slices.Sorted(maps.Keys(c.Params)) {
			if !slices.Contains(names, k) {
				return nil, wire.Errorf("UnsupportedParameter", "the local AWS takes no %s for %s of service %s", k, c.Action, c.Service)
			}
		}
		return h(ctx, c)
	}
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// constraint is the refusal of a parameter in the words of AWS's validation.
func constraint(value any, name, rule string) error {
	return invalid("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, name, rule)
}

// size reads how many results a caller wants.
func size(c *wire.Call, least, def, most int) (int, error) {
	n, ok := def, true
	switch v := c.Params["MaxResults"].(type) {
	case nil:
	case float64:
		n, ok = int(v), v == float64(int(v))
	case string: // of a URL's query
		var err error
		n, err = strconv.Atoi(v)
		ok = err == nil
	default:
		ok = false
	}
	if !ok || n < least || n > most {
		return 0, constraint(c.Params["MaxResults"], "maxResults", fmt.Sprintf("Member must have value between %d and %d", least, most))
	}
	return n, nil
}

// page cuts one page out of a list. Tokens are bound to what was asked, so that
// one of another list is refused.
func page[T any](c *wire.Call, all []T, n int) (part []T, next string, err error) {
	from, asked := 0, c.Action+fmt.Sprint(c.Params["State"], c.Params["Filters"], c.Params["LookupAttributes"])
	if token := str(c.Params, "NextToken"); token != "" {
		raw, derr := base64.RawURLEncoding.DecodeString(token)
		at, list, _ := strings.Cut(string(raw), " ")
		from, err = strconv.Atoi(at)
		if derr != nil || err != nil || list != asked || from < 0 {
			return nil, "", wire.Errorf("InvalidNextToken", "The specified token isn't valid.")
		}
	}
	from = min(from, len(all))
	to := min(from+n, len(all))
	if to < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to) + " " + asked))
	}
	return all[from:to], next, nil
}

func withToken(out map[string]any, next string) map[string]any {
	if next != "" {
		out["NextToken"] = next
	}
	return out
}

// tagKeys are the condition keys of a resource's tags. Systems Manager knows
// them under its own prefix too.
func tagKeys(tags map[string]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range tags {
		out["aws:ResourceTag/"+k] = []string{v}
		out["ssm:resourceTag/"+k] = []string{v}
	}
	return out
}

// requestTags adds the condition keys of the tags that a request brings.
func requestTags(keys map[string][]string, tags map[string]string) map[string][]string {
	for k, v := range tags {
		keys["aws:RequestTag/"+k] = []string{v}
	}
	return keys
}

func tagsIn(l []map[string]any) map[string]string {
	out := map[string]string{}
	for _, t := range l {
		if k := str(t, "Key"); k != "" {
			out[k] = str(t, "Value")
		}
	}
	return out
}

func tagsOut(tags map[string]string) []any {
	out := []any{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{"Key": k, "Value": tags[k]})
	}
	return out
}

// random is an unguessable text of n small letters and digits.
func random(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw)
}
