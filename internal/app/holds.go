package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/text"
)

// holding ends locks and freezes whose time is over, and reminds their owners.
func (a *App) holding(ctx context.Context) {
	tick := time.NewTicker(min(wakeEvery, a.o.Pace.Reconcile))
	defer tick.Stop()
	var compared time.Time
	for {
		if time.Since(compared) > holdsLook {
			compared = time.Now()
			if err := a.mendHolds(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("compare locks and freezes with the log", "error", err)
			}
		}
		n, err := a.deploy.SweepHolds(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Error("sweep locks and freezes", "error", err)
		}
		if n > 0 {
			a.log.Info("locks and freezes swept", "holds", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// holdsLook is how often what is stored to hold is compared with the log.
const holdsLook = time.Minute

// mendHolds puts locks and freezes right that were changed past bcn, and tells
// the security channel.
func (a *App) mendHolds(ctx context.Context) error {
	_, err := a.store.MendHolds(ctx, func(h bcn.Hold) []deploy.Note {
		line := a.text.Say(a.o.Config.Language, text.AnnounceHoldMended, text.Args{"what": a.text.Held(a.o.Config.Language, h)})
		return []deploy.Note{{
			Key: fmt.Sprint("hold mended:", h.ID, ":", time.Now().Unix()), Role: deploy.RoleAnnounce, Channel: a.o.Config.Slack.Channels.Security,
			Body: chat.Message{Text: line, Blocks: []chat.Block{{Section: line}}},
		}}
	})
	return err
}

// holdsOf answers what keeps a change from starting now, and what it locked
// itself.
func (a *App) holdsOf(ctx context.Context, c bcn.Change) (waits, lock *bcn.Hold, err error) {
	begins := c.State.BeforeApplying() && c.Kind.Holdable()
	if !begins && (c.Kind != bcn.KindRollback || c.State != bcn.ChangeSucceeded) {
		return nil, nil, nil
	}
	holds, err := a.store.Holds(ctx)
	if err != nil || len(holds) == 0 {
		return nil, nil, err
	}
	if at := slices.IndexFunc(holds, func(h bcn.Hold) bool { return h.Change == c.ID }); at >= 0 {
		lock = &holds[at]
	}
	if !begins {
		return nil, lock, nil
	}
	var envs []string
	if c.Env == "" && c.District != "" {
		d, err := a.store.District(ctx, c.District)
		if err != nil {
			return nil, nil, err
		}
		envs = d.Environments
	}
	now, err := a.store.Now(ctx)
	if err != nil {
		return nil, nil, err
	}
	if w, held := guard.Behind(holds, deploy.AskedOf(c, envs), now); held {
		waits = &w.Hold
	}
	return waits, lock, nil
}
