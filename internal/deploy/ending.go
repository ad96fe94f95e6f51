package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// verifying believes nothing: the services must run our digest, each with one
// complete deployment, before a deploy has succeeded.
func (s *Service) verifying(ctx context.Context, c Claimed) (time.Duration, error) {
	r, err := s.running(ctx, c)
	if err != nil {
		return 0, err
	}
	return s.verify(ctx, r, bcn.EventFail)
}

// verify ends a change as succeeded once that is true, and with the event
// failed where it has become clear that it will not be.
func (s *Service) verify(ctx context.Context, r running, failed bcn.ChangeEvent) (time.Duration, error) {
	if !r.Change.Kind.Releases() {
		return s.finish(ctx, r, bcn.EventSucceed, "", nil)
	}
	rollouts, err := s.Fleet.Rollouts(ctx, r.target, r.plan.Heritage)
	if err != nil {
		return 0, err
	}
	unsteady := firstUnsteady(rollouts, r.plan.Digest)
	switch {
	case unsteady == nil && len(rollouts) > 0:
		r.progress = rollouts
		return s.finish(ctx, r, bcn.EventSucceed, "", nil)
	case unsteady != nil && unsteady.State == "FAILED":
		return s.finish(ctx, r, failed, bcn.CodeRolloutFailed, map[string]string{"service": unsteady.Service, "why": unsteady.Reason})
	case s.verifiedTooLong(r):
		return s.finish(ctx, r, failed, bcn.CodeRolloutFailed, map[string]string{"service": nameOf(unsteady), "why": "not steady in time"})
	default:
		return s.move(ctx, Move{From: r.Claimed, Again: s.Poll, Progress: rollouts})
	}
}

// firstUnsteady answers the first service that does not run the digest on one
// complete deployment.
func firstUnsteady(rollouts []Rollout, digest string) *Rollout {
	for i, r := range rollouts {
		if !r.Steady || r.Digest != digest || r.State != "COMPLETED" {
			return &rollouts[i]
		}
	}
	return nil
}

func nameOf(r *Rollout) string {
	if r == nil {
		return ""
	}
	return r.Service
}

// verifiedTooLong counts from the last thing that CloudFormation told.
func (s *Service) verifiedTooLong(r running) bool {
	last := *r.Change.StartedAt
	for _, e := range r.events {
		if e.At.After(last) {
			last = e.At
		}
	}
	return r.Now.Sub(last) > s.VerifyFor
}

// finish writes the verdict: the release, the row that the change was for, and
// what is told to whom.
func (s *Service) finish(ctx context.Context, r running, event bcn.ChangeEvent, code bcn.Code, params map[string]string) (time.Duration, error) {
	if event != bcn.EventSucceed {
		r.progress = s.lookAgain(ctx, r)
	}
	m := Move{From: r.Claimed, Event: event, Code: code, Params: params, Urgent: true, Step: r.Change.Step, Phase: r.Phase, Progress: r.progress}
	ended := r.Change
	ended.State, _ = r.Change.State.Next(event)
	ended.Code, ended.Params = code, params
	if err := s.result(ctx, r, ended, &m); err != nil {
		return 0, err
	}
	if event != bcn.EventSucceed {
		notes, err := s.lastWords(ctx, r)
		if err != nil {
			s.Log.Warn("read stopped tasks", "change", int64(r.Change.ID), "error", err)
		}
		m.Notes = notes
	} else {
		m.Notes = s.eventNotes(r)
	}
	m.Notes = append(m.Notes, s.Speaker.Notes(Moment{
		Kind: MomentEnded, Change: ended, Plan: &r.plan, Request: r.Request, Hold: m.Lock,
		Release: m.Release, Rollouts: r.progress, Left: r.left(event), Code: code,
	})...)
	_, err := s.Store.Apply(ctx, m)
	if code := bcn.CodeOf(err); (code == bcn.CodeNameTaken || code == bcn.CodeInUse) && event == bcn.EventSucceed {
		// Two creates that were approved side by side: the first has the name. Or
		// somebody moved in while it was taken away.
		var e *bcn.Error
		errors.As(err, &e)
		return s.finish(ctx, r, bcn.EventFail, e.Code, e.Params)
	}
	return 0, err
}

// lookAgain reads what runs now that a change did not succeed: the card would
// else show the counts of before the rollback. Where that cannot be read, none.
func (s *Service) lookAgain(ctx context.Context, r running) []Rollout {
	if r.plan.Heritage == "" {
		return nil
	}
	rollouts, err := s.Fleet.Rollouts(ctx, r.target, r.plan.Heritage)
	if err != nil {
		s.Log.Warn("read services", "change", int64(r.Change.ID), "error", err)
	}
	if rollouts == nil {
		rollouts = []Rollout{}
	}
	return rollouts
}

// result is what is recorded: a release whatever the outcome, and on success
// the district, endpoint or heritage that the plan's record is.
func (s *Service) result(ctx context.Context, r running, ended bcn.Change, m *Move) error {
	if r.Change.Kind.Releases() {
		var err error
		m.Release, m.Base = r.release(ended)
		if ended.State == bcn.ChangeSucceeded {
			m.Lock = lockAfterRollback(r)
		}
		m.Release.Number, err = s.Store.NextRelease(ctx, r.plan.Heritage)
		return err
	}
	if ended.State != bcn.ChangeSucceeded {
		return nil
	}
	var err error
	switch r.Change.Kind {
	case bcn.KindDistrict:
		m.District = &bcn.District{}
		err = json.Unmarshal(r.plan.Record, m.District)
	case bcn.KindHeritage:
		m.Heritage = &bcn.Heritage{}
		err = json.Unmarshal(r.plan.Record, m.Heritage)
	case bcn.KindUnlock:
		m.Unlock = r.plan.Lock.ID
	case bcn.KindDelete:
		m.Heritage, m.Forget = &bcn.Heritage{}, true
		err = json.Unmarshal(r.plan.Record, m.Heritage)
	case bcn.KindEndpoint, bcn.KindEndpointUpdate, bcn.KindEndpointDelete:
		err = s.endpointResult(ctx, r, m)
	case bcn.KindDistrictCreate, bcn.KindDistrictUpdate, bcn.KindDistrictDelete:
		err = s.districtResult(ctx, r, m)
	}
	if err != nil {
		return fmt.Errorf("read the record of %s: %w", r.Change.ID, err)
	}
	return nil
}

func (r running) release(ended bcn.Change) (*bcn.Release, []byte) {
	rel := &bcn.Release{
		Heritage: r.plan.Heritage, Change: r.Change.ID, Kind: r.plan.Kind, Overlay: r.plan.Overlay, Restores: r.plan.Restores, Tag: r.plan.Tag, Image: r.plan.Image, Digest: r.plan.Digest,
		Commit: r.plan.Commit, Manifest: r.plan.Manifest, PlanHash: r.Plan.Hash, By: r.Change.Requester.User,
		Outcome: ended.State, Code: ended.Code, StartedAt: *r.Change.StartedAt, EndedAt: r.Now, Approvers: []string{},
	}
	if r.Request != nil {
		for _, d := range r.Request.Decisions {
			if d.Verdict == bcn.Approve {
				rel.Approvers = append(rel.Approvers, d.Person)
			}
		}
	}
	return rel, r.plan.Stacks[0].Template
}

// left names what a change that did not succeed leaves in AWS: what could not
// be rolled back, and stacks before it that there is nothing to go back to.
func (r running) left(event bcn.ChangeEvent) []string {
	if event == bcn.EventSucceed {
		return nil
	}
	var out []string
	for i, sp := range r.plan.Stacks {
		f, executed := r.follows[sp.Name]
		if sp.Delete {
			if f.Status != deleted {
				out = append(out, sp.Name)
			}
			continue
		}
		if executed && (outcomeOf(f.Status) == stackUndoFails || (i < r.Change.Step && (sp.Create || sp.Previous == nil))) {
			out = append(out, sp.Name)
		}
	}
	return out
}
