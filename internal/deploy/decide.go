package deploy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Decide records one person's verdict on a request. Who the person is, in
// which of the request's teams, and whether the requester is still somebody,
// is read after the click; then one transaction claims the request with its
// state, expiry and hash. Errors: unknown_id, not_eligible, own_request,
// already_decided, decided_before, expired, superseded, could_not_check,
// refused_person, tampered.
func (s *Service) Decide(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID, v bcn.Verdict, reason string) (Decided, error) {
	r, err := s.Store.Request(ctx, id)
	if err != nil && !errors.Is(err, ErrNone) {
		return Decided{}, err
	}
	if err != nil {
		return Decided{}, bcn.E(bcn.CodeUnknownID, "id", id.String()).Wrap(err)
	}
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return Decided{}, err
	}
	if own, done, err := s.ownerDecides(ctx, o, actor, c, r, v, reason); own || err != nil {
		return done, err
	}
	r.Matter = c.Matter()
	ballot, asker, err := s.ballot(ctx, r, actor, v)
	if err == nil && v == bcn.Approve {
		err = s.decidable(ctx, c)
	}
	if err != nil {
		return Decided{}, s.Refuse(ctx, actor, id, string(v), err)
	}
	d := bcn.Decision{
		Person: actor.User, For: ballot.For, Verdict: v, Reason: reason, Teams: ballot.Teams, Accounts: ballot.Accounts,
		Channel: o.Channel, TS: o.Message,
	}
	var event bcn.RequestEvent
	judge := func(r bcn.Request, now time.Time) (bcn.RequestEvent, error) {
		var err error
		r.Accounts = asker
		event, err = approval.Decide(r, ballot, now)
		return event, err
	}
	notes := func(r bcn.Request) []Note {
		return s.Speaker.Notes(Moment{Kind: MomentDecided, Change: c, Request: &r, Decision: &d})
	}
	r, err = s.Store.Decide(ctx, o, id, d, judge, notes)
	if err != nil {
		return Decided{}, s.Refuse(ctx, actor, id, string(v), err)
	}
	return Decided{Request: r, Complete: event != ""}, nil
}

// StillApproved asks again, before anything runs, what was true at the
// decision: that the rules let the requester do this, demand no more than was
// asked for, that no guardrail has come in between, and that those who approved may still approve.
func (s *Service) StillApproved(ctx context.Context, c Claimed, p bcn.Plan) error {
	now, err := s.stillStands(ctx, c.Change, p)
	if err != nil {
		return err
	}
	if works, err := s.Store.ViaWorks(ctx, c.Change.Requester.Via); err != nil || !works {
		return errors.Join(err, bcn.E(bcn.CodeTokenEnded))
	}
	if p.BreakGlass != nil {
		now = now.Glass()
	}
	if p.Access != nil {
		if err := s.Access.Check(now, time.Duration(p.Access.Seconds)*time.Second); err != nil {
			return bcn.E(bcn.CodePlanMoved, "moved", "rules").Wrap(err)
		}
	}
	if err := withinBounds(now, p.Scaled); err != nil {
		return bcn.E(bcn.CodePlanMoved, "moved", "rules").Wrap(err)
	}
	if err := s.stillGuarded(ctx, c.Change, p, now); err != nil {
		return err
	}
	if err := stillScanned(p, now); err != nil {
		return err
	}
	if p.BreakGlass != nil {
		return stillBreaks(p, now)
	}
	if !now.Gated() {
		return nil
	}
	if c.Request == nil {
		return bcn.E(bcn.CodePlanMoved, "moved", whyGated(p))
	}
	r := *c.Request
	r.Matter = c.Change.Matter()
	r.Needs, r.Accounts = approval.Instead(now.Needs, r.Needs), now.Profile.Accounts
	// Whoever did not count when it was asked does not now; whoever stands in
	// must by the rules of now.
	r.Outside = slices.Concat(r.Outside, now.Outside)
	r.Escalate = slices.DeleteFunc(slices.Clone(r.Escalate), func(t string) bool { return !slices.Contains(now.Escalate, t) })
	var ballots []approval.Ballot
	for _, d := range c.Request.Decisions {
		if d.Verdict != bcn.Approve || d.Void {
			continue
		}
		b, err := s.stillCounts(ctx, r, d, c.Change.Requester.Team)
		if err != nil {
			return err
		}
		if len(b.Teams) > 0 { // what counts for nothing is in nobody's way
			ballots = append(ballots, b)
		}
	}
	if !approval.Complete(approval.Widened(r, c.Now), ballots) {
		return bcn.E(bcn.CodePlanMoved, "moved", "approvers")
	}
	return nil
}
