// Command guards proves that the tests of bcn's promises have teeth. For each
// patch in tools/guards/patches it takes one guard out of a copy of the tree,
// runs the test that the patch names, and expects it to fail; without the patch
// the same test must pass. A patch that does not apply, that does not compile
// or that no test notices is an error.
//
// Usage: go run ./tools/guards [-why] [NAME...]
//
// With names, only the patches whose file names contain one of them are tried.
// With -why each line ends with what the test complained of: a test may fail for
// another reason than the one that it was written for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	dir := flag.String("patches", "tools/guards/patches", "folder of the patches, below the module's root")
	why := flag.Bool("why", false, "say what the tests complain of")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, ".", *dir, flag.Args(), *why)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "guards:", err)
		os.Exit(1)
	}
}

// run tries the patches of the tree at root that the names select, and writes
// a line about each to out.
func run(ctx context.Context, out io.Writer, root, dir string, names []string, why bool) (err error) {
	patches, err := readPatches(root, dir)
	if err != nil {
		return err
	}
	if patches = slices.DeleteFunc(patches, func(p patch) bool { return !selected(p.name, names) }); len(patches) == 0 {
		return errors.New("no such patch")
	}
	w, err := newWorkspace(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.remove()) }()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	failed := 0
	for _, p := range patches {
		start := time.Now()
		outcome := "the test fails without it"
		complaint, err := w.try(ctx, p)
		switch {
		case err != nil:
			failed++
			outcome = "WRONG: " + err.Error()
		case why:
			outcome += ": " + complaint
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, _ = fmt.Fprintf(table, "%s\tpromise %d\t%s\t%.1fs\t%s\n", p.name, p.promise, p.guard, time.Since(start).Seconds(), outcome)
		if err := table.Flush(); err != nil { // a line when it is known; the run takes minutes
			return err
		}
	}
	_, _ = fmt.Fprintf(out, "%d guards, %d wrong\n", len(patches), failed)
	if failed > 0 {
		return fmt.Errorf("%d of %d guards are not held by their test", failed, len(patches))
	}
	return nil
}

func selected(name string, names []string) bool {
	return len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(name, n) })
}
