package aws

import (
	"errors"
	"net/http"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// What every service may answer. The services spell these differently; the
// codes here are those of the query protocol, and spelling turns them into the
// service's own.
const (
	codeMissingToken  = "MissingAuthenticationToken"
	codeBadSignature  = "SignatureDoesNotMatch"
	codeInvalidToken  = "InvalidClientTokenId"
	codeExpiredToken  = "ExpiredToken"
	codeAccessDenied  = "AccessDenied"
	codeThrottling    = "Throttling"
	codeInvalidAction = "InvalidAction"
	codeInternal      = "InternalFailure"
)

// spelling is a protocol's words for the common errors: code and HTTP status.
type spelling map[string]wire.Error

// Sources: "Common errors" in each service's API reference.
func querySpelling() spelling {
	return spelling{
		codeMissingToken: {Status: http.StatusForbidden}, codeBadSignature: {Status: http.StatusForbidden},
		codeInvalidToken: {Status: http.StatusForbidden}, codeExpiredToken: {Status: http.StatusForbidden},
		codeAccessDenied: {Status: http.StatusForbidden}, codeThrottling: {Status: http.StatusBadRequest},
		codeInvalidAction: {Status: http.StatusBadRequest}, codeInternal: {Status: http.StatusInternalServerError},
	}
}

func ec2Spelling() spelling {
	s := querySpelling()
	s[codeInvalidToken] = wire.Error{Code: "AuthFailure", Status: http.StatusUnauthorized}
	s[codeExpiredToken] = wire.Error{Code: "RequestExpired", Status: http.StatusBadRequest}
	s[codeAccessDenied] = wire.Error{Code: "UnauthorizedOperation", Status: http.StatusForbidden}
	s[codeThrottling] = wire.Error{Code: "RequestLimitExceeded", Status: http.StatusServiceUnavailable}
	s[codeInternal] = wire.Error{Code: "InternalError", Status: http.StatusInternalServerError}
	return s
}

func jsonSpelling() spelling {
	return spelling{
		codeMissingToken:  {Code: "MissingAuthenticationTokenException", Status: http.StatusBadRequest},
		codeBadSignature:  {Code: "InvalidSignatureException", Status: http.StatusBadRequest},
		codeInvalidToken:  {Code: "UnrecognizedClientException", Status: http.StatusBadRequest},
		codeExpiredToken:  {Code: "ExpiredTokenException", Status: http.StatusBadRequest},
		codeAccessDenied:  {Code: "AccessDeniedException", Status: http.StatusBadRequest},
		codeThrottling:    {Code: "ThrottlingException", Status: http.StatusBadRequest},
		codeInvalidAction: {Code: "UnknownOperationException", Status: http.StatusBadRequest},
		codeInternal:      {Code: "InternalServerError", Status: http.StatusInternalServerError},
	}
}

func s3Spelling() spelling {
	return spelling{
		codeMissingToken: {Code: "AccessDenied", Status: http.StatusForbidden},
		codeBadSignature: {Status: http.StatusForbidden},
		codeInvalidToken: {Code: "InvalidAccessKeyId", Status: http.StatusForbidden},
		codeExpiredToken: {Status: http.StatusBadRequest}, codeAccessDenied: {Status: http.StatusForbidden},
		codeThrottling:    {Code: "SlowDown", Status: http.StatusServiceUnavailable},
		codeInvalidAction: {Code: "NotImplemented", Status: http.StatusNotImplemented},
		codeInternal:      {Code: "InternalError", Status: http.StatusInternalServerError},
	}
}

// spell turns whatever a handler answered into what goes over the wire.
func (s spelling) spell(err error) *wire.Error {
	var e *wire.Error
	if !errors.As(err, &e) {
		e = &wire.Error{Code: codeInternal, Message: err.Error()}
	}
	out := *e
	if own, ok := s[e.Code]; ok {
		if own.Code != "" {
			out.Code = own.Code
		}
		if e.Status == 0 || own.Code != "" || e.Code == codeInternal {
			out.Status = own.Status
		}
	}
	if out.Status == 0 {
		out.Status = http.StatusBadRequest
	}
	return &out
}
