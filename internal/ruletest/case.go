package ruletest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
)

// Question is what somebody wants to do.
type Question struct {
	Who    string
	Ask    authz.Ask
	Reason string
	At     time.Time // zero: at a time that every window has
}

// Verbs answers how rules name a verb as it is typed, and whether "read" gives
// it too.
type Verbs func(name string) (rule string, reads bool)

// readSentence reads a question such as "olu deploys hello production, removing
// something, because OPS-12". Parts after commas are in any order.
func readSentence(s string, known []string, verbs Verbs) (Question, error) {
	parts := splitParts(s)
	words := strings.Fields(parts[0])
	if len(words) < 2 {
		return Question{}, fmt.Errorf("%q is not a sentence such as: olu deploys hello production", s)
	}
	q := Question{Who: words[0]}
	verb, rest := findVerb(words[1:], known)
	if verb == "" {
		return q, noVerb(words[1], known)
	}
	q.Ask.Verb, q.Ask.Reads = verbs(verb)
	if i := slices.Index(rest, "in"); i >= 0 && i == len(rest)-2 {
		q.Ask.District, rest = rest[i+1], rest[:i]
	}
	if len(rest) > 2 {
		return q, fmt.Errorf("behind the verb stand an app and an environment, not %q", strings.Join(rest, " "))
	}
	if len(rest) > 0 {
		q.Ask.App = rest[0]
	}
	if len(rest) > 1 {
		q.Ask.Env = rest[1]
	}
	for _, p := range parts[1:] {
		if err := q.with(p); err != nil {
			return q, err
		}
	}
	return q, nil
}

// splitParts cuts at commas. What follows because is a reason, commas and all.
func splitParts(s string) []string {
	var out []string
	for {
		s = strings.TrimSpace(s)
		head, rest, more := strings.Cut(s, ",")
		if strings.HasPrefix(s, "because ") || !more {
			return append(out, s)
		}
		out, s = append(out, strings.TrimSpace(head)), rest
	}
}

// with reads one part behind a comma.
func (q *Question) with(part string) error {
	switch word, rest, _ := strings.Cut(part, " "); {
	case part == "removing something" || part == "replacing something":
		q.Ask.Destructive = true
	case part == "changing roles":
		q.Ask.IAM = true
	case word == "because":
		q.Reason = strings.TrimSpace(rest)
	case word == "at":
		at, err := time.Parse(time.RFC3339, strings.TrimSpace(rest))
		if err != nil {
			return fmt.Errorf("%q is not a time such as 2026-11-20T10:00:00+09:00", rest)
		}
		q.At = at
	default:
		return fmt.Errorf("%q is none of: removing something, changing roles, because REASON, at TIME", part)
	}
	return nil
}

// findVerb reads a verb of one or two words as it stands in a sentence: deploys
// hello, adds nothing; or as it is typed.
func findVerb(words, known []string) (string, []string) {
	for n := min(2, len(words)); n > 0; n-- {
		said := strings.ToLower(strings.Join(words[:n], " "))
		for _, v := range known {
			if said == v || said == v+"s" || said == v+"es" {
				return v, words[n:]
			}
		}
	}
	return "", words
}
