package engineer_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/engineer"
	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
)

// desk is an engineer's machine, with a pipe for a keyboard.
type desk struct {
	engineer.Options
	keys   *io.PipeWriter
	screen *screen
	done   chan error
}

func newDesk(t *testing.T, w *world, change ...func(*engineer.Options)) *desk {
	t.Helper()
	in, keys := io.Pipe()
	d := &desk{keys: keys, screen: newScreen(), done: make(chan error, 1)}
	d.Options = engineer.Options{
		In: in, Out: d.screen, Err: d.screen, Plugin: plugintest.Build(t), Cache: filepath.Join(t.TempDir(), "access"),
		Environ: []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir()}, Now: time.Now,
	}
	if w != nil {
		d.Environ = append(d.Environ, "AWS_ENDPOINT_URL="+w.URL(), "AWS_PROFILE=own", "AWS_ACCESS_KEY_ID=AKIDADMINISTRATOR")
		d.Now = w.now
	}
	for _, f := range change {
		f(&d.Options)
	}
	t.Cleanup(func() { _ = keys.Close() })
	return d
}

// open runs `bot access open 1042`.
func (d *desk) open(t *testing.T) {
	t.Helper()
	go func() {
		d.done <- engineer.Open(t.Context(), d.Options, id)
		d.screen.ended()
	}()
}

func (d *desk) types(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(d.keys, text); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) ends(t *testing.T) error {
	t.Helper()
	select {
	case err := <-d.done:
		return err
	case <-time.After(patience):
		t.Fatalf("it did not end:\n%s", d.screen)
		return nil
	}
}

func TestOpenByChat(t *testing.T) {
	t.Parallel()
	t.Run("a shell on an instance", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		d := newDesk(t, w)
		d.open(t)
		c := w.mint(t, onNode())
		_, lines := sealed(t, d.screen.recipient(t), c)
		d.types(t, lines)
		d.screen.expect(t, "Grant 1042 opens an instance: i-0a11ce00000000001, district default, account "+c.Target.Account)
		d.screen.expect(t, "(in 10m0s). What is typed and shown is logged by AWS.")
		d.screen.expect(t, "$ ")
		d.types(t, "echo sum=$((40+2)) as $USER\n")
		d.screen.expect(t, "sum=42 as bcn-access")
		d.types(t, "exit\n")
		if err := d.ends(t); err != nil {
			t.Fatal(err)
		}
		d.screen.expect(t, "The session is over. Grant 1042 goes on until ")
		d.screen.expect(t, "/bcn access end 1042")
	})
	t.Run("a session that is cut off at the grant's end says so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		d := newDesk(t, w)
		d.open(t)
		_, lines := sealed(t, d.screen.recipient(t), w.mint(t, onNode()))
		d.types(t, lines)
		d.screen.expect(t, "$ ")
		for i := range 9 {
			w.clock.Advance(time.Minute)
			d.types(t, "echo minute$((1+"+string(rune('0'+i))+"))\n")
			d.screen.expect(t, "minute"+string(rune('1'+i))+"\n")
		}
		w.clock.Advance(time.Minute)
		if err := d.ends(t); err != nil {
			t.Fatal(err)
		}
		d.screen.expect(t, "Access by grant 1042 has ended.")
	})
	t.Run("a shell in a task whose agent starts meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		target := w.task(t)
		d := newDesk(t, w, func(o *engineer.Options) {
			o.Wait = func(context.Context, time.Duration) error { w.clock.Advance(20 * time.Second); return nil }
		})
		d.open(t)
		_, lines := sealed(t, d.screen.recipient(t), w.mint(t, target))
		d.types(t, lines)
		d.screen.expect(t, "The task does not take sessions yet (0s)")
		d.screen.expect(t, "container main of task "+target.Task)
		d.screen.expect(t, "logged if the cluster is set up so")
		d.screen.expect(t, "$ ")
		d.types(t, "echo sum=$((40+2))\n")
		d.screen.expect(t, "sum=42\n")
		d.types(t, "exit\n")
		if err := d.ends(t); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a command of the grant is run instead of a shell", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		c := w.mint(t, w.task(t))
		w.clock.Advance(30 * time.Second)
		c.Command = `sh -c "echo sum=$((40+2)); cat"`
		d := newDesk(t, w)
		d.open(t)
		_, lines := sealed(t, d.screen.recipient(t), c)
		d.types(t, lines)
		d.screen.expect(t, "sum=42\n")
		d.types(t, "\x04")
		if err := d.ends(t); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a session that bcn opened is entered without credentials", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		target := w.task(t)
		w.clock.Advance(30 * time.Second)
		e, err := w.bot.ExecuteCommand(t.Context(), "default", target.Task, "main", "/bin/sh")
		if err != nil {
			t.Fatal(err)
		}
		d := newDesk(t, w)
		d.open(t)
		_, lines := sealed(t, d.screen.recipient(t), access.Credentials{
			Grant: id, End: w.now().Add(10 * time.Minute), Target: target,
			Stream: access.Stream{SessionID: e.SessionID, Target: "ecs:default_" + target.Task + "_x", URL: e.URL, Token: access.NewSecret(e.Token())},
		})
		d.types(t, lines)
		d.screen.expect(t, "$ ")
		d.types(t, "env | grep -c AWS; echo sum=$((40+2))\n")
		d.screen.expect(t, "sum=42\n")
		d.types(t, "exit\n")
		if err := d.ends(t); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a database's port", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		target := w.database(t)
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		if err := w.Sessions().PutHost("db.internal:5432", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		d := newDesk(t, w)
		d.open(t)
		_, lines := sealed(t, d.screen.recipient(t), w.mint(t, target))
		d.types(t, lines)
		d.screen.expect(t, "What goes through it cannot be logged")
		text := d.screen.expect(t, "Waiting for connections")
		port := regexp.MustCompile(`Port (\d+) opened`).FindStringSubmatch(text)[1]
		near, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "localhost:"+port)
		if err != nil {
			t.Fatal(err)
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(near, "select 1"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 8)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "select 1" {
			t.Fatalf("%q, %v", got, err)
		}
		list, _, err := w.bot.ShellSessions(t.Context(), awsx.SessionQuery{Target: target.Node})
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		if err := w.bot.TerminateSession(t.Context(), list[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := d.ends(t); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	t.Run("with AWS's own words, and nothing of the keys", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		d := newDesk(t, w)
		d.open(t)
		c := w.mint(t, onNode())
		w.clock.Advance(11 * time.Minute) // the grant is over
		_, lines := sealed(t, d.screen.recipient(t), c)
		d.types(t, lines)
		err := d.ends(t)
		if !errors.Is(err, engineer.ErrOutside) || !strings.Contains(err.Error(), "access_denied") {
			t.Fatal(err)
		}
		noSecrets(t, c, err.Error(), d.screen.String())
	})
	t.Run("for a session that is not AWS's", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, nil)
		d.open(t)
		_, lines := sealed(t, d.screen.recipient(t), access.Credentials{
			Grant: id, End: time.Now().Add(time.Minute), Target: onNode(),
			Stream: access.Stream{SessionID: "s", Target: "x", URL: "wss://amazonaws.com.evil.example/v1", Token: access.NewSecret("t0ken")},
		})
		d.types(t, lines)
		if err := d.ends(t); err == nil || !strings.Contains(err.Error(), "evil.example") || !strings.Contains(err.Error(), "not AWS's") {
			t.Fatal(err)
		}
	})
	t.Run("without a plugin before anything is bound", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, nil, func(o *engineer.Options) { o.Plugin = filepath.Join(t.TempDir(), "none") })
		d.open(t)
		if err := d.ends(t); !errors.Is(err, engineer.ErrOutside) || !strings.Contains(err.Error(), "session-manager-plugin") {
			t.Fatal(err)
		}
		if s := d.screen.String(); s != "" {
			t.Fatal(s)
		}
	})
	t.Run("when what is pasted ends too early", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual())
		d := newDesk(t, w)
		d.open(t)
		one, _ := sealed(t, d.screen.recipient(t), w.mint(t, onNode()))
		d.types(t, one[:len(one)-50])
		_ = d.keys.Close() // the end of what is pasted
		if err := d.ends(t); err == nil || errors.Is(err, engineer.ErrOutside) {
			t.Fatal(err)
		}
		d.screen.expect(t, "A part of it is missing")
	})
}

// noSecrets looks for what must not be shown.
func noSecrets(t *testing.T, c access.Credentials, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if text == "" {
			t.Error("nothing to look at")
		}
		for _, secret := range []access.Secret{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Stream.Token} {
			if s := secret.Reveal(); s != "" && strings.Contains(text, s) {
				t.Errorf("a secret is in %q", text)
			}
		}
		if strings.Contains(text, "AGE-SECRET-KEY") {
			t.Errorf("the key is in %q", text)
		}
	}
}
