package store_test

import (
	"context"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// What cannot be written down does not happen: where the log takes no entry, no
// change enters applying, from which alone AWS is changed, no decision counts,
// and nobody is let in.
func TestNothingHappensUnwritten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const broken = `create function full_disk() returns trigger language plpgsql as 'begin raise exception ''no space left on device''; end';
		create trigger full_disk before insert on audit_entry for each row execute function full_disk()`
	t.Run("no change starts", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		c := approved(t, s, "heritage:hello")
		m := starting(t, s, c.ID)
		exec(t, url, broken)
		if err := start(s, m); err == nil {
			t.Fatal("it started")
		}
		r, err := s.Request(ctx, c.ID)
		if got := read(t, s, c.ID); got.State != bcn.ChangeQueued || r.State != bcn.RequestApproved || err != nil {
			t.Errorf("the change is %s, its request %s: %v", got.State, r.State, err)
		}
	})
	t.Run("no decision counts", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		c := waiting(t, s, "heritage:hello")
		exec(t, url, broken)
		_, err := s.Decide(ctx, deploy.Origin{}, c.ID, bcn.Decision{Person: "U0LEAD", Verdict: bcn.Approve, Teams: []string{"leads"}}, complete, silent)
		r, readErr := s.Request(ctx, c.ID)
		if err == nil || readErr != nil || r.State != bcn.RequestPending || len(r.Decisions) != 0 {
			t.Errorf("%v, %v: %+v", err, readErr, r)
		}
	})
	t.Run("nobody is let in", func(t *testing.T) {
		t.Parallel()
		s, url := pg.Store(t)
		g := granted(t, s)
		exec(t, url, broken)
		if err := touch(s, g.ID, mint); err == nil {
			t.Error("credentials would have been made")
		}
		if got := grantOf(t, s, g.ID); got.State != bcn.GrantApproved || got.Key != "" {
			t.Errorf("%+v", got)
		}
	})
}
