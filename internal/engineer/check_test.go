package engineer_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/bcn-bot/bcn/internal/engineer"
	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
)

// answering is a server that answers everything with a text.
func answering(t *testing.T, text string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAMachineIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, o *engineer.Options)
		fault  string // what its line begins with; empty: none
		says   string
	}{
		"a machine that is fine": {func(*testing.T, *engineer.Options) {}, "", "bot       BCN_URL is not set"},
		"with a bot":             {func(t *testing.T, o *engineer.Options) { t.Helper(); o.URL = answering(t, `{"exchange":1}`) }, "", "ok    bot"},
		"no plugin":              {func(_ *testing.T, o *engineer.Options) { o.Plugin = "/none" }, "plugin", "docs.aws.amazon.com"},
		"an old plugin": {func(t *testing.T, o *engineer.Options) {
			t.Helper()
			o.Plugin = filepath.Join(t.TempDir(), "plugin")
			if err := os.WriteFile(o.Plugin, []byte("#!/bin/sh\necho 1.2.497.0\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "plugin", "1.2.536.0 is needed"},
		"a cache that is a file": {func(t *testing.T, o *engineer.Options) {
			t.Helper()
			if err := os.WriteFile(o.Cache, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "cache", "keys cannot be kept"},
		"no terminal": {func(_ *testing.T, o *engineer.Options) { o.In = strings.NewReader("") }, "terminal", "not a terminal"},
		"a clock that is off": {func(_ *testing.T, o *engineer.Options) {
			o.Now = func() time.Time { return time.Now().Add(-3 * time.Minute) }
		}, "clock", "AWS refuses at 5m"},
		"no way to AWS":            {func(_ *testing.T, o *engineer.Options) { o.Environ = []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1"} }, "clock", "AWS cannot be reached"},
		"a bot that is away":       {func(_ *testing.T, o *engineer.Options) { o.URL = "http://127.0.0.1:1" }, "bot", "is a VPN missing?"},
		"something that is no bot": {func(t *testing.T, o *engineer.Options) { t.Helper(); o.URL = answering(t, "<html>") }, "bot", "is not bcn's exchange"},
		"an address without TLS":   {func(_ *testing.T, o *engineer.Options) { o.URL = "http://bcn.example.com" }, "bot", "https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ptmx, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = ptmx.Close(), tty.Close() })
			if err := pty.Setsize(ptmx, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
				t.Fatal(err)
			}
			cache := filepath.Join(t.TempDir(), "access")
			o := engineer.Options{
				In: tty, Out: tty, Err: tty, Plugin: plugintest.Build(t), Cache: cache, Environ: []string{"AWS_ENDPOINT_URL=" + answering(t, "")}, Now: time.Now,
			}
			c.change(t, &o)
			read := make(chan string)
			go func() {
				var b bytes.Buffer
				_, _ = b.ReadFrom(ptmx) // ends with an error once the terminal is closed
				read <- b.String()
			}()
			err = engineer.Test(t.Context(), o)
			_ = tty.Close()
			text := <-read
			if (c.fault != "") != errors.Is(err, engineer.ErrFaults) || (c.fault != "") != (err != nil) {
				t.Errorf("%v", err)
			}
			if n := strings.Count(text, "FAULT "); n > 1 || c.fault != "" && !strings.Contains(text, "FAULT "+c.fault) || !strings.Contains(text, c.says) || strings.Count(text, "\n") != 5 {
				t.Errorf("got\n%s", text)
			}
			if list, err := os.ReadDir(cache); err == nil && len(list) != 0 {
				t.Errorf("it leaves %v", list)
			}
		})
	}
}
