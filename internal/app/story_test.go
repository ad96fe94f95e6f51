package app

import (
	"strings"
	"testing"
)

// The story of issue 2, steps 2 to 5, over the wire.
func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.setUp("/bcn deploy hello production v1")

	if said := w.slash("U0DEV", deploys, "deploy hello production v2 --reason because <!channel> *bold*"); said != "" {
		t.Fatalf("the acknowledgement said %q", said)
	}
	card := w.card(deploys, "waits for approval", "v1", "v2", "<@U0LEAD>", "Approve")
	if strings.Contains(shown(card), "<!channel>") {
		t.Fatalf("the reason was not escaped: %s", shown(card))
	}
	w.inThread(card, "The whole plan")

	w.press("U0DEV", card, "approve")
	w.told("U0DEV", "somebody else has to decide")
	w.press("U0ONCALL", card, "approve")
	w.told("U0ONCALL", "may not decide")
	w.press("U0LEAD", card, "approve")
	w.inThread(card, "<@U0LEAD> approved")
	if done := w.card(deploys, "succeeded after", "v2"); done.TS != card.TS {
		t.Fatal("the verdict is on another card")
	}
	w.inThread(card, "✅", "<@U0DEV>", "verified")
	w.card("C0DEPLOY", "now runs", "v2")

	t.Run("a second approval comes too late", func(t *testing.T) {
		w := w.in(t)
		w.press("U0LEAD", card, "approve")
		w.told("U0LEAD", "already")
	})
	t.Run("the same again changes nothing", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "plan hello production v2")
		w.card(deploys, "Nothing would change")
	})
	t.Run("status, releases, approvals and whoami answer the person alone", func(t *testing.T) {
		w := w.in(t)
		for command, word := range map[string]string{"status": "hello", "releases hello production": "v2", "approvals": "", "whoami": "developers"} {
			w.slash("U0DEV", deploys, command)
			w.told("U0DEV", word)
		}
	})
	t.Run("a typo gets a suggestion for each wrong word", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "depoly helo prod v2")
		w.told("U0DEV", "deploy hello production v2")
	})
	t.Run("help rides on the acknowledgement", func(t *testing.T) {
		w := w.in(t)
		if said := w.slash("U0DEV", deploys, "help deploy"); !strings.Contains(said, "deploy APP ENV TAG") {
			t.Fatalf("help said %q", said)
		}
	})
	t.Run("a broken image is rolled back, and said to be", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "deploy hello production broken")
		card := w.card(deploys, "waits for approval", "broken")
		w.press("U0LEAD", card, "approve")
		failing := w.inThread(card, "failed", "stopped")
		if !strings.Contains(shown(failing), "exit") && !strings.Contains(shown(failing), "health") {
			t.Errorf("no reason: %s", shown(failing))
		}
		w.card(deploys, "rolled back after")
		w.inThread(card, "was *rolled back*")
		for _, m := range w.slack.Thread(card.Channel, card.TS) {
			if strings.Contains(m.Text, "✅") {
				t.Errorf("success was claimed: %s", m.Text)
			}
		}
	})
	t.Run("the audit chain is whole, and no secret is in the log", func(t *testing.T) {
		w := w.in(t)
		n, err := w.open().VerifyAudit(t.Context())
		if err != nil || n < 20 {
			t.Fatalf("verified %d entries: %v", n, err)
		}
		for _, secret := range []string{w.slack.BotToken(), w.slack.AppToken(), w.github.Token()} {
			if strings.Contains(w.log.String(), secret) {
				t.Error("a token is in the log")
			}
		}
	})
}
