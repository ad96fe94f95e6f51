package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// A click counts on the request's own card only: who holds the bot's token can
// post a message that looks like it.
func TestClickOnAFalseCard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, channel, ts string
		want              bcn.Code
	}{
		{"on the card", "C0APPROVE", "17.1", ""},
		{"on another message of the channel", "C0APPROVE", "17.2", bcn.CodeStaleCard},
		{"on a message with the card's time in another channel", "C0OTHER", "17.1", bcn.CodeStaleCard},
		{"typed", "C0OTHER", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := pg.Store(t)
			change := waiting(t, s, "heritage:hello")
			posted(t, s, change.ID, "C0APPROVE", "17.1")
			_, err := s.Decide(context.Background(), deploy.Origin{}, change.ID,
				bcn.Decision{Person: "U0LEAD", Verdict: bcn.Approve, Teams: []string{"leads"}, Channel: c.channel, TS: c.ts},
				func(bcn.Request, time.Time) (bcn.RequestEvent, error) { return "", nil },
				func(bcn.Request) []deploy.Note { return nil })
			if bcn.CodeOf(err) != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			r, err := s.Request(context.Background(), change.ID)
			if err != nil || (c.want != "") != (len(r.Decisions) == 0) {
				t.Fatalf("recorded %+v, %v", r.Decisions, err)
			}
		})
	}
}
