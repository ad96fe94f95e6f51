package apply

import (
	"errors"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/roles"
)

// Options tune how long things are waited for. The zero value is good.
type Options struct {
	// Poll is the first pause between two looks at a change set that is being
	// made; 0: half a second.
	Poll time.Duration
	// PagePause is between two pages of the list of stacks: an account with many
	// of them is described no more often than one with few; 0: a second.
	PagePause time.Duration
	// Settle is how long a role that cannot be assumed is taken for one that
	// was just made; 0: a minute.
	Settle time.Duration
	// AccessInput says what the roles and documents of access in a district are
	// printed with, so that documents can be compared; nil: the defaults. What
	// names accounts and principals has no meaning here.
	AccessInput func(bcn.District) roles.AccessInput
}

// Apply implements the ports of internal/deploy that reach a district.
type Apply struct {
	aws   *awsx.AWS
	o     Options
	cache *definitions
}

var (
	_ deploy.Stacks     = (*Apply)(nil)
	_ deploy.Follower   = (*Apply)(nil)
	_ deploy.Fleet      = (*Apply)(nil)
	_ deploy.References = (*Apply)(nil)
	_ deploy.Districts  = (*Apply)(nil)
)

// New makes an Apply that calls through aws.
func New(aws *awsx.AWS, o Options) *Apply {
	if o.Poll == 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.PagePause == 0 {
		o.PagePause = time.Second
	}
	if o.Settle == 0 {
		o.Settle = time.Minute
	}
	if o.AccessInput == nil {
		o.AccessInput = func(d bcn.District) roles.AccessInput {
			return roles.AccessInput{Input: roles.Input{District: d.Name}}
		}
	}
	return &Apply{aws: aws, o: o, cache: &definitions{byARN: map[string]awsx.TaskDefinition{}}}
}

// ours refuses a stack that does not carry the owner's tag.
func ours(s awsx.Stack, owner string) error {
	if owner == "" || s.Tag(roles.InstallationTag) != owner {
		return bcn.E(bcn.CodeStackForeign, "stack", s.Name)
	}
	return nil
}

func gone(err error) bool { return errors.Is(err, awsx.ErrNotFound) }

// stamp writes a time as plans keep it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// nameOf answers the name of a stack or change set that is given by name or by
// its ARN, arn:aws:cloudformation:region:account:stack/NAME/UUID.
func nameOf(nameOrARN string) string {
	if parts := strings.Split(nameOrARN, "/"); strings.HasPrefix(nameOrARN, "arn:") && len(parts) > 1 {
		return parts[1]
	}
	return nameOrARN
}
