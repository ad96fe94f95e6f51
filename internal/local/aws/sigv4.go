package aws

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// How far a request's date may be from the clock (IAM User Guide, "Signature
// Version 4"; S3 API reference, RequestTimeTooSkewed).
const (
	maxSkew   = 5 * time.Minute
	maxSkewS3 = 15 * time.Minute
)

// signature is a request's Authorization header, taken apart.
type signature struct {
	accessKey, day, region, service string
	headers                         []string
	value                           string
	date                            time.Time
	token                           string
}

// parseSignature reads AWS4-HMAC-SHA256 Credential=KEY/DAY/REGION/SERVICE/
// aws4_request, SignedHeaders=a;b, Signature=HEX.
func parseSignature(r *http.Request) (signature, *wire.Error) {
	var s signature
	header := r.Header.Get("Authorization")
	if header == "" {
		return s, &wire.Error{Code: codeMissingToken, Message: "Request is missing Authentication Token", Status: http.StatusForbidden}
	}
	bad := &wire.Error{Code: "IncompleteSignature", Message: "Authorization header is not of Signature Version 4", Status: http.StatusForbidden}
	rest, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !ok {
		return s, bad
	}
	fields := map[string]string{}
	for _, f := range strings.Split(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(f), "=")
		fields[k] = v
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" || fields["SignedHeaders"] == "" || fields["Signature"] == "" {
		return s, bad
	}
	s.accessKey, s.day, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
	s.headers = strings.Split(fields["SignedHeaders"], ";")
	s.value = fields["Signature"]
	s.token = r.Header.Get("X-Amz-Security-Token")
	date, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || date.Format("20060102") != s.day {
		return s, bad
	}
	s.date = date
	return s, nil
}

// verify signs the request again, as its sender must have, and compares. It
// believes the date of a client whose clock is the machine's, also where the
// account's has been moved: an SDK that was told the difference signs with it.
func (s signature) verify(r *http.Request, body []byte, secret string, clocks *skews) *wire.Error {
	wrong := &wire.Error{
		Code:    codeBadSignature,
		Message: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
		Status:  http.StatusForbidden,
	}
	limit := maxSkew
	if s.service == "s3" {
		limit = maxSkewS3
	}
	if !clocks.trusts(s.date, limit) && s.service == "s3" {
		return &wire.Error{
			Code: "RequestTimeTooSkewed", Status: http.StatusForbidden,
			Message: "The difference between the request time and the current time is too large.",
		}
	}
	if !clocks.trusts(s.date, limit) {
		wrong.Message = "Signature expired: " + s.date.Format(time.RFC3339) + " is too far from now"
		return wrong
	}
	payload, ok := payloadHash(r, body)
	if !ok {
		wrong.Message = "The provided 'x-amz-content-sha256' header does not match what was computed."
		return wrong
	}
	again := r.Clone(r.Context())
	again.Header = http.Header{}
	again.URL.Host = r.Host
	again.ContentLength = 0
	host := false
	for _, h := range s.headers {
		switch h {
		case "host":
			host = true
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(h)] = r.Header.Values(h)
		}
	}
	if !host {
		return wrong
	}
	creds := awssdk.Credentials{AccessKeyID: s.accessKey, SecretAccessKey: secret, SessionToken: s.token}
	err := v4.NewSigner().SignHTTP(r.Context(), creds, again, payload, s.service, s.region, s.date,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s.service == "s3" })
	if err != nil {
		return wrong
	}
	_, sum, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	if subtle.ConstantTimeCompare([]byte(sum), []byte(s.value)) != 1 {
		return wrong
	}
	return nil
}

// payloadHash is the body's part of the signature. S3 says it in a header,
// which must then be true unless it says that the payload is unsigned.
func payloadHash(r *http.Request, body []byte) (string, bool) {
	sum := sha256.Sum256(body)
	computed := hex.EncodeToString(sum[:])
	said := r.Header.Get("X-Amz-Content-Sha256")
	if said == "UNSIGNED-PAYLOAD" {
		return said, true
	}
	return computed, said == "" || said == computed
}
