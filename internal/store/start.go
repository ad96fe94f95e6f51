package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Start moves a queued change to applying, proving first that what is stored
// is what was approved; see deploy.Store.
func (s *Store) Start(ctx context.Context, m deploy.Move, notes func(bcn.Change) []deploy.Note) (bcn.Change, error) {
	var c bcn.Change
	err := s.tx(ctx, func(t *txn) error {
		from := m.From.Change
		if busy, err := t.busy(ctx, from.Subject); err != nil {
			return err
		} else if busy != 0 {
			return fmt.Errorf("change %s: %w", busy, deploy.ErrBusy)
		}
		// FOR SHARE: a halt that was committed before this one is seen, and one
		// that comes later waits until this change has started.
		h, err := halt(ctx, t)
		if err != nil {
			return err
		}
		if h.On {
			return bcn.E(bcn.CodeHalted, "by", h.By)
		}
		// A lock or a freeze is written under the same row: it is seen here, or it
		// comes after this start.
		if err := t.proveHoldsOf(ctx, from); err != nil {
			return err
		}
		waits, err := t.heldNow(ctx, from)
		if err != nil {
			return err
		}
		for _, w := range waits { // what came since is not what was overridden
			if m.FollowUp == nil || !slices.Contains(m.FollowUp.Row.Overrode, w.Hold.String()) {
				return &bcn.Error{Code: w.Code, Params: w.Params}
			}
		}
		// The change first, then its request, as everywhere else: a late click
		// locks both too.
		if _, err := t.Exec(ctx, `select 1 from change where id = $1 for update`, int64(from.ID)); err != nil {
			return err
		}
		if err := t.prove(ctx, from.ID); err != nil {
			return err
		}
		if err := t.proveGlass(ctx, m); err != nil {
			return err
		}
		if c, err = t.apply(ctx, m); err != nil {
			return err
		}
		return t.supersedeOthers(ctx, c, notes)
	})
	s.logMove(c, m, err)
	return c, err
}

// prove checks hash, MACs, state and audit of what is about to run.
func (t *txn) prove(ctx context.Context, id bcn.ID) error {
	hash, err := t.provenHash(ctx, id)
	if err != nil {
		return err
	}
	asker, err := t.proveAsked(ctx, id)
	if err != nil {
		return err
	}
	r, err := t.provenRequest(ctx, id)
	if errors.Is(err, ErrNotFound) {
		if err := t.proveLog(ctx, id, bcn.ChangeQueued, nil); err != nil {
			return err
		}
		return t.proveUngated(ctx, id)
	}
	if err != nil {
		return err
	}
	if r.State != bcn.RequestApproved || r.Hash != hash || r.Requester != asker.User {
		return bcn.E(bcn.CodeTampered, "what", "request")
	}
	if err := t.proveLog(ctx, id, bcn.ChangeQueued, &r); err != nil {
		return err
	}
	for _, d := range r.Decisions {
		if d.Verdict != bcn.Approve {
			continue
		}
		ok, err := t.auditOf(ctx, "decision.approve", id, map[string]string{"person": d.Person, "hash": hash})
		if err != nil || !ok {
			return tampered("audit entry of a decision", err)
		}
	}
	if approval.Complete(approval.Widened(r, lastDecision(r)), approval.Approvals(r)) {
		return nil
	}
	if slices.ContainsFunc(r.Decisions, func(d bcn.Decision) bool { return d.Void }) {
		return bcn.E(bcn.CodePlanMoved, "moved", "approvers") // a deputy was removed since
	}
	return bcn.E(bcn.CodeTampered, "what", "decision")
}

// lastDecision is when the quorum was completed: who may decide later has no
// part in it.
func lastDecision(r bcn.Request) (at time.Time) {
	for _, d := range r.Decisions {
		if d.At.After(at) {
			at = d.At
		}
	}
	return at
}

// provenHash answers the hash of the plan, whose bytes, MAC and audit entry
// agree.
func (t *txn) provenHash(ctx context.Context, id bcn.ID) (string, error) {
	var (
		bytes, mac []byte
		hash       string
	)
	err := t.QueryRow(ctx, `select bytes, hash, mac from plan where change = $1`, int64(id)).Scan(&bytes, &hash, &mac)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		return "", bcn.E(bcn.CodeTampered, "what", "plan").Wrap(err)
	}
	if err != nil {
		return "", fmt.Errorf("read the plan of %s: %w", id, err)
	}
	sum := sha256.Sum256(bytes)
	if hex.EncodeToString(sum[:]) != hash || !audit.Equal(mac, t.s.planMAC(id, hash)) {
		return "", bcn.E(bcn.CodeTampered, "what", "plan")
	}
	if ok, err := t.auditOf(ctx, "change."+string(bcn.EventPlanned), id, map[string]string{"hash": hash}); err != nil || !ok {
		return "", tampered("audit entry of the plan", err)
	}
	return hash, nil
}

// claimPlan adds a change's plan, and says what was changed past bcn: a plan
// that is not the one that was sealed, or a change that the log does not say
// was started. A row that was put behind the gate has not passed it.
func (t *txn) claimPlan(ctx context.Context, c *deploy.Claimed) error {
	var (
		plan deploy.StoredPlan
		mac  []byte
		id   = c.Change.ID
	)
	err := t.QueryRow(ctx, `select bytes, hash, mac from plan where change = $1`, int64(id)).Scan(&plan.Bytes, &plan.Hash, &mac)
	switch _, err = found(0, err); {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	c.Plan = &plan
	if !t.s.planSealed(id, plan, mac) {
		c.Tampered = "plan"
	}
	if state := c.Change.State; state.BeforeApplying() || state.Ended() {
		return nil
	}
	ok, err := t.auditOf(ctx, "change."+string(bcn.EventStart), id, map[string]string{"hash": plan.Hash})
	if err == nil && !ok {
		c.Tampered = "change"
	}
	return err
}

func (s *Store) planSealed(id bcn.ID, p deploy.StoredPlan, mac []byte) bool {
	sum := sha256.Sum256(p.Bytes)
	return hex.EncodeToString(sum[:]) == p.Hash && audit.Equal(mac, s.planMAC(id, p.Hash))
}

// proveUngated checks that the log says that no approval was needed, so that
// removing the request's row cannot open a gate.
func (t *txn) proveUngated(ctx context.Context, id bcn.ID) error {
	for _, gated := range []string{"false", "break_glass"} { // what the latter needs besides: proveGlass
		ok, err := t.auditOf(ctx, "change."+string(bcn.EventQueue), id, map[string]string{"gated": gated})
		if err != nil || ok {
			return err
		}
	}
	return bcn.E(bcn.CodeTampered, "what", "request")
}

func tampered(what string, err error) error {
	if err != nil {
		return err
	}
	return bcn.E(bcn.CodeTampered, "what", what)
}

// supersedeOthers closes every other change of the subject that has a plan:
// ExecuteChangeSet deletes a stack's other change sets.
func (t *txn) supersedeOthers(ctx context.Context, c bcn.Change, notes func(bcn.Change) []deploy.Note) error {
	others, err := manyChanges(ctx, t, `subject = $1 and id <> $2 and kind <> 'plan'
		and state in ('planning', 'planned', 'waiting', 'queued') order by id for update`, c.Subject, int64(c.ID))
	if err != nil {
		return err
	}
	for _, o := range others {
		err := t.closeNow(ctx, o, bcn.CodeSuperseded, map[string]string{"id": o.ID.String(), "by": c.ID.String()},
			bcn.RequestSupersede, bcn.SystemIdentity)
		if err != nil {
			return err
		}
		if err := t.say(ctx, o.ID, notes(o)); err != nil {
			return err
		}
	}
	return nil
}

// closeNow ends a change that has not begun to apply, overtaking its fence,
// and its request with it.
func (t *txn) closeNow(ctx context.Context, c bcn.Change, code bcn.Code, params map[string]string, req bcn.RequestEvent, actor string) error {
	if _, err := t.overtake(ctx, c, bcn.EventClose, code, params); err != nil {
		return err
	}
	if err := t.moveRequest(ctx, c.ID, req); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	return t.record("change."+string(bcn.EventClose), actor, c.ID, map[string]any{"from": c.State, "to": bcn.ChangeClosed, "code": code})
}
