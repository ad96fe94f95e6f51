package deploy

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/text"
)

func (s *Service) renderHeritage(ctx context.Context, d deployment) ([]bcn.Proposal, []bcn.Finding, error) {
	all, err := s.Store.Endpoints(ctx)
	if err != nil {
		return nil, nil, err
	}
	endpoints := map[string]bcn.Endpoint{}
	for _, e := range all {
		if e.District == d.district.Name {
			endpoints[e.Name] = e
		}
	}
	return render.Heritage(render.Input{
		Heritage: d.manifest, File: d.file.Name, App: d.bound.App, Env: d.bound.Env,
		District: d.district, Endpoints: endpoints, Digest: d.digest, Installation: s.Installation, Tags: s.Tags,
		Parameters: d.below, Keys: d.keys, Overlay: d.overlay, Traffic: d.traffic,
	})
}

// denied turns findings of guardrails that deny into an error that lists them
// all.
func denied(findings []bcn.Finding) error { return deniedAs(bcn.CodeGuardrail, findings) }

func deniedAs(code bcn.Code, findings []bcn.Finding) error {
	var list []bcn.Finding
	for _, f := range findings {
		if guard.Denies(f) {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return bcn.E(code, "findings", text.EncodeFindings(list))
}
