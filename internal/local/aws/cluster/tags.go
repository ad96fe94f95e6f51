package cluster

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// tagsIn reads a list of tags whose members are key and value, or Key and Value.
func tagsIn(t tree, list string) map[string]string {
	out := map[string]string{}
	for _, e := range t.items(list) {
		if e.has("Key") {
			out[e.str("Key")] = e.str("Value")
		} else {
			out[e.str("key")] = e.str("value")
		}
	}
	return out
}

// tagsOut writes tags as a list, in the order of their keys.
func tagsOut(tags map[string]string, key, value string) []any {
	out := make([]any, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{key: k, value: tags[k]})
	}
	return out
}

// The lengths of a tag, in characters (ECS API reference, Tag).
const (
	maxTagKey   = 128
	maxTagValue = 256
)

// checkTags refuses what only AWS itself may set, and what is too long or too much.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return wire.Errorf("InvalidParameterException", "The number of tags must be at most %d.", maxTags)
	}
	for k, v := range tags {
		if n := utf8.RuneCountInString(k); n < 1 || n > maxTagKey || utf8.RuneCountInString(v) > maxTagValue {
			return wire.Errorf("InvalidParameterException", "A tag's key has 1 to %d characters and its value at most %d: %s", maxTagKey, maxTagValue, k)
		}
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return wire.Errorf("InvalidParameterException", "Tag keys starting with 'aws:' are reserved for system use: %s", k)
		}
	}
	return nil
}

// stackTags are the tags of a resource that a stack makes.
func stackTags(r wire.Request) map[string]string {
	out := map[string]string{}
	maps.Copy(out, r.Tags)
	return out
}
