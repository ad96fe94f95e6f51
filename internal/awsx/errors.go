package awsx

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// ErrNotFound says that what was asked for is not there. It is wrapped; ask
// with errors.Is.
var ErrNotFound = errors.New("not there")

// maxWhy bounds, in bytes, what of AWS's own sentence is passed on.
const maxWhy = 600

// CodeOf answers AWS's own code, such as ValidationError, or "" where the
// error is not AWS's.
func CodeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Message answers AWS's own sentence, or "".
func Message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// Says answers whether AWS's code is code and its sentence holds part (which
// may be empty). Sentences are compared where AWS has no code of its own for
// what happened.
func Says(err error, code, part string) bool {
	return CodeOf(err) == code && strings.Contains(Message(err), part)
}

// denied are the codes by which services refuse for want of permission.
func denied(code string) bool {
	switch code {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden",
		"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
		"InvalidSignatureException", "InvalidAccessKeyId", "AuthFailure":
		return true
	}
	return false
}

// transient are the codes of what passes by itself.
func transient(code string) bool {
	if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
		return true
	}
	switch code {
	case "InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException",
		"ServerException", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeout", "RequestTimeoutException":
		return true
	}
	return false
}

// wrap gives an error of the SDK a bcn code: unavailable for throttling, for
// AWS's own faults and for what did not answer at all, access_denied with the
// action and the role, else aws_refused.
func (s *Session) wrap(err error) error {
	if err == nil {
		return nil
	}
	service, operation := failed(err)
	var api smithy.APIError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), !errors.As(err, &api),
		transient(api.ErrorCode()), !denied(api.ErrorCode()) && api.ErrorFault() == smithy.FaultServer:
		return bcn.E(bcn.CodeUnavailable, "what", "AWS "+service).Wrap(err)
	case denied(api.ErrorCode()):
		return bcn.E(bcn.CodeAccessDenied, "action", s.action(api, service, operation), "role", s.role).Wrap(err)
	}
	return bcn.E(bcn.CodeAWSRefused, "what", operation, "why", Bounded(api.ErrorMessage())).Wrap(err)
}

// refusedAction finds the action in the sentence of a refusal, which may be
// another than the one that was called: CreateChangeSet needs iam:PassRole.
var refusedAction = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)`)

func (s *Session) action(api smithy.APIError, service, operation string) string {
	if m := refusedAction.FindStringSubmatch(api.ErrorMessage()); m != nil {
		return m[1]
	}
	return prefix(service) + ":" + operation
}

// failed answers the innermost operation: a call that could not get
// credentials failed in AssumeRole.
func failed(err error) (service, operation string) {
	for err != nil {
		var op *smithy.OperationError
		if !errors.As(err, &op) {
			break
		}
		service, operation, err = op.Service(), op.Operation(), op.Err
	}
	return service, operation
}

// prefix is a service's name in IAM's actions.
func prefix(service string) string {
	switch service {
	case "Elastic Load Balancing v2":
		return "elasticloadbalancing"
	case "CloudWatch Logs":
		return "logs"
	}
	return strings.ToLower(strings.ReplaceAll(service, " ", ""))
}

// Bounded keeps a sentence of AWS short enough for a message.
func Bounded(s string) string {
	if len(s) > maxWhy {
		return strings.ToValidUTF8(s[:maxWhy], "") + "..."
	}
	return s
}

// missing wraps an error of the SDK as ErrNotFound, so that it is told apart
// from a refusal, keeping AWS's own sentence.
func (s *Session) missing(err error) error {
	_, operation := failed(err)
	return bcn.E(bcn.CodeAWSRefused, "what", operation, "why", Bounded(Message(err))).Wrap(errors.Join(ErrNotFound, err))
}

// missingNode is ErrNotFound for a node that AWS leaves out of its answer.
func missingNode(id string) error {
	return bcn.E(bcn.CodeAWSRefused, "what", "DescribeInstanceInformation", "why", id+" is missing").Wrap(ErrNotFound)
}
