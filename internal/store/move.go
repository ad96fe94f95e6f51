package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Apply writes one step of a claimed change; see deploy.Store.
func (s *Store) Apply(ctx context.Context, m deploy.Move) (bcn.Change, error) {
	var c bcn.Change
	err := s.tx(ctx, func(t *txn) (err error) {
		if m.Event == bcn.EventTurn {
			if m, err = t.turn(ctx, m); err != nil {
				return err
			}
		}
		c, err = t.apply(ctx, m)
		return err
	})
	s.logMove(c, m, err)
	return c, err
}

// turn keeps a change waiting where its subject is busy (again), or where
// another has waited longer for it: they run in the order in which they were
// asked for.
func (t *txn) turn(ctx context.Context, m deploy.Move) (deploy.Move, error) {
	c := m.From.Change
	busy, err := t.busy(ctx, c.Subject)
	if err == nil && busy == 0 && c.Kind != bcn.KindPlan {
		busy, err = t.inLine(ctx, c.Subject, `c.id < $2`, int64(c.ID))
	}
	if err != nil || busy == 0 {
		return m, err
	}
	m.Event, m.Again = "", 0
	_, err = t.Exec(ctx, `update change set behind = $2 where id = $1`, int64(m.From.Change.ID), int64(busy))
	return m, err
}

func (s *Store) logMove(c bcn.Change, m deploy.Move, err error) {
	if err == nil && m.Event != "" {
		s.log.Info("change moved", "change", int64(c.ID), "heritage", c.Heritage, "from", m.From.Change.State, "to", c.State, "code", c.Code)
	}
}

// apply writes the parts of a move in an order in which no lock is waited for
// twice: the change's row first, the audit head (at the end of tx) last.
func (t *txn) apply(ctx context.Context, m deploy.Move) (bcn.Change, error) {
	c, err := t.moveChange(ctx, m)
	if err != nil {
		return c, err
	}
	for _, part := range []func(context.Context, bcn.Change, deploy.Move) error{
		t.storePlan, t.storeRequest, t.storeFollowUp, t.storeGrant, t.storeOneoff, t.storeRecords, t.storeRelease, t.storeHold, t.storeFollows, t.afterwards,
	} {
		if err := part(ctx, c, m); err != nil {
			return c, err
		}
	}
	return c, nil
}

// moveChange moves the row itself: state, fence and lease in the WHERE.
func (t *txn) moveChange(ctx context.Context, m deploy.Move) (bcn.Change, error) {
	from := m.From.Change
	next := from.State
	if m.Event != "" {
		var ok bool
		if next, ok = from.State.Next(m.Event); !ok {
			return from, fmt.Errorf("event %q does not belong to state %q of %s: %w", m.Event, from.State, from.ID, ErrConflict)
		}
	}
	params, err := json.Marshal(paramsOf(m))
	if err != nil {
		return from, err
	}
	err = t.moved(ctx, `update change set state = $4,
		code = case when $5 <> '' then $5 when $4 = 'succeeded' then '' when code in ('unavailable', 'could_not_check', 'locked', 'frozen') then '' else code end,
		params = case when $5 = '' then params else $6::jsonb end, step = $7, phase = $8, failures = $9, lease_until = null,
		started_at = case when $4 = 'applying' and started_at is null then bcn_now() else started_at end,
		leftover = $10 and $4 <> 'succeeded',
		ended_at = case when $10 then bcn_now() else ended_at end,
		behind = case when $4 = 'waiting_turn' then behind else 0 end, held_by = $11
		where id = $1 and state = $2 and fence = $3`,
		int64(from.ID), from.State, from.Fence, next, m.Code, params, m.Step, m.Phase, m.Failures, next.Ended(), int64(m.HeldBy))
	if err != nil {
		return from, err
	}
	t.what = "a step of " + string(from.State)
	if m.Event != "" {
		t.what = "the move to " + string(next)
	}
	if m.Progress != nil {
		if err := t.storeProgress(ctx, from.ID, m.Progress); err != nil {
			return from, err
		}
	}
	if m.Details != nil {
		_, err := t.Exec(ctx, `update change set heritage = $2, district = $3, app = $4, env = $5 where id = $1`,
			int64(from.ID), m.Details.Heritage, m.Details.District.Name, m.Details.App, m.Details.Env)
		if err != nil {
			return from, err
		}
	}
	return oneChange(ctx, t, `id = $1`, int64(from.ID))
}

func (t *txn) storePlan(ctx context.Context, c bcn.Change, m deploy.Move) error {
	if m.Plan == nil {
		return nil
	}
	if m.Details != nil {
		if err := t.use(ctx, c.ID, c.Requester, m.Details.Uses); err != nil {
			return err
		}
	}
	_, err := t.Exec(ctx, `insert into plan (change, bytes, hash, mac) values ($1, $2, $3, $4)`,
		int64(c.ID), m.Plan.Bytes, m.Plan.Hash, t.s.planMAC(c.ID, m.Plan.Hash))
	return err
}

func (t *txn) storeRequest(ctx context.Context, c bcn.Change, m deploy.Move) error {
	if m.Ask != nil {
		if err := t.insertRequest(ctx, *m.Ask); err != nil {
			return err
		}
	}
	if m.Request == "" {
		return nil
	}
	return t.moveRequest(ctx, c.ID, m.Request)
}

// storeRecords writes, changes or forgets the rows that the change was for.
func (t *txn) storeRecords(ctx context.Context, _ bcn.Change, m deploy.Move) error {
	if m.Forget {
		return t.forget(ctx, m)
	}
	if d := m.District; d != nil {
		if err := t.putDistrict(ctx, *d, m.Rewrite); err != nil {
			return err
		}
	}
	if e := m.Endpoint; e != nil {
		if err := t.putEndpoint(ctx, *e, m.Rewrite); err != nil {
			return err
		}
	}
	if h := m.Heritage; h != nil {
		if err := t.insertHeritage(ctx, *h); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) storeRelease(ctx context.Context, _ bcn.Change, m deploy.Move) error {
	if m.Release == nil {
		return nil
	}
	return t.insertRelease(ctx, *m.Release, m.Base)
}

func (t *txn) storeFollows(ctx context.Context, c bcn.Change, m deploy.Move) error {
	for _, f := range m.Follow {
		_, err := t.Exec(ctx, `insert into follow (change, stack, stack_id, district, account, region, since, baseline, restores)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			on conflict (change, stack) do update set stack_id = excluded.stack_id, since = excluded.since,
				baseline = excluded.baseline, restores = excluded.restores, last_event = '', status = '', reason = '', read_at = null, active = true`,
			int64(c.ID), f.Stack, f.StackID, f.Target.Name, f.Target.Account, f.Target.Region, f.Since, f.Baseline, f.Restores)
		if err != nil {
			return fmt.Errorf("follow the stack %s: %w", f.Stack, err)
		}
		if err := t.insertOnce(ctx, FollowArgs{Account: f.Target.Account, Region: f.Target.Region}); err != nil {
			return err
		}
	}
	return nil
}

// afterwards writes what follows from the move: messages, audit, jobs, and
// whose turn it is now.
func (t *txn) afterwards(ctx context.Context, c bcn.Change, m deploy.Move) error {
	if err := t.say(ctx, c.ID, m.Notes); err != nil {
		return err
	}
	waited := m.From.Change.Code == bcn.CodeUnavailable || m.From.Change.Code == bcn.CodeCouldNotCheck
	if !m.Quiet || waited { // what it waited for outside has answered
		if err := t.refreshCard(ctx, c.ID, m.Urgent || c.State != m.From.Change.State); err != nil {
			return err
		}
	}
	if m.Event != "" {
		body := map[string]any{"from": m.From.Change.State, "to": c.State}
		if m.Code != "" {
			body["code"] = m.Code
		}
		if m.Plan != nil {
			body["hash"] = m.Plan.Hash
		}
		maps.Copy(body, m.Audit)
		if err := t.record("change."+string(m.Event), actorOf(m), c.ID, body); err != nil {
			return err
		}
	}
	if c.State.Ended() {
		if err := t.ended(ctx, c); err != nil {
			return err
		}
	}
	if m.Event == bcn.EventAsk { // people decide now: others need not wait for that
		if err := t.nextTurn(ctx, c); err != nil {
			return err
		}
	}
	if m.Again > 0 || m.Event == "" {
		return nil // the job itself looks again
	}
	return t.kick(ctx, c.ID)
}

// ended stops following and gives the subject's next change its turn.
func (t *txn) ended(ctx context.Context, c bcn.Change) error {
	if _, err := t.Exec(ctx, `update follow set active = false where change = $1`, int64(c.ID)); err != nil {
		return err
	}
	if c.Tick != 0 {
		if err := t.hurryTick(ctx, c.Tick); err != nil {
			return err
		}
	}
	return t.nextTurn(ctx, c)
}

// nextTurn lets the change look that has waited longest for the subject, and is
// not held.
func (t *txn) nextTurn(ctx context.Context, c bcn.Change) error {
	var next bcn.ID
	err := t.QueryRow(ctx, `select c.id from change c where c.subject = $1 and c.state = 'waiting_turn' and c.id <> $2
		and not exists (select 1 from hold h where h.id = c.held_by and `+holding+`) order by c.id limit 1`,
		c.Subject, int64(c.ID)).Scan(&next)
	if _, err := found(0, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.kick(ctx, next)
}

func paramsOf(m deploy.Move) map[string]string {
	if m.Params == nil {
		return map[string]string{}
	}
	return m.Params
}

// actorOf says in whose name a step of a job is done: bcn's own, unless the
// move says otherwise in its audit fields.
func actorOf(m deploy.Move) string {
	if a, ok := m.Audit["actor"].(string); ok {
		return a
	}
	return bcn.SystemIdentity
}

func (t *txn) storeProgress(ctx context.Context, id bcn.ID, progress []deploy.Rollout) error {
	b, err := json.Marshal(progress)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `update change set progress = $2 where id = $1`, int64(id), b)
	return err
}
