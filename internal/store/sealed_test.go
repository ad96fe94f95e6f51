package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// A tick runs what its schedule's owner had it run, and nothing that was put
// into the row.
func TestNothingForgedComes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	sch, tick := dueSchedule(t, s)
	forged := func() bool {
		t.Helper()
		exec(t, owner, `update tick set lease_until = null`)
		c, ok, err := s.ClaimTick(ctx, tick.ID)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		return c.Tampered
	}
	if forged() {
		t.Error("as it was saved, it does not match its seal")
	}
	for column, value := range map[string]string{
		"owner": `owner || '{"user": "U0ADMIN"}'`, "command": `'deploy hello production v2'`, "channel": `'C0OTHER'`, "spec": `'* * * * *'`,
		"zone": `'Asia/Tokyo'`, "options": `options || '{"retries": 9}'`, "name": `'hourly'`, "in_file": `not in_file`,
	} {
		exec(t, owner, `create table kept as select * from schedule; update schedule set `+column+` = `+value)
		if !forged() {
			t.Errorf("another %s is not noticed", column)
		}
		exec(t, owner, `update schedule s set `+column+` = k.`+column+` from kept k where k.id = s.id; drop table kept`)
	}
	if _, err := s.ChangeSchedule(ctx, deploy.Origin{}, "U0DEV", "edit", sch.ID, func(in bcn.Schedule, _ time.Time) (bcn.Schedule, error) {
		in.Command = "deploy hello staging v3"
		return in, nil
	}); err != nil {
		t.Fatal(err)
	}
	if forged() {
		t.Error("as it was edited, it does not match its seal")
	}
	exec(t, owner, unlocked+`update audit_entry set mac = '' where kind = 'schedule.edit'`)
	if !forged() {
		t.Error("its entry in the log is not proven")
	}
}

// Who may write in the database does not let bcn go on.
func TestHaltIsLiftedByAPerson(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	m := starting(t, s, approved(t, s, "heritage:hello").ID)
	if err := s.SetHalt(ctx, deploy.Origin{}, "U0ADMIN", true, "an incident"); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`update halt set is_on = false`,
		`insert into audit_entry select 100000, at, 'resume', actor, 0, '{}', hash, mac from audit_entry where kind = 'halt'`,
	} {
		exec(t, owner, sql)
		if err := start(s, m); bcn.CodeOf(err) != bcn.CodeHalted {
			t.Errorf("%s: %v", sql, err)
		}
	}
	exec(t, owner, unlocked+`delete from audit_entry where seq = 100000`)
	if err := s.SetHalt(ctx, deploy.Origin{}, "U0ADMIN", false, ""); err != nil {
		t.Fatal(err)
	}
	if err := start(s, m); err != nil {
		t.Error(err)
	}
}

// An entry that was changed is found before anything starts, also where it is
// older than what starts.
func TestAnOlderEntryIsProvenToo(t *testing.T) {
	t.Parallel()
	s, owner := pg.Store(t)
	approved(t, s, "heritage:other")
	m := starting(t, s, approved(t, s, "heritage:hello").ID)
	exec(t, owner, unlocked+`update audit_entry set body = replace(body, 'other', 'elsewhere') where seq = 1`)
	if err := start(s, m); bcn.CodeOf(err) != bcn.CodeTampered {
		t.Errorf("it started: %v", err)
	}
}

// Rows that bcn did not write do not keep it from making anchors.
func TestForgedAnchors(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	newChange(t, s, "heritage:hello")
	silence := func(audit.Anchor) []deploy.Note { return nil }
	exec(t, owner, `insert into audit_anchor (seq, hash, at, mac) values (999999, 'x', '2099-01-01', 'x'), (1000000, 'x', bcn_now(), 'x')`)
	if made, err := s.MakeAnchor(ctx, time.Hour, silence); !made || err != nil {
		t.Fatalf("beside forged ones: %v %v", made, err)
	}
	newChange(t, s, "heritage:other")
	if made, err := s.MakeAnchor(ctx, time.Hour, silence); made || err != nil {
		t.Errorf("within the hour of the last: %v %v", made, err)
	}
	if n := number(t, owner, `select count(*) from audit_anchor`); n != 1 {
		t.Errorf("%d anchors are kept", n)
	}
}

// What is read of the log says which entries are not as they were written.
func TestBrokenEntriesAreShown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	approved(t, s, "heritage:hello")
	broken := func() string {
		t.Helper()
		list, err := s.Entries(ctx, bcn.AuditFilter{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		seqs, err := s.Broken(ctx, list)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(slices.Sorted(maps.Keys(seqs)))
	}
	if got := broken(); got != "[]" {
		t.Errorf("as they were written: %s", got)
	}
	exec(t, owner, unlocked+`update audit_entry set actor = 'U0OTHER' where seq = 2; delete from audit_entry where seq = 4`)
	if got := broken(); got != "[2 5]" {
		t.Errorf("one changed, one removed: %s", got)
	}
}
