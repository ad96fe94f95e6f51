package deploy

import (
	"context"
	"maps"
	"slices"
)

// Variables are the names of a heritage's environment variables by where they
// come from, sorted; no values.
type Variables struct {
	Release int64    // that has them; 0: nothing was deployed yet
	File    []string // written in barcelona.yml
	Chat    []string // set by `env set`
	Both    []string // set by `env set` over the file, or over a secret
	Secret  []string // read from a secret; a prefix of several goes by its path
}

// Variables answers the variables of what runs. Errors: unknown_app,
// unknown_env.
func (s *Service) Variables(ctx context.Context, app, env string) (Variables, error) {
	d, err := s.standing(ctx, app, env)
	if err != nil || d.before == nil {
		return Variables{}, err
	}
	out := Variables{Release: d.last.Number}
	written := map[string]bool{}
	for _, v := range d.before.Environment {
		name := v.Name
		if v.SSMPrefix != "" {
			name = v.SSMPrefix
		}
		_, set := d.last.Overlay.Env[name]
		written[name] = true
		switch {
		case set:
			out.Both = append(out.Both, name)
		case v.Value != nil:
			out.File = append(out.File, name)
		default:
			out.Secret = append(out.Secret, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.last.Overlay.Env)) {
		if !written[name] {
			out.Chat = append(out.Chat, name)
		}
	}
	for _, list := range [][]string{out.File, out.Both, out.Secret} {
		slices.Sort(list)
	}
	return out, nil
}
