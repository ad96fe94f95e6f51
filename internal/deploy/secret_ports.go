package deploy

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Secrets writes what apps keep in Parameter Store. internal/apply implements
// it. No value is ever answered, and none is in an error. Errors carry bcn
// codes: access_denied, aws_refused, unavailable, and those named.
type Secrets interface {
	// HoldSecret writes a value to where it waits; what waits there is replaced.
	HoldSecret(ctx context.Context, t bcn.Target, at, key string, value func() string) error
	// FindSecrets answers those of the names that are there, by name.
	FindSecrets(ctx context.Context, t bcn.Target, names []string) (map[string]Parameter, error)
	// SecretsBelow answers all parameters below a path, by name in order.
	SecretsBelow(ctx context.Context, t bcn.Target, path string) ([]Parameter, error)
	// MoveSecret writes the value that waits at p.Pending to p.Path, marked with
	// mark, and removes it where it waited. Repeated with the same mark it does
	// nothing twice. Right before the writing mine is asked. Errors: secret_gone
	// where nothing waits, plan_moved where another version than the plan's waits,
	// or p.Path has meanwhile been written by somebody else; those of mine.
	MoveSecret(ctx context.Context, t bcn.Target, p bcn.SecretPlan, mark string, tags []bcn.Tag, mine Mine) error
	// RemoveSecret removes the parameter; one that is not there is no error.
	RemoveSecret(ctx context.Context, t bcn.Target, name string) error
}

// Parameter is what is known of a parameter without its value.
type Parameter struct {
	Name    string // in full
	Version int64
	Secure  bool   // it is encrypted
	Mark    string // its description: of which change it is
	Changed time.Time
}

// SecretWish is what somebody wants of a secret.
type SecretWish struct {
	Op    string `json:"op"`              // bcn.SecretSet or bcn.SecretUnset
	Name  string `json:"name"`            // a variable's name, or a path below the heritage's own
	Token string `json:"token,omitempty"` // set: names where the value waits
}

// SecretView is a secret as it is shown: never its value.
type SecretView struct {
	Heritage bcn.Heritage
	Name     string // as it is typed
	Path     string
	Key      string     // set: with which KMS key it will be encrypted; empty: alias/aws/ssm
	There    *Parameter // nil: there is none yet
	UsedBy   []string   // variables of the file, or of what runs, that read it
}

// Mine says that the step that asks still has its change, and answers in which
// context what follows must have begun and ended, tries again included; done
// ends it. ErrMoved where another has the change.
type Mine func(ctx context.Context) (within context.Context, done context.CancelFunc, err error)
