// Package source fetches barcelona.yml at a pinned commit: from a directory
// below sources.root, or from a GitHub repository that sources.github allows.
package source

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/githubx"
)

const (
	// fileName is what is read of a source.
	fileName = "barcelona.yml"
	// maxBytes is how large it may be.
	maxBytes = 256 << 10
)

// GitHub reads commits and files. internal/githubx implements it.
type GitHub interface {
	// Commit answers the full SHA of the commit that ref stands for now.
	Commit(ctx context.Context, owner, repo, ref string) (string, error)
	// File answers a file at a commit, of at most limit bytes.
	File(ctx context.Context, owner, repo, commit, path string, limit int) ([]byte, error)
	// Compare answers what head has that base lacks.
	Compare(ctx context.Context, owner, repo, base, head string) (githubx.Comparison, error)
}

// Options say which sources are allowed.
type Options struct {
	Root   string   // directory sources are below it; empty: they are refused
	Allow  []string // repositories, as OWNER/REPO or OWNER/*; empty: they are refused
	GitHub GitHub
}

// Fetcher fetches barcelona.yml.
type Fetcher struct{ o Options }

var _ deploy.Sources = (*Fetcher)(nil)

// New makes a Fetcher; it reads nothing.
func New(o Options) *Fetcher { return &Fetcher{o: o} }

// Fetch answers the file of a source (github:OWNER/REPO[@REF] or dir:PATH) at
// a pinned commit, which for a directory is the SHA-256 of the file. It fails
// with source_refused where bot.yaml does not allow the source, and with
// source_unreadable, and why, where it cannot be read.
func (f *Fetcher) Fetch(ctx context.Context, source string) (deploy.File, error) {
	kind, rest, _ := strings.Cut(source, ":")
	switch kind {
	case "dir":
		return f.directory(source, rest)
	case "github":
		return f.repository(ctx, source, rest)
	default:
		return deploy.File{}, f.refused(source)
	}
}

// Allowed says whether a source may be used at all, without reading it:
// nil or source_refused.
func (f *Fetcher) Allowed(source string) error {
	kind, rest, _ := strings.Cut(source, ":")
	switch kind {
	case "dir":
		if f.o.Root != "" && local(rest) {
			return nil
		}
	case "github":
		if r, ok := parseRepository(rest); ok && f.matches(r) {
			return nil
		}
	}
	return f.refused(source)
}

// repository is a parsed github: source.
type repository struct{ owner, name, ref string }

var (
	ownerRule = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$`)
	nameRule  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	// refRule is narrower than git's own: nothing in it means anything in a URL.
	refRule    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$`)
	commitRule = regexp.MustCompile(`^[0-9a-f]{40}(?:[0-9a-f]{24})?$`)
)

func parseRepository(s string) (repository, bool) {
	slug, ref, pinned := strings.Cut(s, "@")
	owner, name, ok := strings.Cut(slug, "/")
	if !pinned {
		ref = "HEAD"
	}
	ok = ok && ownerRule.MatchString(owner) && nameRule.MatchString(name) && name != "." && name != ".." &&
		refRule.MatchString(ref) && !strings.Contains(ref, "..") && !strings.Contains(ref, "//")
	return repository{owner, name, ref}, ok
}

// matches says that bot.yaml allows the repository; GitHub's names have no case.
func (f *Fetcher) matches(r repository) bool {
	name := strings.ToLower(r.owner + "/" + r.name)
	for _, pattern := range f.o.Allow {
		if ok, err := path.Match(strings.ToLower(pattern), name); err == nil && ok {
			return true
		}
	}
	return false
}

func (f *Fetcher) repository(ctx context.Context, source, rest string) (deploy.File, error) {
	r, ok := parseRepository(rest)
	if !ok || !f.matches(r) {
		return deploy.File{}, f.refused(source)
	}
	commit, err := f.o.GitHub.Commit(ctx, r.owner, r.name, r.ref)
	if err != nil {
		return deploy.File{}, unreadable(source, why(err, "the repository or "+r.ref), err)
	}
	if !commitRule.MatchString(commit) {
		return deploy.File{}, unreadable(source, "GitHub did not answer with a commit", fmt.Errorf("commit %q", commit))
	}
	raw, err := f.o.GitHub.File(ctx, r.owner, r.name, commit, fileName, maxBytes)
	if err != nil {
		return deploy.File{}, unreadable(source, why(err, fileName+" at "+commit[:7]), err)
	}
	if len(raw) > maxBytes {
		return deploy.File{}, unreadable(source, tooLarge, fmt.Errorf("%d bytes", len(raw)))
	}
	return deploy.File{
		Name: fmt.Sprintf("%s/%s@%s:%s", r.owner, r.name, commit[:7], fileName), Commit: commit, Bytes: raw,
	}, nil
}

// refused names what would be allowed.
func (f *Fetcher) refused(source string) error {
	var allowed []string
	for _, pattern := range f.o.Allow {
		allowed = append(allowed, "github:"+pattern)
	}
	if f.o.Root != "" {
		allowed = append(allowed, "dir:PATH")
	}
	return bcn.E(bcn.CodeSourceRefused, "source", source, "allowed", strings.Join(allowed, ", "))
}

func unreadable(source, why string, cause error) error {
	return bcn.E(bcn.CodeSourceUnreadable, "source", source, "why", why).Wrap(cause)
}
