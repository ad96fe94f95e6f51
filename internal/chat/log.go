package chat

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// ansi are the escape sequences with which programs colour a terminal (ECMA-48,
// control sequences).
var ansi = regexp.MustCompile(`\x1b(?:\[[0-?]*[\x20-\x2f]*[\x40-\x7e]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x40-\x5a\x5c-\x5f])`)

// LogLine makes a line that a program wrote fit to be read: without colours,
// control and bidirectional characters, at most limit bytes; 0: as long as it is.
func LogLine(s string, limit int) string {
	s = Clean(strings.NewReplacer("\t", "    ", "\r", " ", "\n", " ").Replace(ansi.ReplaceAllString(s, "")))
	if limit <= 0 || len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
