package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Credentials are what a requester is handed: STS's, and what to open with
// them. They are sealed or written for a process that asked, never shown.
type Credentials struct {
	AccessKeyID     Secret
	SecretAccessKey Secret
	SessionToken    Secret
	Expiration      time.Time // of STS

	Grant   bcn.ID
	End     time.Time // of the grant
	Target  Target
	Command string // what ECS Exec runs; empty: a shell
}

// ErrCredentials is a set of credentials with a part missing.
var ErrCredentials = errors.New("credentials are incomplete")

// String hides everything.
func (c Credentials) String() string { return hidden }

// Format hides everything from every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, hidden) }

// LogValue hides everything from slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON hides everything from encoders; Seal and CredentialProcess are
// the ways out.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

func (c Credentials) check() error {
	for _, part := range []struct {
		what string
		set  bool
	}{
		{"access key", c.AccessKeyID.Reveal() != ""},
		{"secret", c.SecretAccessKey.Reveal() != ""},
		{"session token", c.SessionToken.Reveal() != ""},
		{"expiration", !c.Expiration.IsZero()},
		{"grant", c.Grant > 0},
		{"end", !c.End.IsZero()},
	} {
		if !part.set {
			return fmt.Errorf("%w: no %s", ErrCredentials, part.what)
		}
	}
	return c.Target.Check()
}

// CredentialProcess writes what a credential_process answers (AWS SDKs and
// Tools Reference Guide, "Process credential provider"). Its expiration is the
// grant's end, so that SDKs stop using the credentials then, or STS's where
// that is before. Errors: ErrCredentials, ErrTarget.
func CredentialProcess(c Credentials) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	expires := c.End
	if c.Expiration.Before(expires) {
		expires = c.Expiration
	}
	out, err := json.Marshal(struct { //nolint:gosec // handing them over is what it is for
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}{1, c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), expires.UTC().Truncate(time.Second).Format(time.RFC3339)})
	if err != nil {
		return nil, fmt.Errorf("write credentials for a process: %w", err)
	}
	return append(out, '\n'), nil
}
