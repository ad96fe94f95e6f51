package github

import (
	"crypto/sha1" //nolint:gosec // git's own hash
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Membership is where a person stands in a team.
type Membership string

// The memberships. A person who was invited is pending until they accept.
const (
	Active  Membership = "active"
	Pending Membership = "pending"
)

type team struct {
	org, slug string
	members   map[string]Membership // by login as written
}

type repo struct {
	owner, name string
	branch      string              // the default one
	refs        map[string]string   // branch or tag -> commit
	commits     map[string]fileTree // by SHA
	log         map[string]entry    // by SHA
}

// entry is what git keeps of a commit beside its files.
type entry struct{ parent, message, author string }

type fileTree map[string]string // path -> content

// key makes names comparable: GitHub's have no case.
func key(parts ...string) string { return strings.ToLower(strings.Join(parts, "/")) }

// SetMember puts a person into a team, which it makes where needed.
func (s *Server) SetMember(org, slug, login string, m Membership) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.teams[key(org, slug)]
	if t == nil {
		t = &team{org: org, slug: slug, members: map[string]Membership{}}
		s.teams[key(org, slug)] = t
	}
	t.members[login] = m
}

// RemoveMember takes a person out of a team.
func (s *Server) RemoveMember(org, slug, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.teams[key(org, slug)]; t != nil {
		maps.DeleteFunc(t.members, func(l string, _ Membership) bool { return strings.EqualFold(l, login) })
	}
}

// RemoveTeam deletes a team.
func (s *Server) RemoveTeam(org, slug string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.teams, key(org, slug))
}

// Commit puts files into a new commit on a branch of a repository, which it
// makes where needed with that branch as its default, and answers its SHA.
// Files of the commit before stay; an empty content removes one.
func (s *Server) Commit(owner, name, branch string, files map[string]string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[key(owner, name)]
	if r == nil {
		r = &repo{owner: owner, name: name, branch: branch, refs: map[string]string{}, commits: map[string]fileTree{}, log: map[string]entry{}}
		s.repos[key(owner, name)] = r
	}
	parent := r.refs[branch]
	tree := maps.Clone(r.commits[parent])
	if tree == nil {
		tree = fileTree{}
	}
	for path, content := range files {
		tree[path] = content
		if content == "" {
			delete(tree, path)
		}
	}
	sha := hash(append([]string{parent, fmt.Sprint(len(r.commits))}, contents(tree)...)...)
	r.commits[sha], r.refs[branch] = tree, sha
	r.log[sha] = entry{parent: parent, message: "a commit", author: "dana"}
	return sha
}

// Describe says what a commit's message is and who made it.
func (s *Server) Describe(owner, name, sha, message, author string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.repos[key(owner, name)]; r != nil {
		e := r.log[sha]
		e.message, e.author = message, author
		r.log[sha] = e
	}
}

// history lists a commit and those before it, newest first.
func (r *repo) history(sha string) []string {
	var list []string
	for ; sha != ""; sha = r.log[sha].parent {
		list = append(list, sha)
	}
	return list
}

// Tag names a commit.
func (s *Server) Tag(owner, name, tag, commit string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.repos[key(owner, name)]; r != nil {
		r.refs[tag] = commit
	}
}

func contents(tree fileTree) []string {
	var list []string
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		list = append(list, path, tree[path])
	}
	return list
}

func hash(parts ...string) string {
	h := sha1.New() //nolint:gosec // git's own hash
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// resolve answers the commit that ref stands for, as GitHub does: a branch or
// tag, HEAD, or a SHA of at least seven characters that names one commit.
func (r *repo) resolve(ref string) (string, bool) {
	if ref == "" || ref == "HEAD" {
		ref = r.branch
	}
	for _, prefix := range []string{"", "heads/", "tags/", "refs/heads/", "refs/tags/"} {
		if name, ok := strings.CutPrefix(ref, prefix); ok && r.refs[name] != "" {
			return r.refs[name], true
		}
	}
	var found []string
	for sha := range r.commits {
		if len(ref) >= 7 && strings.HasPrefix(sha, strings.ToLower(ref)) {
			found = append(found, sha)
		}
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// Fault makes requests go wrong.
type Fault struct {
	Path   string // of requests whose path begins so; "" for all
	Times  int    // how many it hits; 0: until ClearFaults
	Status int    // answers this status, such as 503

	// Primary answers as if the hour's requests were used up until Reset from
	// now; Secondary as if they came too fast, with RetryAfter where it is set.
	Primary    bool
	Reset      time.Duration
	Secondary  bool
	RetryAfter time.Duration
	TooMany    bool          // 429 in place of 403, as GitHub may do
	Cut        bool          // closes the connection without an answer
	Delay      time.Duration // before the answer

	left int
}

// Fault switches a fault on.
func (s *Server) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.left = f.Times
	s.faults = append(s.faults, &f)
}

// ClearFaults switches all faults off.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault finds the fault that hits a request, and counts it. s.mu is held.
func (s *Server) fault(path string) *Fault {
	for i, f := range s.faults {
		if !strings.HasPrefix(path, f.Path) {
			continue
		}
		if f.Times > 0 {
			f.left--
			if f.left == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}
