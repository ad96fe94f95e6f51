package awsx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Handed is what a grant gave to an engineer, in clear, and where it is good for.
type Handed struct {
	AccessKeyID, SecretAccessKey, SessionToken string

	Region   string
	Endpoint string // AWS_ENDPOINT_URL; empty: AWS's
}

// Format hides it from every verb.
func (Handed) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "[hidden]") }

// Engineer calls AWS on an engineer's machine, with what a grant gave and
// nothing else: no variable, profile or file of the machine is read. Its errors
// carry AWS's code and sentence, and nothing else of AWS's answer.
type Engineer struct{ s *Session }

// NewEngineer makes one. It calls nobody.
func NewEngineer(h Handed) Engineer {
	base := aws.Config{
		Region: h.Region, HTTPClient: client(false), Logger: logging.Nop{},
		APIOptions:  []func(*middleware.Stack) error{EndQuietly},
		Credentials: credentials.NewStaticCredentialsProvider(h.AccessKeyID, h.SecretAccessKey, h.SessionToken),
		Retryer:     func() aws.Retryer { return retry.NewStandard() },
	}
	if h.Endpoint != "" {
		base.BaseEndpoint = aws.String(h.Endpoint)
	}
	return Engineer{newSession(base, scope{region: h.Region})}
}

// Channel is an open session of Session Manager, and the token to enter it.
type Channel struct{ SessionID, URL, Token string }

// Format hides the token from every verb.
func (c Channel) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, c.SessionID) }

// ErrNotYet is a task that does not take sessions yet. It is wrapped.
var ErrNotYet = errors.New("does not take sessions yet")

// Enter opens a session in a task's container (ecs:ExecuteCommand). Errors:
// ErrNotYet, access_denied, unavailable, aws_refused.
func (e Engineer) Enter(ctx context.Context, cluster, task, container, command string) (Channel, error) {
	out, err := e.s.ecs().ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
		Cluster: aws.String(cluster), Task: aws.String(task), Container: aws.String(container),
		Command: aws.String(command), Interactive: true,
	})
	if err != nil {
		return Channel{}, e.wrap(err)
	}
	if out.Session == nil {
		return Channel{}, bcn.E(bcn.CodeUnavailable, "what", "AWS ECS")
	}
	return Channel{aws.ToString(out.Session.SessionId), aws.ToString(out.Session.StreamUrl), aws.ToString(out.Session.TokenValue)}, nil
}

// StartSession opens a session on a managed node with one document
// (ssm:StartSession). Errors: access_denied, unavailable, aws_refused.
func (e Engineer) StartSession(ctx context.Context, node, document, reason string) (Channel, error) {
	out, err := e.s.ssm().StartSession(ctx, &ssm.StartSessionInput{
		Target: aws.String(node), DocumentName: aws.String(document), Reason: aws.String(reason),
	})
	if err != nil {
		return Channel{}, e.wrap(err)
	}
	return Channel{aws.ToString(out.SessionId), aws.ToString(out.StreamUrl), aws.ToString(out.TokenValue)}, nil
}

// wrap gives an error its code and takes from it what the SDK hung on it: an
// answer that it could not read is in there whole, token and all.
func (e Engineer) wrap(err error) error {
	cause := errors.New("no answer that can be read")
	var api smithy.APIError
	var network net.Error
	switch {
	case errors.As(err, &api):
		cause = fmt.Errorf("%s: %s", api.ErrorCode(), Bounded(api.ErrorMessage()))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		cause = errors.New("interrupted")
	case errors.As(err, &network):
		cause = network
	}
	// ECS has no code of its own for an agent that has not started (ECS Developer
	// Guide, "Troubleshoot Amazon ECS Exec issues").
	if Says(err, "TargetNotConnectedException", "") || Says(err, "InvalidParameterException", "agent isn't running") {
		cause = fmt.Errorf("%w: %w", ErrNotYet, cause)
	}
	var coded *bcn.Error
	if errors.As(e.s.wrap(err), &coded) {
		return coded.Wrap(cause)
	}
	return cause
}

// Clock answers what time AWS has, to the second, without signing anything: the
// Date of an answer at the address, such as STS's. It says how far the machine's
// clock is off, beyond which AWS refuses signatures.
func Clock(ctx context.Context, address string) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, http.NoBody)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask AWS for the time: %w", err)
	}
	resp, err := client(false).Do(req)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask AWS for the time: %w", err)
	}
	_ = resp.Body.Close() // nothing was written
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("ask AWS for the time: %w", err)
	}
	return at, nil
}
