package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// asked is what somebody asked for and who they are, as the database writes it.
type asked struct{ wish, requester string }

// askedMAC seals what a change was asked for. Its first entry in the log holds
// the seal, and app, environment and district beside it: rules are read, plans
// are made and AWS is called by these fields.
func (s *Store) askedMAC(c bcn.Change, a asked) string {
	return hex.EncodeToString(s.key.MAC("asked", fmt.Append(nil, int64(c.ID)), []byte(c.Kind), []byte(c.Subject), []byte(c.Tag), []byte(c.Reason),
		[]byte(c.Channel), fmt.Append(nil, int64(c.Tick)), []byte(a.wish), []byte(a.requester)))
}

// proveAsked checks that the change's row says who asked, by which token, and
// what for, as the log does: in that name AWS is called, and access is given.
func (t *txn) proveAsked(ctx context.Context, id bcn.ID) (bcn.Actor, error) {
	c, err := oneChange(ctx, t, `id = $1`, int64(id))
	if err != nil {
		return bcn.Actor{}, err
	}
	ok, err := t.askedAsLogged(ctx, c)
	if err != nil || ok {
		return c.Requester, err
	}
	return c.Requester, bcn.E(bcn.CodeTampered, "what", "request")
}

// claimAsked says of a change that has not begun whether what it was asked for
// was changed past bcn: nothing is planned from it.
func (t *txn) claimAsked(ctx context.Context, c *deploy.Claimed) error {
	if c.Tampered != "" || !c.Change.State.BeforeApplying() {
		return nil
	}
	ok, err := t.askedAsLogged(ctx, c.Change)
	if err == nil && !ok {
		c.Tampered = "request"
	}
	return err
}

func (t *txn) askedAsLogged(ctx context.Context, c bcn.Change) (bool, error) {
	var a asked
	if err := t.QueryRow(ctx, `select wish::text, requester::text from change where id = $1`, int64(c.ID)).Scan(&a.wish, &a.requester); err != nil {
		return false, fmt.Errorf("read what %s was asked for: %w", c.ID, err)
	}
	want := map[string]string{"asker": who(c.Requester), "app": c.App, "env": c.Env, "seal": t.s.askedMAC(c, a)}
	if c.State == bcn.ChangeWaitingTurn || c.State == bcn.ChangePlanning { // later it is the plan's
		want["district"] = c.District
	}
	for _, begun := range []bcn.ChangeState{bcn.ChangePlanning, bcn.ChangeWaitingTurn} {
		ok, err := t.auditOf(ctx, "change."+string(begun), c.ID, want)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}
