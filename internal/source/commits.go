package source

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/githubx"
)

const (
	maxCommits = 20  // are listed
	maxTitle   = 100 // characters of a commit's first line
)

// Between answers the commits by which the version to differs from the version
// from, where the source is a repository of GitHub in which both, as images
// are tagged, name a commit; else nil.
func (f *Fetcher) Between(ctx context.Context, source, from, to string) (*bcn.Commits, error) {
	kind, rest, _ := strings.Cut(source, ":")
	r, ok := parseRepository(rest)
	if kind != "github" || !ok || !f.matches(r) || !isRef(from) || !isRef(to) {
		return nil, nil //nolint:nilnil // nothing is known, and nothing is wrong
	}
	c, err := f.o.GitHub.Compare(ctx, r.owner, r.name, from, to)
	if errors.Is(err, githubx.ErrNotFound) || errors.Is(err, githubx.ErrNotConfigured) {
		return nil, nil //nolint:nilnil // an image's tag need not be one of git's
	}
	if err != nil {
		return nil, err
	}
	out := &bcn.Commits{From: from, To: to, Ahead: c.Ahead, Back: c.Behind}
	if strings.HasPrefix(c.URL, "https://") {
		out.URL = c.URL
	}
	for _, one := range slices.Backward(c.Commits) {
		if len(out.List) == maxCommits {
			break
		}
		out.List = append(out.List, bcn.Commit{SHA: one.SHA, Title: title(one.Message), Author: one.Author})
	}
	return out, nil
}

func isRef(tag string) bool { return refRule.MatchString(tag) && !strings.Contains(tag, "..") }

// title is the first line of a commit's message.
func title(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	if r := []rune(line); len(r) > maxTitle {
		return string(r[:maxTitle]) + "…"
	}
	return line
}
