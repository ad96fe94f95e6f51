package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/creack/pty"
)

// engineer is somebody at a machine beside the browser, with a terminal for
// each command.
type engineer struct {
	bot       *bot
	terminals []*terminal
}

func newEngineer(b *bot) *engineer { return &engineer{bot: b} }

// terminal is one command in a terminal of its own, and all that it showed.
type terminal struct {
	command string
	cmd     *exec.Cmd
	file    *os.File
	over    chan struct{}

	mu    sync.Mutex
	shown []byte
}

// The size of a terminal: wide enough that no line of the tour is broken.
const rows, columns = 40, 200

// terminal starts `bot` with arguments, where somebody who sits there sees it. With
// url it may reach the bot by HTTP; without, all goes by chat.
func (w *visitor) terminal(url bool, args ...string) *terminal {
	t := &terminal{command: "bot " + strings.Join(args, " "), over: make(chan struct{})}
	if w.err != nil {
		close(t.over)
		return t
	}
	b := w.engineer.bot
	t.cmd = exec.Command(b.binary(), args...) //nolint:noctx // ended by leave, as a terminal that is closed
	t.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "XDG_CACHE_HOME=" + b.dir, "TERM=xterm", "TZ=UTC",
		"AWS_ENDPOINT_URL=" + b.engines["AWS_ENDPOINT_URL"], "AWS_REGION=" + b.engines["AWS_REGION"],
	}
	if url {
		t.command = "BCN_URL=" + b.engines["BCN_URL"] + " " + t.command
		t.cmd.Env = append(t.cmd.Env, "BCN_URL="+b.engines["BCN_URL"])
	}
	t.file, w.err = pty.StartWithSize(t.cmd, &pty.Winsize{Rows: rows, Cols: columns})
	if w.err != nil {
		close(t.over)
		return t
	}
	w.engineer.terminals = append(w.engineer.terminals, t)
	go t.read()
	return t
}

// read takes what is shown until the terminal is closed.
func (t *terminal) read() {
	defer close(t.over)
	part := make([]byte, 4096)
	for {
		n, err := t.file.Read(part)
		t.mu.Lock()
		t.shown = append(t.shown, part[:n]...)
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is what somebody who looks there has seen.
func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return plain(t.shown)
}

// sees waits until a terminal shows all of these.
func (w *visitor) sees(t *terminal, words ...string) {
	if w.err != nil {
		return
	}
	w.until("the terminal", func() bool { return lacking(t.text(), words) == "" })
	if w.err != nil {
		w.err = fmt.Errorf("%w to show %q; it shows:\n%s", w.err, lacking(t.text(), words), t.text())
	}
}

// prompt waits until a shell waits for a command.
func (w *visitor) prompt(t *terminal) {
	w.until("a prompt in the terminal", func() bool {
		shown := t.text()
		return strings.HasSuffix(shown, "$ ") || strings.HasSuffix(shown, "# ")
	})
	if w.err != nil {
		w.err = fmt.Errorf("%w; it shows:\n%s", w.err, t.text())
	}
}

// types writes a line and presses Enter.
func (w *visitor) types(t *terminal, line string) {
	if w.err == nil {
		_, w.err = io.WriteString(t.file, line+"\r")
	}
}

// leaves waits until the command has ended.
func (w *visitor) leaves(t *terminal) {
	w.until("the command to end", func() bool {
		select {
		case <-t.over:
			return true
		default:
			return false
		}
	})
}

// leave closes all terminals.
func (e *engineer) leave() {
	for _, t := range e.terminals {
		_ = t.cmd.Process.Kill()
		<-t.over
		_ = t.cmd.Wait()
		_ = t.file.Close()
	}
}

// keep writes what all terminals showed.
func (e *engineer) keep(path string) error {
	var out bytes.Buffer
	for _, t := range e.terminals {
		fmt.Fprintf(&out, "$ %s\n%s\n\n", t.command, strings.TrimRight(t.text(), "\n "))
	}
	text := strings.ReplaceAll(public(out.String()), e.bot.dir, "~") // where the engineer is at home
	return os.WriteFile(path, []byte(text), 0o644)                   //nolint:gosec // for everyone
}
