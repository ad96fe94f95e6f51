package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// patience bounds the whole tour.
const patience = 40 * time.Minute

func main() {
	root := flag.String("root", "../..", "bcn's checkout")
	out := flag.String("out", "", "where the pictures go (default ROOT/docs/images)")
	chromium := flag.String("chromium", os.Getenv("CHROMIUM"), "the browser (default: found on the path)")
	from := flag.String("from", "", "begin at the step whose name begins so; its pictures are counted from 1, so give another -out")
	flag.Parse()
	if *out == "" {
		*out = filepath.Join(*root, "docs", "images")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *root, *out, *chromium, *from)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root, out, chromium, from string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	browser, err := findBrowser(ctx, chromium)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	bot, err := startBot(ctx, root)
	if err != nil {
		return err
	}
	defer bot.stop()
	w, err := openBrowser(ctx, browser, bot.address, out)
	if err != nil {
		return err
	}
	defer w.close()
	w.engineer = newEngineer(bot)
	defer w.engineer.leave()
	return errors.Join(walk(w, from), w.engineer.keep(filepath.Join(out, "access-terminal.txt")))
}

// walk takes the steps in their order and stops at the first that does not see
// what it should.
func walk(w *visitor, from string) error {
	begun := time.Now()
	first := max(0, slices.IndexFunc(steps, func(s step) bool { return strings.HasPrefix(s.name, from) }))
	for _, s := range steps[first:] {
		at := time.Now()
		s.do(w)
		if w.err != nil {
			w.keepFailure()
			return fmt.Errorf("%s: %w", s.name, w.err)
		}
		fmt.Printf("tour: %s (%.1fs)\n", s.name, time.Since(at).Seconds())
	}
	fmt.Printf("tour: %d steps, %d pictures, %.0fs\n", len(steps)-first, w.pictures, time.Since(begun).Seconds())
	return nil
}
