package awsx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Assume is a role that somebody is to be handed.
type Assume struct {
	Role       string // ARN
	ExternalID string
	Session    string // role session name
	Identity   string // SourceIdentity
	Policy     []byte // session policy
	Seconds    int32  // 900 to 3600
}

// Keys are assumed credentials. The secrets are functions, so that nothing
// prints them by accident.
type Keys struct {
	ID, Secret, Token func() string
	Expiration        time.Time
}

// Assume asks STS for credentials. They are neither kept nor renewed. The
// session must be one without a role (For of a target without one): the roles
// of access trust bcn itself. An error carries AWS's code and sentence and
// nothing else of its answer.
func (s *Session) Assume(ctx context.Context, a Assume) (Keys, error) {
	out, err := s.sts().AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(a.Role), ExternalId: optional(a.ExternalID), RoleSessionName: aws.String(a.Session),
		SourceIdentity: aws.String(a.Identity), DurationSeconds: aws.Int32(a.Seconds), Policy: aws.String(string(a.Policy)),
	})
	if err != nil {
		as := &Session{role: a.Role} // the role that the refusal is about
		return Keys{}, bare(as.wrap(err))
	}
	c := out.Credentials
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" || aws.ToString(c.SessionToken) == "" {
		return Keys{}, bcn.E(bcn.CodeUnavailable, "what", "AWS STS")
	}
	return Keys{ID: hide(c.AccessKeyId), Secret: hide(c.SecretAccessKey), Token: hide(c.SessionToken), Expiration: aws.ToTime(c.Expiration)}, nil
}

func hide(text *string) func() string {
	value := aws.ToString(text)
	return func() string { return value }
}

// bare takes from a wrapped error what the SDK hung on it: an answer that it
// could not read is in there whole.
func bare(err error) error {
	var e *bcn.Error
	if !errors.As(err, &e) {
		return err
	}
	cause := errors.New("no answer that can be read")
	if code := CodeOf(err); code != "" {
		cause = fmt.Errorf("%s: %s", code, Bounded(Message(err)))
	}
	return e.Wrap(cause)
}
