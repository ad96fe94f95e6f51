//go:build linux

package engineer_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
)

// terminal is a process in a terminal of its own.
type terminal struct {
	*screen
	tty  *os.File
	cmd  *exec.Cmd
	done chan error
}

// inTerminal runs `bot access open 1042` as somebody at a terminal.
func inTerminal(t *testing.T, w *world) *terminal {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = []string{
		asEngineer + "=" + plugintest.Build(t), "HOME=" + home, "XDG_CACHE_HOME=" + home, "PATH=/usr/bin:/bin", "TERM=xterm",
		"AWS_ENDPOINT_URL=" + w.URL(),
	}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	s := &terminal{screen: newScreen(), tty: tty, cmd: cmd, done: make(chan error, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(s.screen, tty) // ends with the terminal
		s.ended()
	}()
	go func() { s.done <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // may have ended by itself
		_ = tty.Close()
		<-read
	})
	return s
}

func (s *terminal) types(t *testing.T, text string) {
	t.Helper()
	if _, err := s.tty.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Options{})
	s := inTerminal(t, w)
	c := w.mint(t, onNode())
	c.Runtime = strings.Repeat("x", 4000) // is not shown
	one, _ := sealed(t, s.recipient(t), c)
	s.expect(t, "press Enter")
	t.Run("one line of more than 4,095 bytes is pasted, and not shown", func(t *testing.T) {
		if len(one) < 5000 {
			t.Fatalf("%d bytes", len(one))
		}
		s.types(t, one)
		s.types(t, "\r")
		s.expect(t, "$ ")
		if strings.Contains(s.String(), one[20:60]) {
			t.Error("it is shown")
		}
	})
	t.Run("the shell has the terminal's size, and follows it", func(t *testing.T) {
		s.types(t, "stty size\n")
		s.expect(t, "\n24 100")
		if err := pty.Setsize(s.tty, &pty.Winsize{Rows: 40, Cols: 120}); err != nil {
			t.Fatal(err)
		}
		s.types(t, "until [ \"$(stty size)\" = '40 120' ]; do :; done; echo now$((1+1))\n")
		s.expect(t, "now2")
	})
	for name, key := range map[string]string{"Ctrl-C": "\x03", "Ctrl-Z": "\x1a", "Ctrl-4": "\x1c"} {
		t.Run(name+" goes to the shell, and ends nothing here", func(t *testing.T) {
			s.types(t, "stty raw -echo; echo ready for $((1+1)) "+name[5:]+"; dd bs=1 count=1 2>/dev/null | od -An -tx1; stty sane\n")
			s.expect(t, "ready for 2 "+name[5:])
			s.types(t, key)
			s.expect(t, fmt.Sprintf(" %02x\n", key[0]))
		})
	}
	t.Run("ps shows no token", func(t *testing.T) {
		list, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, path := range list {
			line, err := os.ReadFile(path)
			if err != nil {
				continue // it has ended
			}
			found = found || bytes.Contains(line, []byte("session-manager-plugin\x00AWS_SSM_START_SESSION_RESPONSE"))
			for _, secret := range []string{c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), "TokenValue"} {
				if bytes.Contains(line, []byte(secret)) {
					t.Errorf("a secret is in %s", path)
				}
			}
		}
		if !found {
			t.Error("the plugin was not looked at")
		}
	})
	t.Run("the shell's end is the command's", func(t *testing.T) {
		s.types(t, "exit\n")
		s.expect(t, "Grant 1042 goes on until ")
		if err := <-s.done; err != nil {
			t.Error(err)
		}
	})
	noSecrets(t, c, s.String())
}

func TestTerminalIsGivenBack(t *testing.T) {
	t.Parallel()
	t.Run("when Ctrl-C is pressed instead of pasting", func(t *testing.T) {
		t.Parallel()
		s := inTerminal(t, newWorld(t, aws.Options{}))
		s.expect(t, "press Enter")
		s.types(t, "\x03")
		s.expect(t, "bot: stopped")
		if err := <-s.done; err == nil {
			t.Error("exit code 0")
		}
	})
	t.Run("what is pasted wrongly is told, and may be pasted again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, aws.Options{})
		s := inTerminal(t, w)
		c := w.mint(t, onNode())
		recipient := s.recipient(t)
		_, lines := sealed(t, recipient, c)
		_, other, err := access.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		_, wrong := sealed(t, other, c)
		c.Grant = 7
		_, another := sealed(t, recipient, c)
		s.expect(t, "press Enter")
		s.types(t, "ls -l\n")
		s.expect(t, "That is not what the bot answers")
		s.types(t, wrong)
		s.expect(t, "sealed for another key")
		s.types(t, another)
		s.expect(t, "That is the answer for grant 7, and this is grant 1042.")
		s.types(t, "```\n"+lines+"```\necho typed$((1+1))\n")
		s.expect(t, "$ ")
		s.types(t, "exit\n")
		if err := <-s.done; err != nil {
			t.Error(err)
		}
		if strings.Contains(s.String(), "typed2") {
			t.Error("what was pasted after it was run in the shell")
		}
	})
}
