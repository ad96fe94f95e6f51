package aws

import (
	"slices"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// keptCalls bounds the log of calls; older ones are forgotten.
const keptCalls = 10_000

// CallRecord is one call as CloudTrail would tell of it. Parameters that hold
// secrets are left out.
type CallRecord struct {
	ID             string // the request id that the caller was given
	At             time.Time
	Service        string
	Action         string
	Region         string
	ARN            string // who called
	SessionName    string
	SourceIdentity string
	UserID         string // AROA...:SESSION
	RoleARN        string // "" for the administrator
	AccessKey      string
	Params         map[string]any
	Answer         map[string]any // what CloudTrail tells of it; nil where nothing
	ErrorCode      string         // "" where it went well
	ErrorMessage   string
}

// by writes down who called.
func (c *CallRecord) by(p wire.Principal, accessKey string) {
	c.ARN, c.SessionName, c.SourceIdentity = p.ARN, p.SessionName, p.SourceIdentity
	c.UserID, c.RoleARN, c.AccessKey = p.UserID, p.RoleARN, accessKey
}

type callLog struct {
	mu    sync.Mutex
	calls []CallRecord
}

func (l *callLog) add(c CallRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) == keptCalls {
		l.calls = slices.Delete(l.calls, 0, keptCalls/10)
	}
	l.calls = append(l.calls, c)
}

func (l *callLog) all() []CallRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// told is what CloudTrail would show of the parameters of a call.
func told(service string, params map[string]any) map[string]any {
	out := make(map[string]any, len(params))
	for k, v := range params {
		switch {
		case service == "ssm" && k == "Value",
			service == "secretsmanager" && (k == "SecretString" || k == "SecretBinary"),
			service == "s3" && k == "Body":
			out[k] = "HIDDEN_DUE_TO_SECURITY_REASONS"
		default:
			out[k] = v
		}
	}
	return out
}
