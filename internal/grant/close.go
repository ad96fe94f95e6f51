package grant

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// closing ends what a grant opened, proves it, and looks again later.
func (s *Service) closing(ctx context.Context, r running) (time.Duration, error) {
	switch r.grant.State {
	case bcn.GrantEnding, bcn.GrantEndFailed:
		return s.ending(ctx, r)
	case bcn.GrantEnded:
		return s.aftercare(ctx, r)
	default:
		return s.finish(ctx, r, s.Speaker.Notes(r.moment(deploy.MomentOver)))
	}
}

// found is what one sweep found.
type found struct {
	open  []string  // still active, after they were told to end
	proof bool      // nothing of the grant is open or can be opened any more
	at    time.Time // by AWS's clock
}

// ending is one sweep of a grant that is over. What AWS does not answer is not
// ended; neither is what it says it has ended and still lists.
func (s *Service) ending(ctx context.Context, r running) (time.Duration, error) {
	f, err := s.swept(ctx, &r)
	if err != nil {
		s.Log.Warn("could not end a grant", "change", int64(r.Change.ID), "tries", r.grant.Tries, "error", err)
		f.open = append(f.open, bcn.E(bcn.CodeOf(err)).Error())
		f.proof = false
	}
	switch {
	case f.proof && r.grant.State == bcn.GrantEndFailed:
		return s.write(ctx, r, deploy.Move{Grant: &deploy.GrantMove{Event: bcn.GrantEnd, Row: r.grant}, Again: time.Millisecond, Quiet: true})
	case f.proof:
		return s.verified(ctx, r, f)
	case len(f.open) == 0:
		return s.settling(ctx, r, f)
	default:
		return s.stuck(ctx, r, f)
	}
}

// sweepWithin bounds one look: what it found, and that it found no end, has to
// be written within the job's minute.
const sweepWithin = 30 * time.Second

// swept is one look, and what its result allows to undo. Rows that somebody
// changed prove nothing, and nothing is undone by their word: people are called.
func (s *Service) swept(ctx context.Context, r *running) (found, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepWithin)
	defer cancel()
	f, err := s.sweep(ctx, r)
	if err == nil && !r.Proven {
		f.proof, f.open = false, append(f.open, "tampered")
	}
	if err == nil && f.proof {
		err = s.disarm(ctx, *r)
	}
	return f, err
}

// verified writes that nothing of the grant is open.
func (s *Service) verified(ctx context.Context, r running, f found) (time.Duration, error) {
	now := r.Now
	s.recollect(ctx, &r)
	r.grant.VerifiedAt, r.grant.SweptAt, r.grant.Looks = &now, &f.at, 0
	done := r
	done.grant.State = bcn.GrantEnded
	notes := s.Speaker.Notes(done.moment(deploy.MomentOver))
	if r.grant.Paged {
		notes = append(notes, s.Speaker.Notes(done.moment(deploy.MomentUnstuck))...)
	}
	return s.write(ctx, r, deploy.Move{
		Grant: &deploy.GrantMove{Event: bcn.GrantVerify, Row: r.grant}, Notes: notes, Urgent: true, Again: time.Millisecond,
		Audit: map[string]any{"sessions": len(r.grant.Sessions), "verified": now.UTC().Format(time.RFC3339)},
	})
}

// settleEvery is how often a grant is looked at that has nothing open, while
// credentials of it may still be used or its list may be behind.
const settleEvery = 5 * time.Second

func (s *Service) settling(ctx context.Context, r running, f found) (time.Duration, error) {
	r.grant.Tries = 0
	again := settleEvery
	if !f.at.IsZero() {
		r.grant.SweptAt = &f.at
		again = min(again, max(r.grant.EndsAt.Add(s.Settle).Sub(f.at), s.Poll/4))
	}
	return s.write(ctx, r, deploy.Move{Again: again})
}

// retryMost is the longest pause between two tries to close something.
const retryMost = 15 * time.Second

// stuck tries again, and calls for people where it takes too long.
func (s *Service) stuck(ctx context.Context, r running, f found) (time.Duration, error) {
	r.grant.Tries++
	m := deploy.Move{Again: min(time.Duration(r.grant.Tries)*s.Poll, retryMost), Quiet: r.grant.Tries > 1}
	if r.grant.State == bcn.GrantEnding && !r.Now.Before(r.grant.EndedAt.Add(s.Page)) {
		page := !r.grant.Paged
		r.grant.Paged = true
		m.Grant, m.Quiet, m.Urgent = &deploy.GrantMove{Event: bcn.GrantFail, Row: r.grant}, false, true
		if page {
			failed := r
			failed.grant.State = bcn.GrantEndFailed
			what := failed.moment(deploy.MomentStuck)
			what.Left = f.open
			m.Notes = s.Speaker.Notes(what)
			s.Log.Error("a grant does not end", "change", int64(r.Change.ID), "open", openNames(f.open))
		}
	}
	return s.write(ctx, r, m)
}

// sweep lists what is open, tells it to end, and lists again.
func (s *Service) sweep(ctx context.Context, r *running) (found, error) {
	switch {
	case r.plan.Kind == bcn.KindAccess:
		return s.sweepOwnTask(ctx, r)
	case r.grant.Mints == 0:
		return found{proof: true, at: r.Now}, nil
	default:
		return s.sweepSessions(ctx, r)
	}
}

// sweepOwnTask stops the task: with it ends all that was started in it.
func (s *Service) sweepOwnTask(ctx context.Context, r *running) (found, error) {
	t := s.system(r.Change, r.plan.District)
	if r.grant.Task == "" {
		task, err := s.AWS.FindTask(ctx, t, name(r.Change.ID))
		if errors.Is(err, deploy.ErrNone) {
			// A call that was on its way when its process died may come late.
			return found{proof: r.grant.TaskAsked == nil || r.Now.Sub(*r.grant.TaskAsked) > s.Settle, at: r.Now}, nil
		}
		if err != nil {
			return found{}, err
		}
		r.grant.Task = task.ARN
	}
	place, gone, err := s.place(ctx, *r)
	if err != nil {
		return found{}, err
	}
	if !gone {
		if err := s.stop(ctx, r, place); err != nil {
			return found{}, err
		}
		if _, gone, err = s.place(ctx, *r); err != nil {
			return found{}, err
		}
	}
	if !gone {
		return found{open: []string{taskID(r.grant.Task)}}, nil
	}
	r.closed(nil, r.Now)
	return found{proof: true, at: r.Now}, nil
}

func (s *Service) stop(ctx context.Context, r *running, place string) error {
	if place != "" && r.grant.Mints > 0 {
		if _, _, err := s.look(ctx, r, place); err != nil { // for the report; the task is stopped all the same
			s.Log.Warn("could not list sessions", "change", int64(r.Change.ID), "error", err)
		}
	}
	return s.AWS.StopTask(ctx, s.system(r.Change, r.plan.District), r.grant.Task, "bcn: access "+r.Change.ID.String()+" has ended")
}

// sweepSessions ends the sessions on something that goes on running.
func (s *Service) sweepSessions(ctx context.Context, r *running) (found, error) {
	place, gone, err := s.place(ctx, *r)
	if err != nil {
		return found{}, err
	}
	if gone {
		r.closed(nil, r.Now)
		return found{proof: true, at: r.Now}, nil
	}
	active, at, err := s.look(ctx, r, place)
	if err != nil {
		return found{}, err
	}
	if len(active) > 0 {
		for _, id := range active {
			if err := s.AWS.Terminate(ctx, s.system(r.Change, r.plan.District), id); err != nil {
				s.Log.Warn("could not terminate a session", "change", int64(r.Change.ID), "session", id, "error", err)
			}
		}
		if active, at, err = s.look(ctx, r, place); err != nil {
			return found{}, err
		}
	}
	if active, err = s.alsoKnown(ctx, *r, active); err != nil {
		return found{}, err
	}
	r.closed(active, at)
	return found{open: active, proof: len(active) == 0 && s.closedForGood(*r, at), at: at}, nil
}

// alsoKnown adds the sessions that bcn opened and that AWS does not say to have
// ended: a list that is behind does not hold them yet.
func (s *Service) alsoKnown(ctx context.Context, r running, active []string) ([]string, error) {
	for _, x := range r.grant.Sessions {
		if !x.ByBot || x.Closed != nil || slices.Contains(active, x.ID) {
			continue
		}
		now, _, err := s.AWS.Session(ctx, s.system(r.Change, r.plan.District), x.ID)
		if err != nil && !errors.Is(err, deploy.ErrNone) {
			return nil, err
		}
		if err != nil || now.Status != "Terminated" && now.Status != "Failed" {
			active = append(active, x.ID)
		}
	}
	return active, nil
}

// closedForGood says that no session of the grant can come any more. Who was
// given credentials can use them until their end, also where the grant was
// ended before; and a session of the last second may be listed late. What bcn
// opens itself is known by its id, unless it died in between. The time is
// AWS's own: its clock decides what the credentials are good for.
func (s *Service) closedForGood(r running, at time.Time) bool {
	if r.plan.Access.ByBot { // both times are the database's: AWS's clock has no part in it
		return r.unwritten() == 0 || !r.Now.Before(r.grant.EndedAt.Add(s.Settle))
	}
	return !at.Before(r.grant.EndsAt.Add(s.Settle))
}

// lastUse is when the last session of the grant can have begun: credentials for
// a node are good until their end, also where the grant was ended before.
func (r running) lastUse() time.Time {
	g := r.grant
	if r.plan.Access.Node != "" && g.EndsAt != nil && g.EndsAt.After(*g.EndedAt) {
		return *g.EndsAt
	}
	return *g.EndedAt
}

// disarm removes the StopTask that is no longer needed: the task has stopped,
// or nobody was in it. A running task that somebody was in, perhaps by the grant
// that this one extends, is stopped: the rule wanted that.
func (s *Service) disarm(ctx context.Context, r running) error {
	if !r.armed() || r.continues() || (r.plan.Kind == bcn.KindAccessLive && r.grant.Mints > 0) {
		return nil
	}
	return s.AWS.Disarm(ctx, s.system(r.Change, r.plan.District), schedule(r.Change.ID))
}

// aftercare looks again after 15 seconds, a minute and five minutes, and tells
// at last what was done with the grant.
func (s *Service) aftercare(ctx context.Context, r running) (time.Duration, error) {
	if r.grant.Mints == 0 || r.grant.EndedAt == nil || r.grant.VerifiedAt == nil {
		return s.finish(ctx, r, nil)
	}
	// Both times are the database's: AWS's clock has no part in it.
	left := access.SweepsAfter(r.lastUse(), *r.grant.VerifiedAt)
	if r.grant.Looks >= len(left) {
		s.recollect(ctx, &r)
		return s.finish(ctx, r, s.report(ctx, r))
	}
	if wait := left[r.grant.Looks].Sub(r.Now); wait > 0 {
		return s.write(ctx, r, deploy.Move{Again: wait, Quiet: true})
	}
	f, err := s.sweep(ctx, &r)
	if err != nil {
		return 0, err
	}
	if len(f.open) > 0 {
		return s.late(ctx, r, f)
	}
	r.grant.Looks++
	return s.write(ctx, r, deploy.Move{Again: time.Millisecond, Quiet: true})
}

// late opens the end again: AWS listed a session after all.
func (s *Service) late(ctx context.Context, r running, f found) (time.Duration, error) {
	r.grant.VerifiedAt, r.grant.Paged = nil, true
	late := r
	late.grant.State = bcn.GrantEnding
	what := late.moment(deploy.MomentStuck)
	what.Left = f.open
	s.Log.Error("a session showed up after the end", "change", int64(r.Change.ID), "open", openNames(f.open))
	return s.write(ctx, r, deploy.Move{
		Grant: &deploy.GrantMove{Event: bcn.GrantLate, Row: r.grant}, Notes: s.Speaker.Notes(what), Urgent: true, Again: time.Millisecond,
	})
}

// finish ends the change: nothing of the grant is left to do.
func (s *Service) finish(ctx context.Context, r running, notes []deploy.Note) (time.Duration, error) {
	event := bcn.EventSucceed
	if r.grant.Why == bcn.WhyFailed {
		event = bcn.EventFail
	}
	return s.write(ctx, r, deploy.Move{Event: event, Code: r.Change.Code, Params: r.Change.Params, Notes: notes})
}

// recollect is past, for a report: nothing waits for it.
func (s *Service) recollect(ctx context.Context, r *running) {
	if err := s.past(ctx, r); err != nil {
		s.Log.Warn("could not list sessions that are over", "change", int64(r.Change.ID), "error", err)
	}
}

// report tells what was done with the grant, as far as AWS knows it by now.
func (s *Service) report(ctx context.Context, r running) []deploy.Note {
	m := r.moment(deploy.MomentReport)
	m.FollowUp = s.skipped(ctx, r)
	t := s.system(r.Change, r.plan.District)
	for _, name := range s.names(r) {
		events, err := s.AWS.Trail(ctx, t, name, r.grant.StartsAt.Add(-clockSkew))
		if err != nil {
			s.Log.Warn("could not read CloudTrail", "change", int64(r.Change.ID), "error", err)
			break
		}
		for _, e := range events {
			m.Trail = append(m.Trail, deploy.TrailLine{At: e.At, Name: e.Name, User: e.User, Error: e.Error})
		}
	}
	return s.Speaker.Notes(m)
}

// skipped is who has not been asked, and so gets the report; nil where nobody
// was skipped. A report that cannot tell is in the thread all the same.
func (s *Service) skipped(ctx context.Context, r running) *bcn.FollowUp {
	if !r.Change.Glass {
		return nil
	}
	f, err := s.Store.FollowUp(ctx, r.Change.ID)
	if err != nil {
		s.Log.Error("read who was skipped", "change", int64(r.Change.ID), "error", err)
		return nil
	}
	return &f
}

// names are those under which CloudTrail has what was done: the first pick-ups',
// or bcn's own where it opened the sessions.
func (s *Service) names(r running) []string {
	if r.plan.Access.ByBot {
		return []string{s.Changes.Target(r.Change, r.plan.District).Session}
	}
	var out []string
	for n := 1; n <= min(r.grant.Mints, maxTrails); n++ {
		out = append(out, access.SessionName(r.Change.ID, n))
	}
	return out
}

// maxTrails bounds how many pick-ups CloudTrail is asked about: it answers two
// requests a second (CloudTrail API reference, LookupEvents).
const maxTrails = 5
