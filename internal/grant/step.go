package grant

import (
	"context"
	"errors"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// running is what a step of a grant knows.
type running struct {
	deploy.Claimed
	plan  bcn.Plan
	grant bcn.Grant // as it will be written
}

func open(c deploy.Claimed) (running, error) {
	if c.Grant == nil {
		return running{}, bcn.E(bcn.CodeTampered, "what", "grant")
	}
	p, err := planOf(c.Change.ID, c.Plan)
	return running{Claimed: c, plan: p, grant: *c.Grant}, err
}

// Step does what is next for a grant; see deploy.Access.
func (s *Service) Step(ctx context.Context, c deploy.Claimed) (time.Duration, error) {
	r, err := open(c)
	if err != nil && c.Grant != nil {
		return s.unreadable(ctx, c, err)
	}
	if err != nil {
		return 0, err
	}
	if c.Change.State == bcn.ChangeApplying {
		return s.opening(ctx, r)
	}
	return s.closing(ctx, r)
}

// unreadable ends a grant whose plan somebody made unreadable: what it opened is
// not known any more, so that people are called.
func (s *Service) unreadable(ctx context.Context, c deploy.Claimed, cause error) (time.Duration, error) {
	r := running{Claimed: c, grant: *c.Grant, plan: bcn.Plan{Kind: c.Change.Kind, Access: &bcn.AccessPlan{}}}
	if r.grant.State.Open() {
		return s.over(ctx, r, bcn.WhyFailed, bcn.E(bcn.CodeTampered, "what", "plan").Wrap(cause))
	}
	if r.grant.EndedAt == nil {
		now := r.Now
		r.grant.EndedAt = &now
	}
	return s.stuck(ctx, r, found{open: []string{"plan"}})
}

// write is the end of a step: the row as the step left it.
func (s *Service) write(ctx context.Context, r running, m deploy.Move) (time.Duration, error) {
	m.From, m.Again = r.Claimed, deploy.Early(m.Again)
	if m.Grant == nil {
		m.Grant = &deploy.GrantMove{Row: r.grant}
	}
	_, err := s.Store.Apply(ctx, m)
	return m.Again, err
}

// opening looks after a grant that may be opened: its task, those who may have
// it, its end.
func (s *Service) opening(ctx context.Context, r running) (time.Duration, error) {
	if !r.Proven {
		return s.over(ctx, r, bcn.WhyFailed, bcn.E(bcn.CodeTampered, "what", "grant"))
	}
	if why := r.due(); why != "" {
		return s.over(ctx, r, why, nil)
	}
	if why, cause, err := s.removed(ctx, &r); err != nil || why != "" {
		if err != nil {
			return 0, err
		}
		return s.over(ctx, r, why, cause)
	}
	done, again, err := s.prepare(ctx, r)
	if done || err != nil {
		return again, err
	}
	return s.watch(ctx, r)
}

// due says why the grant is over by the clock, or "".
func (r running) due() bcn.GrantWhy {
	g := r.grant
	switch {
	case g.EndsAt == nil && !r.Now.Before(g.OpenUntil):
		return bcn.WhyUnused
	case g.EndsAt == nil || r.Now.Before(*g.EndsAt):
		return ""
	case g.Mints == 0:
		return bcn.WhyUnused
	default:
		return bcn.WhyTime
	}
}

// checkEvery is how often it is asked whether the requester may still have the
// grant: half of the minute within which who leaves loses it.
const checkEvery = 30 * time.Second

// removed says that the requester may no longer have the grant. What cannot be
// asked is asked again: the grant has its end anyway.
func (s *Service) removed(ctx context.Context, r *running) (bcn.GrantWhy, error, error) {
	if at := r.grant.CheckedAt; at != nil && r.Now.Sub(*at) < checkEvery {
		return "", nil, nil
	}
	err := s.stillExtends(ctx, r.Change, r.plan)
	if err == nil {
		_, err = s.Changes.Verdict(ctx, r.Change, r.plan)
	}
	switch code := bcn.CodeOf(err); {
	case err == nil:
		now := r.Now
		r.grant.CheckedAt = &now
		return "", nil, nil
	case code == bcn.CodeNotAllowed || code == bcn.CodeRefusedPerson || code == bcn.CodeAccessRemoved:
		refused := bcn.E(bcn.CodeAccessRemoved, "id", r.Change.ID.String()).Wrap(err)
		return bcn.WhyRemoved, refused, ignore(s.Changes.Refuse(ctx, r.Change.Requester, r.Change.ID, "keep access", err), err)
	case code == bcn.CodeCouldNotCheck || code == bcn.CodeUnavailable:
		s.Log.Warn("could not check who holds a grant", "change", int64(r.Change.ID), "error", err)
		return "", nil, nil
	default:
		return "", nil, err
	}
}

// ignore drops the cause that Refuse answers when it wrote the refusal down.
func ignore(err, cause error) error {
	if errors.Is(err, cause) {
		return nil
	}
	return err
}

// watch sees what is open, warns before the end, and says when to look again.
func (s *Service) watch(ctx context.Context, r running) (time.Duration, error) {
	again := s.Watch
	m := deploy.Move{Quiet: true}
	if r.grant.Mints > 0 {
		seen, open := len(r.grant.Sessions), r.open()
		if err := s.observe(ctx, &r); err != nil {
			s.Log.Warn("could not list sessions", "change", int64(r.Change.ID), "error", err)
		}
		m.Quiet = seen == len(r.grant.Sessions) && open == r.open()
	}
	if gone, cause := s.taskGone(ctx, r); gone {
		if end := r.grant.EndsAt; end != nil && end.Sub(r.Now) < clockSkew/2 { // it ended itself, by a clock that is ahead of ours
			return s.over(ctx, r, bcn.WhyTime, nil)
		}
		return s.over(ctx, r, bcn.WhyGone, cause)
	}
	if at, ok := r.near(); ok {
		if !r.Now.Before(at) {
			r.grant.Warned = true
			m.Notes = s.Speaker.Notes(r.moment(deploy.MomentNear))
		} else {
			again = min(again, at.Sub(r.Now))
		}
	}
	if end := r.grant.EndsAt; end != nil {
		again = min(again, end.Sub(r.Now))
	} else {
		again = min(again, r.grant.OpenUntil.Sub(r.Now))
	}
	m.Again = max(again, time.Millisecond)
	return s.write(ctx, r, m)
}

// open is how many sessions of the grant were seen and not seen closed.
func (r running) open() int {
	n := 0
	for _, x := range r.grant.Sessions {
		if x.Closed == nil && !x.Stranger {
			n++
		}
	}
	return n
}

// nearEnd is how long before its end the holder of a grant is warned; a grant
// that is hardly longer needs no warning.
const nearEnd, worthWarning = 2 * time.Minute, 3 * time.Minute

// near is when to warn, and false where that was done or makes no sense.
func (r running) near() (time.Time, bool) {
	g := r.grant
	if g.Warned || g.EndsAt == nil || g.Mints == 0 || time.Duration(r.plan.Access.Seconds)*time.Second < worthWarning {
		return time.Time{}, false
	}
	return g.EndsAt.Add(-nearEnd), true
}

// moment is something to be said about the grant as the step leaves it.
func (r running) moment(kind deploy.MomentKind) deploy.Moment {
	g := r.grant
	return deploy.Moment{Kind: kind, Change: r.Change, Plan: &r.plan, Request: r.Request, Grant: &g}
}

// over moves a grant to its end: what is open is closed from now on.
func (s *Service) over(ctx context.Context, r running, why bcn.GrantWhy, cause error) (time.Duration, error) {
	m := r.overMove(why, "", cause)
	m.Again = time.Millisecond
	if cause != nil {
		s.Log.Warn("grant ends early", "change", int64(r.Change.ID), "why", why, "error", cause)
	}
	return s.write(ctx, r, m)
}

// overMove is the move to the end of a grant, whoever makes it. Where nothing
// was made there is nothing to close.
func (r running) overMove(why bcn.GrantWhy, by string, cause error) deploy.Move {
	g, now := r.grant, r.Now
	g.Why, g.By, g.EndedAt = why, by, &now
	event := bcn.GrantEnd
	if g.State == bcn.GrantApproved && g.Mints == 0 && g.TaskAsked == nil && !r.armed() {
		event = bcn.GrantCancel
		if why == bcn.WhyUnused {
			event = bcn.GrantExpire
		}
	}
	m := deploy.Move{Event: bcn.EventApplied, Grant: &deploy.GrantMove{Event: event, Row: g}, Urgent: true}
	if by != "" {
		m.Audit = map[string]any{"actor": by}
	}
	var e *bcn.Error
	if errors.As(cause, &e) {
		m.Code, m.Params = e.Code, e.Params
	}
	return m
}
