package awsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func isolated(t *testing.T, endpoint string) *AWS {
	t.Helper()
	a, err := New(t.Context(), Options{Isolated: true, Endpoint: endpoint, Region: "us-east-1", MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// fake answers every request with the handler; it is for what no service may
// do and the network yet does.
func fake(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestIsolatedNeedsAnEndpoint(t *testing.T) {
	t.Parallel()
	if _, err := New(t.Context(), Options{Isolated: true}); err == nil {
		t.Error("accepted: it would have reached the real AWS")
	}
}

func TestIsolatedIgnoresTheEnvironment(t *testing.T) { //nolint:paralleltest // it sets the environment
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real", "AWS_PROFILE": "real",
		"AWS_REGION": "eu-north-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
	} {
		t.Setenv(k, v)
	}
	var header atomic.Value
	url := fake(t, func(w http.ResponseWriter, r *http.Request) {
		header.Store(r.Header.Get("Authorization") + r.Header.Get("X-Amz-Security-Token"))
		_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	})
	caller, err := isolated(t, url).For(bcn.Target{}).Caller(t.Context())
	if err != nil || caller.Account != "1" {
		t.Fatal(caller, err)
	}
	got := fmt.Sprint(header.Load())
	if !strings.Contains(got, localAccessKey) || strings.Contains(got, "real") || !strings.Contains(got, "us-east-1") {
		t.Errorf("signed with %s", got)
	}
}

func TestSessionsAreKeptApart(t *testing.T) {
	t.Parallel()
	a := isolated(t, "http://127.0.0.1:1")
	base := bcn.Target{District: bcn.District{Role: "r", Region: "us-east-1"}, ExternalID: "e", Session: "bcn-1", Identity: "dana"}
	if first, second := a.For(base), a.For(base); first != second {
		t.Error("one target, two sessions")
	}
	for name, change := range map[string]func(*bcn.Target){
		"role":        func(t *bcn.Target) { t.District.Role = "q" },
		"region":      func(t *bcn.Target) { t.District.Region = "eu-west-1" },
		"external id": func(t *bcn.Target) { t.ExternalID = "f" },
		"session":     func(t *bcn.Target) { t.Session = "bcn-2" },
		"identity":    func(t *bcn.Target) { t.Identity = "lee" },
	} {
		other := base
		change(&other)
		if a.For(other) == a.For(base) {
			t.Errorf("another %s, the same session", name)
		}
	}
}

func TestSessionsAreForgotten(t *testing.T) {
	t.Parallel()
	a := isolated(t, "http://127.0.0.1:1")
	for i := range 3 * maxSessions {
		a.For(bcn.Target{Session: fmt.Sprintf("bcn-%d", i)})
	}
	if n := len(a.sessions); n > maxSessions {
		t.Errorf("%d sessions are kept", n)
	}
}

func TestRoleNamesAreWhatSTSTakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := roleName(rapid.String().Draw(t, "name"))
		if len(got) < 2 || len(got) > 64 || notInNames.MatchString(got) {
			t.Errorf("%q", got)
		}
	})
	for in, want := range map[string]string{"dana": "dana", "bcn-#1042": "bcn-1042", "": "__", "d": "_d", "ダナ": "__"} {
		if got := roleName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestErrorsGetCodes(t *testing.T) {
	t.Parallel()
	s := isolated(t, "http://127.0.0.1:1").For(bcn.Target{District: bcn.District{Role: "the-role"}})
	api := func(code, message string, fault smithy.ErrorFault) error {
		return &smithy.OperationError{
			ServiceID: "CloudFormation", OperationName: "CreateChangeSet",
			Err: &smithy.GenericAPIError{Code: code, Message: message, Fault: fault},
		}
	}
	nested := &smithy.OperationError{ServiceID: "ECS", OperationName: "RunTask", Err: fmt.Errorf("get credentials: %w",
		&smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: &smithy.GenericAPIError{Code: "AccessDenied"}})}
	for _, c := range []struct {
		name   string
		err    error
		code   bcn.Code
		params string
	}{
		{"throttling", api("Throttling", "Rate exceeded", smithy.FaultClient), bcn.CodeUnavailable, "AWS CloudFormation"},
		{"a fault of AWS", api("Whatever", "", smithy.FaultServer), bcn.CodeUnavailable, "AWS CloudFormation"},
		{"expired credentials", api("ExpiredToken", "", smithy.FaultClient), bcn.CodeUnavailable, ""},
		{"no answer", &smithy.OperationError{ServiceID: "ECS", Err: errors.New("connection refused")}, bcn.CodeUnavailable, "AWS ECS"},
		{"a deadline", context.DeadlineExceeded, bcn.CodeUnavailable, ""},
		{"a refusal", api("AccessDenied", "no", smithy.FaultClient), bcn.CodeAccessDenied, "cloudformation:CreateChangeSet the-role"},
		{"a refusal of another action", api("AccessDenied", "User: x is not authorized to perform: iam:PassRole on resource: y",
			smithy.FaultClient), bcn.CodeAccessDenied, "iam:PassRole the-role"},
		{"a refused role", nested, bcn.CodeAccessDenied, "sts:AssumeRole the-role"},
		{"anything else", api("ValidationError", "Template error", smithy.FaultClient), bcn.CodeAWSRefused, "CreateChangeSet Template error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var e *bcn.Error
			if err := s.wrap(c.err); bcn.CodeOf(err) != c.code || !errors.As(err, &e) || !errors.Is(err, c.err) {
				t.Fatalf("%v", err)
			}
			got := strings.Join([]string{e.Params["what"], e.Params["action"], e.Params["role"], e.Params["why"]}, " ")
			if !strings.Contains(strings.Join(strings.Fields(got), " "), c.params) {
				t.Errorf("params %q, want %q", got, c.params)
			}
		})
	}
}

func TestNetworkReadsTryAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url := fake(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow</Message></Error></Errors></Response>`)
			return
		}
		if !strings.Contains(string(body), "Action=DescribeVpcs") || !strings.Contains(string(body), "Filter.1.Value.1=vpc-1") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, `<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId><cidrBlock>10.0.0.0/16</cidrBlock></item></vpcSet></DescribeVpcsResponse>`)
	})
	got, err := isolated(t, url).For(bcn.Target{}).VPCs(t.Context(), []string{"vpc-1"})
	if err != nil || len(got) != 1 || got[0].CIDR != "10.0.0.0/16" || calls.Load() != 2 {
		t.Errorf("%v %v after %d calls", got, err, calls.Load())
	}
}

func TestAnAnswerThatIsNoneIsUnavailable(t *testing.T) {
	t.Parallel()
	url := fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") })
	_, err := isolated(t, url).For(bcn.Target{}).VPCs(t.Context(), []string{"vpc-1"})
	if bcn.CodeOf(err) != bcn.CodeUnavailable {
		t.Error(err)
	}
}

func TestBoundedKeepsSentencesShort(t *testing.T) {
	t.Parallel()
	if got := Bounded(strings.Repeat("あ", 1000)); len(got) > maxWhy+3 || !strings.HasSuffix(got, "...") || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes", len(got))
	}
}
