package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// operations is what people type to roll back, restart, promote, scale and set
// variables, rightly and wrongly.
func operations() []turn {
	dana := "U0DEV"
	return []turn{
		{user: dana, text: "rollback --help"},
		{user: dana, text: "rollback hello production"},
		{user: dana, text: "rollback hello production 12 --reason the cart is empty"},
		{user: dana, text: "rollback hello production #12"},
		{user: dana, text: "rollback hello production v2"},
		{user: dana, text: "rollback hello production 0"},
		{user: dana, text: "rollback hello production -1"},
		{user: dana, text: "rollback hello production 99999999999999999999"},
		{user: dana, text: "rollback hello"},
		{user: dana, text: "rolback hello production"},
		{user: dana, action: chat.ActionRollback, value: "1042"},
		{user: dana, action: chat.ActionRollback, value: "1042; drop"},
		{user: dana, text: "restart hello production"},
		{user: dana, text: "restart hello production web --reason the password was rotated", world: func(w *world) { w.behind = 1039 }},
		{user: dana, text: "restart hello production ../web"},
		{user: dana, text: "restart hello prod"},
		{user: dana, text: "help promote"},
		{user: dana, text: "promote hello staging production"},
		{user: dana, text: "promote hello staging staging"},
		{user: dana, text: "promote hello staging"},
		{user: dana, text: "promote hello stging production"},
		{user: dana, text: "help scale"},
		{user: dana, text: "scale hello production web=3"},
		{user: dana, text: "scale hello production web=0"},
		{user: dana, text: "scale hello production web"},
		{user: dana, text: "scale hello production web=-1"},
		{user: dana, text: "scale hello production web=2.5"},
		{user: dana, text: "scale hello production 3"},
		{user: dana, text: "scale hello production"},
		{user: dana, text: "help env set"},
		{user: dana, text: "env"},
		{user: dana, text: `env set hello production LOG_LEVEL=debug GREETING="wait for 10m" EMPTY= --reason we look for a fault`},
		{user: dana, text: "env set hello production URL=<https://example.com/a?b=1>"},
		{user: dana, text: "env set hello production LOG_LEVEL"},
		{user: dana, text: "env set hello production 1BAD=plugh"},
		{user: dana, text: "env set hello production A-B=plugh"},
		{user: dana, text: `env set hello production "PLAIN={{resolve:ssm:/x}}"`},
		{user: dana, text: "env set hello production A=plugh A=plugh2"},
		{user: dana, text: "env set hello production A=it is plugh"},
		{user: dana, text: "env set hello production A=plugh" + strings.Repeat("y", 1996)},
		{user: dana, text: "env set hello production A=" + strings.Repeat("plugh", 1000)},
		{user: dana, text: "env set hello production"},
		{user: dana, text: "env set hello production API_TOKEN=plugh DATABASE_URL=postgres://app:plugh@db/app"},
		{user: dana, text: "env ste hello production SECRET_KEY_BASE=plugh"},
		{user: dana, text: "env set helo production LOG_LEVEL=plugh"},
		{user: dana, text: "env unset hello production LOG_LEVEL GREETING"},
		{user: dana, text: "env unset hello production LOG_LEVEL=plugh"},
		{user: dana, text: "env unset hello production"},
		{user: dana, text: "env list hello production"},
		{user: dana, text: "env list hello production", world: func(w *world) { w.variables.Release = 12 }},
		{user: dana, text: "env list hello production", world: func(w *world) {
			w.variables = deploy.Variables{
				Release: 12, File: []string{"RAILS_ENV"}, Chat: []string{"LOG_LEVEL"}, Both: []string{"WORKERS"}, Secret: []string{"SESSION_SECRET", "redash/"},
			}
		}},
		{user: "U0STRANGER", text: "env list hello production"},
		{user: dana, text: "releases hello production", world: func(w *world) {
			for i, kind := range []bcn.Kind{bcn.KindEnv, bcn.KindScale, bcn.KindPromote, bcn.KindRestart, bcn.KindRollback} {
				r := w.releases["hello"][1]
				r.Number, r.Change, r.Kind, r.Restores = int64(4+i), bcn.ID(1034+i), kind, 1
				w.releases["hello"] = append([]bcn.Release{r}, w.releases["hello"]...)
			}
		}},
	}
}

func TestOperationConversations(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range operations() {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				got := answer(t, x, lang)
				said = said[:min(len(said), 120)]
				if strings.Contains(got, "plugh") {
					t.Errorf("%s: a value is said back:\n%s", said, got)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s\n", x.user, said, got)
			}
			golden(t, "testdata/operations."+lang+".golden", b.String())
		})
	}
}

// What an operation is by the clock: those that mean the same each time may be
// scheduled.
func TestScheduledOperations(t *testing.T) {
	t.Parallel()
	w := sample()
	r := registry(t, w)
	for command, may := range map[string]bool{
		"restart hello production":              true,
		"restart hello production web":          true,
		"scale hello production web=3":          true,
		"promote hello staging production":      true,
		"env list hello production":             true,
		"rollback hello production":             false,
		"rollback hello production 12":          false,
		"env set hello production LOG_LEVEL=x":  false,
		"env unset hello production LOG_LEVEL":  false,
		"env set hello production A=b TOKEN=xy": false,
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			checked, err := r.Check(t.Context(), bcn.Actor{Kind: bcn.Person, User: "U0ADMIN", Team: "T0ACME"}, command)
			if (err == nil) != may {
				t.Errorf("it may be scheduled: %v", err)
			}
			if err == nil && checked.Changes == strings.HasPrefix(command, "env") {
				t.Errorf("it makes a change: %v", checked.Changes)
			}
		})
	}
}
