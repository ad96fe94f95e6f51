package app

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/render"
)

// drifts finds out what was changed outside.
type drifts struct{ a *App }

var _ commands.Drifts = drifts{}

// Drift looks at the two stacks of a heritage.
func (l drifts) Drift(ctx context.Context, h bcn.Heritage) (deploy.DriftReport, error) {
	return l.look(ctx, h.District, func(bcn.District) ([]string, error) {
		return []string{h.BaseStack(), h.ServicesStack()}, nil
	})
}

// DriftOfDistrict looks at the stack of a district that bcn made, and at those
// of its endpoints.
func (l drifts) DriftOfDistrict(ctx context.Context, name string) (deploy.DriftReport, error) {
	return l.look(ctx, name, func(d bcn.District) ([]string, error) {
		var stacks []string
		if d.Made() {
			stacks = append(stacks, render.DistrictStack(name))
		}
		all, err := l.a.store.Endpoints(ctx)
		for _, e := range all {
			if e.District == name {
				stacks = append(stacks, render.EndpointStack(e.Name))
			}
		}
		return stacks, err
	})
}

func (l drifts) look(ctx context.Context, district string, of func(bcn.District) ([]string, error)) (deploy.DriftReport, error) {
	d, err := l.a.store.District(ctx, district)
	if err != nil {
		return deploy.DriftReport{}, err
	}
	stacks, err := of(d)
	if err != nil {
		return deploy.DriftReport{}, err
	}
	return l.a.apply.Drift(ctx, l.a.deploy.SystemTarget(d), stacks)
}
