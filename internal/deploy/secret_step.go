package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// planSecret finds out where a secret belongs and what is there. Its value is
// not read: it waits, and the plan holds which version of what waits.
func (s *Service) planSecret(ctx context.Context, c Claimed) (bcn.Plan, error) {
	w := *c.Wish.Secret
	k, err := s.keeper(ctx, c.Change.App, c.Change.Env)
	if err != nil {
		return bcn.Plan{}, err
	}
	p := bcn.SecretPlan{Op: w.Op, Name: w.Name, Path: k.path(w.Name)}
	if secretSubject(p.Path) != c.Change.Subject { // the file was changed since it was asked for
		return bcn.Plan{}, bcn.E(bcn.CodePlanMoved, "moved", p.Path)
	}
	if p.Shared, err = s.sharers(ctx, k.district, k.bound, p.Path); err != nil {
		return bcn.Plan{}, err
	}
	p.UsedBy = append(usedBy(k.running, p.Path), sharedReads(p.Shared)...)
	found, err := s.Secrets.FindSecrets(ctx, s.Target(c.Change, k.district), []string{p.Path})
	if err != nil {
		return bcn.Plan{}, err
	}
	there, ok := found[p.Path]
	if p.Version = there.Version; ok && !there.Secure && w.Op == bcn.SecretSet {
		return bcn.Plan{}, bcn.E(bcn.CodeSecretPlain, "path", p.Path)
	}
	plan := bcn.Plan{
		App: k.bound.App, Env: k.bound.Env, Heritage: k.bound.Name, District: k.district, Source: k.bound.Source, Commit: k.commit,
		BaseRelease: k.release.Number, Secret: &p,
	}
	if w.Op == bcn.SecretUnset {
		err = planUnset(k, &plan, ok)
	} else {
		err = s.planSet(ctx, c, k, &plan, ok)
	}
	plan.Lines = append(plan.Lines, sharedLines(p.Shared)...)
	return plan, err
}

func planUnset(k keeper, plan *bcn.Plan, there bool) error {
	p := plan.Secret
	switch {
	case !there:
		return bcn.E(bcn.CodeNoSecret, "path", p.Path)
	case len(p.UsedBy) > 0:
		release := "" // only others read it
		if len(usedBy(k.running, p.Path)) > 0 {
			release = fmt.Sprint(k.release.Number)
		}
		return bcn.E(bcn.CodeSecretInUse, "path", p.Path, "names", strings.Join(p.UsedBy, ", "), "release", release)
	}
	plan.Lines = []bcn.Line{{Mark: bcn.MarkRemoved, What: "secret " + p.Path}}
	if names := usedBy(k.file, p.Path); len(names) > 0 {
		plan.Lines = append(plan.Lines, bcn.Line{Mark: bcn.MarkNote, What: "barcelona.yml reads it as " + strings.Join(names, ", ") + ": the next deploy is refused without it"})
	}
	return nil
}

func (s *Service) planSet(ctx context.Context, c Claimed, k keeper, plan *bcn.Plan, there bool) error {
	p := plan.Secret
	p.Key, p.Pending = k.key, pendingSecret(k.district.Name, c.Wish.Secret.Token)
	waiting, err := s.Secrets.FindSecrets(ctx, s.Target(c.Change, k.district), []string{p.Pending})
	if err != nil {
		return err
	}
	if p.PendingVersion = waiting[p.Pending].Version; p.PendingVersion == 0 {
		return bcn.E(bcn.CodeSecretGone, "name", p.Name)
	}
	line := bcn.Line{Mark: bcn.MarkAdded, What: "secret " + p.Path}
	if there {
		line = bcn.Line{Mark: bcn.MarkChanged, What: fmt.Sprintf("secret %s: version %d is overwritten", p.Path, p.Version)}
	}
	key := "the account's own key (alias/aws/ssm)"
	if p.Key != "" {
		key = p.Key
	}
	plan.Lines = []bcn.Line{line, {Mark: bcn.MarkNote, What: "encrypted with " + key}}
	if names := usedBy(k.file, p.Path); len(names) > 0 {
		plan.Lines = append(plan.Lines, bcn.Line{Mark: bcn.MarkNote, What: "read as " + strings.Join(names, ", ")})
	} else {
		plan.Lines = append(plan.Lines, bcn.Line{Mark: bcn.MarkNote, What: "barcelona.yml does not read it (yet)"})
	}
	return nil
}

// sameSecret says that what would be written, and over what, is still what was
// planned.
func (s *Service) sameSecret(ctx context.Context, t bcn.Target, p bcn.Plan) error {
	names := slices.DeleteFunc([]string{p.Secret.Path, p.Secret.Pending}, func(n string) bool { return n == "" })
	now, err := s.Secrets.FindSecrets(ctx, t, names)
	switch {
	case err != nil:
		return err
	case p.Secret.Pending != "" && now[p.Secret.Pending].Version == 0:
		return bcn.E(bcn.CodeSecretGone, "name", p.Secret.Name)
	case now[p.Secret.Path].Version != p.Secret.Version, p.Secret.Pending != "" && now[p.Secret.Pending].Version != p.Secret.PendingVersion:
		return bcn.E(bcn.CodePlanMoved, "moved", p.Secret.Path)
	}
	if err := s.sameSharers(ctx, p); err != nil || p.Secret.Op != bcn.SecretUnset {
		return err
	}
	last, _, err := s.Store.LastRelease(ctx, p.Heritage)
	if err == nil && last.Number != p.BaseRelease { // it may read what is to be removed
		return bcn.E(bcn.CodePlanMoved, "moved", "release")
	}
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

// sameSharers says that the secret is still of those for whom it was approved.
func (s *Service) sameSharers(ctx context.Context, p bcn.Plan) error {
	shared, err := s.sharers(ctx, p.District, bcn.Heritage{Name: p.Heritage}, p.Secret.Path)
	if err == nil && !slices.EqualFunc(shared, p.Secret.Shared, func(a, b bcn.SecretSharer) bool {
		return a.App == b.App && a.Env == b.Env && a.Heritage == b.Heritage && slices.Equal(a.Reads, b.Reads)
	}) {
		err = bcn.E(bcn.CodePlanMoved, "moved", p.Secret.Path)
	}
	return err
}

// secretStep writes or removes what was approved, and sees that it is so.
func (s *Service) secretStep(ctx context.Context, c Claimed) (time.Duration, error) {
	if c.Change.State.Ended() {
		return s.secretLeft(ctx, c)
	}
	p, err := planOf(c)
	if err != nil {
		return 0, err
	}
	t := s.Target(c.Change, p.District)
	if c.Change.State == bcn.ChangeApplying {
		return s.writeSecret(ctx, c, t, p)
	}
	now, err := s.Secrets.FindSecrets(ctx, t, []string{p.Secret.Path})
	if err != nil {
		return 0, err
	}
	there, ok := now[p.Secret.Path]
	if p.Secret.Op == bcn.SecretSet && there.Mark == s.mark(c.Change) || p.Secret.Op == bcn.SecretUnset && !ok {
		return s.endSecret(ctx, c, p, bcn.EventSucceed, nil)
	}
	return s.endSecret(ctx, c, p, bcn.EventFail, bcn.E(bcn.CodePlanMoved, "moved", p.Secret.Path))
}

func (s *Service) writeSecret(ctx context.Context, c Claimed, t bcn.Target, p bcn.Plan) (time.Duration, error) {
	var err error
	if p.Secret.Op == bcn.SecretSet {
		err = s.Secrets.MoveSecret(ctx, t, *p.Secret, s.mark(c.Change), s.secretTags(p), s.mine(c, p))
	} else {
		err = s.removeSecret(ctx, c, t, p)
	}
	switch code := bcn.CodeOf(err); {
	case err == nil:
		return s.move(ctx, Move{From: c, Event: bcn.EventApplied, Again: time.Millisecond})
	case code == bcn.CodeInternal || code == bcn.CodeUnavailable:
		return 0, err
	default:
		return s.endSecret(ctx, c, p, bcn.EventFail, err)
	}
}

func (s *Service) removeSecret(ctx context.Context, c Claimed, t bcn.Target, p bcn.Plan) error {
	within, done, err := s.mine(c, p)(ctx)
	if err != nil {
		return err
	}
	defer done()
	return s.Secrets.RemoveSecret(within, t, p.Secret.Path)
}

// mine makes the claim's lease begin anew, so that what is written ends before
// another process can have the change; and the app must still be bound to the
// heritage.
func (s *Service) mine(c Claimed, p bcn.Plan) Mine {
	return func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		h, err := s.bound(ctx, p.App, p.Env)
		if err != nil {
			return nil, nil, err
		}
		if h.Name != p.Heritage || h.District != p.District.Name {
			return nil, nil, bcn.E(bcn.CodePlanMoved, "moved", "heritage "+p.Heritage)
		}
		within, done := context.WithTimeout(ctx, s.Renew) // a third of the lease
		if err := s.Store.Renew(ctx, c); err != nil {
			done()
			return nil, nil, err
		}
		return within, done, nil
	}
}

// mark is by which a parameter is known to be a change's.
func (s *Service) mark(c bcn.Change) string { return "bcn " + s.Installation + " " + c.ID.String() }

func (s *Service) secretTags(p bcn.Plan) []bcn.Tag {
	return []bcn.Tag{
		{Key: render.TagApp, Value: p.App}, {Key: render.TagEnvironment, Value: p.Env}, {Key: render.TagInstallation, Value: s.Installation},
	}
}

func (s *Service) endSecret(ctx context.Context, c Claimed, p bcn.Plan, event bcn.ChangeEvent, cause error) (time.Duration, error) {
	m := Move{From: c, Event: event, Urgent: true}
	var e *bcn.Error
	if errors.As(cause, &e) {
		m.Code, m.Params = e.Code, e.Params
	}
	ended := c.Change
	ended.State, _ = c.Change.State.Next(event)
	ended.Code, ended.Params = m.Code, m.Params
	m.Audit = map[string]any{"op": p.Secret.Op, "path": p.Secret.Path}
	m.Notes = s.Speaker.Notes(Moment{Kind: MomentEnded, Change: ended, Plan: &p, Request: c.Request, Code: m.Code})
	return s.move(ctx, m)
}

// secretLeft throws away what waits for a change that has ended without it.
func (s *Service) secretLeft(ctx context.Context, c Claimed) (time.Duration, error) {
	if c.Wish.Secret != nil && c.Wish.Secret.Token != "" {
		d, err := s.Store.District(ctx, c.Change.District)
		if err != nil {
			return 0, err
		}
		if err := s.Secrets.RemoveSecret(ctx, s.Target(c.Change, d), pendingSecret(d.Name, c.Wish.Secret.Token)); err != nil {
			return 0, err
		}
	}
	return 0, s.Store.Discarded(ctx, c)
}

// secretsWait is how long a value may wait for its change to be asked for.
const secretsWait = time.Hour

// reapSecrets throws away values that no change waits for: their process died
// between writing one and asking.
func (s *Service) reapSecrets(ctx context.Context, d bcn.District, waiting []string) error {
	t := s.SystemTarget(d)
	list, err := s.Secrets.SecretsBelow(ctx, t, bcn.PendingSecrets(d.Name))
	if err != nil {
		return err
	}
	for _, p := range list {
		token := p.Name[strings.LastIndexByte(p.Name, '/')+1:]
		if slices.Contains(waiting, token) || time.Since(p.Changed) < secretsWait {
			continue
		}
		if err := s.Secrets.RemoveSecret(ctx, t, p.Name); err != nil {
			return err
		}
		s.Log.Info("secret that nobody asked for thrown away", "district", d.Name)
	}
	return nil
}
