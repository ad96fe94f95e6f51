package deploy

import (
	"context"
	"fmt"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// allowed makes the change of a wish that the rules let the actor have. Whoever
// is refused learns nothing but that, and it is in the log: who asks and what
// the rules say come before everything that is there.
func (s *Service) allowed(ctx context.Context, o Origin, actor bcn.Actor, w *Wish) (bcn.Change, authz.Verdict, error) {
	what := "ask " + string(w.Kind)
	c, err := s.locate(ctx, actor, w)
	if err != nil {
		return c, authz.Verdict{}, s.toKnown(ctx, actor, what, err)
	}
	c.Requester, c.Tick, c.NotBefore = actor, o.Tick, timeOrNil(o.NotBefore)
	v, err := s.Authz.Judge(ctx, actor, asking(c))
	if err != nil {
		return c, v, s.Refuse(ctx, actor, 0, what, err)
	}
	if c, err = s.describe(ctx, c, w); err != nil {
		return c, v, err
	}
	if v, err = s.judgeAsked(ctx, actor, c, v); err != nil {
		return c, v, s.Refuse(ctx, actor, 0, what, err)
	}
	if v, err = s.mayBreak(ctx, o, actor, v, asking(c), *w); err != nil {
		return c, v, s.Refuse(ctx, actor, 0, "break glass for "+string(w.Kind), err)
	}
	if !w.BreakGlass && c.Kind != bcn.KindPlan { // whoever goes without the approval does not need somebody to give it
		if err := approvable(v); err != nil {
			return c, v, s.Refuse(ctx, actor, 0, what, err)
		}
	}
	return c, v, nil
}

// locate makes the change of a wish: of which app, environment and district it
// is, which the rules are asked about, and nothing besides. Errors: names that
// are not there.
func (s *Service) locate(ctx context.Context, actor bcn.Actor, w *Wish) (bcn.Change, error) {
	if w.Kind.Access() {
		return s.locateAccess(ctx, actor, w)
	}
	c := bcn.Change{Kind: w.Kind, App: w.App, Env: w.Env, Tag: w.Tag, Reason: w.Reason}
	switch w.Kind {
	case bcn.KindDeploy, bcn.KindPlan, bcn.KindRollback, bcn.KindRestart, bcn.KindPromote, bcn.KindScale, bcn.KindEnv, bcn.KindRepair,
		bcn.KindDelete:
		h, err := s.bound(ctx, w.App, w.Env)
		c.Heritage, c.District, c.Subject = h.Name, h.District, "heritage:"+h.Name
		return c, err
	case bcn.KindUnlock:
		h, err := s.bound(ctx, w.App, w.Env)
		c.Heritage, c.District, c.Subject = h.Name, h.District, "lock:"+h.Name
		return c, err
	case bcn.KindSecret: // which parameter it is of, only the file says
		h, err := s.bound(ctx, w.App, w.Env)
		c.Heritage, c.District = h.Name, h.District
		return c, err
	case bcn.KindRun:
		return s.locateRun(ctx, c, w)
	case bcn.KindHeritage:
		h := *w.Heritage
		c.App, c.Env, c.District, c.Subject = h.App, h.Env, h.District, "app:"+h.App+"/"+h.Env
		return c, nil
	case bcn.KindEndpoint:
		c.District, c.Subject = w.Endpoint.District, "endpoint:"+w.Endpoint.Name
		return c, nil
	case bcn.KindEndpointUpdate, bcn.KindEndpointDelete:
		e, err := s.endpoint(ctx, w.Edit.Name)
		c.District, c.Subject = e.District, "endpoint:"+e.Name
		return c, err
	case bcn.KindDistrict, bcn.KindDistrictCreate:
		c.District, c.Subject = w.District.Name, "district:"+w.District.Name
		return c, nil
	case bcn.KindDistrictUpdate, bcn.KindDistrictDelete:
		c.District, c.Subject = w.Edit.Name, "district:"+w.Edit.Name
		return c, nil
	default:
		return c, bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("unknown kind %q", w.Kind))
	}
}

// toKnown is the error of a lookup for somebody whom the rules were not asked
// about: whom bcn takes no commands from is told that alone.
func (s *Service) toKnown(ctx context.Context, actor bcn.Actor, what string, err error) error {
	if _, refused := s.Authz.Person(ctx, actor); refused != nil {
		return s.Refuse(ctx, actor, 0, what, refused)
	}
	return err
}

// locateAccess says what somebody wants to be let into. Each access is a
// subject of its own: it waits for nothing and nothing waits for it.
func (s *Service) locateAccess(ctx context.Context, actor bcn.Actor, w *Wish) (bcn.Change, error) {
	c, err := s.Access.Describe(ctx, actor, w)
	if err != nil {
		return c, err
	}
	if c.App == "" {
		_, err := s.district(ctx, c.District)
		return c, err
	}
	h, err := s.bound(ctx, c.App, c.Env)
	c.Heritage, c.District = h.Name, h.District
	return c, err
}
