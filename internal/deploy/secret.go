package deploy

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// secretForm is what a secret may be called: a variable's name, or a path below
// the heritage's own place (Systems Manager, PutParameter: letters, digits and
// .-_ between slashes, at most fifteen levels with the three that are ours).
var secretForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,9}$`)

// maxSecretName is how many characters a secret's name may have.
const maxSecretName = 200

// CheckSecretName refuses what cannot name a secret: bad_secret_name.
func CheckSecretName(name string) error {
	if len(name) > maxSecretName || !secretForm.MatchString(name) {
		return bcn.E(bcn.CodeBadSecretName, "name", string([]rune(name)[:min(len([]rune(name)), 80)]))
	}
	return nil
}

// pendingSecret is where a value waits.
func pendingSecret(district, token string) string {
	return bcn.PendingSecrets(district) + "/" + token
}

// describeSecret says which secret a change is of. Each parameter is a subject
// of its own: it waits for no deploy, but for changes of the same parameter
// that were asked for in another environment.
func (s *Service) describeSecret(ctx context.Context, c bcn.Change, w SecretWish) (bcn.Change, error) {
	if err := CheckSecretName(w.Name); err != nil {
		return c, err
	}
	k, err := s.keeper(ctx, c.App, c.Env)
	c.Heritage, c.District, c.Subject = k.bound.Name, k.bound.District, secretSubject(k.path(w.Name))
	return c, err
}

// bound answers the heritage of an app and environment.
func (s *Service) bound(ctx context.Context, app, env string) (bcn.Heritage, error) {
	h, err := s.Store.Heritage(ctx, app, env)
	if errors.Is(err, ErrNone) {
		return h, s.unknownHeritage(ctx, app, env)
	}
	return h, err
}

// keeper is what is known of a heritage's secrets: the file as it is now says
// where they belong, the last release which of them are in use.
type keeper struct {
	bound    bcn.Heritage
	district bcn.District
	commit   string
	key      string
	file     []bcn.SecretRef // below the app's and the heritage's own place
	release  bcn.Release     // zero: there is none
	running  []bcn.SecretRef // of the release
}

func (s *Service) keeper(ctx context.Context, app, env string) (keeper, error) {
	var k keeper
	var err error
	if k.bound, err = s.bound(ctx, app, env); err != nil {
		return k, err
	}
	if k.district, err = s.district(ctx, k.bound.District); err != nil {
		return k, err
	}
	f, err := s.Sources.Fetch(ctx, k.bound.Source)
	if err != nil {
		return k, err
	}
	m, _, err := readManifest(f, env)
	if err != nil {
		return k, err
	}
	if m.Name != k.bound.Name { // before anything of the file is believed: it may be another app's
		return k, bcn.E(bcn.CodeHeritageMismatch, "file", m.Name, "bound", k.bound.Name)
	}
	k.commit, k.key, k.file = f.Commit, m.KMSKey, k.own(m)
	if k.release, _, err = s.Store.LastRelease(ctx, k.bound.Name); err != nil && !errors.Is(err, ErrNone) {
		return k, err
	}
	if old, problems := manifest.Parse("release", k.release.Manifest); k.release.Number != 0 && !manifest.Failed(problems) {
		if m, problem := old.Environment(env); problem == nil {
			k.running = k.own(m)
		}
	}
	return k, nil
}

// own lists the references to parameters of the app's and the heritage's own,
// by full name. Whose the file is, the binding says.
func (k keeper) own(m *manifest.Heritage) []bcn.SecretRef {
	bound := *m
	bound.Name = k.bound.Name
	own, _, _ := render.References(&bound, k.district, k.bound.App, nil)
	return parameterNames(own)
}

// folder is the heritage's place in Parameter Store, or the app's, which all
// its environments in the district share.
func (k keeper) folder(of string) string { return folder(k.district.Name, of) }

func folder(district, of string) string { return "/barcelona/" + district + "/" + of }

// path is where a secret belongs: where the file's variable of that name reads
// it, or below the app's or the heritage's place where the file refers to that,
// else below the heritage's.
func (k keeper) path(name string) string {
	for _, r := range k.file {
		if r.Name == name && !r.Prefix() {
			return r.From
		}
	}
	shared, own := k.folder(k.bound.App)+"/"+name, k.folder(k.bound.Name)+"/"+name
	if len(usedBy(k.file, own)) == 0 && len(usedBy(k.file, shared)) > 0 {
		return shared
	}
	return own
}

// usedBy lists the variables that read a parameter, also as one of a prefix.
func usedBy(refs []bcn.SecretRef, path string) []string {
	var out []string
	for _, r := range refs {
		switch {
		case r.From == path:
			out = append(out, r.Name)
		case r.Prefix() && strings.HasPrefix(path, r.From):
			out = append(out, path[strings.LastIndexByte(path, '/')+1:])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Secret answers what is known of one secret before it is set.
func (s *Service) Secret(ctx context.Context, actor bcn.Actor, app, env, name string) (SecretView, error) {
	if err := CheckSecretName(name); err != nil {
		return SecretView{}, err
	}
	k, err := s.keeper(ctx, app, env)
	if err != nil {
		return SecretView{}, err
	}
	v := k.view(k.path(name))
	v.Name = name
	shared, err := s.sharers(ctx, k.district, k.bound, v.Path)
	if err != nil {
		return SecretView{}, err
	}
	v.UsedBy = append(v.UsedBy, sharedReads(shared)...)
	found, err := s.Secrets.FindSecrets(ctx, s.holder(actor, k.district), []string{v.Path})
	if p, ok := found[v.Path]; ok {
		v.There = &p
	}
	return v, err
}

func (k keeper) view(path string) SecretView {
	used := append(usedBy(k.file, path), usedBy(k.running, path)...)
	slices.Sort(used)
	return SecretView{Heritage: k.bound, Path: path, Key: k.key, UsedBy: slices.Compact(used)}
}

// ListSecrets answers the secrets of an app in an environment: what is below
// its own places in Parameter Store, and what its file reads there and is not
// there. By path.
func (s *Service) ListSecrets(ctx context.Context, actor bcn.Actor, app, env string) ([]SecretView, error) {
	k, err := s.keeper(ctx, app, env)
	if err != nil {
		return nil, err
	}
	var out []SecretView
	for _, folder := range unique([]string{k.folder(k.bound.App), k.folder(k.bound.Name)}) {
		list, err := s.Secrets.SecretsBelow(ctx, s.holder(actor, k.district), folder)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			v := k.view(p.Name)
			v.There = &p
			out = append(out, v)
		}
	}
	for _, r := range k.file {
		if !r.Prefix() && !slices.ContainsFunc(out, func(v SecretView) bool { return v.Path == r.From }) {
			out = append(out, k.view(r.From))
		}
	}
	for i, v := range out {
		out[i].Name = k.spelled(v)
	}
	slices.SortFunc(out, func(a, b SecretView) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// spelled is how a secret is typed: a name whose path is this one.
func (k keeper) spelled(v SecretView) string {
	for _, name := range append(v.UsedBy, strings.TrimPrefix(v.Path, k.folder(k.bound.Name)+"/"), strings.TrimPrefix(v.Path, k.folder(k.bound.App)+"/")) {
		if CheckSecretName(name) == nil && k.path(name) == v.Path {
			return name
		}
	}
	return ""
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// HoldSecret puts a value where it waits for its change to be asked for. The
// rules are asked when that is.
func (s *Service) HoldSecret(ctx context.Context, actor bcn.Actor, district, token, key string, value func() string) error {
	d, err := s.district(ctx, district)
	if err != nil {
		return err
	}
	return s.Secrets.HoldSecret(ctx, s.holder(actor, d), pendingSecret(d.Name, token), key, value)
}

// DropSecret throws a value away whose change was refused.
func (s *Service) DropSecret(ctx context.Context, actor bcn.Actor, district, token string) error {
	d, err := s.district(ctx, district)
	if err != nil {
		return err
	}
	return s.Secrets.RemoveSecret(ctx, s.holder(actor, d), pendingSecret(d.Name, token))
}

// holder is where and in whose name a secret is looked at and held before it
// has a change. It names the user alone, so that what is looked up for the
// window warms the credentials which its submission needs within three seconds.
func (s *Service) holder(actor bcn.Actor, d bcn.District) bcn.Target {
	return bcn.Target{
		District: d, ExternalID: s.ExternalID(d.Name), Session: "bcn-secret",
		Identity: identity(bcn.Actor{Kind: actor.Kind, User: actor.User}),
	}
}
