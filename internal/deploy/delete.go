package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// describeDelete holds what was typed against the heritage's name.
func describeDelete(c bcn.Change, confirm string) error {
	if confirm != c.Heritage {
		return bcn.E(bcn.CodeConfirmWrong, "name", c.Heritage)
	}
	return nil
}

// planDelete lists what goes with a heritage, the services first, and what
// stays.
func (s *Service) planDelete(ctx context.Context, c Claimed) (bcn.Plan, error) {
	h, err := s.bound(ctx, c.Change.App, c.Change.Env)
	if err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.district(ctx, h.District)
	if err != nil {
		return bcn.Plan{}, err
	}
	p := bcn.Plan{App: h.App, Env: h.Env, Heritage: h.Name, District: d, Source: h.Source}
	last, _, err := s.Store.LastRelease(ctx, h.Name)
	if err != nil && !errors.Is(err, ErrNone) {
		return p, err
	}
	p.BaseRelease = last.Number
	p.Lines = []bcn.Line{{Mark: bcn.MarkRemoved, What: fmt.Sprintf("heritage %s: %s %s is not bound any more", h.Name, h.App, h.Env)}}
	t := s.Target(c.Change, d)
	for _, name := range []string{h.ServicesStack(), h.BaseStack()} {
		sp, err := s.Stacks.Removal(ctx, t, name, s.Installation)
		if err != nil {
			return p, err
		}
		if sp.StackID == "" {
			continue
		}
		p.Stacks = append(p.Stacks, sp)
		p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkRemoved, What: "stack " + name})
	}
	if err := s.staysBehind(ctx, t, h, &p); err != nil {
		return p, err
	}
	p.Record, err = json.Marshal(h)
	return p, err
}

// staysBehind says what deleting a heritage leaves in the account.
func (s *Service) staysBehind(ctx context.Context, t bcn.Target, h bcn.Heritage, p *bcn.Plan) error {
	if len(p.Stacks) > 0 {
		p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkNote, What: "log group " + render.LogGroup(p.District.Name, h.Name) + " stays, with all logs"})
	}
	if err := s.secretsStay(ctx, t, h, p); err != nil {
		return err
	}
	if err := s.opensLeft(ctx, h, p); err != nil {
		return err
	}
	p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkNote, What: "images in the registry and the history of releases stay"})
	return nil
}

// secretsStay counts what stays in Parameter Store: below the heritage's folder,
// and below the app's where no environment of it is left in the district.
func (s *Service) secretsStay(ctx context.Context, t bcn.Target, h bcn.Heritage, p *bcn.Plan) error {
	all, err := s.Store.Heritages(ctx)
	if err != nil {
		return err
	}
	folders := []string{folder(h.District, h.Name)}
	if !slices.ContainsFunc(all, func(o bcn.Heritage) bool { return o.App == h.App && o.District == h.District && o.Name != h.Name }) {
		folders = unique(append(folders, folder(h.District, h.App)))
	}
	for _, f := range folders {
		secrets, err := s.Secrets.SecretsBelow(ctx, t, f)
		if err != nil {
			return err
		}
		if len(secrets) > 0 {
			p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkNote, What: fmt.Sprintf("what is in Parameter Store below %s/ stays (%d)", f, len(secrets))})
		}
	}
	return nil
}

// opensLeft says what is open of a heritage when its deletion is planned, and
// which schedules will find nothing of it.
func (s *Service) opensLeft(ctx context.Context, h bcn.Heritage, p *bcn.Plan) error {
	open, err := s.Store.Open(ctx)
	if err != nil {
		return err
	}
	for _, c := range open {
		if c.App != h.App || c.Env != h.Env || c.Kind == bcn.KindDelete || c.Kind == bcn.KindPlan {
			continue
		}
		what := fmt.Sprintf("%s %s", c.Kind, c.ID)
		switch {
		case c.State.BeforeApplying():
			p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkRemoved, What: what + " has not begun and is closed"})
		case c.Kind.Access():
			p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkNote, What: what + " is open: what it lets into goes"})
		default:
			p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkNote, What: what + " is running"})
		}
	}
	schedules, err := s.Store.Schedules(ctx)
	if err != nil {
		return err
	}
	for _, sch := range schedules {
		if strings.Contains(" "+strings.Join(strings.Fields(sch.Command), " ")+" ", " "+h.App+" "+h.Env+" ") {
			p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkNote, What: "schedule " + sch.Name + " names it and will fail: " + sch.Command})
		}
	}
	return nil
}
