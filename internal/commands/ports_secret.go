package commands

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Secrets reads what is known of an app's secrets, and keeps values until their
// change is asked for, which is Changes.Ask. No value is ever answered.
type Secrets interface {
	// Secret answers one, and where it belongs. Errors: bad_secret_name,
	// manifest, source_unreadable, unavailable, access_denied.
	Secret(ctx context.Context, actor bcn.Actor, app, env, name string) (deploy.SecretView, error)
	// ListSecrets answers all, by path. Errors: as Secret.
	ListSecrets(ctx context.Context, actor bcn.Actor, app, env string) ([]deploy.SecretView, error)
	// HoldSecret puts a value where no task may read it, under a token that its
	// change will name. Repeated it replaces it. Errors: aws_refused,
	// access_denied, unavailable.
	HoldSecret(ctx context.Context, actor bcn.Actor, district, token, key string, value func() string) error
	// DropSecret throws such a value away; none is no error.
	DropSecret(ctx context.Context, actor bcn.Actor, district, token string) error
}
