package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// secretSubject makes a parameter itself what changes queue for: all
// environments of an app in a district share the app's folder.
func secretSubject(path string) string { return "secret:" + path }

// parameterNames writes references to parameters by their full names, also
// where the file has an ARN, and leaves the others out.
func parameterNames(refs []bcn.SecretRef) []bcn.SecretRef {
	var out []bcn.SecretRef
	for _, r := range refs {
		if _, name, ok := strings.Cut(r.From, ":parameter/"); ok {
			r.From = "/" + name
		}
		if strings.HasPrefix(r.From, "/") {
			out = append(out, r)
		}
	}
	return out
}

// sharers lists the other heritages of the district whose secret a parameter
// is too, with the variables of what runs of them that read it: those whose
// folder, or whose app's, it is in, and those whose last release refers to it.
// A release that cannot be read any more is no reader; its heritage's folders
// are its own all the same.
func (s *Service) sharers(ctx context.Context, d bcn.District, of bcn.Heritage, path string) ([]bcn.SecretSharer, error) {
	all, err := s.Store.Heritages(ctx)
	if err != nil {
		return nil, err
	}
	deployed, err := s.Store.Deployed(ctx, d.Name)
	if err != nil {
		return nil, err
	}
	reads := map[string][]string{}
	for _, one := range deployed {
		reads[one.Heritage.Name] = usedBy(released(one, d), path)
	}
	var out []bcn.SecretSharer
	for _, h := range all {
		owns := strings.HasPrefix(path, folder(d.Name, h.App)+"/") || strings.HasPrefix(path, folder(d.Name, h.Name)+"/")
		if h.District == d.Name && h.Name != of.Name && (owns || len(reads[h.Name]) > 0) {
			out = append(out, bcn.SecretSharer{App: h.App, Env: h.Env, Heritage: h.Name, Reads: reads[h.Name]})
		}
	}
	slices.SortFunc(out, func(a, b bcn.SecretSharer) int { return strings.Compare(a.Heritage, b.Heritage) })
	return out, nil
}

// released lists all parameters that a heritage's last release refers to,
// whosever they are.
func released(one Deployed, d bcn.District) []bcn.SecretRef {
	m, problems := manifest.Parse("release", one.Manifest)
	if manifest.Failed(problems) {
		return nil
	}
	in, problem := m.Environment(one.Heritage.Env)
	if problem != nil {
		return nil
	}
	own, foreign, refused := render.References(in, d, one.Heritage.App, nil)
	return parameterNames(slices.Concat(own, foreign, refused))
}

// judgeAsked adds to what the rules say of what is asked what they say of those
// whose secret it is besides, as far as that is known, and holds it against all
// that is demanded of it.
func (s *Service) judgeAsked(ctx context.Context, actor bcn.Actor, c bcn.Change, own authz.Verdict) (authz.Verdict, error) {
	v, err := s.askedVerdict(ctx, actor, c, own)
	if err == nil {
		err = s.demanded(ctx, c, v)
	}
	return v, err
}

func (s *Service) askedVerdict(ctx context.Context, actor bcn.Actor, c bcn.Change, own authz.Verdict) (authz.Verdict, error) {
	if c.Kind != bcn.KindSecret {
		return own, nil
	}
	d, err := s.district(ctx, c.District)
	if err != nil {
		return authz.Verdict{}, err
	}
	shared, err := s.sharers(ctx, d, bcn.Heritage{Name: c.Heritage}, strings.TrimPrefix(c.Subject, secretSubject("")))
	if err != nil {
		return authz.Verdict{}, err
	}
	return s.sharedVerdict(ctx, actor, asking(c), &bcn.SecretPlan{Shared: shared})
}

// sharedVerdict joins what the rules say of each environment whose secret it
// is: an actor needs the right in all of them, and the approvals of all. p is
// nil while it is not known what is shared.
func (s *Service) sharedVerdict(ctx context.Context, actor bcn.Actor, ask authz.Ask, p *bcn.SecretPlan) (authz.Verdict, error) {
	v, err := s.Authz.Judge(ctx, actor, ask)
	if err != nil || p == nil {
		return v, err
	}
	for _, other := range p.Shared {
		ask.App, ask.Env = other.App, other.Env
		also, err := s.Authz.Judge(ctx, actor, ask)
		if err != nil {
			return authz.Verdict{}, alsoOf(err, other)
		}
		v = authz.Stricter(v, also)
	}
	return v, nil
}

// alsoOf adds to a refusal where it comes from: not from what was asked for.
func alsoOf(err error, other bcn.SecretSharer) error {
	var e *bcn.Error
	if !errors.As(err, &e) || e.Code != bcn.CodeNotAllowed {
		return err
	}
	return bcn.E(e.Code, "verb", e.Params["verb"], "who", e.Params["who"], "also", other.App+" "+other.Env).Wrap(err)
}

// sharedLines say on the card whose secret it is beside the heritage's.
func sharedLines(shared []bcn.SecretSharer) []bcn.Line {
	var out []bcn.Line
	for _, h := range shared {
		line := "it is also a secret of " + h.App + " " + h.Env
		if len(h.Reads) > 0 {
			line += ", which reads it as " + strings.Join(h.Reads, ", ")
		}
		out = append(out, bcn.Line{Mark: bcn.MarkNote, What: line})
	}
	return out
}

// sharedReads are the variables of other heritages that read a secret, each
// with whose it is.
func sharedReads(shared []bcn.SecretSharer) []string {
	var out []string
	for _, h := range shared {
		for _, name := range h.Reads {
			out = append(out, name+" ("+h.App+" "+h.Env+")")
		}
	}
	return out
}
