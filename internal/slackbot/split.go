package slackbot

import (
	"strings"
	"unicode/utf16"
)

// split cuts text into parts of at most limit characters, none of which is
// blank: at the last line break, else at the last space, else anywhere but
// inside a <link> or an &entity;.
func split(s string, limit int) []string {
	var parts []string
	for strings.TrimSpace(s) != "" {
		end := within(s, limit)
		if end < len(s) {
			end = goodCut(s[:end])
		}
		if part := strings.Trim(s[:end], "\n"); strings.TrimSpace(part) != "" {
			parts = append(parts, part)
		}
		s = s[end:]
	}
	return parts
}

// within answers how many bytes of s hold at most limit characters.
func within(s string, limit int) int {
	n := 0
	for i, r := range s {
		n += max(utf16.RuneLen(r), 1)
		if n > limit {
			return i
		}
	}
	return len(s)
}

// goodCut answers where to cut text that is too long, at most at its end and
// never at its beginning.
func goodCut(s string) int {
	if i := strings.LastIndexByte(s, '\n'); i > len(s)/4 {
		return i + 1
	}
	if i := strings.LastIndexByte(s, ' '); i > len(s)/2 && !inside(s[:i], '<', '>') {
		return i + 1
	}
	if i := strings.LastIndexByte(s, '<'); i > 0 && inside(s, '<', '>') {
		return i
	}
	// The longest entity that is written is &amp;.
	if i := strings.LastIndexByte(s, '&'); i > 0 && len(s)-i <= len("&amp;") && inside(s, '&', ';') {
		return i
	}
	return len(s)
}

// inside says that the last opening mark of s is not closed.
func inside(s string, opening, closing byte) bool {
	return strings.LastIndexByte(s, opening) > strings.LastIndexByte(s, closing)
}
