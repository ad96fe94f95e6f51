package commands_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// deputies are those of the world: olu stands for lee.
type deputies struct{ *world }

var _ commands.Deputies = (*deputies)(nil)

func (x *deputies) NameDeputy(_ context.Context, _ deploy.Origin, a bcn.Actor, deputy string, until time.Time) (bcn.Deputation, error) {
	x.called("NameDeputy %s for %s until %s", deputy, a.User, until.Format("Mon 2006-01-02 15:04 MST"))
	if deputy == a.User {
		return bcn.Deputation{}, bcn.E(bcn.CodeDeputySelf)
	}
	return bcn.Deputation{Absent: a.User, Deputy: deputy, Since: start, Until: until}, nil
}

func (x *deputies) AllDeputies(context.Context) ([]bcn.Deputation, error) {
	if x.heritages == nil {
		return nil, nil
	}
	return []bcn.Deputation{{Absent: "U0LEAD", Deputy: "U0ONCALL", Since: start, Until: start.Add(24 * time.Hour)}}, nil
}

func (x *deputies) RemoveDeputy(_ context.Context, _ deploy.Origin, a bcn.Actor, deputy, absent string) ([]bcn.Deputation, error) {
	x.called("RemoveDeputy %q of %q by %s", deputy, absent, a.User)
	if x.heritages == nil {
		return nil, bcn.E(bcn.CodeNoDeputy, "who", a.User)
	}
	return []bcn.Deputation{{Absent: "U0LEAD", Deputy: "U0ONCALL"}}, nil
}

func (x *deputies) Decides(_ context.Context, a bcn.Actor, pending []bcn.Request) (map[bcn.ID]bool, error) {
	out := map[bcn.ID]bool{}
	for _, r := range pending {
		out[r.ID] = strings.HasPrefix(a.User, "U0LEAD") && !slices.ContainsFunc(r.Decisions, func(d bcn.Decision) bool { return d.Person == a.User })
	}
	return out, nil
}

func (x *deputies) Shown(_ context.Context, id bcn.ID) (chat.Message, error) {
	return chat.Message{Text: "card", Blocks: []chat.Block{{Section: chat.Markup("the card of " + id.String())}}}, nil
}

func (w *world) Wish(_ context.Context, id bcn.ID) (deploy.Wish, error) {
	for _, c := range w.changes {
		if c.ID == id {
			return deploy.Wish{Kind: c.Kind, App: c.App, Env: c.Env, Tag: c.Tag, Reason: c.Reason}, nil
		}
	}
	return deploy.Wish{}, bcn.E(bcn.CodeUnknownID, "id", id.String())
}

// pressed opens a window, fills it in and sends it.
func pressed(t *testing.T, r *commands.Registry, req chat.Request, fields map[string]string, lang string) string {
	t.Helper()
	var b strings.Builder
	if m, ok := r.Loading(req, lang); ok {
		fmt.Fprintf(&b, "(opens %q)\n", m.Title)
	}
	m, ok, err := r.Run(context.Background(), req, req.Actor(), deploy.Origin{}, lang)
	if err != nil || !ok || m.Modal == nil {
		fmt.Fprintf(&b, "(no window: %s)\n%s", bcn.CodeOf(err), catalogue(t).Error(lang, err))
		return b.String()
	}
	b.WriteString(show(m))
	fmt.Fprintf(&b, "window %q [%s] [%s]\n%s", m.Modal.Title, m.Modal.Submit, m.Modal.Close, show(chat.Message{Blocks: m.Modal.Body}))
	sent := chat.Submission{Request: chat.Request{Source: chat.FromModal, Team: req.Team, User: req.User, Action: m.Modal.Name, Value: m.Modal.State}, Fields: map[string]chat.Field{}}
	for _, in := range m.Modal.Inputs {
		fmt.Fprintf(&b, "input %s: %s (%s) %q\n", in.Name, in.Label, in.Hint, in.Value)
		sent.Fields[in.Name] = chat.NewField(fields[in.Name])
	}
	if wrong := r.CheckFields(sent, lang); len(wrong) > 0 {
		fmt.Fprintf(&b, "wrong: %v\n", wrong)
		return b.String()
	}
	stored := r.Fill(sent)
	fmt.Fprintf(&b, "stored %q %s\n", stored.Text, stored.Value)
	out, ok, err := r.Run(context.Background(), stored, stored.Actor(), deploy.Origin{}, lang)
	if err != nil {
		b.WriteString(string(catalogue(t).Error(lang, err)) + "\n")
	} else if ok {
		b.WriteString(show(out))
	}
	return b.String()
}

// What was typed into a window is stored, since it is no secret, and means what
// it would mean if it were typed.
func TestDecisionWindows(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range []struct {
				name   string
				action chat.Action
				id     string
				fields map[string]string
			}{
				{"a rejection says why", chat.ActionReject, "1040", map[string]string{"reason": "not on a <Friday> & not *now*"}},
				{"a rejection without a word", chat.ActionReject, "1040", map[string]string{"reason": "  "}},
				{"a rejection that is typed without a reason is asked why", "", "reject #1040", map[string]string{"reason": "not on a Friday"}},
				{"a typed rejection of what is over", "", "reject 1039", nil},
				{"what is over is not rejected", chat.ActionReject, "1039", nil},
				{"an approval from a list shows the card", chat.ActionReview, "1040", nil},
				{"a changed command asks anew", chat.ActionChange, "1040", map[string]string{"command": "/bcn deploy hello production v3 --reason a <b> & c"}},
				{"a command that does not parse", chat.ActionChange, "1040", map[string]string{"command": "deploy hello"}},
				{"a command that asks for nothing", chat.ActionChange, "1040", map[string]string{"command": "approve 1040"}},
				{"a secret is not kept", chat.ActionChange, "1040", map[string]string{"command": "secret set hello production A=b"}},
				{"no such change", chat.ActionChange, "7", nil},
			} {
				w := sample()
				req := chat.Request{Source: chat.FromClick, Team: "T0ACME", User: "U0LEAD", Action: x.action, Value: x.id}
				if x.action == "" {
					req.Source, req.Text, req.Value = chat.FromSlash, x.id, ""
				}
				fmt.Fprintf(&b, "### %s\n%s", x.name, pressed(t, registry(t, w), req, x.fields, lang))
				for _, c := range w.calls {
					b.WriteString("=> " + c + "\n")
				}
				b.WriteString("\n")
			}
			golden(t, "testdata/windows."+lang+".golden", b.String())
		})
	}
}

func TestTellingConversations(t *testing.T) {
	t.Parallel()
	none := func(w *world) { *w = world{} }
	lee := "U0LEAD"
	turns := []turn{
		{user: lee, text: "approvals deputy --help"},
		{user: lee, text: "approvals deputy"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu>"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until Friday"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until tomorrow 12:00"},
		{user: lee, text: "approvals deputy <@U0ONCALL> until 2027-01-31"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until soon"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until 2026-01-01"},
		{user: lee, text: "approvals deputy olu until friday"},
		{user: lee, text: "approvals deputy <@U0LEAD|lee> until friday"},
		{user: lee, text: "approvals deputy list"},
		{user: lee, text: "approvals deputy list", world: none},
		{user: lee, text: "approvals deputy remove"},
		{user: lee, text: "approvals deputy remove", world: none},
		{user: lee, text: "approvals deputy remove <@U0ONCALL|olu> --of <@U0LEAD|lee>"},
		{user: lee, text: "approvals deputy remove olu"},
		{user: lee, text: "approvals deputi list"},
		{user: lee, text: "approvals"},
		{user: "U0LEAD2", text: "approvals"},
		{user: "U0DEV", text: "approvals"},
	}
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range turns {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s\n", x.user, said, answer(t, x, lang))
			}
			golden(t, "testdata/telling."+lang+".golden", b.String())
		})
	}
}
