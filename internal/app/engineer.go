package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/engineer"
)

// AccessOpenArgs are the arguments of `bot access open`.
type AccessOpenArgs struct {
	ID                string `arg:"" help:"The grant's number, as on its card."`
	URL               string `help:"The bot's address inside the company's network (default: BCN_URL; without one it goes by chat)."`
	CredentialProcess bool   `help:"Print credentials for an SDK's credential_process, of a grant that was opened before; asks nobody."`
	PrintProfile      bool   `help:"Print the lines for ~/.aws/config that use --credential-process."`
	Plugin            string `help:"Path of AWS's session-manager-plugin (default: from PATH, then beside this program)."`
}

// AccessTestArgs are the flags of `bot access test`.
type AccessTestArgs struct {
	URL    string `help:"The bot's address inside the company's network (default: BCN_URL)."`
	Plugin string `help:"Path of AWS's session-manager-plugin (default: from PATH, then beside this program)."`
}

// AccessOpen opens a grant on an engineer's machine.
func AccessOpen(ctx context.Context, a AccessOpenArgs) error {
	n, err := strconv.ParseInt(strings.TrimPrefix(a.ID, "#"), 10, 64)
	if err != nil || n <= 0 {
		return &ExitError{Code: ExitUsage, Err: fmt.Errorf("%q is not the number of a grant, such as 1042", a.ID)}
	}
	o := machine(a.URL, a.Plugin)
	switch {
	case a.PrintProfile:
		return told(engineer.PrintProfile(o, bcn.ID(n)))
	case a.CredentialProcess:
		return told(engineer.CredentialProcess(ctx, o, bcn.ID(n)))
	default:
		return told(engineer.Open(ctx, o, bcn.ID(n)))
	}
}

// AccessTest checks an engineer's machine.
func AccessTest(ctx context.Context, a AccessTestArgs) error {
	return told(engineer.Test(ctx, machine(a.URL, a.Plugin)))
}

// machine is the process's own terminal and environment.
func machine(url, plugin string) engineer.Options {
	if url == "" {
		url = os.Getenv("BCN_URL")
	}
	self, err := os.Executable()
	if err != nil {
		self = "bot" // from PATH then
	}
	if _, err := exec.LookPath("session-manager-plugin"); plugin == "" && err != nil {
		if beside := filepath.Join(filepath.Dir(self), "session-manager-plugin"); exists(beside) {
			plugin = beside // where `make dev` puts it
		}
	}
	return engineer.Options{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, URL: url, Plugin: plugin, Self: self}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// told gives an error of the engineer's side its exit code.
func told(err error) error {
	var plugin *engineer.PluginError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &plugin):
		return &ExitError{Code: plugin.Code, Err: err}
	case errors.Is(err, engineer.ErrOutside), errors.Is(err, engineer.ErrStopped):
		return Outside(err)
	default:
		return Wrong(err)
	}
}
