package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/text"
)

// deployment is what planning a deploy collects.
type deployment struct {
	bound    bcn.Heritage
	district bcn.District
	file     File
	manifest *manifest.Heritage
	warnings []bcn.Finding
	last     bcn.Release // zero: there is none yet
	lastBase []byte
	before   *manifest.Heritage
	digest   string
	foreign  []bcn.SecretRef
}

// planDeploy reads the file at a pinned commit and the tag's digest, checks
// what the file refers to, renders, proposes change sets and reads them back.
func (s *Service) planDeploy(ctx context.Context, c Claimed) (bcn.Plan, error) {
	d, err := s.collect(ctx, c)
	if err != nil {
		return bcn.Plan{}, err
	}
	proposals, findings, err := s.renderHeritage(ctx, d)
	if err != nil {
		return bcn.Plan{}, err
	}
	stacks, err := s.propose(ctx, c, d.district, proposals)
	if err != nil {
		return bcn.Plan{}, err
	}
	findings = append(append(d.warnings, findings...), guard.Check(proposals, deltas(stacks))...)
	if err := denied(findings); err != nil {
		return bcn.Plan{}, err
	}
	if d.lastBase != nil && stacks[0].ChangeSet != "" && !stacks[0].Create {
		stacks[0].Previous = d.lastBase
	}
	lines, unified := render.Diff(d.before, d.manifest, d.last.Digest, d.digest)
	for _, f := range d.foreign {
		lines = append(lines, bcn.Line{Mark: bcn.MarkNote, What: "secret " + f.Name + " from " + f.From})
	}
	return bcn.Plan{
		App: d.bound.App, Env: d.bound.Env, Heritage: d.bound.Name, District: d.district, Tag: c.Change.Tag,
		Image: d.manifest.ImageName, Digest: d.digest, OldTag: d.last.Tag, OldDigest: d.last.Digest,
		Source: d.bound.Source, Commit: d.file.Commit, Manifest: d.file.Bytes, BaseRelease: d.last.Number,
		Stacks: stacks, Findings: findings, Lines: lines, Diff: unified,
	}, nil
}

func (s *Service) collect(ctx context.Context, c Claimed) (deployment, error) {
	var d deployment
	var err error
	if d.bound, err = s.Store.Heritage(ctx, c.Change.App, c.Change.Env); err != nil {
		return d, err
	}
	if d.district, err = s.district(ctx, d.bound.District); err != nil {
		return d, err
	}
	if !d.district.Serves(d.bound.Env) {
		return d, bcn.E(bcn.CodeEnvironmentForeign, "what", "district", "name", d.district.Name, "env", d.bound.Env)
	}
	if d.file, err = s.Sources.Fetch(ctx, d.bound.Source); err != nil {
		return d, err
	}
	if d.manifest, d.warnings, err = readManifest(d.file, d.bound.Env); err != nil {
		return d, err
	}
	if d.manifest.Name != d.bound.Name {
		return d, bcn.E(bcn.CodeHeritageMismatch, "file", d.manifest.Name, "bound", d.bound.Name)
	}
	if err := s.lastRelease(ctx, &d); err != nil {
		return d, err
	}
	t := s.Target(c.Change, d.district)
	if d.digest, err = s.Images.Resolve(ctx, t, d.manifest.ImageName, c.Change.Tag); err != nil {
		return d, err
	}
	err = s.checkReferences(ctx, t, &d)
	return d, err
}

// readManifest parses the file; a warning becomes a finding with its place.
func readManifest(f File, env string) (*manifest.Heritage, []bcn.Finding, error) {
	parsed, problems := manifest.Parse(f.Name, f.Bytes)
	if manifest.Failed(problems) {
		var lines []string
		for _, p := range problems {
			if !p.Warning {
				lines = append(lines, p.String())
			}
		}
		return nil, nil, bcn.E(bcn.CodeManifest, "file", f.Name, "problems", strings.Join(lines, "\n"))
	}
	h, problem := parsed.Environment(env)
	if problem != nil {
		return nil, nil, bcn.E(bcn.CodeManifest, "file", f.Name, "problems", problem.String())
	}
	var warnings []bcn.Finding
	for _, p := range problems {
		warnings = append(warnings, bcn.Finding{ID: "manifest", Level: bcn.Warn, Where: p.String()})
	}
	return h, warnings, nil
}

func (s *Service) lastRelease(ctx context.Context, d *deployment) error {
	last, base, err := s.Store.LastRelease(ctx, d.bound.Name)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	d.last, d.lastBase = last, base
	if f, problems := manifest.Parse("release", last.Manifest); !manifest.Failed(problems) {
		d.before, _ = f.Environment(d.bound.Env)
	}
	return nil
}

func (s *Service) checkReferences(ctx context.Context, t bcn.Target, d *deployment) error {
	own, foreign, refused := render.References(d.manifest, d.district, d.bound.App, s.Grants)
	if len(refused) > 0 {
		return bcn.E(bcn.CodeSecretNotAllowed, "names", refNames(refused), "app", d.bound.App)
	}
	d.foreign = foreign
	missing, err := s.References.Missing(ctx, t, slices.Concat(own, foreign))
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return bcn.E(bcn.CodeMissingSecret, "names", refNames(missing))
	}
	return nil
}

func refNames(refs []bcn.SecretRef) string {
	var out []string
	for _, r := range refs {
		out = append(out, r.Name+" ("+r.From+")")
	}
	return strings.Join(out, "\n")
}

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
	})
}

func deltas(stacks []bcn.StackPlan) map[string][]bcn.ResourceDelta {
	out := map[string][]bcn.ResourceDelta{}
	for _, sp := range stacks {
		out[sp.Name] = sp.Changes
	}
	return out
}

// denied turns findings that deny into an error that lists them all.
func denied(findings []bcn.Finding) error {
	var list []bcn.Finding
	for _, f := range findings {
		if f.Level == bcn.Deny {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return bcn.E(bcn.CodeGuardrail, "findings", text.EncodeFindings(list))
}
