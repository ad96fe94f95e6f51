package registry

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest answers the tag that was most likely meant, or "" where none is
// near. Of equally near ones it takes the first in the alphabet's order, so
// that the answer is always the same.
func nearest(tag string, tags []string) string {
	best, distance := "", max(len(tag)/2, 1)+1
	for _, t := range tags {
		d := levenshtein.ComputeDistance(strings.ToLower(tag), strings.ToLower(t))
		if d < distance || d == distance && best != "" && t < best {
			best, distance = t, d
		}
	}
	return best
}
