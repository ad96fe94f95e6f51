package registry

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// maxTags is how many tags are looked at for a suggestion.
const maxTags = 1000

// Options are what tests replace.
type Options struct {
	// Transport sends requests to registries other than ECR; nil: the default.
	Transport http.RoundTripper
}

// Registry implements deploy.Images.
type Registry struct {
	aws  *awsx.AWS
	with []remote.Option
}

var _ deploy.Images = (*Registry)(nil)

// New makes a Registry that reads ECR through aws.
func New(aws *awsx.AWS, o Options) *Registry {
	r := &Registry{aws: aws}
	if o.Transport != nil {
		r.with = append(r.with, remote.WithTransport(o.Transport))
	}
	return r
}

var (
	digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	// tagPattern is the form of a tag (OCI distribution specification, "Pulling
	// manifests").
	tagPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	// ecrHost is the name of a private ECR registry.
	ecrHost = regexp.MustCompile(`^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$`)
)

// Resolve implements deploy.Images. A digest in place of a tag is answered
// once it was found. An image in an ECR registry of another account or region
// is asked for there, with the district's role.
func (r *Registry) Resolve(ctx context.Context, t bcn.Target, image, tag string) (string, error) {
	isDigest := digestPattern.MatchString(tag)
	if !isDigest && !tagPattern.MatchString(tag) {
		return "", unknownTag(image, tag, "")
	}
	host, repository, _ := strings.Cut(image, "/")
	if m := ecrHost.FindStringSubmatch(host); m != nil && repository != "" {
		t.District.Region = m[2]
		return ecrImage{s: r.aws.For(t), account: m[1], repository: repository, image: image}.resolve(ctx, tag, isDigest)
	}
	return r.other(ctx, image, tag, isDigest)
}

// ecrImage is a repository in ECR.
type ecrImage struct {
	s                   *awsx.Session
	account, repository string
	image               string
}

func (e ecrImage) resolve(ctx context.Context, tag string, isDigest bool) (string, error) {
	byTag, byDigest := tag, ""
	if isDigest {
		byTag, byDigest = "", tag
	}
	digest, err := e.s.ImageDigest(ctx, e.account, e.repository, byTag, byDigest)
	if err == nil || !errors.Is(err, awsx.ErrNotFound) {
		return digest, err
	}
	near := ""
	if !isDigest {
		// Without the list there is no suggestion; the answer is the same.
		if tags, err := e.s.ImageTags(ctx, e.account, e.repository, maxTags); err == nil {
			near = nearest(tag, tags)
		}
	}
	return "", unknownTag(e.image, tag, near)
}

// other asks a registry by the OCI protocol, without credentials.
func (r *Registry) other(ctx context.Context, image, tag string, isDigest bool) (string, error) {
	reference := image + ":" + tag
	if isDigest {
		reference = image + "@" + tag
	}
	ref, err := name.ParseReference(reference, name.StrictValidation)
	if err != nil {
		ref, err = name.ParseReference(reference)
	}
	if err != nil {
		return "", unknownTag(image, tag, "")
	}
	with := append([]remote.Option{remote.WithContext(ctx)}, r.with...)
	descriptor, err := remote.Head(ref, with...)
	if err == nil {
		return descriptor.Digest.String(), nil
	}
	if !notThere(err) {
		return "", bcn.E(bcn.CodeUnavailable, "what", ref.Context().RegistryStr()).Wrap(err)
	}
	near := ""
	if !isDigest {
		if tags, err := remote.List(ref.Context(), with...); err == nil {
			near = nearest(tag, tags[:min(len(tags), maxTags)])
		}
	}
	return "", unknownTag(image, tag, near)
}

// notThere says that the registry has no such image, or none that anybody may
// see: registries do not tell the two apart.
func notThere(err error) bool {
	var e *transport.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.StatusCode {
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
		return true
	}
	return false
}

func unknownTag(image, tag, near string) error {
	return bcn.E(bcn.CodeUnknownTag, "image", image, "tag", tag, "suggestion", near)
}
