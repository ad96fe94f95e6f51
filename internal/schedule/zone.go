package schedule

import (
	_ "embed"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
)

// zoneNames are the names of the time zones that Go ships with (IANA's
// database), one a line. The embedded database cannot be listed, and a typo
// deserves a suggestion. `go test -update` writes the file.
//
//go:embed zones.txt
var zoneNames string

// Zones are the known names of time zones.
func Zones() []string { return strings.Fields(zoneNames) }

// Zone reads the name of a time zone in any case. A name that it does not know
// is a Problem with the nearest one that it does.
func Zone(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	for _, z := range Zones() {
		if strings.EqualFold(z, name) {
			loc, err := time.LoadLocation(z)
			if err != nil {
				break // no database on this machine
			}
			return loc, nil
		}
	}
	return nil, problem(0, ProblemUnknownZone, "zone", clip(name), "near", nearestZone(name))
}

// nearestZone answers the zone that was most likely meant, or "": by its
// abbreviation, its city, or its spelling.
func nearestZone(name string) string {
	if len(name) > 64 {
		return ""
	}
	upper := strings.ToUpper(name)
	for _, a := range abbreviations() {
		if upper == a.short {
			return a.zone
		}
	}
	lower := strings.ToLower(strings.ReplaceAll(name, " ", "_"))
	zones := Zones()
	for _, z := range zones {
		if city := z[strings.LastIndex(z, "/")+1:]; strings.EqualFold(city, lower) {
			return z
		}
	}
	if near := nearest(lower, zones); near != "" {
		return near
	}
	best, distance := "", 3
	for _, z := range zones {
		city := strings.ToLower(z[strings.LastIndex(z, "/")+1:])
		if d := levenshtein.ComputeDistance(lower, city); len(city) > 4 && d < distance {
			best, distance = z, d
		}
	}
	return best
}

type abbreviation struct{ short, zone string }

// abbreviations are what people write for their zone, where it has one likely
// meaning. IANA has EST and MST itself, as zones without daylight saving.
func abbreviations() []abbreviation {
	return []abbreviation{
		{"JST", "Asia/Tokyo"},
		{"KST", "Asia/Seoul"},
		{"SGT", "Asia/Singapore"},
		{"IST", "Asia/Kolkata"},
		{"BST", "Europe/London"},
		{"CEST", "Europe/Berlin"},
		{"EDT", "America/New_York"},
		{"CDT", "America/Chicago"},
		{"CST", "America/Chicago"},
		{"MDT", "America/Denver"},
		{"PST", "America/Los_Angeles"},
		{"PDT", "America/Los_Angeles"},
		{"AEST", "Australia/Sydney"},
		{"AEDT", "Australia/Sydney"},
		{"Z", "UTC"},
	}
}

// nearest answers the candidate that a typo most likely meant, or "".
func nearest(name string, candidates []string) string {
	best, distance := "", 1+len(name)/4
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(c)); d <= distance && (best == "" || d < distance) {
			best, distance = c, d
		}
	}
	return best
}
