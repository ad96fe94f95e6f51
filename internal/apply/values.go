package apply

import (
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// maxShown bounds a value of a plan, in characters: an image's whole name fits.
const maxShown = 200

// private are words of paths whose values nobody is shown: what an app is
// given may be secret wherever it was written.
var private = []string{"environment", "secret", "userdata", "password", "credential", "token"}

// shown keeps of the values those that a card may show: single values of
// paths that hold no variable of an app, which are known already. A list or an
// object is left out whole, since a variable may be in it.
func shown(in []awsx.Value) []bcn.Value {
	var out []bcn.Value
	for _, v := range in {
		if single(v.Before) && single(v.After) && !isPrivate(v.Path) {
			out = append(out, bcn.Value{Path: v.Path, Before: cut(v.Before, maxShown), After: cut(v.After, maxShown)})
		}
	}
	slices.SortStableFunc(out, func(a, b bcn.Value) int { return strings.Compare(a.Path, b.Path) })
	return slices.Compact(out)
}

func single(v string) bool {
	return !strings.HasPrefix(v, "{") && !strings.HasPrefix(v, "[") // KnownAfter is neither
}

func isPrivate(path string) bool {
	path = strings.ToLower(path)
	return slices.ContainsFunc(private, func(word string) bool { return strings.Contains(path, word) })
}
