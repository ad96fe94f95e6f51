package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// A token that ends takes with it what it asked for and has not begun, and
// nothing else.
func TestATokenThatEndsClosesWhatItAskedFor(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, _ := pg.Store(t)
	lead := bcn.Actor{Kind: bcn.Person, User: "U0LEAD"}
	told := 0
	notes := func(c bcn.Change) []deploy.Note {
		if c.State == bcn.ChangeClosed && c.Code == bcn.CodeTokenEnded && c.Params["by"] == "U0LEAD" {
			told++
		}
		return []deploy.Note{} // nothing more is said
	}
	token := func() bcn.Token {
		k, err := s.NewToken(ctx, deploy.Origin{}, bcn.Token{App: "hello", Env: "production", Heritage: "hello", By: lead}, []byte("digest"), time.Hour, true, notes)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	asked := func(via, subject string) bcn.ID {
		c, err := s.New(ctx, deploy.Origin{},
			bcn.Change{Kind: bcn.KindDeploy, Subject: subject, App: "hello", Env: "production", Requester: bcn.Actor{Kind: bcn.Person, User: "U0LEAD", Via: via}},
			deploy.Wish{Kind: bcn.KindDeploy, App: "hello", Env: "production", Tag: "v2"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	state := func(id bcn.ID) bcn.Change {
		c, err := s.Change(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	old := token()
	first, chat := asked(bcn.ViaToken(old.ID), "app:a"), asked("", "app:b")
	fresh := token()
	if c := state(first); c.State != bcn.ChangeClosed || c.Code != bcn.CodeTokenEnded {
		t.Errorf("rotated: %s %s", c.State, c.Code)
	}
	second := asked(bcn.ViaToken(fresh.ID), "app:c")
	if n, err := s.RevokeTokens(ctx, deploy.Origin{}, lead, "hello", notes); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	if c := state(second); c.State != bcn.ChangeClosed || c.Code != bcn.CodeTokenEnded {
		t.Errorf("revoked: %s %s", c.State, c.Code)
	}
	if c := state(chat); c.State.Ended() {
		t.Errorf("what somebody asked for in chat is %s", c.State)
	}
	if told != 2 {
		t.Errorf("it was said %d times", told)
	}
}
