package store_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func TestRulesOfTheLastStart(t *testing.T) {
	t.Parallel()
	s, owner := pg.Store(t)
	ctx := context.Background()
	saw := func(t *testing.T, lines ...string) (store.RulesSeen, bool) {
		t.Helper()
		asked := false
		seen, err := s.SawRules(ctx, lines, func(store.RulesSeen) (bool, []deploy.Note) {
			asked = true
			return true, []deploy.Note{{Key: "rules", Role: deploy.RoleAnnounce, Channel: "C0SEC", Body: chat.Message{Text: "weaker"}}}
		})
		if err != nil {
			t.Fatal(err)
		}
		return seen, asked
	}
	told := func(t *testing.T) string {
		t.Helper()
		return storetest.Text(t, owner, `select count(*) from outbox where channel = 'C0SEC'`)
	}
	logged := func(t *testing.T) string {
		t.Helper()
		return storetest.Text(t, owner, `select count(*) from audit_entry where kind = 'rules.seen'`)
	}
	for _, c := range []struct {
		name          string
		alter         string
		lines         []string
		first, same   bool
		altered       bool
		before        []string
		entries, told int
	}{
		{"nothing is known at first", "", list("a", "b"), true, false, false, nil, 1, 1},
		{"what is the same is said and written no more", "", list("a", "b"), false, true, false, list("a", "b"), 1, 1},
		{"what is not is judged and written", "", list("b", "a"), false, false, false, list("a", "b"), 2, 2},
		{"a body that was changed past bcn is no last start", `update rules_seen set body = '["c"]'`, list("c"), false, false, true, list("c"), 3, 3},
		{"nor is a whole row", `update rules_seen set body = '["d"]', hash = '18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4'`, list("d"), false, false, true, list("d"), 4, 4},
		{"nor one that is gone", `delete from rules_seen`, list("d"), false, false, true, nil, 5, 5},
		{"after which it goes on", "", list("d"), false, true, false, list("d"), 5, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.alter != "" {
				storetest.Exec(t, owner, c.alter)
			}
			seen, asked := saw(t, c.lines...)
			if seen.First != c.first || seen.Same != c.same || seen.Altered != c.altered || asked == c.same || !slices.Equal(seen.Before, c.before) {
				t.Errorf("%+v, judged: %v", seen, asked)
			}
			if logged(t) != strconv.Itoa(c.entries) || told(t) != strconv.Itoa(c.told) {
				t.Errorf("%s entries, told %s times", logged(t), told(t))
			}
		})
	}
	t.Run("replicas that start at once say it once", func(t *testing.T) {
		var judged atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := s.SawRules(ctx, list("e"), func(store.RulesSeen) (bool, []deploy.Note) { judged.Add(1); return false, nil })
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if judged.Load() != 1 {
			t.Errorf("judged %d times", judged.Load())
		}
	})
}

func list(s ...string) []string { return s }
