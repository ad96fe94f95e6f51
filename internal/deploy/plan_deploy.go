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

// deployment is what planning a release collects.
type deployment struct {
	bound    bcn.Heritage
	district bcn.District
	snapshot
	manifest *manifest.Heritage
	warnings []bcn.Finding
	last     bcn.Release // zero: there is none yet
	lastBase []byte
	before   *manifest.Heritage // what runs, as the file of its release has it
	foreign  []bcn.SecretRef
	below    map[string][]string // parameters by ssm_prefix
	keys     []string            // of KMS
	repairs  bool                // what was changed outside is put back
	traffic  map[string]render.Traffic
}

// planRelease plans what becomes a release: it takes the snapshot that the
// change is about, checks what its file refers to, renders, proposes change
// sets and reads them back.
func (s *Service) planRelease(ctx context.Context, c Claimed) (bcn.Plan, error) {
	d, err := s.collect(ctx, c)
	if err != nil {
		return bcn.Plan{}, err
	}
	proposals, findings, err := s.renderHeritage(ctx, d)
	if err != nil {
		return bcn.Plan{}, err
	}
	for i := range proposals {
		proposals[i].Repair = c.Change.Kind == bcn.KindRepair || d.repairs && proposals[i].Name == d.bound.ServicesStack()
	}
	stacks, err := s.propose(ctx, c, d.district, proposals)
	if err != nil {
		return bcn.Plan{}, err
	}
	if d.lastBase != nil && stacks[0].ChangeSet != "" && !stacks[0].Create {
		stacks[0].Previous = d.lastBase
	}
	p := d.plan()
	p.Commits = s.between(ctx, c, p)
	if p.Scan, err = s.scanned(ctx, s.Target(c.Change, d.district), d); err != nil {
		return bcn.Plan{}, err
	}
	if d.repairs {
		p.Lines = append(p.Lines, putBack(stacks)...)
	}
	if p.Oneoff, err = gateOf(c.Change.Kind, d.manifest); err != nil {
		return bcn.Plan{}, err
	}
	p.Stacks, p.Findings, p.Scaled = stacks, slices.Concat(d.warnings, findings), wishedCount(c.Wish)
	return p, nil
}

// between answers the commits between what runs and what would run. They are
// for reading: what is not known of them keeps nothing from being planned.
func (s *Service) between(ctx context.Context, c Claimed, p bcn.Plan) *bcn.Commits {
	if p.OldTag == "" || p.OldTag == p.Tag {
		return nil
	}
	commits, err := s.Sources.Between(ctx, p.Source, p.OldTag, p.Tag)
	if err != nil {
		s.Log.Warn("read the commits between two versions", "change", int64(c.Change.ID), "error", err)
	}
	return commits
}

// plan is what is known before CloudFormation has seen anything.
func (d deployment) plan() bcn.Plan {
	lines, unified := render.Diff(laidOver(d.before, d.last.Overlay), laidOver(d.manifest, d.overlay), d.last.Digest, d.digest)
	lines = append(lines, restarted(d.last.Overlay, d.overlay)...)
	for _, f := range d.foreign {
		lines = append(lines, bcn.Line{Mark: bcn.MarkNote, What: "secret " + f.Name + " from " + f.From})
	}
	lines = append(lines, pluginNames(d.district)...)
	return bcn.Plan{
		App: d.bound.App, Env: d.bound.Env, Heritage: d.bound.Name, District: d.district, Tag: d.tag,
		Image: d.manifest.ImageName, Digest: d.digest, OldTag: d.last.Tag, OldDigest: d.last.Digest,
		Source: d.bound.Source, Commit: d.file.Commit, Manifest: d.file.Bytes, BaseRelease: d.last.Number,
		Overlay: d.overlay, Restores: d.restores, From: d.from, Lines: lines, Diff: unified,
	}
}

func (s *Service) collect(ctx context.Context, c Claimed) (deployment, error) {
	d, err := s.standing(ctx, c.Change.App, c.Change.Env)
	if err != nil {
		return d, err
	}
	if !d.district.Serves(d.bound.Env) {
		return d, bcn.E(bcn.CodeEnvironmentForeign, "what", "district", "name", d.district.Name, "env", d.bound.Env)
	}
	if d.snapshot, err = s.snapshotOf(ctx, c.Change, c.Wish, d); err != nil {
		return d, err
	}
	if d.manifest, d.warnings, err = readManifest(d.file, d.bound.Env); err != nil {
		return d, err
	}
	if d.manifest.Name != d.bound.Name {
		return d, bcn.E(bcn.CodeHeritageMismatch, "file", d.manifest.Name, "bound", d.bound.Name)
	}
	if via := c.Change.Requester.Via; via != "" && d.last.Image != "" && d.last.Image != d.manifest.ImageName {
		return d, bcn.E(bcn.CodeTokenImage, "image", d.manifest.ImageName, "runs", d.last.Image)
	}
	if err := d.compared(); err != nil {
		return d, err
	}
	d.narrows()
	d.overlay = d.overlay.For(serviceNames(d.manifest))
	t := s.Target(c.Change, d.district)
	if err := s.placeable(ctx, t, d); err != nil {
		return d, err
	}
	if err := s.freeRules(ctx, t, &d); err != nil {
		return d, err
	}
	if err := s.resolve(ctx, t, &d); err != nil {
		return d, err
	}
	if d.repairs, err = s.repairs(ctx, c, t, d); err != nil {
		return d, err
	}
	if d.shifts() {
		if d.traffic, err = s.traffic(ctx, t, d); err != nil {
			return d, err
		}
	}
	err = s.checkReferences(ctx, t, &d)
	return d, err
}

// repairs says whether a change puts back what was changed outside: a repair,
// and a count that is the recorded one already while another is what runs.
func (s *Service) repairs(ctx context.Context, c Claimed, t bcn.Target, d deployment) (bool, error) {
	if c.Change.Kind != bcn.KindScale || !d.overlay.Equal(d.last.Overlay) {
		return c.Change.Kind == bcn.KindRepair, nil
	}
	rollouts, err := s.Fleet.Rollouts(ctx, t, d.bound.ServicesStack())
	return slices.ContainsFunc(rollouts, func(r Rollout) bool { return r.Service == c.Wish.Service && r.Desired != c.Wish.Count }), err
}

// traffic is what is there of the rules by which ECS shifts the traffic.
func (s *Service) traffic(ctx context.Context, t bcn.Target, d deployment) (map[string]render.Traffic, error) {
	rules, err := s.Traffic.Shifted(ctx, t, d.bound.ServicesStack())
	for id, rule := range rules {
		rule.Live = d.repairs
		rules[id] = rule
	}
	return rules, err
}

// standing is where a heritage stands before anything is planned.
func (s *Service) standing(ctx context.Context, app, env string) (deployment, error) {
	var d deployment
	var err error
	if d.bound, err = s.Store.Heritage(ctx, app, env); err != nil {
		return d, err
	}
	if d.district, err = s.district(ctx, d.bound.District); err != nil {
		return d, err
	}
	d.last, d.lastBase, err = s.Store.LastRelease(ctx, d.bound.Name)
	if errors.Is(err, ErrNone) {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	if f, problems := manifest.Parse("release", d.last.Manifest); !manifest.Failed(problems) {
		d.before, _ = f.Environment(d.bound.Env)
	}
	return d, nil
}

// resolve finds the digest of a tag. One that an earlier release pinned is
// looked up too: what a registry has thrown away cannot be started again.
func (s *Service) resolve(ctx context.Context, t bcn.Target, d *deployment) error {
	private, _ := d.manifest.Repository()
	if d.digest == "" {
		digest, err := s.Images.Resolve(ctx, t, d.manifest.ImageName, d.tag, private.Credentials)
		d.digest = digest
		return err
	}
	_, err := s.Images.Resolve(ctx, t, d.manifest.ImageName, d.digest, private.Credentials)
	if bcn.CodeOf(err) == bcn.CodeUnknownTag {
		return bcn.E(bcn.CodeImageGone, "image", d.manifest.ImageName, "tag", d.tag, "digest", d.digest).Wrap(err)
	}
	return err
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

func (s *Service) checkReferences(ctx context.Context, t bcn.Target, d *deployment) error {
	own, foreign, refused := render.References(d.manifest, d.district, d.bound.App, s.Grants)
	if len(refused) > 0 {
		return bcn.E(bcn.CodeSecretNotAllowed, "names", refNames(refused), "app", d.bound.App)
	}
	if refused := render.RefusedFileSystems(d.manifest, d.bound.App, s.FileSystems); len(refused) > 0 {
		return bcn.E(bcn.CodeVolumeNotAllowed, "names", strings.Join(refused, "\n"), "app", d.bound.App)
	}
	d.foreign = foreign
	refs, err := s.below(ctx, t, d, slices.Concat(own, foreign, render.Plugins().References(d.district)))
	if err != nil {
		return err
	}
	missing, err := s.References.Missing(ctx, t, refs)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return bcn.E(bcn.CodeMissingSecret, "names", refNames(missing))
	}
	if len(refs) > 0 {
		if d.keys, err = s.References.Keys(ctx, t, refs); err != nil {
			return err
		}
	}
	return s.warnAlarms(ctx, t, d)
}

// warnAlarms warns of alarms that guard nothing: ECS deploys without a word
// where one that a service names is not there.
func (s *Service) warnAlarms(ctx context.Context, t bcn.Target, d *deployment) error {
	var names []string
	for _, m := range d.manifest.Services {
		names = append(names, m.Deployment.Alarms...)
	}
	if len(names) == 0 {
		return nil
	}
	missing, err := s.References.AlarmsMissing(ctx, t, names)
	if err == nil && len(missing) > 0 {
		d.warnings = append(d.warnings, bcn.Finding{ID: "alarms_missing", Level: bcn.Warn, Params: map[string]string{"names": strings.Join(missing, ", ")}})
	}
	return err
}

// below replaces the prefixes among the references by what lies below them.
func (s *Service) below(ctx context.Context, t bcn.Target, d *deployment, refs []bcn.SecretRef) ([]bcn.SecretRef, error) {
	out := slices.DeleteFunc(refs, bcn.SecretRef.Prefix)
	d.below = map[string][]string{}
	for _, prefix := range render.Prefixes(d.manifest, d.district) {
		names, err := s.References.Below(ctx, t, prefix)
		if err != nil {
			return nil, err
		}
		d.below[prefix] = names
		for _, name := range names {
			out = append(out, bcn.SecretRef{Name: prefix, From: name})
		}
	}
	return out, nil
}

func refNames(refs []bcn.SecretRef) string {
	var out []string
	for _, r := range refs {
		out = append(out, r.Name+" ("+r.From+")")
	}
	return strings.Join(out, "\n")
}
