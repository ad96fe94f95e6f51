package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// promoted takes over the file and image of another environment's last
// successful release. What chat changed stays each environment's own.
func (s *Service) promoted(ctx context.Context, w Wish, d deployment) (snapshot, error) {
	from, err := s.bound(ctx, w.App, w.From)
	if err != nil {
		return snapshot{}, err
	}
	if from.Source != d.bound.Source {
		return snapshot{}, bcn.E(bcn.CodeNotPromotable, "from", w.From, "env", w.Env, "what", "source", "one", from.Source, "other", d.bound.Source)
	}
	r, _, err := s.Store.LastRelease(ctx, from.Name)
	if errors.Is(err, ErrNone) {
		return snapshot{}, s.noRelease(ctx, from)
	}
	if err != nil {
		return snapshot{}, err
	}
	out := again(r)
	out.file.Name = w.From + " " + out.file.Name
	out.overlay = d.last.Overlay
	out.from = &bcn.Promoted{Env: w.From, Heritage: from.Name, Release: r.Number, Overlay: r.Overlay.WithoutRestarts()}
	return out, nil
}

// compared says how the two environments of a promotion differ, and warns of
// what the one has and the other lacks.
func (d *deployment) compared() error {
	if d.from == nil {
		return nil
	}
	theirs, _, err := readManifest(d.file, d.from.Env)
	if err != nil {
		return err
	}
	if theirs.ImageName != d.manifest.ImageName {
		return bcn.E(bcn.CodeNotPromotable, "from", d.from.Env, "env", d.bound.Env, "what", "image", "one", theirs.ImageName, "other", d.manifest.ImageName)
	}
	one, other := laidOver(theirs, d.from.Overlay), laidOver(d.manifest, d.overlay)
	d.from.Lines, d.from.Diff = render.Diff(one, other, "", "")
	d.lacks("promote_variables", variableNames(one), variableNames(other))
	d.lacks("promote_services", serviceNames(one), serviceNames(other))
	return nil
}

// lacks warns of names that are not in the environment that is promoted to.
func (d *deployment) lacks(id string, theirs, ours []string) {
	missing := slices.DeleteFunc(theirs, func(name string) bool { return slices.Contains(ours, name) })
	if len(missing) == 0 {
		return
	}
	d.warnings = append(d.warnings, bcn.Finding{ID: id, Level: bcn.Warn, Params: map[string]string{
		"from": d.from.Env, "env": d.bound.Env, "names": strings.Join(missing, ", "),
	}})
}

// variableNames are the variables of a heritage; what a prefix brings in goes
// by its path.
func variableNames(h *manifest.Heritage) []string {
	var out []string
	for _, v := range h.Environment {
		if v.SSMPrefix != "" {
			out = append(out, v.SSMPrefix)
		} else {
			out = append(out, v.Name)
		}
	}
	return out
}
