package text

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
)

// Error answers the sentence for an error: what is wrong, what would be
// right, the next command to type. The text of a foreign error is never
// shown: it reads as "internal" with its Ref, by which the log finds it.
func (c *Catalogue) Error(lang string, err error) chat.Markup {
	var known *bcn.Error
	if !errors.As(err, &known) || !c.Has(ErrorID(known.Code)) {
		return c.Say(lang, ErrorID(bcn.CodeInternal), Args{"ref": Ref(err)})
	}
	return c.Code(lang, known.Code, known.Params, Ref(err))
}

// Code answers the sentence for a stored code and its params, such as why a
// change ended.
func (c *Catalogue) Code(lang string, code bcn.Code, params map[string]string, ref string) chat.Markup {
	args := Args{"ref": ref}
	for k, v := range params {
		args[k] = v
	}
	for _, k := range []string{"by", "who", "deputy"} {
		if userID.MatchString(params[k]) {
			args[k] = chat.Mention(params[k])
		}
	}
	for _, k := range []string{"what", "moved", "problem"} {
		if said, ok := c.word(lang, params[k]); ok && code != bcn.CodeUnknownName && code != bcn.CodeEnvironmentForeign {
			args[k] = said
		}
	}
	for _, k := range []string{"opens", "next", "at"} {
		if at, err := time.Parse(time.RFC3339, params[k]); err == nil {
			args[k] = When(at)
		}
	}
	for _, k := range []string{"least", "most", "after", "per"} {
		if d, err := time.ParseDuration(params[k]); err == nil {
			args[k] = d
		}
	}
	if findings, ok := params["findings"]; ok {
		args["findings"] = c.findings(lang, findings)
	}
	if id := ScheduleSkip(params["why"]); code == bcn.CodeMissed && c.Has(id) {
		args["why"] = c.Say(lang, id, nil)
	}
	if code == bcn.CodeLocked || code == bcn.CodeFrozen {
		c.heldArgs(lang, params, args)
	}
	if code == bcn.CodeBadSchedule {
		args = c.badSchedule(lang, params)
	}
	return c.Say(lang, ErrorID(code), args)
}

// badSchedule says what is wrong with the text of a schedule, in a sentence of
// its own.
func (c *Catalogue) badSchedule(lang string, params map[string]string) Args {
	parts := Args{}
	for k, v := range params {
		parts[k] = v
	}
	if id := ScheduleField(params["field"]); c.Has(id) {
		parts["field"] = c.Say(lang, id, nil)
	}
	args := Args{"spec": params["spec"], "problem": "", "where": ""}
	if at := params["where"]; at != "0" {
		args["where"] = at
	}
	if id := ScheduleProblem(params["problem"]); c.Has(id) {
		args["problem"] = c.Say(lang, id, parts)
	}
	return args
}

// word says a word that codes carry in no language (rules, team leads,
// applying), and false for any other text.
func (c *Catalogue) word(lang, s string) (string, bool) {
	if id := StateID(bcn.ChangeState(s)); s != "" && c.Has(id) {
		return c.Plain(lang, id, nil), true
	}
	if id := ID("word." + strings.ReplaceAll(s, " ", "_")); c.Has(id) {
		return c.Plain(lang, id, nil), true
	}
	head, name, ok := strings.Cut(s, " ")
	if id := ID("word.of." + head); ok && c.Has(id) {
		return c.Plain(lang, id, Args{"name": name}), true
	}
	return "", false
}

// userID is how Slack writes the id of a person: codes that say by whom
// something was done carry it.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{3,}$`)

// ErrorID names the sentence of a code.
func ErrorID(code bcn.Code) ID { return ID("error." + string(code)) }

// Why says in a few words what a code means, for lists: in them its sentence
// would be too long.
func (c *Catalogue) Why(lang string, code bcn.Code) chat.Markup {
	if id := ID("why." + string(code)); c.Has(id) {
		return c.Say(lang, id, nil)
	}
	return chat.Escape(strings.ReplaceAll(string(code), "_", " "))
}

// Ref is the short name under which an error is both shown and logged. The
// same error has the same name, so nothing needs to be passed along.
func Ref(err error) string {
	if err == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(err.Error()))
	return hex.EncodeToString(sum[:4])
}
