package sessions_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
)

func TestRealPlugin(t *testing.T) {
	t.Parallel()
	path := plugintest.Build(t)
	shell := func(t *testing.T, w *world) (*plugintest.Plugin, string) {
		t.Helper()
		out := w.open(t, w.as())
		p := plugintest.Start(t, plugintest.Options{
			Path: path, Response: answer(out.SessionId, out.StreamUrl, out.TokenValue), Target: node, Endpoint: w.URL(),
		})
		p.Expect(t, "Starting session with SessionId: "+*out.SessionId)
		p.Expect(t, "$ ")
		return p, *out.SessionId
	}
	t.Run("a command that is typed is run, and its output is seen", func(t *testing.T) {
		t.Parallel()
		p, _ := shell(t, newWorld(t))
		p.Type(t, "echo sum=$((40+2)) as $USER in $HOME\n")
		p.Expect(t, "sum=42 as engineer in /")
	})
	t.Run("a session is cut off at its document's maxSessionDuration", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p, _ := shell(t, w)
		for i := range 9 {
			w.clock.Advance(time.Minute)
			p.Type(t, fmt.Sprintf("echo minute$((%d+1))\n", i))
			p.Expect(t, fmt.Sprintf("minute%d\r\n", i+1))
		}
		w.clock.Advance(time.Minute)
		p.Expect(t, "maximum duration")
		p.ExpectEnd(t)
		if n := len(w.listed(t, "Active")); n != 0 {
			t.Fatalf("%d active sessions", n)
		}
	})
	t.Run("a session is cut off when it is terminated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p, id := shell(t, w)
		w.terminate(t, id)
		p.Expect(t, "Exiting session with sessionId: "+id)
		p.ExpectEnd(t)
	})
}
