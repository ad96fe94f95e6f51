package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// overtake moves a change from outside a claim: its fence goes up, so that the
// step that may be running writes nothing any more.
func (t *txn) overtake(ctx context.Context, c bcn.Change, event bcn.ChangeEvent, code bcn.Code, params map[string]string) (bcn.Change, error) {
	next, ok := c.State.Next(event)
	if !ok {
		return c, fmt.Errorf("event %q does not belong to state %q of %s: %w", event, c.State, c.ID, ErrConflict)
	}
	p, err := json.Marshal(params)
	if err != nil {
		return c, err
	}
	err = t.moved(ctx, `update change set state = $3, code = case when $4 <> '' then $4 when state = 'blocked' then '' else code end,
		params = case when $4 = '' then params else $5::jsonb end, fence = fence + 1, lease_until = null, failures = 0,
		parked = false, leftover = $6, ended_at = case when $6 then bcn_now() else ended_at end
		where id = $1 and state = $2`, int64(c.ID), c.State, next, code, p, next.Ended())
	if err != nil {
		return c, err
	}
	if err := t.refreshCard(ctx, c.ID, true); err != nil {
		return c, err
	}
	c.State, t.what = next, "the move to "+string(next)
	if next.Ended() {
		if err := t.ended(ctx, c); err != nil {
			return c, err
		}
	}
	return c, t.kick(ctx, c.ID)
}

// Interrupt applies an event from outside a claim; see deploy.Store.
func (s *Store) Interrupt(ctx context.Context, o deploy.Origin, actor string, id bcn.ID, event bcn.ChangeEvent, code bcn.Code, params map[string]string, notes []deploy.Note) (bcn.Change, error) {
	var c bcn.Change
	err := s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		if err := t.say(ctx, id, notes); err != nil {
			return err
		}
		from, err := oneChange(ctx, t, `id = $1 for update`, int64(id))
		if err != nil {
			return err
		}
		if event == bcn.EventClose {
			c = from
			c.State = bcn.ChangeClosed
			return t.closeNow(ctx, from, code, params, bcn.RequestCancel, actor)
		}
		if c, err = t.overtake(ctx, from, event, code, params); err != nil {
			return err
		}
		return t.record("change."+string(event), actor, id, map[string]any{"from": from.State, "to": c.State})
	})
	if err == nil {
		s.log.Info("change interrupted", "change", int64(id), "event", event, "to", c.State, "actor", actor)
	}
	return c, err
}

// Failed counts a failed step; see deploy.Store.
func (s *Store) Failed(ctx context.Context, c deploy.Claimed, park bool, cause *bcn.Error, notes []deploy.Note) error {
	params, err := json.Marshal(cause.Params)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(t *txn) error {
		err := t.moved(ctx, `update change set failures = $3, parked = $4, lease_until = null,
			code = case when code in ('', 'unavailable', 'could_not_check') and $5 <> 'internal' then $5 else code end,
			params = case when code in ('', 'unavailable', 'could_not_check') and $5 <> 'internal' then $6::jsonb else params end
			where id = $1 and fence = $2`,
			int64(c.Change.ID), c.Change.Fence, c.Failures+1, park, cause.Code, params)
		if err != nil {
			return err
		}
		if !park {
			if c.Failures == 0 && cause.Code != bcn.CodeInternal {
				return t.refreshCard(ctx, c.Change.ID, false)
			}
			return nil
		}
		if err := t.say(ctx, c.Change.ID, notes); err != nil {
			return err
		}
		if err := t.refreshCard(ctx, c.Change.ID, true); err != nil {
			return err
		}
		return t.record("change.parked", bcn.SystemIdentity, c.Change.ID, map[string]any{"state": c.Change.State})
	})
}

// Unpark lets a parked change's job run again; see deploy.Store.
func (s *Store) Unpark(ctx context.Context, o deploy.Origin, actor string, id bcn.ID) error {
	return s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		err := t.moved(ctx, `update change set parked = false, failures = 0, lease_until = null where id = $1 and parked`, int64(id))
		if err != nil {
			return err
		}
		if err := t.refreshCard(ctx, id, true); err != nil {
			return err
		}
		if err := t.kick(ctx, id); err != nil {
			return err
		}
		return t.record("change.unparked", actor, id, map[string]any{})
	})
}

// SetHalt stops or resumes new changes; see deploy.Store.
func (s *Store) SetHalt(ctx context.Context, o deploy.Origin, actor string, on bool, reason string) error {
	return s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		_, err := t.Exec(ctx, `update halt set is_on = $1, by_who = $2, reason = $3, at = bcn_now()`, on, actor, reason)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `update outbox o set version = o.version + 1, not_before = bcn_now()
			from change c where o.change = c.id and o.role = 'card' and c.`+notEnded); err != nil {
			return err
		}
		open, err := manyChanges(ctx, t, `state = 'queued'`)
		if err != nil {
			return err
		}
		for _, c := range open {
			if err := t.kick(ctx, c.ID); err != nil {
				return err
			}
		}
		t.outbox = true
		kind := "halt"
		if !on {
			kind = "resume"
		}
		return t.record(kind, actor, 0, map[string]any{"reason": reason})
	})
}

// halt reads whether bcn is halted, so that the answer holds until the end of
// the transaction. Where the row says no, the log has the last word: nobody
// lets bcn go on by changing a row.
func halt(ctx context.Context, t *txn) (deploy.Halt, error) {
	var h deploy.Halt
	err := t.QueryRow(ctx, `select is_on, by_who, reason from halt for share`).Scan(&h.On, &h.By, &h.Reason)
	if err != nil || h.On {
		return h, err
	}
	// Each maximum is the end of an index.
	last, whole, err := t.newest(ctx, `e.seq = greatest((select max(seq) from audit_entry where split_part(kind, '.', 1) = 'halt'),
		(select max(seq) from audit_entry where split_part(kind, '.', 1) = 'resume'))`)
	if err != nil || last.Seq == 0 || whole && last.Kind == "resume" {
		return h, err
	}
	return deploy.Halt{On: true, By: last.Actor, Reason: "the log"}, nil
}

// Halt reads whether bcn is halted.
func (s *Store) Halt(ctx context.Context) (deploy.Halt, error) {
	var h deploy.Halt
	err := s.pool.QueryRow(ctx, `select is_on, by_who, reason from halt`).Scan(&h.On, &h.By, &h.Reason)
	return h, err
}
