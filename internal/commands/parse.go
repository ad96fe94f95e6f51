package commands

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"github.com/kballard/go-shellquote"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// command is what a text turned out to be.
type command struct {
	verb    *verb
	grammar any    // filled, a pointer to the verb's struct
	help    bool   // --help was asked
	typo    string // the verb as it was typed, where it was only nearly right
}

// checker is a grammar that can see for itself that a value is wrong.
type checker interface{ check() error }

// guarded is a grammar behind which something may stand that must not be said
// back: it is asked before the rest is read.
type guarded interface{ guard(rest string) error }

// parse reads a text of Slack's. Errors: unknown_verb, not_yet, usage
// (problem), bad_id, bad_name, reserved_name, reason_too_long, secret_typed. The command
// that came so far is answered beside a usage error. It is pure.
func parse(text, slash string) (command, error) {
	raw := address(text, slash)
	if raw == "" {
		return command{verb: find("help"), grammar: &helpArgs{short: true}}, nil
	}
	v, typo, rest, err := findVerb(raw)
	if err != nil {
		return command{typo: typo}, err
	}
	c := command{verb: v, typo: typo, grammar: v.grammar()}
	if asksHelp(rest) {
		c.help = true
		return c, nil
	}
	if g, ok := c.grammar.(guarded); ok {
		if err := g.guard(rest); err != nil {
			return c, err
		}
	}
	args, err := c.arguments(rest)
	if err != nil {
		return c, err
	}
	if err := fill(c.grammar, args); err != nil {
		return c, usageError(v, err)
	}
	return c, c.validate()
}

// findVerb takes the verb off the front. Where a word is nearly one, the verb
// it meant is answered with typo, the words as they were typed.
func findVerb(raw string) (v *verb, typo, rest string, err error) {
	head, rest := nextWord(raw)
	one := strings.ToLower(words(head))
	second, after := nextWord(rest)
	two := strings.ToLower(words(second))
	if one == "--help" || one == "-h" {
		one = "help"
	}
	family := members(one)
	if v := find(one); v != nil && (alone(v, two) || !meansMember(two, family, after)) {
		return v, "", rest, nil
	}
	if len(family) > 0 {
		return findMember(one, two, family, after)
	}
	meant := nearest(one, firstWords())
	family = members(meant)
	if v := find(meant); v != nil && !meansMember(two, family, after) {
		return v, clip(one), rest, nil
	}
	if len(family) > 0 {
		if v := find(meant + " " + nearest(two, family)); v != nil {
			return v, clip(strings.TrimSpace(one + " " + two)), after, nil
		}
		return nil, clip(one), "", bcn.E(bcn.CodeUnknownVerb, "verb", clip(one), "suggestion", meant)
	}
	return nil, clip(one), "", bcn.E(bcn.CodeUnknownVerb, "verb", clip(one))
}

// alone says that a verb that needs nothing, such as approvals, was typed as it
// is, though it is a family's word too.
func alone(v *verb, two string) bool {
	_, all := v.grammar().(whole)
	return two == "" && (all || len(fields(v.grammar())) == 0)
}

// whole is a grammar that means everything where nothing is said.
type whole interface{ whole() }

// meansMember says that two is the second word of a family, as in access list,
// and not the first argument of the verb that the family's word is too: it is
// one, or nothing at all, or nearly one where no two names follow.
func meansMember(two string, family []string, after string) bool {
	if len(family) == 0 {
		return false
	}
	if slices.Contains(family, two) || two == "" || two == "help" {
		return true
	}
	third, _ := nextWord(after)
	third = words(third)
	return nearest(two, family) != "" && (third == "" || strings.HasPrefix(third, "--") || checkID(third) == nil)
}

// findMember finds the second word of a verb such as district list.
func findMember(one, two string, family []string, after string) (*verb, string, string, error) {
	if v := find(one + " " + two); v != nil {
		if third, rest := nextWord(after); slices.Contains(members(v.name), strings.ToLower(words(third))) { // approvals deputy list
			return find(v.name + " " + strings.ToLower(words(third))), "", rest, nil
		}
		return v, "", after, nil
	}
	if group := members(one + " " + two); len(group) > 0 { // district plugin
		third, rest := nextWord(after)
		return findMember(one+" "+two, strings.ToLower(words(third)), group, rest)
	}
	if two == "" || two == "--help" || two == "-h" || two == "help" {
		return find("help"), "", one, nil // help for the family
	}
	if v := find(one + " " + nearest(two, family)); v != nil {
		return v, clip(one + " " + two), after, nil
	}
	return nil, clip(one + " " + two), "", bcn.E(bcn.CodeUnknownVerb, "verb", clip(one+" "+two))
}

// asksHelp says that --help stands where a word of the command would.
func asksHelp(rest string) bool {
	trimmed := words(rest)
	return trimmed == "--help" || trimmed == "-h" ||
		strings.HasPrefix(trimmed, "--help ") || strings.HasPrefix(trimmed, "-h ") ||
		strings.HasSuffix(trimmed, " --help") && !strings.Contains(trimmed, "--reason")
}

// arguments splits what follows the verb for kong: free text is cut out first,
// as it is, and the rest is split as a shell would.
func (c command) arguments(rest string) ([]string, error) {
	rest, err := c.cutRest(rest)
	if err != nil {
		return nil, err
	}
	free, flag, rest := c.cutFree(rest)
	free = prose(free)
	if n := utf8.RuneCountInString(free); n > maxReason {
		return nil, bcn.E(bcn.CodeReasonTooLong, "length", strconv.Itoa(n), "limit", strconv.Itoa(maxReason))
	}
	plain := joinLists(words(rest), c.grammar)
	if takesFor(c.grammar) { // elsewhere "for 10m" may be part of a value
		plain = rewriteFor(plain)
	}
	args, err := shellquote.Split(plain)
	if err != nil {
		return nil, usageProblem(c.verb, problem{id: problemQuote})
	}
	for i, a := range args {
		if utf8.RuneCountInString(a) > longest(c.grammar) {
			return nil, usageProblem(c.verb, problem{id: problemLong, word: clip(sayable(c.grammar, a))})
		}
		if !utf8.ValidString(a) {
			return nil, usageProblem(c.verb, problem{id: problemUnexpected, word: strings.ToValidUTF8(clip(sayable(c.grammar, a)), "?")})
		}
		if len(a) > 1 && a[0] == '-' && a[1] != '-' && !slices.Contains(args[:i], "--") {
			return nil, usageProblem(c.verb, problem{id: problemFlag, word: clip(a)})
		}
	}
	switch {
	case flag != "": // before the rest, where a -- of theirs cannot make it a word
		if free == "" {
			return nil, usageProblem(c.verb, problem{id: problemValue, word: "--" + flag})
		}
		args = append([]string{"--" + flag + "=" + free}, args...)
	case free != "":
		args = append(args, "--", free)
	}
	return args, nil
}

// takesFor says that the verb has the flag that "for 10m" stands for.
func takesFor(grammar any) bool {
	return slices.ContainsFunc(fields(grammar), func(f field) bool { return f.name == "for" })
}

// commaSpace is how people write lists.
var commaSpace = regexp.MustCompile(`\s*,\s+`)

// joinLists makes "a, b" one word where the verb takes lists.
func joinLists(s string, grammar any) string {
	for _, f := range fields(grammar) {
		if f.list && !f.arg {
			return commaSpace.ReplaceAllString(s, ",")
		}
	}
	return s
}

// cutFree cuts out the text that is taken as it is. flag is empty where it is
// the last argument (reject ID REASON).
func (c command) cutFree(rest string) (free, flag, others string) {
	var flags []string
	args := 0
	for _, f := range fields(c.grammar) {
		switch {
		case f.arg && f.free:
			return cutAfter(rest, args, f.name)
		case f.arg:
			args++
		case f.rest:
		default:
			flags = append(flags, f.name)
			if f.free {
				flag = f.name
			}
		}
	}
	if flag == "" {
		return "", "", rest
	}
	at := flagAt(flag).FindStringSubmatchIndex(rest)
	if at == nil {
		return "", "", rest
	}
	before, free := rest[:at[0]], rest[at[1]:]
	flags = slices.DeleteFunc(flags, func(s string) bool { return s == flag })
	if len(flags) == 0 {
		return free, flag, before
	}
	if next := flagAt(flags...).FindStringIndex(free); next != nil {
		return free[:next[0]], flag, before + " " + free[next[0]:]
	}
	return free, flag, before
}

// cutAfter cuts behind the given number of words. The flag's spelling in front
// of the text (reject 7 --reason TEXT) is forgiven.
func cutAfter(rest string, count int, name string) (free, flag, others string) {
	for range count {
		var word string
		word, rest = nextWord(rest)
		others += " " + word
	}
	if at := flagAt(name).FindStringIndex(rest); at != nil && strings.TrimFunc(rest[:at[0]], space) == "" {
		rest = rest[at[1]:]
	}
	return rest, "", others
}

// flagAt finds one of the flags at a word boundary, in text that is not yet
// normalised: keyboards turn -- into one of several dashes.
func flagAt(names ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s\p{Z}])(?:--|—|–|―)(?:` + strings.Join(names, "|") + `)(?:=|[\s\p{Z}]+|$)`)
}

// fill parses with a fresh kong. Nothing of it prints or exits.
func fill(grammar any, args []string) error {
	k, err := kong.New(grammar, kong.Name("bcn"), kong.NoDefaultHelp(), kong.Writers(io.Discard, io.Discard),
		kong.Exit(func(int) {}))
	if err != nil {
		return err
	}
	_, err = k.Parse(args)
	return err
}

// validate refuses values that cannot be right, whatever exists.
func (c command) validate() error {
	for _, f := range fields(c.grammar) {
		if f.empty() {
			return usageProblem(c.verb, problem{id: problemValue, word: strings.Fields(f.spelled())[0]})
		}
	}
	if ch, ok := c.grammar.(checker); ok {
		err := ch.check()
		var p problem
		var known *bcn.Error // of a command within the command, say
		if !errors.As(err, &known) && errors.As(err, &p) {
			return usageProblem(c.verb, p)
		}
		return err
	}
	return nil
}
