package app

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

// advance moves the database's clock and AWS's together. ahead is how far they
// are ahead by then.
func (w *world) advance(d, ahead time.Duration) {
	w.t.Helper()
	if err := w.aws.Advance(d); err != nil {
		w.t.Fatal(err)
	}
	if err := store.ShiftClock(w.t.Context(), w.owner, ahead); err != nil {
		w.t.Fatal(err)
	}
}

func TestAccessEngine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.setUp()
	w.waiting("v1").press("U0LEAD", "approve")
	w.card(deploys, "v1", "succeeded")
	oncall := bcn.Actor{Kind: bcn.Person, User: "U0ONCALL", Team: a.api.Self().Team}
	got, err := a.deploy.Ask(t.Context(), deploy.Origin{Channel: deploys}, oncall, deploy.Wish{
		Kind: bcn.KindAccess, App: "hello", Env: "production", Reason: "an incident", Access: &deploy.AccessWish{For: 10 * time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.until("it waits", `select state = 'waiting' from change where id = $1`, int64(got.ID))
	if said := w.slash("U0LEAD", deploys, "approve "+got.ID.String()); said != "" {
		t.Log(said)
	}
	w.until("it is ready", `select exists (select 1 from access_grant where id = $1 and ready and schedule <> '')`, int64(got.ID))
	identity, recipient, err := access.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := a.grant.Open(t.Context(), deploy.Origin{}, oncall, got.ID, recipient, false)
	if err != nil {
		t.Fatal(err, w.log)
	}
	c, err := access.Open(identity, opened.Sealed)
	if err != nil || c.Grant != got.ID {
		t.Fatal(err)
	}
	w.advance(10*time.Minute, 10*time.Minute)
	w.until("it has ended", `select state = 'ended' from access_grant where id = $1`, int64(got.ID))
	w.advance(6*time.Minute, 16*time.Minute)
	w.until("it is over", `select state = 'succeeded' from change where id = $1`, int64(got.ID))
	t.Log(w.log)
}
