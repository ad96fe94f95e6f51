package github

import (
	"net/http"
	"slices"
	"strings"
)

// maxCompared is how many commits a comparison lists.
const maxCompared = 250

// getCompare answers BASE...HEAD: what head has that base lacks, oldest first.
// https://docs.github.com/en/rest/commits/commits#compare-two-commits
func (s *Server) getCompare(r *http.Request) answer {
	found := s.repo(r)
	if found == nil {
		return notFound()
	}
	base, head, three := strings.Cut(r.PathValue("basehead"), "...")
	from, known := found.resolve(base)
	to, also := found.resolve(head)
	if !three || !known || !also {
		return notFound()
	}
	ahead, behind := found.beyond(to, from), found.beyond(from, to)
	list := []any{}
	for _, sha := range slices.Backward(ahead[:min(len(ahead), maxCompared)]) {
		e := found.log[sha]
		list = append(list, map[string]any{
			"sha":    sha,
			"commit": map[string]any{"message": e.message, "author": map[string]any{"name": e.author}},
			"author": map[string]any{"login": e.author, "id": id(e.author), "type": "User"},
		})
	}
	return ok(map[string]any{
		"status": status(len(ahead), len(behind)), "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"html_url": "https://github.com/" + found.owner + "/" + found.name + "/compare/" + base + "..." + head,
		"commits":  list, "files": []any{},
	})
}

func status(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	default:
		return "identical"
	}
}

// beyond lists what a commit has that another lacks, newest first.
func (r *repo) beyond(sha, other string) []string {
	theirs := r.history(other)
	return slices.DeleteFunc(r.history(sha), func(c string) bool { return slices.Contains(theirs, c) })
}
