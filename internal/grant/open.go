package grant

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Open hands the requester what lets them in, sealed to the key of their
// machine; see commands.Access. Each step is written down before the next: the
// end before credentials exist, the session before its token leaves.
func (s *Service) Open(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID, recipient string, bind bool) (deploy.Opened, error) {
	fingerprint, err := access.Fingerprint(recipient)
	if err != nil {
		return deploy.Opened{}, bcn.E(bcn.CodeBadKey, "problem", "recipient").Wrap(err)
	}
	c, p, g, err := s.read(ctx, id)
	if err != nil {
		return deploy.Opened{}, err
	}
	if actor.User == "" || actor.User != g.Person {
		return deploy.Opened{}, s.Changes.Refuse(ctx, actor, id, "open", bcn.E(bcn.CodeNotYours, "id", id.String()))
	}
	if err := s.stillAllowed(ctx, c, p); err != nil {
		return deploy.Opened{}, s.Changes.Refuse(ctx, actor, id, "open", err)
	}
	out := deploy.Opened{Fingerprint: fingerprint}
	got, err := s.Store.Touch(ctx, o, id, func(c deploy.Claimed) (deploy.Move, error) { return s.pickUp(c, recipient, fingerprint, bind) })
	if err != nil {
		return out, s.Changes.Refuse(ctx, actor, id, "open", err)
	}
	if bind {
		out.Grant = *got.Grant
		return out, nil
	}
	if got.Grant.State == bcn.GrantApproved { // its clock runs from now on, and its task is being started
		return out, bcn.E(bcn.CodeNotReady, "id", id.String())
	}
	if out.Grant, out.Sealed, err = s.handOver(ctx, got); err != nil {
		s.Log.Warn("could not hand access over", "change", int64(id), "error", err)
	}
	return out, err
}

// Bound says that a key was bound to an open grant. Errors: unknown_id,
// grant_not_yet, grant_over, grant_key.
func (s *Service) Bound(ctx context.Context, id bcn.ID, recipient string) error {
	_, _, g, err := s.read(ctx, id)
	if err != nil {
		return err
	}
	if !g.State.Open() {
		return bcn.E(bcn.CodeGrantOver, "id", id.String(), "state", string(g.State))
	}
	if g.Key != "" && g.Key != recipient {
		bound, _ := access.Fingerprint(g.Key)
		return bcn.E(bcn.CodeGrantKey, "id", id.String(), "fingerprint", bound)
	}
	if g.Key == "" {
		return bcn.E(bcn.CodeGrantKey, "id", id.String())
	}
	return nil
}

// OpenByKey is Open for who holds the key that the requester bound in chat.
func (s *Service) OpenByKey(ctx context.Context, id bcn.ID, recipient string) (deploy.Opened, error) {
	if err := s.Bound(ctx, id, recipient); err != nil {
		return deploy.Opened{}, err
	}
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return deploy.Opened{}, err
	}
	return s.Open(ctx, deploy.Origin{}, c.Requester, id, recipient, false)
}

// stillAllowed asks again, at the moment of use, whether the requester may
// have it and whether those who approved may still approve.
func (s *Service) stillAllowed(ctx context.Context, c bcn.Change, p bcn.Plan) error {
	if err := s.stillExtends(ctx, c, p); err != nil {
		return err
	}
	r, err := s.Store.Request(ctx, c.ID)
	held := deploy.Claimed{Change: c, Request: &r}
	if errors.Is(err, deploy.ErrNone) {
		held.Request, err = nil, nil
	}
	if err != nil {
		return err
	}
	err = s.Changes.StillApproved(ctx, held, p)
	if code := bcn.CodeOf(err); code == bcn.CodePlanMoved || code == bcn.CodeNotAllowed || code == bcn.CodeRefusedPerson {
		return bcn.E(bcn.CodeAccessRemoved, "id", c.ID.String()).Wrap(err)
	}
	return err
}

// pickUp binds the key and writes down that credentials will exist, until when
// and under which name. It decides inside the transaction.
func (s *Service) pickUp(c deploy.Claimed, recipient, fingerprint string, bind bool) (deploy.Move, error) {
	id := c.Change.ID.String()
	if c.Grant == nil {
		return deploy.Move{}, bcn.E(bcn.CodeGrantNotYet, "id", id)
	}
	r, err := open(c)
	if err != nil {
		return deploy.Move{}, err
	}
	g := &r.grant
	switch {
	case !g.State.Open() || r.due() != "":
		return deploy.Move{}, bcn.E(bcn.CodeGrantOver, "id", id, "state", string(g.State))
	case c.Halt.On:
		return deploy.Move{}, bcn.E(bcn.CodeHalted, "by", c.Halt.By)
	case g.Key != "" && g.Key != recipient:
		bound, _ := access.Fingerprint(g.Key)
		return deploy.Move{}, bcn.E(bcn.CodeGrantKey, "id", id, "fingerprint", bound)
	}
	g.Key = recipient
	if bind {
		return deploy.Move{Grant: &deploy.GrantMove{Row: *g}}, nil
	}
	if r.plan.Access.ByBot && !g.Ready {
		return s.starts(r)
	}
	if g.Mints >= maxMints {
		return deploy.Move{}, bcn.E(bcn.CodeTooManyMints, "id", id, "most", strconv.Itoa(maxMints))
	}
	if g.EndsAt == nil {
		runs(g, r.plan.Access, c.Now)
	}
	if r.plan.Kind == bcn.KindAccess && g.TaskAsked == nil {
		now := c.Now
		g.TaskAsked = &now
	}
	g.Mints++
	return deploy.Move{
		Grant: &deploy.GrantMove{Event: bcn.GrantMint, Row: *g},
		Audit: map[string]any{"actor": g.Person, "key": fingerprint, "session": access.SessionName(g.ID, g.Mints)},
	}, nil
}

// maxMints is how often one grant may be picked up: each is looked after, and
// told in the thread.
const maxMints = 30

// errNotReady says that the pick-up was too early: a session that bcn opens
// needs a task that takes it.
var errNotReady = errors.New("the task does not take sessions yet")

// starts lets the clock begin at the first use of a grant whose session bcn
// itself opens: its task is started, and the requester asks again.
func (s *Service) starts(r running) (deploy.Move, error) {
	g := r.grant
	if g.EndsAt != nil {
		return deploy.Move{}, bcn.E(bcn.CodeNotReady, "id", r.Change.ID.String()).Wrap(errNotReady)
	}
	runs(&g, r.plan.Access, r.Now)
	return deploy.Move{Grant: &deploy.GrantMove{Row: g}, Audit: map[string]any{"actor": g.Person}}, nil
}

// handOver makes what was written down, and seals it. What cannot be handed
// over any more is not: the transaction decides.
func (s *Service) handOver(ctx context.Context, c deploy.Claimed) (bcn.Grant, string, error) {
	r, err := open(c)
	if err != nil {
		return bcn.Grant{}, "", err
	}
	had := r.grant
	if err := s.madeReady(ctx, &r); err != nil {
		return r.grant, "", err
	}
	var sealed string
	if r.plan.Access.ByBot {
		sealed, err = s.enter(ctx, &r)
	} else {
		sealed, err = s.mint(ctx, r)
	}
	if err != nil {
		s.writeOff(ctx, r, err)
		return r.grant, "", err
	}
	got, err := s.Store.Touch(ctx, deploy.Origin{}, c.Change.ID, func(now deploy.Claimed) (deploy.Move, error) {
		return s.handed(now, had, r)
	})
	if err != nil {
		s.recall(ctx, r, had)
		return r.grant, "", err
	}
	return *got.Grant, sealed, nil
}

// madeReady makes what the first use needs where the clock begins with it: the
// job would come too late.
func (s *Service) madeReady(ctx context.Context, r *running) error {
	if r.plan.Kind == bcn.KindAccess && r.grant.Task == "" {
		task, err := s.startTask(ctx, *r)
		if err != nil {
			return err
		}
		r.grant.Task = task.ARN
	}
	if r.plan.Access.StopTask && r.grant.Schedule == "" {
		return s.arm(ctx, r)
	}
	return nil
}

// mint assumes the role of access for the one target, until the end.
func (s *Service) mint(ctx context.Context, r running) (string, error) {
	t := target(r.plan, r.plan.Kind, r.grant.Task)
	policy, err := access.Policy(t, *r.grant.EndsAt)
	if err != nil {
		return "", bcn.E(bcn.CodeInternal).Wrap(err)
	}
	seconds, err := access.SessionSeconds(r.Now, *r.grant.EndsAt)
	if err != nil {
		return "", bcn.E(bcn.CodeGrantOver, "id", r.Change.ID.String(), "state", string(r.grant.State)).Wrap(err)
	}
	bot := s.Changes.Target(r.Change, r.plan.District)
	identity, err := access.SourceIdentity(bot.Identity)
	if err != nil {
		return "", bcn.E(bcn.CodeInternal).Wrap(err)
	}
	keys, err := s.AWS.Mint(ctx, bot, Mint{
		Role: r.plan.Access.Role, Policy: policy, Session: access.SessionName(r.Change.ID, r.grant.Mints), Identity: identity, Seconds: seconds,
	})
	if err != nil {
		return "", err
	}
	return access.Seal(r.grant.Key, access.Credentials{
		Runtime:     s.runtime(ctx, r),
		AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken, Expiration: keys.Expiration,
		Grant: r.Change.ID, End: *r.grant.EndsAt, Target: t, Command: r.plan.Access.Command,
	})
}

// runtime is the id of the container that a task is entered by, which only
// sessions need that are encrypted; empty where it does not run yet.
func (s *Service) runtime(ctx context.Context, r running) string {
	if r.grant.Task == "" {
		return ""
	}
	task, err := s.AWS.Task(ctx, s.Changes.Target(r.Change, r.plan.District), r.grant.Task, r.plan.Access.Container)
	if err != nil {
		return ""
	}
	return task.Runtime
}

// enter opens the session in bcn's name; its id is written down before its
// token leaves.
func (s *Service) enter(ctx context.Context, r *running) (string, error) {
	stream, err := s.AWS.Enter(ctx, s.Changes.Target(r.Change, r.plan.District), r.grant.Task, r.plan.Access.Container, r.plan.Access.Command)
	if err != nil {
		return "", err
	}
	r.grant.Sessions = append(r.grant.Sessions, bcn.GrantSession{ID: stream.SessionID, Started: r.Now, ByBot: true})
	return s.sealStream(*r, stream)
}

// handed writes that the requester has it. The job may have moved the grant
// meanwhile: what it made is kept, and an end stays an end.
func (s *Service) handed(now deploy.Claimed, had bcn.Grant, r running) (deploy.Move, error) {
	if now.Grant == nil || !now.Grant.State.Open() || now.Grant.EndsAt == nil || !now.Now.Before(*now.Grant.EndsAt) {
		return deploy.Move{}, bcn.E(bcn.CodeGrantOver, "id", now.Change.ID.String(), "state", string(bcn.GrantEnding))
	}
	g := *now.Grant
	if g.Task == "" {
		g.Task = r.grant.Task
	}
	if g.Schedule == "" {
		g.Schedule = r.grant.Schedule
	}
	for _, x := range r.grant.Sessions[len(had.Sessions):] {
		i := slices.IndexFunc(g.Sessions, func(y bcn.GrantSession) bool { return y.ID == x.ID })
		if i < 0 {
			g.Sessions = append(g.Sessions, x)
		} else { // the job has listed it meanwhile
			g.Sessions[i].ByBot, g.Sessions[i].Stranger = x.ByBot, false
		}
	}
	live := running{Claimed: now, plan: r.plan, grant: g}
	live.grant.State = bcn.GrantLive
	return deploy.Move{
		Grant: &deploy.GrantMove{Event: bcn.GrantHand, Row: g}, Urgent: true,
		Notes: s.Speaker.Notes(live.moment(deploy.MomentHanded)), Audit: map[string]any{"actor": g.Person},
	}, nil
}

// writeOff takes back a pick-up that AWS refused: nothing was opened by it, and
// no session of somebody else's must be taken for it.
func (s *Service) writeOff(ctx context.Context, r running, cause error) {
	if !r.plan.Access.ByBot || !final(cause) {
		return
	}
	_, err := s.Store.Touch(ctx, deploy.Origin{}, r.Change.ID, func(now deploy.Claimed) (deploy.Move, error) {
		g := *now.Grant
		g.Mints--
		return deploy.Move{Grant: &deploy.GrantMove{Row: g}, Quiet: true}, nil
	})
	if err != nil {
		s.Log.Warn("could not write a pick-up off", "change", int64(r.Change.ID), "error", err)
	}
}

// recall closes what bcn opened for a grant that ended meanwhile. The sweeps at
// the end find what this does not reach.
func (s *Service) recall(ctx context.Context, r running, had bcn.Grant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, x := range r.grant.Sessions[len(had.Sessions):] {
		if err := s.AWS.Terminate(ctx, s.system(r.Change, r.plan.District), x.ID); err != nil {
			s.Log.Warn("could not recall a session", "change", int64(r.Change.ID), "session", x.ID, "error", err)
		}
	}
}
