package access

import (
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// content is what is sealed. Fields may be added, since who opens it passes
// over those it does not know; what must not be passed over needs a new prefix.
type content struct {
	AccessKeyID     string         `json:"access_key_id,omitempty"`
	SecretAccessKey string         `json:"secret_access_key,omitempty"`
	SessionToken    string         `json:"session_token,omitempty"`
	Expiration      time.Time      `json:"expiration,omitzero"`
	Stream          *streamContent `json:"stream,omitempty"`
	Grant           bcn.ID         `json:"grant"`
	End             time.Time      `json:"end"`
	Target          Target         `json:"target"`
	Command         string         `json:"command,omitempty"`
	Runtime         string         `json:"runtime,omitempty"`
}

type streamContent struct {
	SessionID string `json:"session_id"`
	Target    string `json:"target"`
	URL       string `json:"url"`
	Token     string `json:"token"`
}

func contentOf(c Credentials) content {
	out := content{
		AccessKeyID: c.AccessKeyID.Reveal(), SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
		Expiration: c.Expiration.UTC(), Grant: c.Grant, End: c.End.UTC(), Target: c.Target, Command: c.Command, Runtime: c.Runtime,
	}
	if c.Streams() {
		out.Stream = &streamContent{SessionID: c.Stream.SessionID, Target: c.Stream.Target, URL: c.Stream.URL, Token: c.Stream.Token.Reveal()}
	}
	return out
}

func (in content) credentials() Credentials {
	c := Credentials{
		AccessKeyID: NewSecret(in.AccessKeyID), SecretAccessKey: NewSecret(in.SecretAccessKey), SessionToken: NewSecret(in.SessionToken),
		Expiration: in.Expiration, Grant: in.Grant, End: in.End, Target: in.Target, Command: in.Command, Runtime: in.Runtime,
	}
	if s := in.Stream; s != nil {
		c.Stream = Stream{SessionID: s.SessionID, Target: s.Target, URL: s.URL, Token: NewSecret(s.Token)}
	}
	return c
}
