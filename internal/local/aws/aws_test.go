package aws_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// start is the account's time at the start of each test.
var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// world is one local AWS under test, listening on loopback.
type world struct {
	*aws.Server
	clock *wire.ManualClock
}

func newWorld(t *testing.T, change ...func(*aws.Options)) *world {
	t.Helper()
	clock := wire.NewManualClock(start)
	o := aws.Options{Clock: clock}
	for _, c := range change {
		c(&o)
	}
	s, err := aws.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &world{Server: s, clock: clock}
}

// as is the SDK's configuration with the credentials given; none are the
// administrator's. The SDK retries nothing unless told to.
func (w *world) as(c ...awssdk.Credentials) awssdk.Config {
	if len(c) == 0 {
		c = []awssdk.Credentials{{AccessKeyID: "AKIDADMINISTRATOR", SecretAccessKey: "any"}}
	}
	return awssdk.Config{
		Region: "us-east-1", BaseEndpoint: awssdk.String(w.URL()),
		Credentials: credentials.StaticCredentialsProvider{Value: c[0]},
		Retryer:     func() awssdk.Retryer { return awssdk.NopRetryer{} },
		HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// code is an error's AWS code, "" for none.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("not an answer of AWS: %v", err)
	}
	return e.ErrorCode()
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(t, err); got != want {
		t.Fatalf("error code %q, want %q (%v)", got, want, err)
	}
}

var _ = retry.NewStandard

func TestCallerIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := sts.NewFromConfig(w.as()).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Account != aws.DefaultAccount || *out.Arn != "arn:aws:iam::123456789012:root" {
		t.Fatalf("got %v %v", *out.Account, *out.Arn)
	}
}
