package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/ci"
)

// DeployArgs are the arguments of `bot deploy`.
type DeployArgs struct {
	App    string `arg:"" help:"The app, as in chat."`
	Env    string `arg:"" help:"The environment."`
	Tag    string `arg:"" help:"The image's tag."`
	Wait   bool   `help:"Wait for the outcome: exit 0 if it runs, 1 if not."`
	Reason string `help:"Why; shown on the card."`
	URL    string `help:"Where bcn listens (default: BCN_URL)."`
}

// ciPatience is how long bcn may be away, such as while it is replaced, before
// a client of it gives up.
const ciPatience = 5 * time.Minute

// Deploy asks for a deploy with the token in BCN_TOKEN, and tells its steps.
func Deploy(ctx context.Context, a DeployArgs, out io.Writer) error {
	base, token := a.URL, os.Getenv("BCN_TOKEN")
	if file := os.Getenv("BCN_TOKEN_FILE"); token == "" && file != "" {
		b, err := os.ReadFile(file) //nolint:gosec // the operator names it
		if err != nil {
			return &ExitError{Code: ExitUsage, Err: fmt.Errorf("read BCN_TOKEN_FILE: %w", err)}
		}
		token = strings.TrimSpace(string(b))
	}
	if base == "" {
		base = os.Getenv("BCN_URL")
	}
	if u, err := url.Parse(base); base == "" || err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return &ExitError{Code: ExitUsage, Err: errors.New("set BCN_URL to where bcn listens, such as https://bcn.example.com")}
	}
	if token == "" {
		return &ExitError{Code: ExitUsage, Err: fmt.Errorf("set BCN_TOKEN to a token; in chat, /bcn token issue %s %s shows one", a.App, a.Env)}
	}
	client := &ci.Client{Base: base, Token: token, Patience: ciPatience, HTTP: &http.Client{
		// A token goes nowhere but where it was told to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	last, err := client.Deploy(ctx, a.App, a.Env, a.Tag, a.Reason, a.Wait, func(s ci.Step) { tellStep(out, s) })
	var no *ci.RefusedError
	switch {
	case err != nil && last.Change != "":
		return Outside(fmt.Errorf("%s goes on, but bcn cannot be asked about it: %w", last.Change, err))
	case errors.As(err, &no) && no.Status < http.StatusInternalServerError:
		return Wrong(fmt.Errorf("not deployed: %w", err))
	case err != nil:
		return Outside(err)
	case last.Ended && !last.OK:
		return Wrong(fmt.Errorf("%s was not deployed: %s", last.Change, last.State))
	}
	return nil
}

// tellStep writes one line for people who read CI's log.
func tellStep(out io.Writer, s ci.Step) {
	line := s.Change + " " + s.State
	if s.Message != "" {
		line += ": " + s.Message
	}
	if s.Card != "" && (s.State == "waiting" || s.Ended) {
		line += "\n  " + s.Card
	}
	_, _ = fmt.Fprintln(out, line)
}
