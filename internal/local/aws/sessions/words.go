package sessions

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// readOnly says whether an action changes nothing, by its first word.
func readOnly(action string) bool {
	for _, word := range []string{"Describe", "Get", "List", "Lookup", "Head"} {
		if strings.HasPrefix(action, word) {
			return true
		}
	}
	return false
}

// members writes parameters as CloudTrail does, their names beginning with
// small letters; nothing is null.
func members(m map[string]any) any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		first, n := utf8.DecodeRuneInString(k)
		out[string(unicode.ToLower(first))+k[n:]] = v
	}
	return out
}

// cutLast splits at the last separator; without one all is before it.
func cutLast(s string, by byte) (before, after string) {
	i := strings.LastIndexByte(s, by)
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}
