package main

import (
	"regexp"
	"strings"
)

// Escape codes, as xterm's documentation has them: CSI, OSC, and two letters.
var escapes = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[ -/]*[0-~]`)

// plain is a terminal's output as somebody reads it: without escape codes, with
// what was typed over or taken back gone.
func plain(raw []byte) string {
	text := escapes.ReplaceAllString(string(raw), "")
	for strings.Contains(text, "\r\r") {
		text = strings.ReplaceAll(text, "\r\r", "\r")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var out []rune
	for _, c := range text {
		switch {
		case c == '\b':
			if n := len(out); n > 0 && out[n-1] != '\n' {
				out = out[:n-1]
			}
		case c == '\r':
			for n := len(out); n > 0 && out[n-1] != '\n'; n = len(out) {
				out = out[:n-1]
			}
		case c == '\n' || c == '\t' || c >= ' ':
			out = append(out, c)
		}
	}
	return string(out)
}

// keys are those words of which a transcript shows the beginning only: keys,
// also public ones, and what is sealed.
var keys = regexp.MustCompile(`\b(age1|AGE-SECRET-KEY-1|bcn-sealed-1\.|bcn-challenge-1\.|ASIA|AKIA)[A-Za-z0-9+/=_.-]+`)

// shownOfKey is how many characters of such a word are shown.
const shownOfKey = 20

func public(text string) string {
	return keys.ReplaceAllStringFunc(text, func(key string) string {
		if len(key) <= shownOfKey {
			return key
		}
		return key[:shownOfKey] + "…"
	})
}
