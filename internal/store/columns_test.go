package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

// owner is somebody who may do everything in the database, triggers and keys
// included, but does not hold BCN_KEY.
type owner struct {
	t    *testing.T
	conn *pgx.Conn
}

func newOwner(t *testing.T, url string) owner {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	o := owner{t, conn}
	o.run(`set session_replication_role = replica`)
	return o
}

func (o owner) run(sql string, args ...any) {
	o.t.Helper()
	if _, err := o.conn.Exec(context.Background(), sql, args...); err != nil {
		o.t.Fatalf("%s: %v", sql, err)
	}
}

// column is one column of a table, as the database itself lists them.
type column struct{ name, kind string }

func (o owner) columns(table string) []column {
	o.t.Helper()
	rows, err := o.conn.Query(context.Background(),
		`select column_name, data_type from information_schema.columns where table_schema = 'public' and table_name = $1 order by ordinal_position`, table)
	if err != nil {
		o.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c column, err error) { return c, row.Scan(&c.name, &c.kind) })
	if err != nil || len(list) == 0 {
		o.t.Fatalf("the columns of %s: %d, %v", table, len(list), err)
	}
	return list
}

// otherwise is SQL for another value of a column.
func (c column) otherwise(t *testing.T) string {
	t.Helper()
	sql := map[string]string{
		"bigint": `coalesce(%s, 0) + 1000000`, "integer": `coalesce(%s, 0) + 1000000`, "text": `coalesce(%s, '') || 'x'`,
		"timestamp with time zone": `coalesce(%s, now()) + interval '1 microsecond'`, "bytea": `coalesce(%s, '') || '\x00'`,
		"boolean": `not coalesce(%s, false)`, "jsonb": `case jsonb_typeof(%[1]s) when 'array' then %[1]s || '["x"]' else coalesce(%[1]s, '{}') || '{"x": 1}' end`,
	}[c.kind]
	if sql == "" {
		t.Fatalf("the column %s is of a type that this test cannot change: %s", c.name, c.kind)
	}
	return fmt.Sprintf(sql, c.name)
}

// tampering changes each column of each row that where selects, one at a time,
// calls try, and puts the value back.
func (o owner) tampering(table, where string, try func(t *testing.T, column string)) {
	t := o.t
	t.Helper()
	ctx := context.Background()
	rows, err := o.conn.Query(ctx, `select ctid::text from `+table+` where `+where)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(all) == 0 {
		t.Fatalf("rows of %s where %s: %d, %v", table, where, len(all), err)
	}
	one := func(sql string, args ...any) *string {
		t.Helper()
		var s *string
		if err := o.conn.QueryRow(ctx, sql, args...).Scan(&s); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return s
	}
	for nth, row := range all {
		for _, c := range o.columns(table) {
			was := one(`select `+c.name+`::text from `+table+` where ctid = $1::tid`, row)
			row = *one(`update `+table+` set `+c.name+` = `+c.otherwise(t)+` where ctid = $1::tid returning ctid::text`, row)
			t.Run(fmt.Sprintf("%s.%s of row %d", table, c.name, nth+1), func(t *testing.T) { // one row after the other
				try(t, c.name)
			})
			row = *one(`update `+table+` set `+c.name+` = $2::text::`+c.kind+` where ctid = $1::tid returning ctid::text`, row, was)
		}
	}
}

// Whatever column of a request, a decision, a plan or an audit entry is
// changed past bcn, nothing runs: also a column that did not exist when this
// test was written.
func TestEveryColumnIsProven(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	refused := func(t *testing.T, err error) {
		t.Helper()
		if bcn.CodeOf(err) != bcn.CodeTampered {
			t.Errorf("it answered: %v", err)
		}
	}

	t.Run("before anything starts", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		other := approved(t, s, "heritage:other")
		c := approved(t, s, "heritage:hello")
		o, m := newOwner(t, url), starting(t, s, c.ID)
		try := func(t *testing.T, _ string) {
			t.Helper()
			refused(t, start(s, m))
			if got := read(t, s, c.ID); got.State != bcn.ChangeQueued {
				t.Errorf("it is %s", got.State)
			}
		}
		o.tampering("request", fmt.Sprint("id = ", int64(c.ID)), try)
		o.tampering("decision", fmt.Sprint("request = ", int64(c.ID)), try)
		o.tampering("plan", fmt.Sprint("change = ", int64(c.ID)), try)
		o.tampering("audit_entry", fmt.Sprint("seq >= (select min(seq) from audit_entry where change = ", int64(c.ID), ")"), try)
		t.Run("put back as they were, both start", func(t *testing.T) {
			if err := start(s, m); err != nil {
				t.Error(err)
			}
			if err := start(s, starting(t, s, other.ID)); err != nil {
				t.Error(err)
			}
		})
	})

	t.Run("before a decision counts", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		c := waiting(t, s, "heritage:hello")
		approve(t, s, c.ID, "U0LEAD", false)
		o := newOwner(t, url)
		decide := func() error {
			_, err := s.Decide(ctx, deploy.Origin{}, c.ID, bcn.Decision{Person: "U0LEADTWO", Verdict: bcn.Approve, Teams: []string{"leads"}}, pending, silent)
			return err
		}
		try := func(t *testing.T, column string) {
			t.Helper()
			err := decide()
			if column == "id" && errors.Is(err, store.ErrNotFound) { // there is no such request then
				return
			}
			if column == "state" && bcn.CodeOf(err) == bcn.CodeAlreadyDecided { // nothing but pending is decided
				return
			}
			refused(t, err)
		}
		o.tampering("request", "true", try)
		o.tampering("decision", "true", try)
		o.tampering("audit_entry", "true", try)
		t.Run("put back as they were, it counts", func(t *testing.T) {
			if err := decide(); err != nil {
				t.Error(err)
			}
		})
	})

	t.Run("while it runs", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		c := approved(t, s, "heritage:hello")
		m := starting(t, s, c.ID)
		m.Audit = map[string]any{"hash": m.From.Plan.Hash}
		if err := start(s, m); err != nil {
			t.Fatal(err)
		}
		o := newOwner(t, url)
		again := func(t *testing.T) deploy.Claimed {
			t.Helper()
			o.run(`update change set lease_until = null`)
			return claim(t, s, c.ID)
		}
		o.tampering("plan", "true", func(t *testing.T, column string) {
			if got := again(t); got.Tampered == "" && (column != "change" || got.Plan != nil) {
				t.Errorf("it goes on with %v, %q", got.Plan, got.Tampered)
			}
		})
		o.tampering("audit_entry", "kind = 'change.start'", func(t *testing.T, _ string) {
			if got := again(t); got.Tampered != "change" {
				t.Errorf("it goes on: %q", got.Tampered)
			}
		})
		if got := again(t); got.Tampered != "" {
			t.Errorf("put back as they were: %q", got.Tampered)
		}
	})

	t.Run("before a grant lets anybody in", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		g := granted(t, s)
		o := newOwner(t, url)
		o.tampering("access_grant", "true", func(t *testing.T, _ string) {
			o.run(`update change set lease_until = null`)
			if got := claim(t, s, g.ID); got.Proven {
				t.Errorf("the grant is proven: %+v", got.Grant)
			}
		})
	})
}

// pending judges as for a request that goes on waiting.
func pending(r bcn.Request, _ time.Time) (bcn.RequestEvent, error) {
	if r.State != bcn.RequestPending {
		return "", bcn.E(bcn.CodeAlreadyDecided)
	}
	return "", nil
}

// What was over is not begun again by putting its rows back, and what never
// passed the gate is not behind it because its row says so.
func TestMovedPastBcn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const queued = `update change set state = 'queued', code = '', ended_at = null, lease_until = null where id = {id}; `
	for _, c := range []struct {
		name  string
		begin func(t *testing.T, s *store.Store) bcn.Change
		sql   string
	}{
		{
			"approved by nobody", func(t *testing.T, s *store.Store) bcn.Change { return waiting(t, s, "heritage:hello") },
			queued + `update request set state = 'approved' where id = {id}`,
		},
		{"approved by one of two", func(t *testing.T, s *store.Store) bcn.Change {
			c := waiting(t, s, "heritage:hello")
			approve(t, s, c.ID, "U0LEAD", false)
			return c
		}, queued + `update request set state = 'approved' where id = {id}`},
		{"approved, then cancelled", func(t *testing.T, s *store.Store) bcn.Change {
			c := approved(t, s, "heritage:hello")
			if _, err := s.Interrupt(ctx, deploy.Origin{}, "U0DEV", c.ID, bcn.EventClose, bcn.CodeCancelled, nil, nil); err != nil {
				t.Fatal(err)
			}
			return c
		}, queued + `update request set state = 'approved' where id = {id}`},
		{"approved, then cancelled, and the entry of that removed", func(t *testing.T, s *store.Store) bcn.Change {
			c := approved(t, s, "heritage:hello")
			if _, err := s.Interrupt(ctx, deploy.Origin{}, "U0DEV", c.ID, bcn.EventClose, bcn.CodeCancelled, nil, nil); err != nil {
				t.Fatal(err)
			}
			return c
		}, queued + `update request set state = 'approved' where id = {id}; delete from audit_entry where kind = 'change.close'`},
		{
			"its request deleted", func(t *testing.T, s *store.Store) bcn.Change { return approved(t, s, "heritage:hello") },
			`delete from decision where request = {id}; delete from request where id = {id}`,
		},
		{"asked for by nobody, in a plan's state", func(t *testing.T, s *store.Store) bcn.Change { return planned(t, s, "heritage:hello") }, queued},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, url := pg.Store(t)
			change := c.begin(t, s)
			newOwner(t, url).run(fill(c.sql, change.ID, 0))
			if err := start(s, starting(t, s, change.ID)); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Fatalf("it answered: %v", err)
			}
		})
	}

	t.Run("put behind the gate", func(t *testing.T) {
		t.Parallel()
		for _, state := range []bcn.ChangeState{bcn.ChangeApplying, bcn.ChangeVerifying, bcn.ChangeCancelling, bcn.ChangeBlocked} {
			s, url := pg.Store(t)
			c := waiting(t, s, "heritage:hello")
			newOwner(t, url).run(`update change set state = $1, started_at = now(), lease_until = null`, string(state))
			if got := claim(t, s, c.ID); got.Tampered != "change" {
				t.Errorf("one that is %s goes on", state)
			}
		}
	})
}
