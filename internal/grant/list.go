package grant

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// List answers the grants that have not ended and the access that waits for
// approval, oldest first; see commands.Access.
func (s *Service) List(ctx context.Context) ([]deploy.GrantView, error) {
	var out []deploy.GrantView
	grants, err := s.Store.OpenGrants(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		c, p, now, err := s.read(ctx, g.ID)
		if err != nil { // one that cannot be read does not hide the others
			s.Log.Error("a grant cannot be read", "change", int64(g.ID), "error", err)
			continue
		}
		out = append(out, deploy.GrantView{Change: c, Plan: p, Grant: now})
	}
	asking, err := s.Store.Asking(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range asking {
		v := deploy.GrantView{Change: c, Grant: bcn.Grant{ID: c.ID, Person: c.Requester.User}}
		stored, err := s.Store.Plan(ctx, c.ID)
		switch {
		case errors.Is(err, deploy.ErrNone): // it is being planned
		case err != nil:
			return nil, err
		default:
			if err := json.Unmarshal(stored.Bytes, &v.Plan); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	return out, nil
}
