package engineer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
)

const (
	// marker begins what the bot answers, wherever it is in what is pasted.
	marker = "bcn-sealed-"
	// maxPasted is how much is read before somebody is told that it is not it, in bytes.
	maxPasted = 64 << 10
	// maxWrong is how often something else may be pasted.
	maxWrong = 10
)

// errWrong is something that was pasted and is not what the bot answered to
// this grant's key. Its text is for the engineer, who may paste again.
type errWrong string

func (e errWrong) Error() string { return string(e) }

// around is what chat and terminals put around what is pasted: the marks of code,
// and those of a bracketed paste.
var around = strings.NewReplacer("`", "", "\x1b[200~", "", "\x1b[201~", "")

// pasted collects what is pasted until it can be opened.
type pasted struct {
	identity access.Secret
	grant    bcn.ID
	text     strings.Builder
}

// line takes one line. done: what was sealed, with the grant that was asked for.
// errWrong: it is something else, and the next line begins anew. An empty line
// ends what was begun.
func (p *pasted) line(line string) (c access.Credentials, sealed string, done bool, err error) {
	p.text.WriteString(line)
	p.text.WriteByte('\n')
	text, end := p.text.String(), strings.TrimSpace(line) == ""
	at := strings.LastIndex(text, marker)
	if at < 0 {
		p.text.Reset()
		if end {
			return c, "", false, nil
		}
		return c, "", false, errWrong("That is not what the bot answers: it begins with " + marker + "1. Copy all of it, and paste it here.")
	}
	sealed = strings.Join(strings.Fields(around.Replace(text[at:])), "")
	c, err = access.Open(p.identity, sealed)
	switch {
	case err == nil && c.Grant != p.grant:
		p.text.Reset()
		return access.Credentials{}, "", false, errWrong(fmt.Sprintf("That is the answer for grant %d, and this is grant %d.", c.Grant, p.grant))
	case err == nil:
		return c, sealed, true, nil
	case errors.Is(err, access.ErrOtherKey):
		p.text.Reset()
		return c, "", false, errWrong("That is sealed for another key: it was answered to another machine or user. Paste the answer to the line above.")
	case end || p.text.Len() > maxPasted:
		p.text.Reset()
		return c, "", false, errWrong("A part of it is missing, or was changed. Copy all of it, from " + marker + "1 on, and paste it again.")
	default:
		return c, "", false, nil // there is more to come
	}
}

// paste reads what the bot answered from a terminal or a pipe.
func (o Options) paste(ctx context.Context, identity access.Secret, id bcn.ID) (access.Credentials, string, error) {
	in, restore := o.quiet()
	defer restore()
	p := &pasted{identity: identity, grant: id}
	for wrong := 0; wrong < maxWrong; {
		line, err := in.line(ctx)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return access.Credentials{}, "", err
		}
		c, sealed, done, err := p.line(line)
		if !done && err == nil && last {
			c, sealed, done, err = p.line("")
		}
		if done {
			return c, sealed, nil
		}
		if err != nil {
			wrong++
			fmt.Fprintf(o.Err, "%s\r\n", err)
		}
		if last {
			return access.Credentials{}, "", errors.New("nothing that can be opened was pasted")
		}
	}
	return access.Credentials{}, "", errors.New("nothing that can be opened was pasted, many times over")
}

// quiet turns off a terminal's own handling of lines: it neither cuts a line at
// 4,095 bytes nor shows it. Anything but a terminal is read as it is.
func (o Options) quiet() (in *reader, restore func()) {
	f, ok := o.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &reader{in: o.In}, func() {}
	}
	before, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return &reader{in: o.In}, func() {} // then its lines are cut, and what is missing is told
	}
	return &reader{in: o.In, raw: true}, func() { _ = term.Restore(int(f.Fd()), before) }
}

// reader reads lines byte by byte: what follows belongs to the shell.
type reader struct {
	in  io.Reader
	raw bool
}

// The keys that a terminal no longer handles.
const (
	ctrlC = 3
	ctrlD = 4
)

// line reads up to the end of a line. io.EOF: it is the last one. ErrStopped:
// Ctrl-C, or ctx ended.
func (r *reader) line(ctx context.Context) (string, error) {
	type read struct {
		line string
		err  error
	}
	// A read of a terminal cannot be interrupted: one that is left behind ends
	// with the process, which an ended ctx means.
	done := make(chan read, 1)
	go func() {
		line, err := r.read()
		done <- read{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ErrStopped
	case got := <-done:
		return got.line, got.err
	}
}

func (r *reader) read() (string, error) {
	var line []byte
	b := make([]byte, 1)
	for len(line) <= maxPasted {
		n, err := r.in.Read(b)
		switch {
		case n == 0 && errors.Is(err, io.EOF), r.raw && n == 1 && b[0] == ctrlD:
			return string(line), io.EOF
		case n == 0 && err != nil:
			return "", outside("read what is pasted", err)
		case n == 0:
			continue
		case r.raw && b[0] == ctrlC:
			return "", ErrStopped
		case b[0] == '\n', b[0] == '\r':
			return string(line), nil
		default:
			line = append(line, b[0])
		}
	}
	return string(line), nil
}
