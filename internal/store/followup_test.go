package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

var skipped = []bcn.Need{{Teams: []string{"leads"}, Count: 1}}

// glassPlan is a plan that goes without the leads' approval.
func glassPlan(t *testing.T, subject string) *deploy.StoredPlan {
	t.Helper()
	b, err := json.Marshal(bcn.Plan{Subject: subject, BreakGlass: &bcn.BreakGlass{Skipped: skipped, Limit: 2, Per: 24 * time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	return storedPlan(string(b))
}

// breaking is the start of a change that somebody asked for with --break-glass;
// asked says whether the log knows that they did.
func breaking(t *testing.T, s *store.Store, subject string, asked bool) deploy.Move {
	t.Helper()
	ctx := context.Background()
	dana := bcn.Actor{Kind: bcn.Person, User: "U0DEV", Team: "T0ACME"}
	c, err := s.New(ctx, deploy.Origin{}, bcn.Change{Kind: bcn.KindDeploy, Subject: subject, Reason: "the site is down", Requester: dana, Channel: "C0DEPLOYS"},
		deploy.Wish{Kind: bcn.KindDeploy, BreakGlass: asked}, []deploy.Note{{Key: "card", Role: deploy.RoleCard, Channel: "C0DEPLOYS"}})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, s, deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventPlanned, Plan: glassPlan(t, subject)})
	apply(t, s, deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventQueue, Audit: map[string]any{"gated": "break_glass"}})
	m := starting(t, s, c.ID)
	m.FollowUp = &deploy.NewFollowUp{Limit: 2, Per: 24 * time.Hour, Row: bcn.FollowUp{
		ID: c.ID, Person: "U0DEV", Reason: "the site is down", Skipped: skipped, Told: []string{"U0LEAD"}, At: m.From.Now, DueAt: m.From.Now.Add(bcn.AcknowledgeWithin),
	}}
	return m
}

func acknowledge(s *store.Store, id bcn.ID, person string) error {
	return s.Acknowledge(context.Background(), deploy.Origin{}, id, person, []string{"leads"}, "seen", func(bcn.FollowUp) []deploy.Note {
		return []deploy.Note{{Key: "acknowledged", Role: deploy.RoleThread}}
	})
}

func TestBreakGlass(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("it starts, leaves a follow-up and an entry behind, and the change says so", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		m := breaking(t, s, "heritage:hello", true)
		if err := start(s, m); err != nil {
			t.Fatal(err)
		}
		id := m.From.Change.ID
		f, err := s.FollowUp(ctx, id)
		if err != nil || !f.Open() || f.Person != "U0DEV" || f.Told[0] != "U0LEAD" || f.Skipped[0].Teams[0] != "leads" {
			t.Errorf("%+v, %v", f, err)
		}
		if c := read(t, s, id); !c.Glass || c.State != bcn.ChangeApplying {
			t.Errorf("%+v", c)
		}
		if n := number(t, owner, `select count(*) from audit_entry where kind = 'break_glass' and actor = 'U0DEV'`); n != 1 {
			t.Errorf("%d entries", n)
		}
		if _, err := s.VerifyAudit(ctx); err != nil {
			t.Error(err)
		}
	})

	for name, change := range map[string]func(m *deploy.Move){
		"a plan that skips an approval does not start without a follow-up": func(m *deploy.Move) { m.FollowUp = nil },
		"nor with one that names others":                                   func(m *deploy.Move) { m.FollowUp.Row.Skipped = []bcn.Need{{Teams: []string{"interns"}, Count: 1}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := pg.Store(t)
			m := breaking(t, s, "heritage:hello", true)
			change(&m)
			if err := start(s, m); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("started: %v", err)
			}
		})
	}

	t.Run("a wish that was changed past bcn opens no gate", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		if err := start(s, breaking(t, s, "heritage:hello", false)); bcn.CodeOf(err) != bcn.CodeTampered {
			t.Errorf("nobody asked for it: %v", err)
		}
	})

	t.Run("a halt holds it", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		m := breaking(t, s, "heritage:hello", true)
		if err := s.SetHalt(ctx, deploy.Origin{}, "U0ADMIN", true, "an incident"); err != nil {
			t.Fatal(err)
		}
		if err := start(s, m); bcn.CodeOf(err) != bcn.CodeHalted {
			t.Errorf("started while halted: %v", err)
		}
	})

	t.Run("it goes past the freeze that it names, and past none that came since", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		m := breaking(t, s, "heritage:hello", true)
		first := hold(t, s, "U0LEAD", deploy.HoldWish{Kind: bcn.HoldFreeze, Env: "production", Reason: "the sale"})
		m.FollowUp.Row.Overrode = []string{first.Hold.String()}
		hold(t, s, "U0ADMIN", deploy.HoldWish{Kind: bcn.HoldFreeze, Reason: "an incident"})
		if err := start(s, m); bcn.CodeOf(err) != bcn.CodeFrozen {
			t.Errorf("it went past another freeze: %v", err)
		}
		m.FollowUp.Row.Overrode = append(m.FollowUp.Row.Overrode, "freeze of all: an incident")
		if err := start(s, m); err != nil {
			t.Error(err)
		}
	})

	t.Run("a person does it so often and no more, also when several start at once; another still may", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		var moves []deploy.Move
		for i := range 5 {
			moves = append(moves, breaking(t, s, fmt.Sprintf("heritage:h%d", i), true))
		}
		moves[4].FollowUp.Row.Person = "U0LEAD"
		errs := make([]error, len(moves))
		var all sync.WaitGroup
		for i, m := range moves {
			all.Go(func() { errs[i] = start(s, m) })
		}
		all.Wait()
		refused := 0
		for _, err := range errs {
			switch code := bcn.CodeOf(err); {
			case code == bcn.CodeGlassLimit:
				refused++
			case err != nil:
				t.Error(err)
			}
		}
		if refused != 2 || errs[4] != nil {
			t.Errorf("%d refused, the other person: %v", refused, errs[4])
		}
		if n, err := s.GlassUsed(ctx, "U0DEV", nil, 24*time.Hour); n != 2 || err != nil {
			t.Errorf("counted %d, %v", n, err)
		}
		exec(t, owner, `create table kept as select * from follow_up; delete from follow_up`)
		if n, err := s.GlassUsed(ctx, "U0DEV", nil, 24*time.Hour); n != 2 || err != nil {
			t.Errorf("after the rows were removed: %d, %v", n, err)
		}
		exec(t, owner, unlocked+`insert into follow_up select * from kept; update follow_up set at = at - interval '25 hours';
			update audit_entry set at = at - interval '25 hours'`)
		if n, err := s.GlassUsed(ctx, "U0DEV", nil, 24*time.Hour); n != 0 || err != nil {
			t.Errorf("a day later: %d, %v", n, err)
		}
	})
	t.Run("another account of the same person is the same person", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		for i, as := range []struct {
			person   string
			accounts []string
			code     bcn.Code
		}{
			{"U0DEV", []string{"slack:U0DEV", "email:dana@example.com"}, ""},
			{"U0DEV2", []string{"slack:U0DEV2", "email:dana@example.com"}, ""},
			{"U0DEV3", []string{"slack:U0DEV3", "github:dana", "email:dana@example.com"}, bcn.CodeGlassLimit},
			{"U0LEAD", []string{"slack:U0LEAD", "email:lee@example.com"}, ""},
		} {
			m := breaking(t, s, fmt.Sprintf("heritage:h%d", i), true)
			m.FollowUp.Row.Person, m.FollowUp.Accounts = as.person, as.accounts
			if err := start(s, m); bcn.CodeOf(err) != as.code {
				t.Errorf("%s: %v", as.person, err)
			}
		}
		if n, err := s.GlassUsed(ctx, "U0DEV", []string{"email:dana@example.com"}, 24*time.Hour); n != 2 || err != nil {
			t.Errorf("counted %d, %v", n, err)
		}
	})
}

func TestAcknowledge(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	broken := func(t *testing.T) (*store.Store, string, bcn.ID) {
		t.Helper()
		s, owner := pg.Store(t)
		m := breaking(t, s, "heritage:hello", true)
		if err := start(s, m); err != nil {
			t.Fatal(err)
		}
		return s, owner, m.From.Change.ID
	}

	t.Run("one of many who press at once is the one who did", func(t *testing.T) {
		t.Parallel()
		s, owner, id := broken(t)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = acknowledge(s, id, fmt.Sprintf("U0LEAD%d", i)) })
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			switch {
			case err == nil:
				done++
			case bcn.CodeOf(err) != bcn.CodeAcknowledged:
				t.Error(err)
			}
		}
		if done != 1 {
			t.Errorf("%d acknowledged it", done)
		}
		if n := number(t, owner, `select count(*) from audit_entry where kind = 'break_glass.acknowledged'`); n != 1 {
			t.Errorf("%d entries", n)
		}
		if open, err := s.OpenFollowUps(ctx); len(open) != 0 || err != nil {
			t.Errorf("%v, %v", open, err)
		}
	})

	t.Run("the messages with its button are edited: it goes, and who acknowledged it is said", func(t *testing.T) {
		t.Parallel()
		s, owner, id := broken(t)
		button := chat.Message{Text: "it went", Blocks: []chat.Block{{Section: "it went"}, {Buttons: []chat.Button{{Action: chat.ActionAcknowledge, Value: "1"}}}}}
		if err := s.Say(ctx, id, []deploy.Note{{Key: "broken:U0LEAD", Role: deploy.RoleDirect, To: "U0LEAD", Body: button}}); err != nil {
			t.Fatal(err)
		}
		for _, o := range due(t, s, 10) {
			if err := s.Posted(ctx, o.ID, "C0POSTED", fmt.Sprintf("17.%d", o.ID), o.Version); err != nil {
				t.Fatal(err)
			}
		}
		done := chat.Message{Blocks: []chat.Block{{Section: "done"}}}
		err := s.Acknowledge(ctx, deploy.Origin{}, id, "U0LEAD", []string{"leads"}, "", func(bcn.FollowUp) []deploy.Note {
			return []deploy.Note{{Key: "broken:U0LEAD", Ends: true, Body: done}, {Key: "broken:U0NONE", Ends: true, Body: done}}
		})
		if err != nil {
			t.Fatal(err)
		}
		var edits []store.Out
		storetest.Exec(t, owner, timePasses)
		for _, o := range due(t, s, 10) {
			if o.Role == deploy.RoleDirect {
				edits = append(edits, o)
			}
		}
		want := chat.Message{Text: "it went", Blocks: []chat.Block{{Section: "it went"}, {Section: "done"}}}
		if len(edits) != 1 || edits[0].TS == "" || !reflect.DeepEqual(*edits[0].Body, want) {
			t.Errorf("%+v", edits)
		}
	})

	t.Run("not by who broke it, nor by who is in none of the teams", func(t *testing.T) {
		t.Parallel()
		s, _, id := broken(t)
		if err := acknowledge(s, id, "U0DEV"); bcn.CodeOf(err) != bcn.CodeOwnFollowUp {
			t.Errorf("their own: %v", err)
		}
		err := s.Acknowledge(ctx, deploy.Origin{}, id, "U0DEV2", nil, "", func(bcn.FollowUp) []deploy.Note { return nil })
		if err == nil {
			t.Error("by nobody's member")
		}
		if open, err := s.OpenFollowUps(ctx); len(open) != 1 || err != nil {
			t.Errorf("%v, %v", open, err)
		}
	})

	t.Run("a row that bcn did not write is tampered, whatever column of it was changed", func(t *testing.T) {
		t.Parallel()
		s, url, id := broken(t)
		o := newOwner(t, url)
		o.tampering("follow_up", fmt.Sprintf(`change = %d`, id), func(t *testing.T, column string) {
			if column == "change" { // then there is none
				return
			}
			if _, err := s.FollowUp(ctx, id); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("read: %v", err)
			}
			if err := acknowledge(s, id, "U0LEAD"); bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("acknowledged: %v", err)
			}
		})
		if err := acknowledge(s, id, "U0LEAD"); err != nil {
			t.Error(err)
		}
		o.tampering("follow_up", fmt.Sprintf(`change = %d`, id), func(t *testing.T, column string) {
			if _, err := s.FollowUp(ctx, id); column != "change" && bcn.CodeOf(err) != bcn.CodeTampered {
				t.Errorf("read: %v", err)
			}
		})
	})

	t.Run("it is reminded of at 12 and 20 hours, and each day when overdue, until somebody looked", func(t *testing.T) {
		t.Parallel()
		s, owner, id := broken(t)
		remind := func() (told int) {
			t.Helper()
			err := s.RemindFollowUps(ctx, func(f bcn.FollowUp, _ bcn.Change) []deploy.Note {
				told = f.Reminded
				return []deploy.Note{{Key: fmt.Sprint("follow-up:", f.Reminded), Role: deploy.RoleAnnounce, Channel: "C0SEC"}}
			})
			if err != nil {
				t.Fatal(err)
			}
			return told
		}
		for _, c := range []struct {
			ahead time.Duration
			told  int
		}{{0, 0}, {11 * time.Hour, 0}, {13 * time.Hour, 1}, {13 * time.Hour, 0}, {21 * time.Hour, 2}, {25 * time.Hour, 3}, {47 * time.Hour, 0}, {100 * time.Hour, 6}, {100 * time.Hour, 0}, {121 * time.Hour, 7}} {
			if err := store.ShiftClock(ctx, owner, c.ahead); err != nil {
				t.Fatal(err)
			}
			if got := remind(); got != c.told {
				t.Errorf("after %s: reminder %d, want %d", c.ahead, got, c.told)
			}
		}
		if err := acknowledge(s, id, "U0LEAD"); err != nil {
			t.Fatal(err)
		}
		if err := store.ShiftClock(ctx, owner, 300*time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := remind(); got != 0 {
			t.Error("it is told again after somebody looked")
		}
		if n := number(t, owner, `select count(*) from outbox where channel = 'C0SEC'`); n != 5 {
			t.Errorf("%d messages", n)
		}
	})
}
