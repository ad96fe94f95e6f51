package registry

import (
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// other is an image in a registry that is not ECR, which is asked by the OCI
// protocol.
type other struct {
	image, tag string
	isDigest   bool
	secret     string // ARN of what it is asked with; empty: as anybody may
	with       []remote.Option
}

func (o other) resolve() (string, error) {
	ref, err := o.reference()
	if err != nil {
		return "", unknownTag(o.image, o.tag, "")
	}
	descriptor, err := remote.Head(ref, o.with...)
	if err == nil {
		return descriptor.Digest.String(), nil
	}
	status := statusOf(err)
	if o.secret != "" && (status == http.StatusUnauthorized || status == http.StatusForbidden) {
		return "", bcn.E(bcn.CodeRegistryLogin, "image", o.image, "secret", o.secret, "why", whyRefused)
	}
	if !notThere(status) {
		return "", bcn.E(bcn.CodeUnavailable, "what", ref.Context().RegistryStr(), "image", o.image).Wrap(err)
	}
	near := ""
	if !o.isDigest {
		if tags, err := remote.List(ref.Context(), o.with...); err == nil {
			near = nearest(o.tag, tags[:min(len(tags), maxTags)])
		}
	}
	return "", unknownTag(o.image, o.tag, near)
}

func (o other) reference() (name.Reference, error) {
	text := o.image + ":" + o.tag
	if o.isDigest {
		text = o.image + "@" + o.tag
	}
	if ref, err := name.ParseReference(text, name.StrictValidation); err == nil {
		return ref, nil
	}
	return name.ParseReference(text)
}

// statusOf is the HTTP status of a registry's refusal, 0 where it is none.
func statusOf(err error) int {
	var e *transport.Error
	if errors.As(err, &e) {
		return e.StatusCode
	}
	return 0
}

// notThere says that the registry has no such image, or none that anybody may
// see: registries do not tell the two apart.
func notThere(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
		return true
	}
	return false
}
