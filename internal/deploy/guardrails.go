package deploy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

// Tried is what the guardrails find in a release.
type Tried struct {
	Release  bcn.Release
	Findings []bcn.Finding
}

// ListGuardrails answers the guardrails in force.
func (s *Service) ListGuardrails() []guard.Guardrail { return s.Guardrails.List() }

// TryGuardrails applies the guardrails in force to the templates of the last
// successful release, as if it were planned again and nothing changed. Errors:
// unknown_app, unknown_env; ErrNone where nothing was released.
func (s *Service) TryGuardrails(ctx context.Context, app, env string) (Tried, error) {
	h, err := s.bound(ctx, app, env)
	if err != nil {
		return Tried{}, err
	}
	last, _, err := s.Store.LastRelease(ctx, h.Name)
	if err != nil {
		return Tried{}, err
	}
	stored, err := s.Store.Plan(ctx, last.Change)
	if err != nil {
		return Tried{}, err
	}
	var p bcn.Plan
	if err := json.Unmarshal(stored.Bytes, &p); err != nil {
		return Tried{}, fmt.Errorf("read the plan of %s: %w", last.Change, err)
	}
	for i := range p.Stacks { // they were made then
		p.Stacks[i].Changes = nil
	}
	found, err := s.guardrails(ctx, bcn.Change{Kind: bcn.KindDeploy, App: h.App, Env: h.Env}, p)
	return Tried{Release: last, Findings: found}, err
}
