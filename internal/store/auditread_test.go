package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func TestEntries(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, url := pg.Store(t)
	c := approved(t, s, "heritage:hello")
	other := newChange(t, s, "heritage:other")
	exec(t, url, fmt.Sprintf(`update change set app = 'other', env = 'staging' where id = %d`, int64(other.ID)))
	if err := s.Refused(ctx, "U0NONE", c.ID, "approve", bcn.E(bcn.CodeNotEligible)); err != nil {
		t.Fatal(err)
	}
	read := func(t *testing.T, f bcn.AuditFilter) []string {
		t.Helper()
		if f.Limit == 0 {
			f.Limit = 100
		}
		list, err := s.Entries(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range list {
			out = append(out, fmt.Sprintf("%d %s %s %d", e.Seq, e.Kind, e.Actor, e.Change))
		}
		return out
	}
	all := read(t, bcn.AuditFilter{})
	if len(all) != 8 || !strings.HasPrefix(all[0], "8 refused U0NONE") {
		t.Fatalf("%q", all)
	}
	for _, x := range []struct {
		name string
		f    bcn.AuditFilter
		want int
	}{
		{"of a person", bcn.AuditFilter{Who: "U0LEAD"}, 1},
		{"of a family", bcn.AuditFilter{What: "decision"}, 2},
		{"of a kind", bcn.AuditFilter{What: "change.planned"}, 1},
		{"of a word that is no family", bcn.AuditFilter{What: "decis"}, 0},
		{"of a number", bcn.AuditFilter{ID: other.ID}, 1},
		{"of an app", bcn.AuditFilter{App: "hello"}, 7},
		{"of an app in another environment", bcn.AuditFilter{App: "hello", Env: "staging"}, 0},
		{"of an app in its environment", bcn.AuditFilter{App: "other", Env: "staging"}, 1},
		{"of the last minute", bcn.AuditFilter{Since: time.Minute}, 8},
		{"all at once", bcn.AuditFilter{Who: "U0LEAD", What: "decision.approve", App: "hello", Env: "production", ID: c.ID, Since: time.Hour, Before: 100}, 1},
		{"of somebody who wrote SQL", bcn.AuditFilter{Who: "' or true --"}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if got := read(t, x.f); len(got) != x.want {
				t.Errorf("%q", got)
			}
		})
	}
	t.Run("pages are next to their entry, newest first", func(t *testing.T) {
		t.Parallel()
		if got := read(t, bcn.AuditFilter{Before: 5, Limit: 2}); !slices.Equal(got, all[4:6]) {
			t.Errorf("before 5: %q", got)
		}
		if got := read(t, bcn.AuditFilter{After: 5, Limit: 2}); !slices.Equal(got, all[1:3]) {
			t.Errorf("after 5: %q", got)
		}
	})
	t.Run("who takes the log away is in the log", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		if err := s.Exported(ctx, deploy.Origin{}, "U0ADMIN", bcn.AuditFilter{App: "hello", Since: time.Hour}, 7); err != nil {
			t.Fatal(err)
		}
		list, err := s.Entries(ctx, bcn.AuditFilter{What: "audit.exported", Limit: 1})
		if err != nil || len(list) != 1 || list[0].Actor != "U0ADMIN" || !strings.Contains(list[0].Body, `"entries":7`) {
			t.Errorf("%v %+v", err, list)
		}
	})
}

// Each filter finds a page by an index, however long the log is: the planner is
// asked what it would do without reading all.
func TestEntriesAreIndexed(t *testing.T) {
	t.Parallel()
	_, url := pg.Store(t)
	exec(t, url, `insert into audit_entry select n, now() - (100000 - n) * interval '1 second', 'change.start', 'U' || n % 5000, n / 6, '{}', '', '' from generate_series(1, 30000) n`)
	exec(t, url, `analyze audit_entry`)
	for where, index := range map[string]string{
		`actor = 'U7'`: "audit_entry_actor", `split_part(kind, '.', 1) = 'halt'`: "audit_entry_family", `change = 77`: "audit_entry_of",
		`seq < 20000`: "audit_entry_pkey", `seq >= coalesce((select seq from audit_entry where at >= now() - interval '70001 seconds' order by at, seq limit 1), 9223372036854775807)`: "audit_entry_",
	} {
		plan := explain(t, url, `select * from audit_entry where `+where+` order by seq desc limit 16`)
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s:\n%s", where, plan)
		}
	}
}

// explain is how the planner would run a query.
func explain(t *testing.T, url, sql string) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `explain `+sql)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
