package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// bot is a running `bot dev`.
type bot struct {
	address string            // of the page, such as http://127.0.0.1:40001/
	engines map[string]string // what an engineer's machine needs: AWS_ENDPOINT_URL, AWS_REGION, BCN_URL
	cmd     *exec.Cmd
	dir     string
}

// plugin is AWS's session-manager-plugin in tools/plugin.
const plugin = "github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main"

// startBot builds the bot, starts everything local, and waits until the sample
// app is there.
func startBot(ctx context.Context, root string) (*bot, error) {
	dir, err := os.MkdirTemp("", "bcn-tour-")
	if err != nil {
		return nil, err
	}
	b := &bot{dir: dir}
	if err := b.start(ctx, root); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

func (b *bot) start(ctx context.Context, root string) error {
	if err := build(ctx, root, b.binary(), "./cmd/bot"); err != nil {
		return err
	}
	// The bot finds the plugin beside itself.
	if err := build(ctx, filepath.Join(root, "tools", "plugin"), filepath.Join(b.dir, "session-manager-plugin"), plugin); err != nil {
		return err
	}
	addr, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	b.cmd = exec.Command(b.binary(), "dev", "--addr", addr) //nolint:noctx // ended by stop, so that it can put its things away
	b.cmd.Dir, b.cmd.Stderr = root, os.Stderr
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return fmt.Errorf("start the bot: %w", err)
	}
	b.address = "http://" + addr + "/"
	b.engines, err = waitReady(ctx, out)
	return err
}

func (b *bot) binary() string { return filepath.Join(b.dir, "bot") }

func build(ctx context.Context, dir, out, what string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-mod=readonly", "-o", out, what)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", what, err)
	}
	return nil
}

// freeAddress is a loopback port that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// waitReady reads what the bot prints until it says how to open access, which
// comes last, and keeps reading after that, so that the bot never waits for its
// reader.
func waitReady(ctx context.Context, out io.Reader) (map[string]string, error) {
	type ready struct {
		engines map[string]string
		err     error
	}
	done := make(chan ready, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Println(lines.Text())
			if engines := variables(lines.Text()); engines["AWS_ENDPOINT_URL"] != "" {
				done <- ready{engines: engines}
				_, _ = io.Copy(io.Discard, out)
				return
			}
		}
		done <- ready{err: errors.Join(errors.New("the bot ended before it was ready"), lines.Err())}
	}()
	select {
	case r := <-done:
		return r.engines, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the bot: %w", ctx.Err())
	}
}

// variables are the words of a command line that set one.
func variables(line string) map[string]string {
	out := map[string]string{}
	for _, word := range strings.Fields(line) {
		if name, value, ok := strings.Cut(word, "="); ok {
			out[name] = value
		}
	}
	return out
}

// stop ends the bot as Ctrl-C does, and waits until it has put away its
// database.
func (b *bot) stop() {
	if b.cmd != nil && b.cmd.Process != nil {
		_ = b.cmd.Process.Signal(syscall.SIGINT)
		late := time.AfterFunc(30*time.Second, func() { _ = b.cmd.Process.Kill() })
		_ = b.cmd.Wait()
		late.Stop()
	}
	_ = os.RemoveAll(b.dir)
}
