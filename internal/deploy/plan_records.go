package deploy

import (
	"context"
	"encoding/json"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// planDistrict assumes the role and checks what it was told.
func (s *Service) planDistrict(ctx context.Context, c Claimed) (bcn.Plan, error) {
	if _, err := s.describe(ctx, c.Change, &c.Wish); err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.Districts.Inspect(ctx, s.Target(c.Change, *c.Wish.District))
	if err != nil {
		return bcn.Plan{}, err
	}
	record, err := json.Marshal(d)
	return bcn.Plan{District: d, Record: record, Lines: []bcn.Line{{Mark: bcn.MarkAdded, What: "district " + d.Name}}}, err
}

// planHeritage reads the file once, so that a binding to something that is not
// there is refused now, and takes the heritage's name from it.
func (s *Service) planHeritage(ctx context.Context, c Claimed) (bcn.Plan, error) {
	h := *c.Wish.Heritage
	if _, err := s.describeHeritage(ctx, c.Change, h); err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.district(ctx, h.District)
	if err != nil {
		return bcn.Plan{}, err
	}
	f, err := s.Sources.Fetch(ctx, h.Source)
	if err != nil {
		return bcn.Plan{}, err
	}
	m, findings, err := readManifest(f, h.Env)
	if err != nil {
		return bcn.Plan{}, err
	}
	h.Name = m.Name
	all, err := s.Store.Heritages(ctx)
	if err != nil {
		return bcn.Plan{}, err
	}
	for _, other := range all {
		// An app may refer to the secrets below its own name and its heritages':
		// no app is called like another app's heritage.
		mixed := other.App != h.App && (h.App == other.Name || h.Name == other.App)
		if other.Name == h.Name || mixed {
			return bcn.Plan{}, bcn.E(bcn.CodeNameTaken, "name", h.Name, "by", other.App+" "+other.Env)
		}
	}
	record, err := json.Marshal(h)
	return bcn.Plan{
		App: h.App, Env: h.Env, District: d, Source: h.Source, Commit: f.Commit, Record: record, Findings: findings,
		Lines: []bcn.Line{{Mark: bcn.MarkAdded, What: "heritage " + h.Name}},
	}, err
}
