package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

// planning finds out what the change would do, and stores it as bytes with a
// hash. Nothing but change sets is made in AWS.
func (s *Service) planning(ctx context.Context, c Claimed) (time.Duration, error) {
	p, err := s.plan(ctx, c)
	if err != nil {
		return 0, err
	}
	p.Kind, p.Subject = c.Change.Kind, c.Change.Subject
	if err := s.guarded(ctx, c.Change, &p); err != nil {
		return 0, err
	}
	if err := s.judge(ctx, c, &p); err != nil {
		return 0, err
	}
	stored, err := seal(p)
	if err != nil {
		return 0, err
	}
	moved, err := s.movedSince(ctx, c, p)
	if err != nil {
		return 0, err
	}
	change := c.Change
	change.Heritage, change.District = p.Heritage, p.District.Name
	notes := s.Speaker.Notes(Moment{Kind: MomentPlanned, Change: change, Plan: &p, Hash: stored.Hash, Moved: moved})
	return s.move(ctx, Move{From: c, Event: bcn.EventPlanned, Plan: &stored, Details: &p, Notes: notes})
}

// plan asks the planner of the change's kind.
func (s *Service) plan(ctx context.Context, c Claimed) (bcn.Plan, error) {
	switch c.Change.Kind {
	case bcn.KindDeploy, bcn.KindPlan, bcn.KindRollback, bcn.KindRestart, bcn.KindPromote, bcn.KindScale, bcn.KindEnv, bcn.KindRepair:
		return s.planRelease(ctx, c)
	case bcn.KindRun:
		return s.planRun(ctx, c)
	case bcn.KindSecret:
		return s.planSecret(ctx, c)
	case bcn.KindDelete:
		return s.planDelete(ctx, c)
	case bcn.KindUnlock:
		return s.planUnlock(ctx, c)
	case bcn.KindEndpoint:
		return s.planEndpoint(ctx, c)
	case bcn.KindEndpointUpdate:
		return s.planEndpointUpdate(ctx, c)
	case bcn.KindEndpointDelete:
		return s.planEndpointDelete(ctx, c)
	case bcn.KindDistrict:
		return s.planDistrict(ctx, c)
	case bcn.KindDistrictCreate:
		return s.planDistrictCreate(ctx, c)
	case bcn.KindDistrictUpdate:
		return s.planDistrictUpdate(ctx, c)
	case bcn.KindDistrictDelete:
		return s.planDistrictDelete(ctx, c)
	case bcn.KindHeritage:
		return s.planHeritage(ctx, c)
	case bcn.KindAccess, bcn.KindAccessLive, bcn.KindAccessInstance, bcn.KindAccessPort:
		return s.Access.Plan(ctx, c)
	default:
		return bcn.Plan{}, fmt.Errorf("no planner for kind %q", c.Change.Kind)
	}
}

// judge reads the rules again, now that it is known what the plan does, and
// puts the stricter answer into the plan.
func (s *Service) judge(ctx context.Context, c Claimed, p *bcn.Plan) error {
	v, err := s.Verdict(ctx, c.Change, *p)
	if err != nil {
		return err
	}
	p.Findings = settled(c.Change, p.Findings, v)
	if err := denied(p.Findings); err != nil {
		return err
	}
	if err := s.demanded(ctx, c.Change, v); err != nil {
		return err
	}
	p.Rule, p.RuleIndex, p.Needs, p.Within = v.Rule.Raw, v.Index, v.Needs, v.Within
	p.Outside, p.Escalate, p.Uses = v.Outside, v.Escalate, uses(c.Change, v)
	p.Oncall = oncallOf(v)
	if err := breakGlass(c, v, s.Authz.MayBreak(asking(c.Change)), p); err != nil {
		return err
	}
	if p.BreakGlass == nil && c.Change.Kind != bcn.KindPlan {
		if err := approvable(v); err != nil {
			return err
		}
	}
	if err := judgeScan(c.Change, v, p); err != nil {
		return err
	}
	return withinBounds(v, p.Scaled)
}

// Verdict reads the rules for a change whose plan is known: the stricter answer
// of those for the command and those for what the plan does. Where a guardrail
// wants an approval that no rule asks for, it is that of Authorizer.Approvers.
func (s *Service) Verdict(ctx context.Context, c bcn.Change, p bcn.Plan) (authz.Verdict, error) {
	// Access that was begun in time goes on to its end.
	return s.verdict(ctx, c, p, c.Kind.Access() && !c.State.BeforeApplying())
}

func (s *Service) verdict(ctx context.Context, c bcn.Change, p bcn.Plan, anyTime bool) (authz.Verdict, error) {
	ask := asking(c)
	ask.AnyTime = anyTime
	ask.Since = s.Authz.Now().Add(-mayBeOld(c))
	if c.Kind.Access() { // it changes nothing: one question is enough
		ask.DestructiveNotKnown = false
		return s.Authz.Judge(ctx, c.Requester, ask)
	}
	command, err := s.sharedVerdict(ctx, c.Requester, ask, p.Secret)
	if err != nil {
		return authz.Verdict{}, err
	}
	ask.DestructiveNotKnown, ask.Destructive, ask.IAM = false, p.Destructive(), p.ChangesIAM()
	v, err := s.knownVerdict(ctx, c.Requester, ask, p.Secret)
	if err != nil {
		return authz.Verdict{}, err
	}
	v = authz.Stricter(command, v)
	if by, gated := s.Authz.Gate(ask); gated && !v.Gated() && c.Requester.Via != "" {
		// Whoever holds a machine's token is not the person who may go without.
		v = v.ApprovedBy(by)
	}
	if !v.Gated() && guard.NeedsApproval(p.Findings) {
		by := s.Authz.Approvers(ask)
		v = v.ApprovedBy(by)
	}
	return s.takesApproval(ask, v), nil
}

// knownVerdict reads the rules for what a plan does. One that is dangerous in
// both ways is asked about in each as well: whichever rule comes first must not
// hide the other.
func (s *Service) knownVerdict(ctx context.Context, actor bcn.Actor, ask authz.Ask, p *bcn.SecretPlan) (authz.Verdict, error) {
	v, err := s.sharedVerdict(ctx, actor, ask, p)
	if err != nil {
		return v, err
	}
	for _, aspect := range authz.Aspects(ask) {
		also, err := s.sharedVerdict(ctx, actor, aspect, p)
		if bcn.CodeOf(err) == bcn.CodeNotAllowed {
			continue // no rule is about that alone
		}
		if err != nil {
			return v, err
		}
		v = authz.Stricter(also, v)
	}
	return v, nil
}

// mayBeOld is how old an answer about people may be. Planning decides nothing:
// the rules are read afresh for what is asked, decided and started. Slack
// answers who is in a group 20 times a minute, for all that bcn does.
func mayBeOld(c bcn.Change) time.Duration {
	if c.State == bcn.ChangePlanning {
		return time.Minute
	}
	return 0
}

// seal marshals a plan once and hashes the bytes.
func seal(p bcn.Plan) (StoredPlan, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return StoredPlan{}, fmt.Errorf("write the plan: %w", err)
	}
	sum := sha256.Sum256(b)
	return StoredPlan{Bytes: b, Hash: hex.EncodeToString(sum[:])}, nil
}

// planned asks those who must approve, or goes on where nobody must.
func (s *Service) planned(ctx context.Context, c Claimed) (time.Duration, error) {
	p, err := planOf(c)
	if err != nil {
		return 0, err
	}
	switch {
	case len(p.Stacks) > 0 && p.Empty():
		return 0, bcn.E(bcn.CodeNoChange)
	case c.Change.Kind == bcn.KindPlan:
		return 0, bcn.E(bcn.CodePlanOnly)
	case len(p.Needs) == 0:
		return s.move(ctx, Move{From: c, Event: bcn.EventQueue, Audit: whyUngated(p)})
	}
	r := bcn.Request{ID: c.Change.ID, Matter: c.Change.Matter(), Hash: c.Plan.Hash, Requester: c.Change.Requester.User, Needs: p.Needs, Outside: p.Outside, Escalate: p.Escalate, ExpiresAt: c.Now.Add(p.Within)}
	if at := c.Change.NotBefore; at != nil && at.After(c.Now) {
		r.ExpiresAt = *at // of a tick: whoever approves does so by its time
	}
	if r, err = s.staffed(ctx, r, c.Change.Requester.Team); err != nil {
		return 0, err
	}
	if len(p.Escalate) > 0 {
		r.EscalatedAt = approval.EscalatesAt(c.Now, r.ExpiresAt)
	}
	return s.move(ctx, Move{
		From: c, Event: bcn.EventAsk, Ask: &r, Urgent: true,
		Audit: map[string]any{"hash": r.Hash, "expires": r.ExpiresAt.UTC().Format(time.RFC3339)},
	})
}

// waiting ends what nobody decided in time. A job looks when it is told to, or
// when the reconciler finds that the time has come.
func (s *Service) waiting(ctx context.Context, c Claimed) (time.Duration, error) {
	if c.Request != nil && !c.Now.Before(c.Request.ExpiresAt) {
		return 0, bcn.E(bcn.CodeExpired, "id", c.Change.ID.String())
	}
	return s.move(ctx, Move{From: c, Quiet: true})
}
