package aws_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/bcn-bot/bcn/internal/awsx"
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
		APIOptions:  []func(*middleware.Stack) error{awsx.EndQuietly},
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

// must stops the test where the error says that something failed.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// allow is a policy document that allows one thing.
func allow(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

const (
	account = "arn:aws:iam::123456789012:"
	// trustAll lets everyone in the account do all that AssumeRole may do.
	trustAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:*"}]}`
)

// role makes a role with an inline policy ("" for none) and answers its ARN.
func (w *world) role(t *testing.T, name, trust, inline string) string {
	t.Helper()
	c := iam.NewFromConfig(w.as())
	must[*iam.CreateRoleOutput](t)(c.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: &trust, MaxSessionDuration: awssdk.Int32(7200),
	}))
	if inline != "" {
		must[*iam.PutRolePolicyOutput](t)(c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
			RoleName: &name, PolicyName: awssdk.String("inline"), PolicyDocument: &inline,
		}))
	}
	return account + "role/" + name
}

// assume assumes a role as the administrator and answers its credentials.
func (w *world) assume(t *testing.T, arn string, change ...func(*sts.AssumeRoleInput)) awssdk.Credentials {
	t.Helper()
	in := &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: awssdk.String("bcn-1042"), SourceIdentity: awssdk.String("dana")}
	for _, c := range change {
		c(in)
	}
	out := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(w.as()).AssumeRole(t.Context(), in))
	return awssdk.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey,
		SessionToken: *out.Credentials.SessionToken,
	}
}

// able makes a role that may do one thing and answers its configuration.
func (w *world) able(t *testing.T, action, resource string) awssdk.Config {
	t.Helper()
	return w.as(w.assume(t, w.role(t, "able", trustAll, allow(action, resource))))
}
