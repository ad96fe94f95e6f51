package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func TestAParkedCommandRunsAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	for _, r := range []chat.Request{
		{Key: "typed", User: "U0DEV", Text: "deploy hello production v2"}, {Key: "pressed", User: "U0LEAD", Action: chat.ActionApprove, Value: "#7"}, {Key: "fine", Text: "status"},
	} {
		if _, err := s.Put(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, owner, `update inbox set state = 'parked', attempts = 5, fence = 5, received_at = bcn_now() - interval '1 hour' where key <> 'fine'`)
	marks := map[string]string{}
	list, err := s.Parked(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.Command == nil || p.Command.Forgotten {
			t.Fatalf("%+v", p)
		}
		marks[p.Command.Request.Key] = p.ID()
	}
	if len(marks) != 2 || marks["typed"] == marks["pressed"] {
		t.Fatalf("parked are %v", marks)
	}

	t.Run("whoever looks for orphans runs it, once it is let go", func(t *testing.T) {
		if err := s.UnparkCommand(ctx, deploy.Origin{}, "U0ADMIN", marks["typed"]); err != nil {
			t.Fatal(err)
		}
		keys, err := s.OrphanedInbox(ctx, time.Minute)
		if err != nil || len(keys) != 1 || keys[0] != "typed" {
			t.Fatalf("orphans are %v: %v", keys, err)
		}
		if r, _, ok, err := s.ClaimInbox(ctx, "typed"); !ok || err != nil || r.User != "U0DEV" || r.Text != "deploy hello production v2" {
			t.Errorf("%+v, %v, %v", r, ok, err)
		}
		if n := number(t, owner, `select count(*) from audit_entry where kind = 'command.unparked' and actor = 'U0ADMIN'`); n != 1 {
			t.Errorf("%d entries of the audit log", n)
		}
	})
	t.Run("what is not parked is not run", func(t *testing.T) {
		for _, mark := range []string{marks["typed"], "command-00000000"} {
			if err := s.UnparkCommand(ctx, deploy.Origin{}, "U0ADMIN", mark); !errors.Is(err, deploy.ErrNone) {
				t.Errorf("%s: %v", mark, err)
			}
		}
	})
	t.Run("a day later it is told, and does not run", func(t *testing.T) {
		exec(t, owner, `update inbox set received_at = bcn_now() - interval '25 hours' where key = 'pressed'`)
		list, err := s.Parked(ctx)
		if err != nil || len(list) != 1 || !list[0].Command.Forgotten {
			t.Fatalf("%+v: %v", list, err)
		}
		if err := s.UnparkCommand(ctx, deploy.Origin{}, "U0ADMIN", marks["pressed"]); !errors.Is(err, deploy.ErrNone) {
			t.Error(err)
		}
	})
}

func TestAParkedTickWaitsForAPerson(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	exec(t, owner, `insert into schedule (id, name, spec, zone, command, owner, channel, options, state)
			values (900, 'nightly', '@daily', 'UTC', 'deploy hello production latest', '{}', 'C0DEPLOYS', '{}', 'active');
		insert into tick (id, schedule, at, state, failures) values (901, 900, bcn_now(), 'due', 19)`)
	c, ok, err := s.ClaimTick(ctx, 901)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := s.FailedTick(ctx, c, true, []deploy.Note{{Key: "parked", Role: deploy.RoleAnnounce, Channel: "C0DEPLOYS", Body: chat.Message{Text: "parked"}}}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.ClaimTick(ctx, 901); ok || err != nil {
		t.Fatalf("it was claimed: %v", err)
	}
	list, err := s.Parked(ctx)
	if err != nil || len(list) != 1 || list[0].Tick == nil || list[0].ID() != "#901" || list[0].Tick.Schedule != "nightly" {
		t.Fatalf("%+v: %v", list, err)
	}
	if n := number(t, owner, `select count(*) from outbox where tick = 901 and channel = 'C0DEPLOYS'`); n != 1 {
		t.Errorf("it was told %d times", n)
	}
	if err := s.UnparkTick(ctx, deploy.Origin{}, "U0ADMIN", 901); err != nil {
		t.Fatal(err)
	}
	if c, ok, err := s.ClaimTick(ctx, 901); !ok || err != nil || c.Failures != 0 {
		t.Errorf("%+v, %v, %v", c, ok, err)
	}
	for _, id := range []bcn.ID{901, 900, 7} {
		if err := s.UnparkTick(ctx, deploy.Origin{}, "U0ADMIN", id); !errors.Is(err, deploy.ErrNone) {
			t.Errorf("%s is not parked: %v", id, err)
		}
	}
}

func TestOldTicksAreForgotten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	exec(t, owner, `insert into schedule (id, name, spec, zone, command, owner, channel, options, state)
			values (900, 'nightly', '@daily', 'UTC', 'x', '{}', 'C', '{}', 'active'), (800, 'yearly', '@yearly', 'UTC', 'x', '{}', 'C', '{}', 'active');
		insert into tick (id, schedule, at, state, ended_at) select 1000 + d, 900, bcn_now() - d * interval '1 day', 'succeeded', bcn_now() - d * interval '1 day' + interval '12 hours' from generate_series(1, 200) d;
		insert into tick (id, schedule, at, state, ended_at) values (801, 800, bcn_now() - interval '1 year', 'failed', bcn_now() - interval '1 year');
		insert into tick (id, schedule, at, state) values (1999, 900, bcn_now() - interval '1 year', 'running');
		insert into outbox (role, key, channel, body, tick) values ('card', 'card', 'C', '{}', 1150)`)
	if err := s.ForgetTicks(ctx); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]int{
		`select count(*) from tick where schedule = 900 and state = 'succeeded'`:                                90,
		`select count(*) from tick where schedule = 900 and ended_at < bcn_now() - interval '90 days 1 minute'`: 0,
		`select count(*) from tick where id = 801`:                                                              1, // the newest of its schedule
		`select count(*) from tick where id = 1999`:                                                             1, // it has not ended
		`select count(*) from outbox`:                                                                           0,
	} {
		if n := number(t, owner, sql); n != want {
			t.Errorf("%s: %d, want %d", sql, n, want)
		}
	}
}
