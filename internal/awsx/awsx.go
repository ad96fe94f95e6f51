package awsx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Doer sends HTTP requests, as *http.Client does.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Options say how AWS is reached.
type Options struct {
	// Region is used where a target names none.
	Region string
	// Endpoint takes the place of all services' own addresses
	// (AWS_ENDPOINT_URL). Empty: AWS's.
	Endpoint string
	// HTTP sends the requests; nil: a client with timeouts.
	HTTP Doer
	// Isolated ignores AWS_* variables, profiles, files and instance metadata:
	// `bot dev` must never reach a real account by accident. It needs Endpoint.
	Isolated bool
	// AccessKey and SecretKey are bcn's own where Isolated is set; empty: keys
	// that a local AWS takes for its administrator's.
	AccessKey, SecretKey string
	// Attempts bounds how often one call is sent; 0: three times.
	Attempts int
	// MaxBackoff bounds the wait between two of them; 0: the SDK's 20 seconds.
	MaxBackoff time.Duration
}

// The keys of an isolated AWS where none were given. A local AWS did not issue
// them, so they are its administrator's.
const (
	localAccessKey = "bcn-local-administrator"
	localSecretKey = "not-a-secret"
)

// callTimeout bounds one HTTP request.
const callTimeout = 30 * time.Second

// AWS makes sessions. It is safe for concurrent use.
type AWS struct {
	base aws.Config

	mu       sync.Mutex
	sessions map[scope]*Session
}

// scope is what a session's credentials are bound to.
type scope struct {
	role, externalID, name, identity, region string
}

// maxSessions bounds the cache: each change has a session name of its own.
const maxSessions = 256

// idle is how long a session is kept that nobody asked for.
const idle = time.Hour

// New reads the base configuration: the standard chain of the SDK, or nothing
// but the options where Isolated is set. It calls nobody.
func New(ctx context.Context, o Options) (*AWS, error) {
	if o.HTTP == nil {
		o.HTTP = client(o.Isolated)
	}
	base, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	base.APIOptions = append(base.APIOptions, EndQuietly)
	base.Logger = logging.Nop{} // what is worth a line is in our errors, as JSON
	base.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(s *retry.StandardOptions) {
			s.MaxAttempts = max(o.Attempts, 0)
			if o.Attempts == 0 {
				s.MaxAttempts = retry.DefaultMaxAttempts
			}
			if o.MaxBackoff > 0 {
				s.MaxBackoff = o.MaxBackoff
			}
		})
	}
	return &AWS{base: base, sessions: map[scope]*Session{}}, nil
}

func (o Options) load(ctx context.Context) (aws.Config, error) {
	if o.Isolated {
		if o.Endpoint == "" {
			return aws.Config{}, errors.New("awsx: isolated without an endpoint")
		}
		if o.AccessKey == "" {
			o.AccessKey, o.SecretKey = localAccessKey, localSecretKey
		}
		return aws.Config{
			Region: o.Region, BaseEndpoint: aws.String(o.Endpoint), HTTPClient: o.HTTP,
			Credentials: credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, ""),
		}, nil
	}
	with := []func(*config.LoadOptions) error{config.WithHTTPClient(o.HTTP)}
	if o.Region != "" {
		with = append(with, config.WithRegion(o.Region))
	}
	if o.Endpoint != "" {
		with = append(with, config.WithBaseEndpoint(o.Endpoint))
	}
	base, err := config.LoadDefaultConfig(ctx, with...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	return base, nil
}

func client(isolated bool) Doer {
	c := awshttp.NewBuildableClient().WithTimeout(callTimeout)
	if isolated {
		c = c.WithTransportOptions(func(t *http.Transport) { t.Proxy = nil })
	}
	return c
}

// For answers the session of a target: its district's role and region, in its
// requester's name. Nothing is called before the session is used.
func (a *AWS) For(t bcn.Target) *Session {
	key := scope{
		role: t.District.Role, externalID: t.ExternalID, region: t.District.Region,
		name: roleName(t.Session), identity: roleName(t.Identity),
	}
	if key.region == "" {
		key.region = a.base.Region
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[key]
	if !ok {
		a.forget(now)
		s = newSession(a.base, key)
		a.sessions[key] = s
	}
	s.used = now
	return s
}

// forget drops sessions that nobody asked for lately, and the oldest where
// there are still too many. The caller holds mu.
func (a *AWS) forget(now time.Time) {
	for len(a.sessions) >= maxSessions {
		var oldest scope
		at := now
		for key, s := range a.sessions {
			if now.Sub(s.used) > idle {
				delete(a.sessions, key)
			} else if !s.used.After(at) {
				oldest, at = key, s.used
			}
		}
		if len(a.sessions) >= maxSessions {
			delete(a.sessions, oldest)
		}
	}
}

// notInNames is what STS takes neither in session names nor in source
// identities: both are [\w+=,.@-]{2,64}.
var notInNames = regexp.MustCompile(`[^\w+=,.@-]+`)

// roleName makes a session name or source identity of any text. What people
// are called in Slack may be anything.
func roleName(s string) string {
	s = notInNames.ReplaceAllString(s, "")
	if len(s) > 64 {
		s = s[:64]
	}
	if len(s) < 2 {
		return strings.Repeat("_", 2-len(s)) + s
	}
	return s
}
