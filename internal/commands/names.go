package commands

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// name is what apps, environments, districts and endpoints are called: they
// become parts of stack names, paths and tags.
var name = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const (
	maxName   = 40  // characters of a name
	maxReason = 500 // characters of a reason: what fits on a card
	maxWord   = 300 // characters of any other word: an ARN has at most 2,048, ours far fewer
)

// grammarWords are words that the grammar uses besides its verbs; a name that
// equals one could not be told from it.
func grammarWords() []string {
	return []string{
		"for", "all", "read", "help", "list", "show", "set", "unset", "add", "edit", "remove", "skip", "open", "end",
		"extend", "adopt", "create", "update", "apply", "delete", "replay", "plugin", "issue", "rotate", "revoke", "calendar", "pause",
	}
}

// checkName refuses what cannot be the name of something new.
func checkName(s string) error {
	if len(s) > maxName || !name.MatchString(s) {
		return bcn.E(bcn.CodeBadName, "name", clip(s))
	}
	if slices.Contains(grammarWords(), s) || slices.Contains(firstWords(), s) {
		return bcn.E(bcn.CodeReservedName, "name", s)
	}
	return nil
}

func checkNames(list ...string) error {
	for _, s := range list {
		if err := checkName(s); err != nil {
			return err
		}
	}
	return nil
}

// clip bounds a word that is shown back.
func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

// firstWords are the first words of all verbs.
func firstWords() []string {
	var out []string
	for _, v := range table() {
		out = append(out, first(v.name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func first(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}
