package deploy

import (
	"context"
	"errors"
	"strconv"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// checkOperation tells whoever asks at once what planning would find out: that
// there is nothing to go back to, no such service, nothing set.
func (s *Service) checkOperation(ctx context.Context, actor bcn.Actor, v authz.Verdict, c bcn.Change, w *Wish) error {
	switch c.Kind {
	case bcn.KindPromote:
		// What another environment runs is shown: whoever asks may see it.
		from, err := s.bound(ctx, c.App, w.From)
		if err != nil {
			return err
		}
		_, err = s.Authz.Judge(ctx, actor, authz.Ask{Verb: "releases", Reads: true, App: c.App, Env: w.From, District: from.District})
		if err != nil {
			return s.Refuse(ctx, actor, 0, "ask promote", err)
		}
	case bcn.KindScale:
		if err := withinBounds(v, wishedCount(*w)); err != nil {
			return s.Refuse(ctx, actor, 0, "ask scale", err)
		}
	case bcn.KindRollback, bcn.KindRestart, bcn.KindEnv, bcn.KindRepair:
	default:
		return nil
	}
	d, err := s.standing(ctx, c.App, c.Env)
	if err != nil {
		return err
	}
	if c.Kind == bcn.KindRollback && w.Base == 0 {
		w.Base = d.last.Number
	}
	_, err = s.snapshotOf(ctx, c, *w, d)
	return err
}

// Undo asks to go back from the release that a change made. Errors: as Ask;
// unknown_id; no_rollback where something else runs since, so that a button on
// an old card does not undo what came after it.
func (s *Service) Undo(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID) (Asked, error) {
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return Asked{}, err
	}
	last, _, err := s.Store.LastRelease(ctx, c.Heritage)
	if err != nil && !errors.Is(err, ErrNone) {
		return Asked{}, err
	}
	if last.Change != id {
		err := bcn.E(bcn.CodeNoRollback, "app", c.App, "env", c.Env, "number", "0", "why", "since", "good", "")
		return Asked{}, s.toKnown(ctx, actor, "ask rollback", err)
	}
	return s.Ask(ctx, o, actor, Wish{Kind: bcn.KindRollback, App: c.App, Env: c.Env, Base: last.Number})
}

// wishedCount is what a wish to scale is about, nil for any other.
func wishedCount(w Wish) *bcn.Scaled {
	if w.Kind != bcn.KindScale {
		return nil
	}
	return &bcn.Scaled{Service: w.Service, Count: w.Count}
}

// withinBounds says whether the rule gives somebody this count of tasks.
func withinBounds(v authz.Verdict, wanted *bcn.Scaled) error {
	if wanted == nil {
		return nil
	}
	if least, most := v.Counts.Bounds(); wanted.Count < least || wanted.Count > most {
		return bcn.E(bcn.CodeCountBounds, "count", strconv.Itoa(wanted.Count), "least", strconv.Itoa(least), "most", strconv.Itoa(most))
	}
	return nil
}
