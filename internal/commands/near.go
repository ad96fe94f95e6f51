package commands

import (
	"errors"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// suggested adds to an unknown name the one that was probably meant, of those
// that the error knows.
func suggested(err error) error {
	var e *bcn.Error
	if !errors.As(err, &e) || e.Code != bcn.CodeUnknownName || e.Params["known"] == "" {
		return err
	}
	known := e.Params["known"]
	return bcn.E(e.Code, "what", e.Params["what"], "name", e.Params["name"], "known", known,
		"suggestion", nearest(e.Params["name"], strings.Split(known, ", "))).Wrap(err)
}

// nearest answers the candidate that a mistyped word most likely meant, or "".
// Near is: few letters away for its length, an abbreviation by its beginning
// (prod), or by leaving letters out (prd).
func nearest(word string, candidates []string) string {
	word = strings.ToLower(word)
	if word == "" || len(word) > 64 {
		return ""
	}
	best, cost := "", 100
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	for _, c := range sorted {
		if d := distance(word, strings.ToLower(c)); d < cost {
			best, cost = c, d
		}
	}
	return best
}

// distance is how unlike two words are, and 100 where they are not alike.
// It counts letters in fours, so that abbreviations rank between.
func distance(word, candidate string) int {
	d := levenshtein.ComputeDistance(word, candidate)
	allowed := 1
	switch n := len([]rune(word)); {
	case n >= 9:
		allowed = 3
	case n >= 5:
		allowed = 2
	}
	switch {
	case d == 0:
		return 0
	case swapped(word, candidate):
		return 4
	case d <= allowed && d < len([]rune(candidate)):
		return 4 * d
	case len(word) >= 2 && strings.HasPrefix(candidate, word):
		return 5
	case len(candidate) >= 3 && strings.HasPrefix(word, candidate):
		return 7
	case len(word) >= 3 && abbreviates(word, candidate):
		return 9
	default:
		return 100
	}
}

// swapped says that only two neighbouring letters changed places: the mistake
// that fast hands make most.
func swapped(word, candidate string) bool {
	if len(word) != len(candidate) {
		return false
	}
	for i := 0; i+1 < len(word); i++ {
		if word[i] != candidate[i] {
			return word[i] == candidate[i+1] && word[i+1] == candidate[i] && word[i+2:] == candidate[i+2:]
		}
	}
	return false
}

// abbreviates says that word is candidate with letters left out, the first kept.
func abbreviates(word, candidate string) bool {
	if candidate == "" || word[0] != candidate[0] {
		return false
	}
	i := 0
	for j := 0; j < len(candidate) && i < len(word); j++ {
		if word[i] == candidate[j] {
			i++
		}
	}
	return i == len(word)
}
