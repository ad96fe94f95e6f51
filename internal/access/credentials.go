package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Credentials are what a requester is handed: STS's keys, or the session that
// bcn opened with its own; and what is opened with them. They are sealed or
// written for a process that asked, never shown.
type Credentials struct {
	AccessKeyID     Secret
	SecretAccessKey Secret
	SessionToken    Secret
	Expiration      time.Time // of STS

	Stream Stream // instead of the keys; its zero value: there are keys

	Grant   bcn.ID
	End     time.Time // of the grant
	Target  Target
	Command string // what ECS Exec runs; empty: a shell
	Runtime string // runtime id of the task's container; nodes have none
}

// Stream is a session of Session Manager that is open already. Who holds its
// token may enter it, once.
type Stream struct {
	SessionID string
	Target    string // as Session Manager names it: ecs:CLUSTER_TASK_RUNTIME, i-..., mi-...
	URL       string // wss://...
	Token     Secret
}

var (
	// ErrCredentials is a set of credentials with a part missing.
	ErrCredentials = errors.New("credentials are incomplete")
	// ErrStream is an open session, where keys were asked for.
	ErrStream = errors.New("bcn opened the session itself, there are no credentials")
)

// Streams says whether a session is handed over, and no keys.
func (c Credentials) Streams() bool { return c.Stream.SessionID != "" }

// Until is when the credentials are of no use any more: the grant's end, or
// STS's expiration where that is before.
func (c Credentials) Until() time.Time {
	if !c.Streams() && c.Expiration.Before(c.End) {
		return c.Expiration
	}
	return c.End
}

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
	keys := c.AccessKeyID.Reveal() != "" || c.SecretAccessKey.Reveal() != "" || c.SessionToken.Reveal() != ""
	streams := c.Streams()
	for _, part := range []struct {
		what string
		set  bool
	}{
		{"single way in", !keys || !streams},
		{"access key", streams || c.AccessKeyID.Reveal() != ""},
		{"secret", streams || c.SecretAccessKey.Reveal() != ""},
		{"session token", streams || c.SessionToken.Reveal() != ""},
		{"expiration", streams || !c.Expiration.IsZero()},
		{"stream", !streams || c.Stream.Target != "" && c.Stream.URL != "" && c.Stream.Token.Reveal() != ""},
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
// that is before. Errors: ErrCredentials, ErrTarget, ErrStream.
func CredentialProcess(c Credentials) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Streams() {
		return nil, ErrStream
	}
	out, err := json.Marshal(struct { //nolint:gosec // handing them over is what it is for
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}{1, c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), c.Until().UTC().Truncate(time.Second).Format(time.RFC3339)})
	if err != nil {
		return nil, fmt.Errorf("write credentials for a process: %w", err)
	}
	return append(out, '\n'), nil
}
