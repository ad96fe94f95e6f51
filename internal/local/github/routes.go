package github

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mediaSHA asks for a commit's SHA alone; with "v3." in it, as older clients do.
const mediaSHA = "application/vnd.github.sha"

// route is one call that is known. answer is called with s.mu held.
type route struct {
	pattern string
	app     bool // asked as the app itself, not with a token
	answer  func(*http.Request) answer
}

// routes is all that the local GitHub knows.
func (s *Server) routes() []route {
	return []route{
		{"GET /orgs/{org}/teams/{slug}", false, s.getTeam},
		{"GET /orgs/{org}/teams/{slug}/members", false, s.getMembers},
		{"GET /orgs/{org}/teams/{slug}/memberships/{user}", false, s.getMembership},
		{"GET /repos/{owner}/{repo}", false, s.getRepo},
		{"GET /repos/{owner}/{repo}/commits/{ref...}", false, s.getCommit},
		{"GET /repos/{owner}/{repo}/compare/{basehead...}", false, s.getCompare},
		{"GET /repos/{owner}/{repo}/contents/{path...}", false, s.getContents},
		{"GET /orgs/{org}/installation", true, s.getInstallation},
		{"GET /users/{user}/installation", true, s.getInstallation},
		{"POST /app/installations/{id}/access_tokens", true, s.postToken},
		{"GET /user", false, s.getUser},
		{"GET /user/{id}", false, s.getUserByID},
		{"GET /rate_limit", false, s.getRate},
	}
}

func (s *Server) team(r *http.Request) *team {
	return s.teams[key(r.PathValue("org"), r.PathValue("slug"))]
}

func (s *Server) getTeam(r *http.Request) answer {
	t := s.team(r)
	if t == nil {
		return notFound()
	}
	return ok(map[string]any{
		"id": id(t.org, t.slug), "name": t.slug, "slug": t.slug, "privacy": "closed", "permission": "pull",
		"url": s.served.URL() + "orgs/" + t.org + "/teams/" + t.slug, "members_count": len(t.active()),
		"organization": map[string]any{"login": t.org, "id": id(t.org)},
	})
}

// active lists who accepted, by login.
func (t *team) active() []string {
	var list []string
	for login, m := range t.members {
		if m == Active {
			list = append(list, login)
		}
	}
	slices.Sort(list)
	return list
}

func (s *Server) getMembers(r *http.Request) answer {
	t := s.team(r)
	if t == nil {
		return notFound()
	}
	list := []any{}
	logins, link := s.page(r, t.active())
	for _, login := range logins {
		list = append(list, map[string]any{"login": login, "id": s.idOf(login), "type": "User"})
	}
	said := ok(list)
	said.link = link
	return said
}

// page cuts a list as per_page and page ask, and answers the Link header that
// leads to the next part, "" for the last.
func (s *Server) page(r *http.Request, list []string) (part []string, link string) {
	number := func(name string, fallback int) int {
		n, err := strconv.Atoi(r.URL.Query().Get(name))
		if err != nil || n < 1 {
			return fallback
		}
		return n
	}
	size, n := min(number("per_page", 30), 100), number("page", 1)
	from := min((n-1)*size, len(list))
	to := min(from+size, len(list))
	if to < len(list) {
		link = fmt.Sprintf(`<%s%s?per_page=%d&page=%d>; rel="next"`, s.served.URL(), strings.TrimPrefix(r.URL.Path, "/"), size, n+1)
	}
	return list[from:to], link
}

func (s *Server) getMembership(r *http.Request) answer {
	t := s.team(r)
	if t == nil {
		return notFound()
	}
	for login, m := range t.members {
		if strings.EqualFold(login, r.PathValue("user")) {
			return ok(map[string]any{
				"state": string(m), "role": "member",
				"url": fmt.Sprintf("%sorgs/%s/teams/%s/memberships/%s", s.served.URL(), t.org, t.slug, login),
			})
		}
	}
	return notFound()
}

func (s *Server) repo(r *http.Request) *repo {
	return s.repos[key(r.PathValue("owner"), r.PathValue("repo"))]
}

func (s *Server) getRepo(r *http.Request) answer {
	found := s.repo(r)
	if found == nil {
		return notFound()
	}
	return ok(map[string]any{
		"id": id(found.owner, found.name), "name": found.name, "full_name": found.owner + "/" + found.name, "private": true,
		"default_branch": found.branch, "owner": map[string]any{"login": found.owner, "id": id(found.owner)},
	})
}

func (s *Server) getCommit(r *http.Request) answer {
	found := s.repo(r)
	if found == nil {
		return notFound()
	}
	sha, known := found.resolve(r.PathValue("ref"))
	if !known {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+r.PathValue("ref"))
	}
	if strings.Contains(strings.ReplaceAll(r.Header.Get("Accept"), ".v3.", "."), mediaSHA) {
		return answer{status: http.StatusOK, text: sha, kind: mediaSHA}
	}
	return ok(map[string]any{"sha": sha, "commit": map[string]any{"message": "a commit"}})
}

// maxInline is the size up to which contents are in the answer.
const maxInline = 1 << 20

func (s *Server) getContents(r *http.Request) answer {
	found := s.repo(r)
	if found == nil {
		return notFound()
	}
	sha, known := found.resolve(r.URL.Query().Get("ref"))
	if !known {
		return refuse(http.StatusNotFound, "No commit found for the ref "+r.URL.Query().Get("ref"))
	}
	name := strings.Trim(r.PathValue("path"), "/")
	content, isFile := found.commits[sha][name]
	if !isFile {
		return found.listing(sha, name)
	}
	said := map[string]any{
		"type": "file", "name": path.Base(name), "path": name, "size": len(content), "sha": hash("blob", content),
		"encoding": "base64", "content": base64.StdEncoding.EncodeToString([]byte(content)),
	}
	if len(content) > maxInline {
		said["encoding"], said["content"] = "none", ""
	}
	return ok(said)
}

// listing answers a directory, or that there is none.
func (r *repo) listing(sha, dir string) answer {
	list, seen := []any{}, map[string]bool{}
	for _, name := range slices.Sorted(keys(r.commits[sha])) {
		rest := name
		if dir != "" {
			var below bool
			if rest, below = strings.CutPrefix(name, dir+"/"); !below {
				continue
			}
		}
		entry, deeper, isDir := strings.Cut(rest, "/")
		kind := "file"
		if isDir && deeper != "" {
			kind = "dir"
		}
		if !seen[entry] {
			seen[entry] = true
			list = append(list, map[string]any{"type": kind, "name": entry, "path": path.Join(dir, entry)})
		}
	}
	if len(list) == 0 {
		return notFound()
	}
	return ok(list)
}

func keys(tree fileTree) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range tree {
			if !yield(k) {
				return
			}
		}
	}
}

func (s *Server) getInstallation(r *http.Request) answer {
	account := first(r.PathValue("org"), r.PathValue("user"))
	for k := range s.teams {
		if strings.HasPrefix(k, key(account)+"/") {
			return installation(account, "Organization", r.PathValue("org") != "")
		}
	}
	for k := range s.repos {
		if strings.HasPrefix(k, key(account)+"/") {
			return installation(account, "User", true)
		}
	}
	return notFound()
}

func installation(account, kind string, found bool) answer {
	if !found {
		return notFound()
	}
	return ok(map[string]any{"id": Installation, "app_id": AppID, "account": map[string]any{"login": account, "type": kind}})
}

func (s *Server) postToken(r *http.Request) answer {
	if r.PathValue("id") != strconv.Itoa(Installation) {
		return notFound()
	}
	token := "ghs_local" + secret()
	s.tokens[token] = true
	return answer{status: http.StatusCreated, body: map[string]any{
		"token": token, "expires_at": s.o.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		"permissions": map[string]any{"members": "read", "contents": "read", "metadata": "read"},
	}}
}

func (s *Server) getRate(*http.Request) answer {
	core := map[string]any{"limit": s.o.Limit, "remaining": s.o.Limit - s.used, "reset": s.resets.Unix(), "used": s.used}
	return ok(map[string]any{"resources": map[string]any{"core": core}, "rate": core})
}

// id is a stable number for a name.
func id(parts ...string) int64 {
	n, _ := strconv.ParseInt(hash(parts...)[:12], 16, 64)
	return n
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
