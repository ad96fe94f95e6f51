package deploy

import (
	"context"
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// Deployed is what a heritage runs: the file of its last successful release.
type Deployed struct {
	Heritage bcn.Heritage
	Manifest []byte
}

// user is a service that stands behind an endpoint.
type user struct {
	heritage bcn.Heritage
	claim    manifest.Claim
}

func (u user) String() string {
	return u.heritage.App + " " + u.heritage.Env + " (" + u.claim.Service + ")"
}

// users answers what the releases of a district's heritages claim of its
// endpoints. A file that can no longer be read claims nothing that is known.
func (s *Service) users(ctx context.Context, district string) ([]user, error) {
	all, err := s.Store.Deployed(ctx, district)
	if err != nil {
		return nil, err
	}
	var out []user
	for _, d := range all {
		f, problems := manifest.Parse("release", d.Manifest)
		if manifest.Failed(problems) {
			continue
		}
		h, problem := f.Environment(d.Heritage.Env)
		if problem != nil {
			continue
		}
		for _, claim := range h.Claims() {
			out = append(out, user{d.Heritage, claim})
		}
	}
	return out, nil
}

func (s *Service) endpointUsers(ctx context.Context, e bcn.Endpoint) ([]user, error) {
	all, err := s.users(ctx, e.District)
	var out []user
	for _, u := range all {
		if u.claim.Endpoint == e.Name {
			out = append(out, u)
		}
	}
	return out, err
}

// stillUsed refuses to take away what somebody uses.
func stillUsed[T interface{ String() string }](name string, by []T) error {
	if len(by) == 0 {
		return nil
	}
	lines := ""
	for i, u := range by {
		if i > 0 {
			lines += "\n"
		}
		lines += u.String()
	}
	return bcn.E(bcn.CodeInUse, "name", name, "by", lines)
}

// freePriorities refuses a file whose rules would take a priority that another
// heritage has on the same endpoint: CloudFormation would find out only when
// half of it is done. It answers what the others hold.
func (s *Service) freePriorities(ctx context.Context, bound bcn.Heritage, h *manifest.Heritage) (map[held]bool, error) {
	others, err := s.users(ctx, bound.District)
	if err != nil {
		return nil, err
	}
	taken := map[held]bool{}
	for _, u := range others {
		if u.heritage.Name == bound.Name {
			continue
		}
		taken[held{u.claim.Endpoint, u.claim.Priority}] = true
		for _, c := range h.Claims() {
			if u.claim.Endpoint == c.Endpoint && u.claim.Priority == c.Priority {
				return nil, bcn.E(bcn.CodeRulePriority, "endpoint", c.Endpoint, "priority", strconv.Itoa(c.Priority), "by", u.String())
			}
		}
	}
	return taken, nil
}
