package source_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/githubx"
	local "github.com/bcn-bot/bcn/internal/local/github"
	"github.com/bcn-bot/bcn/internal/source"
)

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	base := t.TempDir()
	root := filepath.Join(base, "root")
	write(t, filepath.Join(root, "examples", "hello", "barcelona.yml"), "environments: {}\n")
	write(t, filepath.Join(root, "large", "barcelona.yml"), strings.Repeat("#", 256<<10+1))
	write(t, filepath.Join(base, "secret", "barcelona.yml"), "outside\n")
	if err := os.Symlink(filepath.Join(base, "secret"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("examples/hello", filepath.Join(root, "inside")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "pipe"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe", "barcelona.yml"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := source.New(source.Options{Root: root})

	t.Run("the commit of a directory is the hash of its file", func(t *testing.T) {
		t.Parallel()
		for _, dir := range []string{"examples/hello", "./examples/hello", "inside"} {
			got, err := f.Fetch(ctx, "dir:"+dir)
			if err != nil || string(got.Bytes) != "environments: {}\n" || !strings.HasPrefix(got.Commit, "sha256:") || len(got.Commit) != 71 {
				t.Errorf("%s: %+v, %v", dir, got, err)
			}
		}
	})
	t.Run("nothing outside the root is read", func(t *testing.T) {
		t.Parallel()
		for dir, want := range map[string]bcn.Code{
			"../secret": bcn.CodeSourceRefused, "examples/../../secret": bcn.CodeSourceRefused, "/etc": bcn.CodeSourceRefused,
			"": bcn.CodeSourceRefused, "a\x00b": bcn.CodeSourceRefused, `..\secret`: bcn.CodeSourceRefused,
			"link": bcn.CodeSourceUnreadable,
		} {
			if got, err := f.Fetch(ctx, "dir:"+dir); bcn.CodeOf(err) != want || len(got.Bytes) > 0 {
				t.Errorf("%q: %q, %v", dir, got.Bytes, err)
			}
		}
	})
	t.Run("what cannot be read says why, and no path of the machine", func(t *testing.T) {
		t.Parallel()
		for dir, want := range map[string]string{
			"nothing": "is not there", "large": "larger than 256 KiB", "pipe": "is not a file", "link": "leads out of sources.root",
		} {
			_, err := f.Fetch(ctx, "dir:"+dir)
			e, _ := errors.AsType[*bcn.Error](err)
			if e == nil || e.Code != bcn.CodeSourceUnreadable || !strings.Contains(e.Params["why"], want) || strings.Contains(e.Params["why"], base) {
				t.Errorf("%s: %v", dir, err)
			}
		}
	})
	t.Run("without a root directories are refused", func(t *testing.T) {
		t.Parallel()
		if _, err := source.New(source.Options{}).Fetch(ctx, "dir:examples/hello"); bcn.CodeOf(err) != bcn.CodeSourceRefused {
			t.Errorf("got %v", err)
		}
	})
}

func TestRepository(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := local.New(local.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); _ = s.Close() })
	first := s.Commit("acme", "hello", "main", map[string]string{"barcelona.yml": "first\n"})
	s.Tag("acme", "hello", "v1", first)
	second := s.Commit("acme", "hello", "main", map[string]string{"barcelona.yml": "second\n"})
	s.Commit("acme", "empty", "main", map[string]string{"README": "x"})
	s.Commit("acme", "large", "main", map[string]string{"barcelona.yml": strings.Repeat("#", 256<<10+1)})
	s.Commit("other", "hello", "main", map[string]string{"barcelona.yml": "x"})
	gh, err := githubx.New(githubx.Options{Token: s.Token(), URL: s.URL(), Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	f := source.New(source.Options{Allow: []string{"acme/*"}, GitHub: gh})

	t.Run("a source is read at a pinned commit", func(t *testing.T) {
		t.Parallel()
		for src, want := range map[string][2]string{
			"github:acme/hello": {second, "second\n"}, "github:acme/hello@main": {second, "second\n"},
			"github:acme/hello@v1": {first, "first\n"}, "github:Acme/Hello@" + first: {first, "first\n"},
		} {
			got, err := f.Fetch(ctx, src)
			if err != nil || got.Commit != want[0] || string(got.Bytes) != want[1] || !strings.HasSuffix(got.Name, "@"+want[0][:7]+":barcelona.yml") {
				t.Errorf("%s: %+v, %v", src, got, err)
			}
		}
	})
	t.Run("between two versions are the commits of their tags, newest first", func(t *testing.T) {
		t.Parallel()
		s.Commit("acme", "log", "main", map[string]string{"a": "1"})
		s.Tag("acme", "log", "v1", s.Commit("acme", "log", "main", map[string]string{"a": "2"}))
		older := s.Commit("acme", "log", "main", map[string]string{"a": "3"})
		newer := s.Commit("acme", "log", "main", map[string]string{"a": "4"})
		s.Describe("acme", "log", newer, "Count backwards\n\nBecause.", "olu")
		s.Tag("acme", "log", "v2", newer)
		got, err := f.Between(ctx, "github:acme/log", "v1", "v2")
		if err != nil || got.Ahead != 2 || got.Back != 0 || len(got.List) != 2 || got.List[0] != (bcn.Commit{SHA: newer, Title: "Count backwards", Author: "olu"}) || got.List[1].SHA != older {
			t.Errorf("%+v, %v", got, err)
		}
		if back, err := f.Between(ctx, "github:acme/log", "v2", "v1"); err != nil || back.Ahead != 0 || back.Back != 2 || len(back.List) != 0 {
			t.Errorf("back: %+v, %v", back, err)
		}
	})
	t.Run("of what is no commit nothing is known, and nothing is wrong", func(t *testing.T) {
		t.Parallel()
		for _, c := range [][3]string{
			{"github:acme/hello", "v1", "latest"},
			{"github:acme/hello", "nowhere", "v1"},
			{"github:acme/nothing", "v1", "v1"},
			{"github:other/hello", "main", "main"},
			{"dir:examples/hello", "v1", "v2"},
			{"github:acme/hello", "v1", "../x"},
		} {
			if got, err := f.Between(ctx, c[0], c[1], c[2]); got != nil || err != nil {
				t.Errorf("%v: %+v, %v", c, got, err)
			}
		}
	})
	t.Run("what bot.yaml does not allow, or does not parse, is refused without asking", func(t *testing.T) {
		t.Parallel()
		for _, src := range []string{
			"github:other/hello", "github:acme/hello/deeper", "github:acme", "github:acme/..", "github:acme/hello@", "github:acme/hello@../x",
			"github:acme/hello@a b", "github:ac me/hello", "github:-acme/hello", "git:acme/hello", "acme/hello", "", "https://github.com/acme/hello",
		} {
			if _, err := f.Fetch(ctx, src); bcn.CodeOf(err) != bcn.CodeSourceRefused {
				t.Errorf("%q: %v", src, err)
			}
			if err := f.Allowed(src); bcn.CodeOf(err) != bcn.CodeSourceRefused {
				t.Errorf("Allowed(%q): %v", src, err)
			}
		}
	})
	t.Run("what cannot be read says why", func(t *testing.T) {
		t.Parallel()
		for src, want := range map[string]string{
			"github:acme/nothing": "is not there, or bcn may not read it", "github:acme/empty": "barcelona.yml at", "github:acme/large": "larger than",
			"github:acme/hello@nowhere": "nowhere",
		} {
			_, err := f.Fetch(ctx, src)
			e, _ := errors.AsType[*bcn.Error](err)
			if e == nil || e.Code != bcn.CodeSourceUnreadable || !strings.Contains(e.Params["why"], want) {
				t.Errorf("%s: %v", src, err)
			}
		}
	})
}
