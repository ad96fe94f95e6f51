package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// secrets are those of the world's hello in production.
type secrets struct{ *world }

var _ commands.Secrets = (*secrets)(nil)

func (s *secrets) Secret(_ context.Context, _ bcn.Actor, app, env, name string) (deploy.SecretView, error) {
	v := deploy.SecretView{Heritage: bcn.Heritage{App: app, Env: env, Name: app}, Name: name, Path: "/barcelona/main/" + app + "/" + name}
	switch name {
	case "DATABASE_URL":
		v.UsedBy, v.There, v.Key = []string{"DATABASE_URL"}, &deploy.Parameter{Version: 3, Secure: true, Changed: start.Add(-time.Hour)}, "alias/hello"
	case "PLAIN":
		v.There = &deploy.Parameter{Version: 1}
	}
	return v, nil
}

func (s *secrets) ListSecrets(ctx context.Context, a bcn.Actor, app, env string) ([]deploy.SecretView, error) {
	if env == "staging" {
		return nil, nil
	}
	var out []deploy.SecretView
	for _, name := range []string{"DATABASE_URL", "PLAIN", "NEW"} {
		v, _ := s.Secret(ctx, a, app, env, name)
		out = append(out, v)
	}
	return out, nil
}

func (s *secrets) HoldSecret(_ context.Context, a bcn.Actor, district, token, key string, value func() string) error {
	if value() == "fails" {
		return bcn.E(bcn.CodeAccessDenied, "action", "ssm:PutParameter", "role", "bot")
	}
	s.called("HoldSecret %s %s %s %s, %d characters", a.User, district, token, key, len(value()))
	return nil
}

func (s *secrets) DropSecret(_ context.Context, a bcn.Actor, district, token string) error {
	s.called("DropSecret %s %s %s", a.User, district, token)
	return nil
}

// showWindow writes a window as plain text.
func showWindow(m chat.Modal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "┌ %s: %s\n%s", m.Name, m.Title, show(chat.Message{Blocks: append([]chat.Block{{Section: ""}}, m.Body...)}))
	for _, in := range m.Inputs {
		fmt.Fprintf(&b, "%s ____ (%s) %s lines=%v max=%d\n", in.Label, in.Placeholder, in.Hint, in.Lines, in.Max)
	}
	fmt.Fprintf(&b, "└ [%s] [%s] %s\n", m.Close, m.Submit, m.State)
	return b.String()
}

func TestSecretsAndDeleting(t *testing.T) {
	t.Parallel()
	dana, stranger := "U0DEV", "U0STRANGER"
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range []turn{
				{user: dana, text: "secret"},
				{user: dana, text: "secret set --help"},
				{user: dana, text: "secret unset --help"},
				{user: dana, text: "delete --help"},
				{user: dana, text: "secret list hello production"},
				{user: dana, text: "secret list hello staging"},
				{user: stranger, text: "secret list hello production"},
				{user: dana, text: "secret set hello production DATABASE_URL"},
				{user: dana, text: "secret set hello production db/url --reason it's new"},
				{user: dana, text: "secret set hello production PLAIN"},
				{user: dana, text: "secret set hello production .."},
				{user: dana, text: "secret set hello production DATABASE_URL hunter2"},
				{user: dana, text: "secret set hello production DATABASE_URL=hunter2"},
				{user: dana, text: "secret set hello production DATABASE_URL --value hunter2"},
				{user: dana, text: "secret set hello production DATABASE_URL -hunter2"},
				{user: dana, text: "secret sett hello production DATABASE_URL hunter2"},
				{user: dana, text: "secret set helo production DATABASE_URL"},
				{user: stranger, text: "secret set hello production DATABASE_URL"},
				{user: dana, text: "secret unset hello production NEW --reason unused"},
				{user: dana, text: "delete hello production"},
				{user: dana, text: "delete hello production --confirm hello --reason moved"},
				{user: dana, action: chat.ActionTyped, value: "secret set hello production DATABASE_URL"},
				{user: dana, action: chat.ActionTyped, value: "restart hello production"},
				{user: dana, action: chat.ActionTyped, value: "deploy hello production v2"},
				{user: dana, action: chat.ActionTyped, value: "<!here>"},
			} {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s", x.user, said, answer(t, x, lang))
				if m, ok := registry(t, sample()).Loading(x.request(), lang); ok {
					b.WriteString("(at once)\n" + showWindow(m))
				}
				if m, _, _ := registry(t, sample()).Run(context.Background(), x.request(), x.request().Actor(), deploy.Origin{}, lang); m.Modal != nil {
					b.WriteString(showWindow(*m.Modal))
				}
				b.WriteString("\n")
			}
			if strings.Contains(b.String(), "hunter2") && strings.Count(b.String(), "hunter2") != 5 {
				t.Error("a value that was typed is said back")
			}
			golden(t, "testdata/secrets."+lang+".golden", b.String())
		})
	}
}

// sent is a window as somebody sends it.
func sent(name chat.Action, state, input, value string) chat.Submission {
	return chat.Submission{
		Request: chat.Request{Key: "view:V1:h1", Source: chat.FromModal, Team: "T0ACME", User: "U0DEV", Channel: "C0DEPLOY", Action: name, Value: state},
		Fields:  map[string]chat.Field{input: chat.NewField(value)},
	}
}

func TestWindowsThatAreSent(t *testing.T) {
	t.Parallel()
	const secret = `{"app":"hello","env":"production","name":"DATABASE_URL","district":"main","key":"alias/hello"}`
	const gone = `{"app":"hello","env":"production","heritage":"hello"}`
	t.Run("what is wrong is said below the input, in plain text", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			name string
			s    chat.Submission
			want string
		}{
			{"a value is taken", sent(chat.ActionSecretSet, secret, "value", "x\ny"), ""},
			{"no value is not", sent(chat.ActionSecretSet, secret, "value", ""), "Write the value."},
			{"one that is too long is not", sent(chat.ActionSecretSet, secret, "value", strings.Repeat("é", 2049)), "Parameter Store takes at most 4096 bytes."},
			{"the right name is taken", sent(chat.ActionDelete, gone, "confirm", " hello "), ""},
			{"a wrong one is not", sent(chat.ActionDelete, gone, "confirm", "helo"), "type hello exactly"},
			{"a window that is not ours says so", sent(chat.ActionDelete, "{}", "confirm", "hello"), "older than"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				wrong := registry(t, sample()).CheckFields(c.s, "en")
				var said string
				for _, s := range wrong {
					said = s
				}
				if (c.want == "") != (len(wrong) == 0) || !strings.Contains(said, c.want) {
					t.Errorf("%v, want %q", wrong, c.want)
				}
			})
		}
	})
	t.Run("a value is kept under a token that its change names, and is not shown by anything", func(t *testing.T) {
		t.Parallel()
		w := sample()
		s := sent(chat.ActionSecretSet, secret, "value", "hunter2")
		if wrong := registry(t, w).KeepFields(t.Context(), s, "en"); len(wrong) > 0 {
			t.Fatal(wrong)
		}
		if _, _, err := registry(t, w).Run(t.Context(), s.Request, s.Actor(), deploy.Origin{}, "en"); err != nil {
			t.Fatal(err)
		}
		all := strings.Join(w.calls, "\n") + fmt.Sprintf("%v %+v %#v", s.Fields, s, s.Fields)
		token := strings.Fields(w.calls[0])[3]
		if strings.Contains(all, "hunter2") || !strings.Contains(w.calls[1], token) {
			t.Error(all)
		}
	})
	t.Run("a value that is not kept is said to be so", func(t *testing.T) {
		t.Parallel()
		wrong := registry(t, sample()).KeepFields(t.Context(), sent(chat.ActionSecretSet, secret, "value", "fails"), "en")
		if !strings.Contains(wrong["value"], "was not taken") {
			t.Error(wrong)
		}
	})
	t.Run("a window of an unknown name does nothing", func(t *testing.T) {
		t.Parallel()
		s := sent("other", secret, "value", "x")
		_, _, err := registry(t, sample()).Run(t.Context(), s.Request, s.Actor(), deploy.Origin{}, "en")
		if bcn.CodeOf(err) != bcn.CodeStaleCard {
			t.Error(err)
		}
	})
}

func TestTidy(t *testing.T) {
	t.Parallel()
	r := registry(t, sample())
	for said, want := range map[string]string{
		"secret set hello production NAME hunter2":           "secret set APP ENV NAME …",
		"secret set hello production NAME=hunter2":           "secret set APP ENV NAME …",
		"secert set hello production NAME hunter2":           "secret set APP ENV NAME …",
		"secret set hello production NAME":                   "secret set hello production NAME",
		"secret set hello production NAME --reason it is so": "secret set hello production NAME --reason it is so",
		"deploy hello production v2":                         "deploy hello production v2",
		"env set hello production DB_PASSWORD=hunter2":       "env set",
		"env set hello production GREETING=a hunter2":        "env set",
		"env DB_PASSWORD=hunter2":                            "env",
		"set secret hello production NAME hunter2":           "set",
		"secret hello production NAME hunter2":               "secret",
		"deploy hello production v2 hunter2":                 "deploy",
		"deploy hello production --hunter2 v2":               "deploy",
		"run hello production -- psql --password hunter2":    "run",
		"run hello production -- env DB_PASSWORD=hunter2 x":  "run",

		// A verb that is only nearly one, of a command that parses.
		"rnu hello production -- echo hunter2":                       "run",
		"evn set hello production GREETING=hunter2":                  "env set",
		"restrat hello production hunter2":                           "restrat hello production",
		"depoly hello production v2 --reason hunter2":                "depoly hello production v2",
		"depoly hello production v2":                                 "depoly hello production v2",
		"depoly --help hunter2":                                      "depoly --help",
		"schdule add @daily -- run hello production -- curl hunter2": "schedule add",
	} {
		got := r.Tidy(chat.Request{Source: chat.FromMention, Text: said})
		if got.Text != want || strings.Contains(got.Wrong, "hunter2") {
			t.Errorf("%q is stored as %q with %q, want %q", said, got.Text, got.Wrong, want)
		}
		before, wrong := r.Immediate(chat.Request{Source: chat.FromMention, Text: said}, "en")
		after, still := r.Immediate(got, "en")
		if wrong && !still {
			t.Errorf("%q is wrong: %v, and from the row: %v", said, wrong, still)
		}
		if wrong && (after.Text == "" || len(before.Blocks) != len(after.Blocks)) {
			t.Errorf("%q is answered %q, and from the row %q", said, before.Text, after.Text)
		}
		if strings.Contains(string(after.Text), "hunter2") {
			t.Errorf("%q is answered %q from the row", said, after.Text)
		}
	}
}
