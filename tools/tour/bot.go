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
	address string // of the page, such as http://127.0.0.1:40001/
	cmd     *exec.Cmd
	dir     string
}

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
	binary := filepath.Join(b.dir, "bot")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/bot")
	build.Dir, build.Stdout, build.Stderr = root, os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the bot: %w", err)
	}
	addr, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	b.cmd = exec.Command(binary, "dev", "--addr", addr) //nolint:noctx // ended by stop, so that it can put its things away
	b.cmd.Dir, b.cmd.Stderr = root, os.Stderr
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return fmt.Errorf("start the bot: %w", err)
	}
	b.address = "http://" + addr + "/"
	return waitReady(ctx, out)
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

// waitReady reads what the bot prints until it says that it is ready, and keeps
// reading after that, so that the bot never waits for its reader.
func waitReady(ctx context.Context, out io.Reader) error {
	ready := make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Println(lines.Text())
			if strings.HasPrefix(lines.Text(), "bcn: ready") {
				ready <- nil
				_, _ = io.Copy(io.Discard, out)
				return
			}
		}
		ready <- errors.Join(errors.New("the bot ended before it was ready"), lines.Err())
	}()
	select {
	case err := <-ready:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the bot: %w", ctx.Err())
	}
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
