package commands_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

func TestBreakGlassConversations(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range glassConversations() {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s\n", x.user, said, answer(t, x, lang))
			}
			golden(t, "testdata/breakglass."+lang+".golden", b.String())
		})
	}
}

func glassConversations() []turn {
	dana, lee, stranger := "U0DEV", "U0LEAD", "U0STRANGER"
	needs := []bcn.Need{{Teams: []string{"leads"}, Count: 1}}
	open := func(w *world) {
		w.followUps = []bcn.FollowUp{
			{ID: 1040, Person: dana, Reason: "the *site* is down", Skipped: needs, At: start.Add(-30 * time.Hour), DueAt: start.Add(-6 * time.Hour)},
			{ID: 1039, Person: "U0ONCALL", Reason: "a customer waits", Skipped: needs, At: start.Add(-time.Hour), DueAt: start.Add(23 * time.Hour)},
		}
	}
	alone := func(w *world) { open(w); w.pending = nil }
	return []turn{
		{user: dana, text: "help acknowledge"},
		{user: dana, text: "deploy hello production v2 --break-glass --reason the site is down"},
		{user: dana, text: "deploy hello production v2 --reason the site is down --break-glass"},
		{user: dana, text: "rollback hello production 2 --break-glass --reason x"},
		{user: dana, text: "restart hello production web --break-glass --reason x"},
		{user: dana, text: "promote hello staging production --break-glass --reason x"},
		{user: dana, text: "scale hello production web=3 --break-glass --reason x"},
		{user: dana, text: "env set hello production A=b --break-glass --reason x"},
		{user: dana, text: "env unset hello production A --break-glass --reason x"},
		{user: dana, text: "run hello production --break-glass --reason x -- rake --break-glass"},
		{user: dana, text: "access hello production for 5m --break-glass --reason x"},
		{user: dana, text: "plan hello production v2 --break-glass"},
		{user: dana, text: "delete hello production --break-glass"},
		{user: lee, text: "acknowledge 1040"},
		{user: lee, text: "acknowledge 1040", world: open},
		{user: lee, text: "acknowledge #1040 right, the site was <!channel> down", world: open},
		{user: dana, text: "acknowledge 1040", world: open},
		{user: lee, text: "acknowledge", world: open},
		{user: lee, text: "acknowledge soon", world: open},
		{user: lee, action: chat.ActionAcknowledge, value: "1040", message: "10.40", world: open},
		{user: lee, action: chat.ActionAcknowledge, value: "1040", message: "99.99", world: open},
		{user: lee, text: "approvals", world: open},
		{user: dana, text: "approvals", world: alone},
		{user: stranger, text: "approvals", world: open},
		{user: dana, text: "releases hello production", world: func(w *world) { w.releases["hello"][1].Glass = true }},
	}
}
