package card

import (
	"maps"
	"slices"

	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// operation is what the first line says of a rollback, a restart and their
// like. Of variables it has the names: a value is never shown.
func operation(w deploy.Wish) text.Args {
	return text.Args{
		"release": w.Release, "service": w.Service, "Count": w.Count, "from": w.From,
		"set": codes(slices.Sorted(maps.Keys(w.Set))), "unset": codes(w.Unset),
	}
}
