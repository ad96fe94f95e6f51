package commands

import (
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// mistaken is a mistake as it is stored beside the verb, in the place of what
// was typed behind it: that may be anything, also a secret.
type mistaken struct {
	Code       bcn.Code          `json:"code"`
	Params     map[string]string `json:"params,omitempty"`
	Typo       string            `json:"typo,omitempty"` // nearly a verb
	Verb       string            `json:"verb,omitempty"`
	Problem    text.ID           `json:"problem,omitempty"`
	Word       string            `json:"word,omitempty"`
	Suggestion string            `json:"suggestion,omitempty"`
}

// unsaid stands for what is not kept.
const unsaid = "…"

// ourWords are the problems whose word is ours and not typed: of the grammar.
func ourWords() []text.ID {
	return []text.ID{problemMissing, problemFlags, problemValue, problemNoValue, problemQuote, text.ProblemPair}
}

// ourParams are the parameters of mistakes that hold nothing that was typed, or
// names of variables alone.
func ourParams() []string { return []string{"suggestion", "length", "limit", "names"} }

// Tidy takes out of a request what must not be stored: of a command that does
// not parse all that follows its verb, for it may be a value, misplaced; of one
// whose verb is only nearly right all but the names that a correction needs.
// What is wrong with it is stored with it, to be answered. It is pure.
func (r *Registry) Tidy(req chat.Request) chat.Request {
	if req.Source == chat.FromClick || req.Source == chat.FromModal {
		return req
	}
	c, err := parse(req.Text, r.command)
	if err == nil {
		return r.tidyTypo(req, c)
	}
	if bcn.CodeOf(err) == bcn.CodeSecretTyped && c.verb != nil {
		req.Text = c.verb.name + " APP ENV NAME …"
		return req
	}
	kept, sealed := json.Marshal(mistakenAs(c, err))
	if sealed != nil { // it is made of texts
		kept = nil
	}
	req.Wrong = string(kept)
	req.Text, _ = nextWord(address(req.Text, r.command))
	if c.verb != nil {
		req.Text = c.verb.name
	}
	return req
}

// tidyTypo keeps of a command whose verb is only nearly right what names things
// that may exist. It may have been meant for another verb: nobody knows what
// its other words are.
func (r *Registry) tidyTypo(req chat.Request, c command) chat.Request {
	switch {
	case c.typo == "":
		return req
	case c.help:
		req.Text = c.typo + " --help"
		return req
	}
	for _, f := range fields(c.grammar) {
		if s, ok := f.value.Interface().(string); f.value.Kind() != reflect.Bool && (!ok || !nameLike(f, s)) {
			f.value.SetZero()
		}
	}
	req.Text = typed(c.typo, c.grammar)
	if again, err := parse(req.Text, r.command); err == nil && again.verb.name == c.verb.name && again.typo == c.typo {
		return req
	}
	kept, err := json.Marshal(mistakenAs(c, bcn.E(bcn.CodeUnknownVerb, "verb", c.typo, "suggestion", c.verb.name)))
	if err != nil { // it is made of texts
		kept = nil
	}
	req.Text, req.Wrong = c.verb.name, string(kept)
	return req
}

// nameForm is what apps, environments, districts, endpoints and tags look like.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}$`)

// nameLike says that a field is there to name something, and its value could.
func nameLike(f field, value string) bool {
	return (f.live != "" || f.kind == "tag" || f.kind == "tag-or-current") && nameForm.MatchString(value)
}

func mistakenAs(c command, err error) mistaken {
	m := mistaken{Code: bcn.CodeOf(err), Params: map[string]string{}, Typo: c.typo}
	if c.verb != nil {
		m.Verb = c.verb.name
	} else {
		m.Typo = ""
	}
	var e *bcn.Error
	if errors.As(err, &e) {
		for k, v := range e.Params {
			if !slices.Contains(ourParams(), k) {
				v = knownWords(v, k)
			}
			m.Params[k] = v
		}
	}
	var p problem
	if errors.As(err, &p) {
		m.Problem, m.Word, m.Suggestion = p.id, unsaid, p.suggestion
		if slices.Contains(ourWords(), p.id) {
			m.Word = p.word
		}
	}
	return m
}

// knownWords keeps of a verb its first word, and the whole where it is one.
func knownWords(said, param string) string {
	if param != "verb" {
		return unsaid
	}
	if find(said) != nil {
		return said
	}
	one, rest := nextWord(said)
	if rest != "" {
		one += " " + unsaid
	}
	return one
}

// mistook answers a request of which only its mistake was stored.
func (r *Registry) mistook(req chat.Request, lang string) chat.Message {
	var m mistaken
	if json.Unmarshal([]byte(req.Wrong), &m) != nil {
		return say(r.text.Error(lang, bcn.E(bcn.CodeInternal)))
	}
	c := command{verb: find(m.Verb), typo: m.Typo}
	if c.verb != nil {
		c.grammar = c.verb.grammar()
	}
	var pairs []string
	for k, v := range m.Params {
		pairs = append(pairs, k, v)
	}
	err := bcn.E(m.Code, pairs...)
	if m.Problem != "" {
		err = err.Wrap(problem{id: m.Problem, word: strings.TrimSpace(m.Word), suggestion: m.Suggestion})
	}
	return r.mistake(asked{verb: c.verb, lang: lang}, c, err)
}
