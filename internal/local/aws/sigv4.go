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

// maxSkew is how far a request's date may be from the machine's clock
// (Signature Version 4 in the IAM User Guide: 5 minutes; S3 allows 15).
const maxSkew = 15 * time.Minute

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
// looks at the machine's clock for the date: a test that moves the account's
// clock does not move its clients'.
func (s signature) verify(r *http.Request, body []byte, secret string, now time.Time) *wire.Error {
	wrong := &wire.Error{
		Code:    codeBadSignature,
		Message: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
		Status:  http.StatusForbidden,
	}
	if d := now.Sub(s.date); d > maxSkew || d < -maxSkew {
		wrong.Message = "Signature expired: " + s.date.Format(time.RFC3339) + " is too far from " + now.UTC().Format(time.RFC3339)
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
