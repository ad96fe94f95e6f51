package commands

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// What variables that hold secrets are called: by the last word, or by one
// that is hardly ever anything else.
var (
	secretEnd  = regexp.MustCompile(`(?i)(?:^|_)(?:API)?(?:KEY|KEYS|TOKEN|TOKENS|PASS|PWD|AUTH|DSN|CREDS)$`)
	secretWord = regexp.MustCompile(`(?i)SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|PRIVATE_?KEY`)
)

// Forms of values that are secrets whatever they are called: the beginnings
// that issuers give their tokens, a password in an address, a signed token.
var secretForms = []*regexp.Regexp{
	regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{12,}`),
	regexp.MustCompile(`\b(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|[sr]k_(?:live|test)_|whsec_|sk-|AIza|ya29\.|npm_|pypi-|hv[sb]\.|dop_v1_|shp[a-z]{2}_|SG\.|AGE-SECRET-KEY-)[A-Za-z0-9_.-]{8,}`),
	regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY`),
	regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@?#]*:[^/\s@]+@`),
	regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.`),
	regexp.MustCompile(`(?i)^(?:bearer|basic) \S{8,}`),
	regexp.MustCompile(`(?i)[?&;](?:password|passwd|secret|token|api_?key|access_?key|sig|signature)=[^&;\s]+`),
}

// notSecret are values that say yes or no, whatever they are called.
var notSecret = []string{"", "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "0", "1"}

// looksSecret guesses whether a value should be kept where secrets are. It
// rather refuses one too many: the way for secrets is always open.
func looksSecret(name, value string) bool {
	if slices.Contains(notSecret, strings.ToLower(value)) {
		return false
	}
	if secretEnd.MatchString(name) || secretWord.MatchString(name) {
		return true
	}
	for _, form := range secretForms {
		if form.MatchString(value) {
			return true
		}
	}
	return slices.ContainsFunc(unbroken.FindAllString(value, -1), random)
}

// unbroken are the long words of a value: names and paths are made of shorter
// ones.
var unbroken = regexp.MustCompile(`[A-Za-z0-9+=]{20,}`)

// leastEntropy is how many bits each character of a random word has at least,
// as its own frequencies show it; words of a language repeat themselves more.
const leastEntropy = 3.2

// random says that a word was made by a machine to be guessed by nobody:
// letters of both cases with digits, or long and hexadecimal.
func random(word string) bool {
	var upper, lower, digits int
	for _, c := range word {
		switch {
		case unicode.IsUpper(c):
			upper++
		case unicode.IsLower(c):
			lower++
		case unicode.IsDigit(c):
			digits++
		}
	}
	hexadecimal := len(word) >= 32 && strings.Trim(strings.ToLower(word), "0123456789abcdef") == ""
	mixed := digits >= 2 && upper >= 2 && lower >= 2
	return (mixed || (hexadecimal && digits >= 4 && upper+lower >= 4)) && entropy(word) >= leastEntropy
}

// entropy is Shannon's, in bits a character.
func entropy(s string) float64 {
	counts := map[rune]int{}
	for _, c := range s {
		counts[c]++
	}
	var bits float64
	for _, n := range counts {
		p := float64(n) / float64(len(s))
		bits -= p * math.Log2(p)
	}
	return bits
}

// inlineSecrets names the words of a command that give a value that looks
// secret: NAME=VALUE, --name=VALUE, --name VALUE, or a value alone, which is
// named by its place.
func inlineSecrets(words []string) []string {
	var out []string
	words = strings.Fields(strings.Join(words, " ")) // also of a script within: sh -c 'NAME=VALUE command'
	for i, word := range words {
		name, value, given := strings.Cut(word, "=")
		flag := ""
		if i > 0 && strings.HasPrefix(words[i-1], "--") && !strings.Contains(words[i-1], "=") && !strings.HasPrefix(word, "-") {
			flag = words[i-1]
		}
		switch {
		case given && assigned.MatchString(name) && looksSecret(asVariable(name), value):
			out = append(out, name)
		case flag != "" && looksSecret(asVariable(flag), word):
			out = append(out, flag)
		case looksSecret("", word):
			out = append(out, "word "+strconv.Itoa(i+1))
		}
	}
	return out
}

// assigned is what may stand before the = of a variable or a flag.
var assigned = regexp.MustCompile(`^-{0,2}[A-Za-z_][A-Za-z0-9_-]*$`)

// asVariable writes a flag as a variable is called.
func asVariable(flag string) string { return strings.ReplaceAll(strings.TrimLeft(flag, "-"), "-", "_") }
