package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// The inputs of windows.
const (
	secretInput  = "value"
	confirmInput = "confirm"
)

// maxSecret is how many bytes a value may have (Systems Manager, PutParameter:
// 4 KB for a standard parameter).
const maxSecret = 4096

// state is what a window carries from being opened to being sent. It comes back
// through Slack, and carries no authority: all of it is checked again.
type state struct {
	App      string `json:"app"`
	Env      string `json:"env"`
	Name     string `json:"name,omitempty"`
	District string `json:"district,omitempty"`
	Key      string `json:"key,omitempty"`
	Heritage string `json:"heritage,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// String writes what readState reads.
func (s state) String() string {
	b, err := json.Marshal(s)
	if err != nil { // it is made of texts
		return ""
	}
	return string(b)
}

func readState(value string) (state, error) {
	var s state
	if json.Unmarshal([]byte(value), &s) != nil || s.App == "" || s.Env == "" {
		return s, bcn.E(bcn.CodeStaleCard)
	}
	return s, nil
}

// windowOf answers which window a verb opens. The typed twin of the one that
// deletes says in the command what it asks for.
func windowOf(c command) (chat.Action, bool) {
	if c.verb == nil || c.help || c.typo != "" {
		return "", false
	}
	switch g := c.grammar.(type) {
	case *secretSetArgs:
		return chat.ActionSecretSet, true
	case *deleteArgs:
		return chat.ActionDelete, g.Confirm == ""
	case *tokenIssueArgs, *tokenRotateArgs:
		return chat.ActionToken, true
	case *rejectArgs:
		return chat.ActionReject, prose(g.Reason) == ""
	default:
		return "", false
	}
}

// window is one with nothing in it.
func (r *Registry) window(lang string, name chat.Action) chat.Modal {
	titles := map[chat.Action]text.ID{
		chat.ActionSecretSet: text.ModalSecretTitle, chat.ActionDelete: text.ModalDeleteTitle, chat.ActionToken: text.ModalTokenTitle,
	}
	return chat.Modal{Name: name, Title: r.text.Plain(lang, titles[name], nil), Close: r.text.Plain(lang, text.ModalClose, nil)}
}

// Loading answers what is shown at once where a request opens a window. It is
// pure.
func (r *Registry) Loading(req chat.Request, lang string) (chat.Modal, bool) {
	said := req.Text
	switch {
	case req.Wrong != "":
		return chat.Modal{}, false
	case req.Source == chat.FromClick && decides(req.Action):
		return r.loading(lang, req.Action), true
	case req.Source == chat.FromClick && req.Action != chat.ActionTyped, req.Source == chat.FromModal:
		return chat.Modal{}, false
	case req.Source == chat.FromClick:
		said = req.Value
	}
	c, err := parse(said, r.command)
	if err != nil {
		return chat.Modal{}, false
	}
	name, ok := windowOf(c)
	if !ok {
		return chat.Modal{}, false
	}
	return r.loading(lang, name), true
}

// loading is a window that is being filled.
func (r *Registry) loading(lang string, name chat.Action) chat.Modal {
	m := r.window(lang, name)
	if decides(name) {
		m = r.decisionWindow(lang, name)
	}
	m.Body = []chat.Block{{Section: r.text.Say(lang, text.ModalLoading, nil)}}
	return m
}

// opens answers a window, and beside it the message with a button for where it
// cannot be opened: after a mention, or when the three seconds are over.
func (r *Registry) opens(a asked, m chat.Modal, line, label text.ID, grammar any, args text.Args) chat.Message {
	out := say(r.text.Say(a.lang, line, args))
	out.Modal = &m
	out.Blocks = append(out.Blocks, chat.Block{Buttons: []chat.Button{{
		Action: chat.ActionTyped, Value: typed(a.verb.name, grammar), Label: r.text.Plain(a.lang, label, args), Style: chat.Primary,
	}}})
	return out
}

// pressable are the verbs that a button may type.
func pressable() []string {
	return []string{"logs", "secret set", "delete", "restart", "token rotate", "drift repair", "drift accept", "unlock", "thaw", "audit"}
}

// clickTyped does what the button's value would do if it were typed. The value
// carries no authority: whoever presses is asked what they may.
func (r *Registry) clickTyped(ctx context.Context, a asked, value string) (chat.Message, bool, error) {
	c, err := parse(value, "")
	if err != nil || c.verb == nil || c.help || c.typo != "" || !slices.Contains(pressable(), c.verb.name) {
		return chat.Message{}, false, bcn.E(bcn.CodeStaleCard)
	}
	a.verb = c.verb
	if m, ok, err := r.correct(ctx, a, c); ok || err != nil {
		return m, ok, err
	}
	return r.do(ctx, a, c.grammar)
}

// CheckFields says what is wrong with what was filled in. It is pure.
func (r *Registry) CheckFields(s chat.Submission, lang string) map[string]string {
	if decides(s.Action) {
		return r.checkDecision(s, lang)
	}
	st, err := readState(s.Value)
	switch {
	case err != nil:
		return r.below(s, r.text.Plain(lang, text.ErrorID(bcn.CodeStaleCard), nil))
	case s.Action == chat.ActionDelete && strings.TrimSpace(s.Fields[confirmInput].Reveal()) != st.Heritage:
		return map[string]string{confirmInput: r.text.Plain(lang, text.ErrorID(bcn.CodeConfirmWrong), text.Args{"name": st.Heritage})}
	case s.Action == chat.ActionSecretSet && s.Fields[secretInput].Reveal() == "":
		return map[string]string{secretInput: r.text.Plain(lang, text.ModalSecretEmpty, nil)}
	case s.Action == chat.ActionSecretSet && len(s.Fields[secretInput].Reveal()) > maxSecret:
		return map[string]string{secretInput: r.text.Plain(lang, text.ModalSecretLong, text.Args{"limit": strconv.Itoa(maxSecret)})}
	default:
		return nil
	}
}

// KeepFields puts a secret where it waits for its change; of other windows
// nothing is kept.
func (r *Registry) KeepFields(ctx context.Context, s chat.Submission, lang string) map[string]string {
	if s.Action != chat.ActionSecretSet {
		return nil
	}
	st, err := readState(s.Value)
	if err == nil {
		err = r.secrets.HoldSecret(ctx, s.Actor(), st.District, secretToken(s.Key), st.Key, s.Fields[secretInput].Reveal)
	}
	if err == nil {
		return nil
	}
	why := chat.Clean(string(r.text.Error(lang, err)))
	return map[string]string{secretInput: r.text.Plain(lang, text.ModalSecretNotKept, text.Args{"why": why})}
}

// below says the same below each input.
func (r *Registry) below(s chat.Submission, sentence string) map[string]string {
	out := map[string]string{}
	for name := range s.Fields {
		out[name] = sentence
	}
	return out
}

// secretToken names where the value of a submission waits: the same for each
// delivery of it, so that a window that is sent again leaves nothing behind.
func secretToken(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// sent runs a window that was sent.
func (r *Registry) sent(ctx context.Context, req chat.Request, a asked) (chat.Message, bool, error) {
	if decides(req.Action) {
		return r.decisionSent(ctx, req, a)
	}
	s, err := readState(req.Value)
	if err != nil {
		return chat.Message{}, false, err
	}
	var m chat.Message
	switch req.Action {
	case chat.ActionSecretSet:
		m, err = r.secretSent(ctx, a, req.Key, s)
	case chat.ActionDelete:
		m, err = r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDelete, App: s.App, Env: s.Env, Reason: s.Reason, Confirm: s.Heritage})
	default:
		err = bcn.E(bcn.CodeStaleCard)
	}
	return m, m.Text != "" && err == nil, err
}
