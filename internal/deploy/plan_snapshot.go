package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// snapshot is what a release is made of: the file, the image, and what chat
// changed on top.
type snapshot struct {
	file     File
	tag      string
	digest   string // "": what the tag means now
	overlay  bcn.Overlay
	restores int64         // rollback: the release that it was
	from     *bcn.Promoted // promote: the release that it is of another environment
}

// snapshotOf answers what a change makes of what runs. It reads no more of AWS
// than the file: whoever asks can be told at once what cannot be.
func (s *Service) snapshotOf(ctx context.Context, c bcn.Change, w Wish, d deployment) (snapshot, error) {
	switch c.Kind {
	case bcn.KindDeploy, bcn.KindPlan:
		file, err := s.Sources.Fetch(ctx, d.bound.Source)
		return snapshot{file: file, tag: c.Tag, overlay: d.last.Overlay}, err
	case bcn.KindPromote:
		return s.promoted(ctx, w, d)
	}
	if d.last.Number == 0 {
		return snapshot{}, s.noRelease(ctx, d.bound)
	}
	same := again(d.last)
	var err error
	switch c.Kind {
	case bcn.KindRepair: // the same again
	case bcn.KindRollback:
		if w.Base != 0 && w.Base != d.last.Number { // it waited its turn behind another release
			return same, s.noRollback(ctx, d.bound, d.last, w.Release, "since")
		}
		earlier, err := s.earlier(ctx, d.bound, d.last, w.Release)
		same = again(earlier)
		same.restores = earlier.Number
		return same, err
	case bcn.KindRestart:
		if w.Service != "" {
			_, err = serviceOf(d.before, w.Service)
		}
		same.overlay = same.overlay.Restart(w.Service, c.ID.String())
	case bcn.KindScale:
		same.overlay, err = scaled(d, w.Service, w.Count)
	case bcn.KindEnv:
		same.overlay, err = withVariables(d, w)
	default:
		err = fmt.Errorf("no snapshot for kind %q", c.Kind)
	}
	return same, err
}

// noRelease says that there is nothing yet to make a release or a task of, and
// which deploy will have made it.
func (s *Service) noRelease(ctx context.Context, h bcn.Heritage) error {
	open, err := s.Store.Open(ctx)
	if err != nil {
		return err
	}
	first := ""
	for _, c := range open {
		if c.Heritage == h.Name && (c.Kind == bcn.KindDeploy || c.Kind == bcn.KindPromote) {
			first = c.ID.String()
			break
		}
	}
	return bcn.E(bcn.CodeNoRelease, "app", h.App, "env", h.Env, "first", first)
}

// again is what a release was.
func again(r bcn.Release) snapshot {
	return snapshot{
		file: File{Name: fmt.Sprintf("release %d", r.Number), Commit: r.Commit, Bytes: r.Manifest},
		tag:  r.Tag, digest: r.Digest, overlay: r.Overlay,
	}
}

// lookBack is how many successful releases a rollback that names none looks at.
const lookBack = 50

// earlier answers the release to go back to: the one with the number, or the
// newest successful one before what runs that was something else. After a
// rollback that is one before the release it went back to, so that a second
// one goes further back and not forward again.
func (s *Service) earlier(ctx context.Context, h bcn.Heritage, last bcn.Release, number int64) (bcn.Release, error) {
	origin := last
	for origin.Restores != 0 {
		before, err := s.Store.Release(ctx, h.Name, origin.Restores)
		if err != nil {
			return before, fmt.Errorf("read release %d of %s: %w", origin.Restores, h.Name, err)
		}
		origin = before
	}
	if number != 0 {
		return s.numbered(ctx, h, last, number)
	}
	list, err := s.Store.Successful(ctx, h.Name, origin.Number, lookBack)
	if err != nil {
		return bcn.Release{}, err
	}
	for _, r := range list {
		if !sameSnapshot(r, last) {
			return r, nil
		}
	}
	return bcn.Release{}, s.noRollback(ctx, h, last, number, "none")
}

func (s *Service) numbered(ctx context.Context, h bcn.Heritage, last bcn.Release, number int64) (bcn.Release, error) {
	r, err := s.Store.Release(ctx, h.Name, number)
	switch {
	case errors.Is(err, ErrNone):
		return r, s.noRollback(ctx, h, last, number, "missing")
	case err != nil:
		return r, err
	case r.Outcome != bcn.ChangeSucceeded:
		return r, s.noRollback(ctx, h, last, number, "failed")
	case r.Number == last.Number:
		return r, s.noRollback(ctx, h, last, number, "runs")
	}
	return r, nil
}

// noRollback says why not, and to what one could.
func (s *Service) noRollback(ctx context.Context, h bcn.Heritage, last bcn.Release, number int64, why string) error {
	list, err := s.Store.Successful(ctx, h.Name, last.Number, 5)
	if err != nil {
		return err
	}
	var good []string
	for _, r := range list {
		good = append(good, fmt.Sprintf("%d (%s)", r.Number, r.Tag))
	}
	return bcn.E(bcn.CodeNoRollback, "app", h.App, "env", h.Env, "number", fmt.Sprint(number), "why", why, "good", strings.Join(good, ", "))
}

// sameSnapshot says that going from one release to the other would change
// nothing but the age of the tasks.
func sameSnapshot(a, b bcn.Release) bool {
	return a.Digest == b.Digest && a.Image == b.Image && slices.Equal(a.Manifest, b.Manifest) &&
		a.Overlay.WithoutRestarts().Equal(b.Overlay.WithoutRestarts())
}

// scaled sets a service's count; the file's own count is left to the file.
func scaled(d deployment, service string, count int) (bcn.Overlay, error) {
	svc, err := serviceOf(d.before, service)
	if err != nil {
		return d.last.Overlay, err
	}
	if auto := svc.AutoScaling; auto != nil {
		return d.last.Overlay, bcn.E(bcn.CodeAutoScaled, "service", service, "min", fmt.Sprint(auto.Min), "max", fmt.Sprint(auto.Max))
	}
	if svc.DesiredCount != nil && *svc.DesiredCount == count {
		return d.last.Overlay.Unscale(service), nil
	}
	return d.last.Overlay.Scale(service, count), nil
}

// MaxVariables is how many variables `env set` may have set for a heritage.
const MaxVariables = 100

func withVariables(d deployment, w Wish) (bcn.Overlay, error) {
	var absent []string
	for _, name := range w.Unset {
		if _, ok := d.last.Overlay.Env[name]; !ok {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		set := slices.Sorted(maps.Keys(d.last.Overlay.Env))
		return bcn.Overlay{}, bcn.E(bcn.CodeNotSet, "names", strings.Join(absent, ", "), "set", strings.Join(set, ", "))
	}
	out := d.last.Overlay.UnsetEnv(w.Unset).SetEnv(w.Set)
	if len(out.Env) > MaxVariables {
		return out, bcn.E(bcn.CodeTooManyVariables, "most", fmt.Sprint(MaxVariables))
	}
	return out, nil
}
