package ruletest

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// VerbOf answers how rules name a verb as it is typed or as they name it.
// Errors say what was probably meant, and which need no rule.
func (a *Asker) VerbOf(typed string) (rule string, reads bool, err error) {
	rule, reads = a.verbs(typed)
	switch {
	case rule == "":
		return "", false, fmt.Errorf("%s needs no rule: whoever the request or the access is about may use it", typed)
	case rule == typed && !slices.Contains(a.known, rule):
		return "", false, noVerb(typed, a.known)
	default:
		return rule, reads, nil
	}
}

func noVerb(typed string, known []string) error {
	return fmt.Errorf("there is no verb %q%s", typed, meant(typed, known))
}

// Person refuses somebody of whom nothing is known. remedy is how to say more.
func (a *Asker) Person(who, remedy string) error {
	if a.dir.knows(who) {
		return nil
	}
	return fmt.Errorf("nothing is known of %s%s (%s)", who, meant(who, a.dir.names()), remedy)
}

// Places refuses a question that misspells an app, an environment or a district
// which rules name: it would be answered as if that were another place.
func (a *Asker) Places(q Question) error {
	var apps, envs, districts []string
	for _, r := range a.rules {
		apps, envs, districts = append(apps, r.Apps...), append(envs, r.On...), append(districts, r.Districts...)
	}
	return errors.Join(
		misspelt("app", q.Ask.App, apps), misspelt("environment", q.Ask.Env, envs), misspelt("district", q.Ask.District, districts),
	)
}

// numbers tell places apart that are named alike: staging2 is no misspelling of
// staging, nor of staging1.
var numbers = regexp.MustCompile(`[-_]?[0-9]+`)

// misspelt says that no rule names a place but one that is nearly the same.
// bot.yaml does not list places, so that any other name is taken as it is.
func misspelt(what, name string, named []string) error {
	if name == "" || slices.Contains(named, name) {
		return nil
	}
	near := nearest(name, named)
	if near == "" || strings.HasPrefix(name, near+"-") || strings.HasPrefix(near, name+"-") || numbers.ReplaceAllString(name, "") == numbers.ReplaceAllString(near, "") {
		return nil
	}
	return fmt.Errorf("no rule names the %s %q; did you mean %q?", what, name, near)
}

// meant is the end of a sentence about a word that is not known.
func meant(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// nearest answers the known word that is few letters away, or that begins so; or "".
func nearest(word string, known []string) string {
	best, least := "", min(len([]rune(word))/3, 3)
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k)); d <= least && d < len(k) && (best == "" || d < least) {
			best, least = k, d
		}
	}
	for _, k := range known {
		if best == "" && len(word) > 2 && strings.HasPrefix(k, word) && k != word {
			best = k
		}
	}
	return best
}

// names are all by which the directory knows people.
func (d directory) names() []string {
	out := slices.Collect(maps.Keys(d.people))
	for _, p := range d.c.People {
		before, _, _ := strings.Cut(p.Email, "@")
		out = append(out, p.GitHub, p.Email, before)
	}
	for _, t := range d.c.Teams {
		out = append(out, t.Members...)
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	slices.Sort(out)
	return out
}

// Team refuses a team that bot.yaml does not have.
func (a *Asker) Team(name string) error {
	if _, ok := a.dir.c.Teams[name]; ok {
		return nil
	}
	return fmt.Errorf("bot.yaml has no team %q%s", name, meant(name, slices.Sorted(maps.Keys(a.dir.c.Teams))))
}
