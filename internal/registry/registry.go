package registry

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// maxTags is how many tags are looked at for a suggestion.
const maxTags = 1000

// patience is how long a registry that is not ECR is asked about one image.
const patience = 10 * time.Second

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
// is image_elsewhere: the boundary of the tasks' roles reaches the district's
// alone. Credentials are the ARN of the secret with a private registry's user
// and password; a digest that bcn may not look up is answered as it is.
func (r *Registry) Resolve(ctx context.Context, t bcn.Target, image, tag, credentials string) (string, error) {
	isDigest := digestPattern.MatchString(tag)
	if !isDigest && !tagPattern.MatchString(tag) {
		return "", unknownTag(image, tag, "")
	}
	host, repository, _ := strings.Cut(image, "/")
	if m := ecrHost.FindStringSubmatch(host); m != nil && repository != "" {
		if d := t.District; m[1] != d.Account || m[2] != d.Region {
			return "", bcn.E(bcn.CodeImageElsewhere, "image", image, "account", m[1], "region", m[2], "here", d.Account+" "+d.Region)
		}
		return ecrImage{s: r.aws.For(t), account: m[1], repository: repository, image: image}.resolve(ctx, tag, isDigest)
	}
	// The client itself tries again, and waits half a minute for a connection.
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o := other{image: image, tag: tag, isDigest: isDigest, secret: credentials, with: append([]remote.Option{remote.WithContext(ctx)}, r.with...)}
	if credentials == "" {
		return o.resolve()
	}
	login, err := r.login(ctx, t, image, credentials)
	if bcn.CodeOf(err) == bcn.CodeRegistryLogin && isDigest {
		return tag, nil // whoever says the digest has pinned the image
	}
	if err != nil {
		return "", err
	}
	o.with = append(o.with, remote.WithAuth(login))
	return o.resolve()
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

func unknownTag(image, tag, near string) error {
	return bcn.E(bcn.CodeUnknownTag, "image", image, "tag", tag, "suggestion", near)
}
