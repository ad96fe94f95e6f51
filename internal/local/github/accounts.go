package github

import (
	"net/http"
	"strconv"
	"strings"
)

// An account keeps its id when it is renamed; its old login is then free for
// another account, with an id of its own.

// idOf is the id of the account that has a login now. It is called with s.mu held.
func (s *Server) idOf(login string) int64 {
	login = strings.ToLower(login)
	n, ok := s.renamed[login]
	if !ok {
		n = id("user", login)
	}
	if s.people == nil {
		s.people = map[int64]string{}
	}
	s.people[n] = login
	return n
}

// Rename gives an account another login, in all its teams too.
func (s *Server) Rename(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.idOf(from)
	if s.renamed == nil {
		s.renamed = map[string]int64{}
	}
	s.renamed[strings.ToLower(to)], s.renamed[strings.ToLower(from)] = n, id("user", from, to)
	s.people[n] = strings.ToLower(to)
	for _, t := range s.teams {
		for login, m := range t.members {
			if strings.EqualFold(login, from) {
				delete(t.members, login)
				t.members[to] = m
			}
		}
	}
}

// getUserByID is an account by its id, as long as it is there.
func (s *Server) getUserByID(r *http.Request) answer {
	n, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	login, known := s.people[n]
	if !known {
		return notFound()
	}
	return ok(map[string]any{"login": login, "id": n, "type": "User"})
}
