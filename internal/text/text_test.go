package text_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

func catalogue(t *testing.T) *text.Catalogue {
	t.Helper()
	c, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLang(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{
		"ja-JP": "ja", "ja": "ja", "ja_JP": "ja", "JA-jp": "ja",
		"en-US": "en", "": "en", "fr-FR": "en", "jam": "en",
	} {
		if got := text.Lang(locale); got != want {
			t.Errorf("Lang(%q) = %q, want %q", locale, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c := catalogue(t)

	t.Run("the text of a foreign error is never shown", func(t *testing.T) {
		t.Parallel()
		err := errors.New("password=hunter2")
		got := string(c.Error("en", err))
		if strings.Contains(got, "hunter2") || !strings.Contains(got, text.Ref(err)) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("what people wrote is escaped", func(t *testing.T) {
		t.Parallel()
		got := string(c.Error("en", bcn.E(bcn.CodeUnknownApp, "app", "<!channel> & *x*", "suggestion", "<@U1>")))
		if strings.Contains(got, "<!channel>") || strings.Contains(got, "<@U1>") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("findings are told in the reader's language, and escaped", func(t *testing.T) {
		t.Parallel()
		encoded := text.EncodeFindings([]bcn.Finding{{ID: "x", Where: "stack/<!here>"}}) + "by hand <!here>\n"
		got := string(c.Error("ja", bcn.E(bcn.CodeGuardrail, "findings", encoded)))
		if strings.Contains(got, "<!here>") || !strings.Contains(got, "guard.x") || !strings.Contains(got, "by hand") {
			t.Errorf("got %q", got)
		}
	})
}

func TestSay(t *testing.T) {
	t.Parallel()
	c := catalogue(t)

	t.Run("a missing id answers itself", func(t *testing.T) {
		t.Parallel()
		if got := c.Say("en", "no.such", nil); got != "no.such" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("markup is taken as it is", func(t *testing.T) {
		t.Parallel()
		got := c.Say("en", text.ErrorID(bcn.CodeRejected), text.Args{"by": chat.Mention("U1")})
		if !strings.Contains(string(got), "<@U1>") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("no argument reads as a hole", func(t *testing.T) {
		t.Parallel()
		for _, lang := range text.Languages() {
			for _, id := range c.IDs(lang) {
				if got := string(c.Say(lang, id, nil)); strings.Contains(got, "<no value>") || got == string(id) {
					t.Errorf("%s %s: %q", lang, id, got)
				}
			}
		}
	})
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d      time.Duration
		en, ja string
	}{
		{0, "0 s", "0秒"},
		{400 * time.Millisecond, "0 s", "0秒"},
		{59 * time.Second, "59 s", "59秒"},
		{65 * time.Second, "1 min 5 s", "1分5秒"},
		{time.Hour, "1 h", "1時間"},
		{time.Hour + 5*time.Second, "1 h", "1時間"},
		{49*time.Hour + 10*time.Minute, "2 d 1 h", "2日1時間"},
	} {
		if got := text.Duration("en", c.d); got != c.en {
			t.Errorf("en %v: %q, want %q", c.d, got, c.en)
		}
		if got := text.Duration("ja", c.d); got != c.ja {
			t.Errorf("ja %v: %q, want %q", c.d, got, c.ja)
		}
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 9, 5, 0, 0, time.UTC)
	if got := text.When(at); got != "<!date^1795251900^{date_short_pretty} {time}|2026-11-21 09:05 UTC>" {
		t.Errorf("got %q", got)
	}
	if got := text.When(time.Time{}); got != "–" {
		t.Errorf("got %q", got)
	}
}
