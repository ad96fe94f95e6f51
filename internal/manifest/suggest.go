package manifest

import (
	"sort"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest answers the candidate that a typo most likely meant, or "". Of
// several that are as near, one with the same first letter.
func nearest(word string, candidates []string) string {
	best, distance := "", 1+len(word)/3
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	for _, c := range sorted {
		d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(c))
		if d < distance || d == distance && (best == "" || !initial(best, word) && initial(c, word)) {
			best, distance = c, d
		}
	}
	return best
}

func initial(a, b string) bool { return a != "" && b != "" && a[0]|0x20 == b[0]|0x20 }

func didYouMean(word string, candidates []string) string {
	if best := nearest(word, candidates); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// quote shows what was written, bounded and with control characters escaped.
func quote(s string) string {
	const limit = 60
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "..."
	}
	return strconv.Quote(s)
}
