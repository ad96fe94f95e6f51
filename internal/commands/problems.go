package commands

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

// The ways in which a command can be spelled wrongly.
const (
	problemMissing    = text.ProblemMissing
	problemFlags      = text.ProblemMissingFlags
	problemFlag       = text.ProblemUnknownFlag
	problemUnexpected = text.ProblemUnexpected
	problemValue      = text.ProblemNeedsValue
	problemNoValue    = text.ProblemTakesNoValue
	problemQuote      = text.ProblemOpenQuote
	problemLong       = text.ProblemLongWord
	problemForm       = text.ProblemForm
	problemOther      = text.ProblemOther
)

// problem is what is wrong with a command's spelling, in no language yet.
type problem struct {
	id         text.ID
	word       string // the word it is about, or the words that are missing
	suggestion string
}

// Error names it for logs.
func (p problem) Error() string { return string(p.id) + " " + p.word }

// usageProblem is a usage error that carries its problem as the cause.
func usageProblem(v *verb, p problem) error {
	return bcn.E(bcn.CodeUsage, "verb", v.name).Wrap(p)
}

// What kong says (v1.17.0: context.go, scanner.go, mapper.go), and what it
// means. The golden conversations break when it says it otherwise.
var (
	kongMissingArgs  = regexp.MustCompile(`^missing positional arguments (.+)$`)
	kongExpected     = regexp.MustCompile(`^expected "(.+)"$`)
	kongMissingFlags = regexp.MustCompile(`^missing flags: (.+)$`)
	kongUnknownFlag  = regexp.MustCompile(`^unknown flag (\S+?)(?:, did you mean (?:one of )?"([^"]+)".*)?$`)
	kongUnexpected   = regexp.MustCompile(`(?s)^unexpected argument (.*?)(?:, did you mean .*)?$`)
	kongNoValue      = regexp.MustCompile(`^(--[a-z-]+): (?:missing value|expected \S+ value but got "EOL")|^(--[a-z-]+)(?:=\S+)?: expected`)
	kongSwitch       = regexp.MustCompile(`^(?:(--[a-z-]+): )?(?:bool value must be|expected bool but|unexpected flag argument)`)
	kongHolder       = regexp.MustCompile(`<([a-z-]+)>`)
	kongFlagName     = regexp.MustCompile(`--[a-z-]+`)
)

// usageError turns kong's English into a problem.
func usageError(v *verb, err error) error {
	var known *bcn.Error
	if errors.As(err, &known) {
		return known
	}
	return usageProblem(v, kongProblem(v, err.Error()))
}

func kongProblem(v *verb, said string) problem {
	for _, re := range []*regexp.Regexp{kongMissingArgs, kongExpected} {
		if m := re.FindStringSubmatch(said); m != nil {
			return problem{id: problemMissing, word: missing(v, m[1])}
		}
	}
	if m := kongMissingFlags.FindStringSubmatch(said); m != nil {
		return problem{id: problemFlags, word: inOrder(v, kongFlagName.FindAllString(m[1], -1))}
	}
	if m := kongUnknownFlag.FindStringSubmatch(said); m != nil {
		return problem{id: problemFlag, word: clip(m[1]), suggestion: m[2]}
	}
	if m := kongUnexpected.FindStringSubmatch(said); m != nil {
		return problem{id: problemUnexpected, word: clip(m[1])}
	}
	if m := kongSwitch.FindStringSubmatch(said); m != nil {
		return problem{id: problemNoValue, word: m[1]}
	}
	if m := kongNoValue.FindStringSubmatch(said); m != nil {
		return problem{id: problemValue, word: m[1] + m[2]}
	}
	return problem{id: problemOther}
}

// inOrder lists missing flags as the usage line does; kong sorts them.
func inOrder(v *verb, missing []string) string {
	var out []string
	for _, f := range fields(v.grammar()) {
		if !f.arg && slices.Contains(missing, "--"+f.name) {
			out = append(out, "--"+f.name)
		}
	}
	return strings.Join(out, " ")
}

// missing writes kong's <app> <env> as the usage line does: APP ENV.
func missing(v *verb, said string) string {
	var out []string
	for _, m := range kongHolder.FindAllStringSubmatch(said, -1) {
		for _, f := range fields(v.grammar()) {
			if f.name == m[1] && f.arg && !f.optional {
				out = append(out, f.holder)
			}
		}
	}
	return strings.Join(out, " ")
}
