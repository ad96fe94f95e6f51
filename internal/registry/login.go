package registry

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Why the password of a private registry does not help.
const (
	whyUnread     = "unread"     // the district's role may not read the secret
	whyUnreadable = "unreadable" // it is not there, or not what ECS takes
	whyRefused    = "refused"    // the registry does not take it
)

// login reads the user and the password that ECS pulls with: JSON with exactly
// these two (ECS Developer Guide, "Private registry authentication"). Neither
// is in an error.
func (r *Registry) login(ctx context.Context, t bcn.Target, image, secret string) (authn.Authenticator, error) {
	value, err := r.aws.For(t).SecretValue(ctx, secret)
	refuse := func(why string) error {
		return bcn.E(bcn.CodeRegistryLogin, "image", image, "secret", secret, "why", why, "role", t.District.Role)
	}
	switch {
	case errors.Is(err, awsx.ErrNotFound):
		return nil, refuse(whyUnreadable)
	case bcn.CodeOf(err) == bcn.CodeAccessDenied:
		return nil, refuse(whyUnread)
	case err != nil:
		return nil, err
	}
	var held struct{ Username, Password string }
	if json.Unmarshal([]byte(value()), &held) != nil || held.Username == "" || held.Password == "" {
		return nil, refuse(whyUnreadable) // the cause would quote the value
	}
	return &authn.Basic{Username: held.Username, Password: held.Password}, nil
}
