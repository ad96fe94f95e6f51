package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// However often CI asks with one key, there is one change, with one entry in
// the log.
func TestAskedOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, _ := pg.Store(t)
	if _, err := s.AskedOnce(ctx, "token #7 v2 key"); !errors.Is(err, deploy.ErrNone) {
		t.Fatalf("before it was asked for: %v", err)
	}
	ask := func(once string) bcn.ID {
		c, err := s.New(ctx, deploy.Origin{Once: once},
			bcn.Change{Kind: bcn.KindDeploy, Subject: "app:hello/production", App: "hello", Env: "production", Requester: bcn.Actor{Kind: bcn.Person, User: "U0DEV", Via: "token #7"}},
			deploy.Wish{Kind: bcn.KindDeploy, App: "hello", Env: "production", Tag: "v2"}, nil)
		if err != nil {
			t.Error(err)
		}
		return c.ID
	}
	var all sync.WaitGroup
	got := make([]bcn.ID, 8)
	for i := range got {
		all.Go(func() { got[i] = ask("token #7 v2 key") })
	}
	all.Wait()
	for _, id := range got {
		if id == 0 || id != got[0] {
			t.Fatalf("asked again it is another change: %v", got)
		}
	}
	if found, err := s.AskedOnce(ctx, "token #7 v2 key"); err != nil || found.ID != got[0] {
		t.Errorf("%v %v", found.ID, err)
	}
	unkeyed := ask("")
	if ask("token #8 v2 key") == got[0] || ask("") == unkeyed {
		t.Error("what was asked for with another key, or none, is the same change")
	}
	if changes, err := s.Open(ctx); err != nil || len(changes) != 4 {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}
