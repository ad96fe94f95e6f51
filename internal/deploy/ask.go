package deploy

import (
	"context"
	"errors"
	"strconv"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// ReasonLimit is how many characters a reason may have.
const ReasonLimit = 500

// Ask stores what somebody wishes as a change, when the rules let them: its
// card then speaks. Errors: not_allowed, refused_person, could_not_check,
// unknown_app, unknown_env, unknown_name, name_taken, bad_name,
// reason_too_long, channel_not_posted.
func (s *Service) Ask(ctx context.Context, o Origin, actor bcn.Actor, w Wish) (Asked, error) {
	if n := len([]rune(w.Reason)); n > ReasonLimit {
		return Asked{}, bcn.E(bcn.CodeReasonTooLong, "length", strconv.Itoa(n), "limit", strconv.Itoa(ReasonLimit))
	}
	c, v, err := s.allowed(ctx, o, actor, &w)
	if err != nil {
		return Asked{}, err
	}
	if w.Kind.Access() {
		if err := s.Access.Check(v, w.Access.For); err != nil {
			return Asked{}, err
		}
	}
	if err := s.checkOperation(ctx, actor, v, c, &w); err != nil {
		return Asked{}, err
	}
	w.Uses = uses(c, v)
	actor.Name, actor.Locale = v.Profile.Name, v.Profile.Locale
	c.Requester, c.Channel, c.Thread = actor, o.Channel, o.Thread
	if err := s.Channels.CanPost(ctx, s.cardChannel(c)); err != nil {
		return Asked{}, err
	}
	empty, instead := "", ""
	if !w.BreakGlass { // whoever goes without the approval does not need somebody to give it
		if empty, instead, err = s.stoodIn(ctx, c, v); err != nil {
			return Asked{}, s.Refuse(ctx, actor, 0, "ask "+string(w.Kind), err)
		}
	}
	c, err = s.Store.New(ctx, o, c, w, s.Speaker.Notes(Moment{Kind: MomentAsked, Change: c, Wish: w}))
	if err := s.limited(ctx, actor, 0, "ask "+string(w.Kind), err); err != nil {
		return Asked{}, err
	}
	a := Asked{ID: c.ID, Behind: c.Behind, Empty: empty, Instead: instead}
	if c.HeldBy != 0 {
		a.Held = &bcn.Error{Code: c.Code, Params: c.Params}
	}
	return a, nil
}

// cardChannel is where the card goes: the channel for approvals, if there is
// one, for what somebody may have to approve.
func (s *Service) cardChannel(c bcn.Change) string {
	if s.Approvals != "" && c.Kind != bcn.KindPlan {
		return s.Approvals
	}
	return c.Channel
}

// describe completes the change of a wish with what can be seen before there is
// a plan, and refuses what cannot be. It says what is there: the rules are asked
// first.
func (s *Service) describe(ctx context.Context, c bcn.Change, w *Wish) (bcn.Change, error) {
	switch w.Kind {
	case bcn.KindSecret:
		return s.describeSecret(ctx, c, *w.Secret)
	case bcn.KindUnlock:
		return s.describeUnlock(ctx, c)
	case bcn.KindDelete:
		return c, describeDelete(c, w.Confirm)
	case bcn.KindHeritage:
		return s.describeHeritage(ctx, c, *w.Heritage)
	case bcn.KindEndpoint:
		return s.describeEndpoint(ctx, c, *w.Endpoint)
	case bcn.KindEndpointUpdate, bcn.KindEndpointDelete:
		return s.describeEndpointEdit(ctx, c, *w.Edit)
	case bcn.KindDistrict, bcn.KindDistrictCreate:
		*w.District = laidOut(*w.District)
		return s.describeDistrict(ctx, c, *w.District)
	case bcn.KindDistrictUpdate, bcn.KindDistrictDelete:
		return s.describeDistrictEdit(ctx, c, *w.Edit)
	default:
		return c, nil
	}
}

func (s *Service) describeHeritage(ctx context.Context, c bcn.Change, h bcn.Heritage) (bcn.Change, error) {
	c.App, c.Env, c.District, c.Subject = h.App, h.Env, h.District, "app:"+h.App+"/"+h.Env
	for _, name := range []string{h.App, h.Env} {
		if err := render.CheckName(name, 40); err != nil {
			return c, err
		}
	}
	d, err := s.district(ctx, h.District)
	if err != nil {
		return c, err
	}
	if !d.Serves(h.Env) {
		return c, bcn.E(bcn.CodeEnvironmentForeign, "what", "district", "name", d.Name, "env", h.Env)
	}
	_, err = s.Store.Heritage(ctx, h.App, h.Env)
	return c, free(err, h.App+" "+h.Env, "app")
}

// free turns the answer of a lookup into name_taken, unless there is none.
func free(err error, name, by string) error {
	switch {
	case err == nil:
		return bcn.E(bcn.CodeNameTaken, "name", name, "by", by)
	case errors.Is(err, ErrNone):
		return nil
	default:
		return err
	}
}

func (s *Service) describeEndpoint(ctx context.Context, c bcn.Change, e bcn.Endpoint) (bcn.Change, error) {
	c.District, c.Subject = e.District, "endpoint:"+e.Name
	d, err := s.district(ctx, e.District)
	if err != nil {
		return c, err
	}
	for _, env := range e.Environments {
		if !d.Serves(env) {
			return c, bcn.E(bcn.CodeEnvironmentForeign, "what", "district", "name", d.Name, "env", env)
		}
	}
	all, err := s.Store.Endpoints(ctx)
	if err != nil {
		return c, err
	}
	for _, other := range all {
		if other.Name == e.Name {
			return c, bcn.E(bcn.CodeNameTaken, "name", e.Name, "by", "endpoint")
		}
	}
	return c, checkEndpoint(e, d)
}

func (s *Service) district(ctx context.Context, name string) (bcn.District, error) {
	d, err := s.Store.District(ctx, name)
	if errors.Is(err, ErrNone) {
		return d, bcn.E(bcn.CodeUnknownName, "what", "district", "name", name).Wrap(err)
	}
	return d, err
}

// unknownHeritage says whether it is the app or its environment that is not there.
func (s *Service) unknownHeritage(ctx context.Context, app, env string) error {
	all, err := s.Store.Heritages(ctx)
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.App == app {
			return bcn.E(bcn.CodeUnknownEnv, "app", app, "env", env)
		}
	}
	return bcn.E(bcn.CodeUnknownApp, "app", app)
}

// asking is what the rules are asked before there is a plan.
func asking(c bcn.Change) authz.Ask {
	a := authz.Ask{App: c.App, Env: c.Env, District: c.District, DestructiveNotKnown: true, Unattended: c.Tick != 0 || c.Requester.Via != ""}
	if c.NotBefore != nil {
		a.At = *c.NotBefore
	}
	switch c.Kind {
	case bcn.KindPlan:
		a.Verb, a.Reads = "plan", true
	case bcn.KindHeritage:
		a.Verb = "create"
	case bcn.KindRepair: // who may ship it may ship it again, approved alike
		a.Verb = "deploy"
	case bcn.KindEndpointUpdate, bcn.KindEndpointDelete:
		a.Verb = "endpoint"
	case bcn.KindDistrictCreate, bcn.KindDistrictUpdate, bcn.KindDistrictDelete:
		a.Verb = "district"
	default:
		a.Verb = string(c.Kind)
	}
	return a
}

// Refuse writes a refusal down; where that is not possible the refusal stands
// all the same.
func (s *Service) Refuse(ctx context.Context, actor bcn.Actor, id bcn.ID, what string, cause error) error {
	switch bcn.CodeOf(cause) {
	case "", bcn.CodeInternal, bcn.CodeUnavailable, bcn.CodeCouldNotCheck: // not a refusal
	default:
		if err := s.Refusals.Refused(ctx, who(actor), id, what, cause); err != nil {
			s.Log.Error("write refusal", "change", int64(id), "actor", who(actor), "error", err)
			return errors.Join(cause, err)
		}
		s.Log.Info("refused", "change", int64(id), "actor", who(actor), "what", what, "code", bcn.CodeOf(cause))
	}
	return cause
}

// PlanAgain asks for the same as an ended change did.
func (s *Service) PlanAgain(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID) (Asked, error) {
	c, w, err := s.Store.ChangeAndWish(ctx, id)
	if err != nil {
		return Asked{}, err
	}
	if c.Kind.Access() {
		return s.Ask(ctx, o, actor, Wish{Kind: c.Kind, App: c.App, Env: c.Env, Reason: c.Reason, Access: w.Access})
	}
	if !c.Kind.Repeats() {
		return Asked{}, bcn.E(bcn.CodeTooLate, "id", id.String())
	}
	w.Again, w.Base, w.BreakGlass = id, 0, false // whoever asks again asks for approval
	return s.Ask(ctx, o, actor, w)
}

// Wish answers what a change was asked for with.
func (s *Service) Wish(ctx context.Context, id bcn.ID) (Wish, error) {
	c, w, err := s.Store.ChangeAndWish(ctx, id)
	w.Kind, w.App, w.Env, w.Reason = c.Kind, c.App, c.Env, c.Reason
	return w, err
}
