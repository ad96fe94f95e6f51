package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

func note(key string, role deploy.Role) deploy.Note {
	return deploy.Note{Key: key, Role: role, Channel: "C0DEPLOYS", Body: chat.Message{Text: chat.Markup(key)}}
}

func say(t *testing.T, s *store.Store, id bcn.ID, notes ...deploy.Note) {
	t.Helper()
	if err := s.Say(context.Background(), id, notes); err != nil {
		t.Fatal(err)
	}
}

// due claims what is due and answers it in words.
func due(t *testing.T, s *store.Store, limit int) []store.Out {
	t.Helper()
	out, err := s.ClaimOutbox(context.Background(), limit)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func words(out []store.Out) string {
	var w []string
	for _, o := range out {
		if o.Body == nil {
			w = append(w, fmt.Sprintf("%s v%d", o.Role, o.Version))
		} else {
			w = append(w, string(o.Body.Text))
		}
	}
	return fmt.Sprint(w)
}

func want(t *testing.T, got []store.Out, shown string) {
	t.Helper()
	if words(got) != shown {
		t.Fatalf("due is %s, want %s", words(got), shown)
	}
}

// post claims one message and posts it.
func post(t *testing.T, s *store.Store) store.Out {
	t.Helper()
	out := due(t, s, 1)
	if len(out) != 1 {
		t.Fatal("nothing is due")
	}
	if err := s.Posted(context.Background(), out[0].ID, "C0POSTED", fmt.Sprintf("17.%d", out[0].ID), out[0].Version); err != nil {
		t.Fatal(err)
	}
	return out[0]
}

const (
	timePasses = `update outbox set not_before = bcn_now() - interval '1 second'`
	leasesEnd  = `update outbox set lease_until = bcn_now() - interval '1 second' where lease_until is not null`
)

func TestThreads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a thread waits for its card, and each message for the one before", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		say(t, s, c.ID, note("first", deploy.RoleThread), note("second", deploy.RoleThread), note("announce", deploy.RoleAnnounce))
		out := due(t, s, 10)
		want(t, out, "[card v1 announce]")
		want(t, due(t, s, 10), "[]")
		if err := s.Posted(ctx, out[0].ID, "C0POSTED", "17.1", 1); err != nil {
			t.Fatal(err)
		}
		first := due(t, s, 10)
		want(t, first, "[first]")
		if first[0].ThreadTS != "17.1" || first[0].Channel != "C0POSTED" {
			t.Fatalf("it goes below %s in %s", first[0].ThreadTS, first[0].Channel)
		}
		want(t, due(t, s, 10), "[]")
		if err := s.Posted(ctx, first[0].ID, "C0POSTED", "17.2", 1); err != nil {
			t.Fatal(err)
		}
		want(t, due(t, s, 10), "[second]")
	})

	t.Run("what was said once is not said again", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		say(t, s, c.ID, note("announce", deploy.RoleAnnounce))
		say(t, s, c.ID, note("announce", deploy.RoleAnnounce))
		want(t, due(t, s, 10), "[card v1 announce]")
	})

	t.Run("a message that Slack does not take is dropped, and those behind it go on", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		say(t, s, c.ID, note("first", deploy.RoleThread), note("second", deploy.RoleThread))
		post(t, s)
		first := due(t, s, 10)
		if lost, err := s.DropOutbox(ctx, first[0].ID, "msg_too_long"); lost.Role != deploy.RoleThread || err != nil {
			t.Fatalf("lost %+v: %v", lost, err)
		}
		want(t, due(t, s, 10), "[second]")
	})

	t.Run("with its card a thread is dropped, and the change is named", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		say(t, s, c.ID, note("first", deploy.RoleThread), note("second", deploy.RoleThread), note("announce", deploy.RoleAnnounce))
		out := due(t, s, 1)
		if lost, err := s.DropOutbox(ctx, out[0].ID, "channel_not_found"); lost.Change != c.ID || lost.Role != deploy.RoleCard || err != nil {
			t.Fatalf("lost %+v: %v", lost, err)
		}
		want(t, due(t, s, 10), "[announce]")
		if n := number(t, owner, `select count(*) from outbox where dropped <> ''`); n != 3 {
			t.Fatalf("%d are dropped", n)
		}
	})

	t.Run("what somebody is told in person needs no card", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		if _, err := s.DropOutbox(ctx, due(t, s, 1)[0].ID, "channel_not_found"); err != nil {
			t.Fatal(err)
		}
		n := note("dropped", deploy.RoleDirect)
		n.To = "U0DEV"
		say(t, s, c.ID, n)
		out := due(t, s, 10)
		want(t, out, "[dropped]")
		if out[0].Recipient != "U0DEV" {
			t.Fatalf("it goes to %q", out[0].Recipient)
		}
	})
}

// step moves a change without changing its state, so that its card shows more.
func step(t *testing.T, s *store.Store, id bcn.ID, m deploy.Move) {
	t.Helper()
	m.From = claim(t, s, id)
	apply(t, s, m)
}

func TestCards(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("many changes of a card before it is posted are one message", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		for range 5 {
			step(t, s, c.ID, deploy.Move{})
		}
		want(t, due(t, s, 10), "[card v6]")
	})

	t.Run("progress is shown together, after a while", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		posted := post(t, s)
		step(t, s, c.ID, deploy.Move{})
		step(t, s, c.ID, deploy.Move{})
		want(t, due(t, s, 10), "[]")
		exec(t, owner, timePasses)
		out := due(t, s, 10)
		want(t, out, "[card v3]")
		if out[0].TS != fmt.Sprintf("17.%d", posted.ID) || out[0].Channel != "C0POSTED" || out[0].Priority != 1 {
			t.Fatalf("it edits %s in %s with priority %d", out[0].TS, out[0].Channel, out[0].Priority)
		}
	})

	t.Run("a decision or a verdict does not wait", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		post(t, s)
		step(t, s, c.ID, deploy.Move{})
		step(t, s, c.ID, deploy.Move{Urgent: true})
		step(t, s, c.ID, deploy.Move{})
		out := due(t, s, 10)
		want(t, out, "[card v4]")
		if out[0].Priority != 0 {
			t.Fatalf("it has priority %d", out[0].Priority)
		}
	})

	t.Run("a step that shows nothing new edits nothing", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		post(t, s)
		step(t, s, c.ID, deploy.Move{Quiet: true})
		exec(t, owner, timePasses)
		want(t, due(t, s, 10), "[]")
	})

	t.Run("what changed while a card was sent is sent too", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		out := due(t, s, 1)
		step(t, s, c.ID, deploy.Move{Urgent: true})
		want(t, due(t, s, 10), "[]")
		if err := s.Posted(ctx, out[0].ID, "C0POSTED", "17.1", out[0].Version); err != nil {
			t.Fatal(err)
		}
		want(t, due(t, s, 10), "[card v2]")
	})

	t.Run("a halt edits the cards of open changes", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		newChange(t, s, "heritage:hello")
		ended := newChange(t, s, "heritage:other")
		post(t, s)
		post(t, s)
		exec(t, owner, fill(`update change set state = 'closed' where id = {id}`, ended.ID, 0))
		if err := s.SetHalt(ctx, deploy.Origin{}, "U0ADMIN", true, ""); err != nil {
			t.Fatal(err)
		}
		want(t, due(t, s, 10), "[card v2]")
	})

	t.Run("what is urgent is sent before what was said earlier", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		var cards []bcn.Change
		for i := range 4 {
			c := newChange(t, s, fmt.Sprintf("heritage:%d", i))
			say(t, s, c.ID, note(fmt.Sprintf("thread %d", i), deploy.RoleThread))
			cards = append(cards, c)
		}
		for range cards {
			post(t, s)
		}
		exec(t, owner, timePasses)
		step(t, s, cards[3].ID, deploy.Move{Urgent: true})
		want(t, due(t, s, 10), "[card v2 thread 0 thread 1 thread 2 thread 3]")
	})

	t.Run("where a card is can be asked", func(t *testing.T) {
		t.Parallel()
		s, _ := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		if channel, ts, err := s.CardAt(ctx, c.ID); channel != "" || ts != "" || err != nil {
			t.Fatalf("before it was posted it is at %s %s: %v", channel, ts, err)
		}
		posted := post(t, s)
		if channel, ts, err := s.CardAt(ctx, c.ID); channel != "C0POSTED" || ts != fmt.Sprintf("17.%d", posted.ID) || err != nil {
			t.Fatalf("it is at %s %s: %v", channel, ts, err)
		}
		if channel, ts, err := s.CardAt(ctx, 1); channel != "" || ts != "" || err != nil {
			t.Fatalf("a card that is not there is at %s %s: %v", channel, ts, err)
		}
	})
}

// A message that may have been posted is looked up before it is posted again.
func TestUnconfirmed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a message whose sender died", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		newChange(t, s, "heritage:hello")
		if out := due(t, s, 1); out[0].Unconfirmed {
			t.Fatal("the first attempt is unconfirmed")
		}
		exec(t, owner, leasesEnd)
		if out := due(t, s, 1); !out[0].Unconfirmed {
			t.Fatal("the second attempt does not know of the first")
		}
	})

	t.Run("a message that was given back", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		newChange(t, s, "heritage:hello")
		out := due(t, s, 1)
		if err := s.RetryOutbox(ctx, out[0].ID, time.Minute); err != nil {
			t.Fatal(err)
		}
		want(t, due(t, s, 1), "[]")
		exec(t, owner, timePasses)
		if out = due(t, s, 1); len(out) != 1 || !out[0].Unconfirmed {
			t.Fatalf("due again: %+v", out)
		}
	})

	t.Run("an edit can be repeated: it needs no looking up", func(t *testing.T) {
		t.Parallel()
		s, owner := pg.Store(t)
		c := newChange(t, s, "heritage:hello")
		post(t, s)
		step(t, s, c.ID, deploy.Move{Urgent: true})
		due(t, s, 1)
		exec(t, owner, leasesEnd)
		if out := due(t, s, 1); len(out) != 1 || out[0].Unconfirmed {
			t.Fatalf("due again: %+v", out)
		}
	})
}
