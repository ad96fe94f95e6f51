package sessions_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// start is the account's time at the start of each test.
var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

const (
	region   = "us-east-1"
	node     = "i-0123456789abcdef0"
	other    = "i-0fedcba9876543210"
	nodeARN  = "arn:aws:ec2:us-east-1:123456789012:instance/" + node
	tenARN   = "arn:aws:ssm:us-east-1:123456789012:document/bcn-shell-10m"
	ten      = "bcn-shell-10m"
	trustAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:*"}]}`
)

// world is one local AWS under test with two machines and a session document
// of ten minutes.
type world struct {
	*aws.Server
	clock clock
	calls chan aws.CallRecord // the newest, as they happen
}

// clock is one that tests move.
type clock interface {
	wire.Clock
	Advance(d time.Duration)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := newAccount(t, false)
	for _, id := range []string{node, other} {
		w.Sessions().PutNode(sessions.Node{ID: id, Region: region, Name: "web", Address: "10.0.1.20", Tags: map[string]string{"env": "production"}})
	}
	w.document(t, ten, content("10", "5"))
	return w
}

// newAccount is a local AWS that listens, with the sample or empty.
func newAccount(t *testing.T, sample bool) *world {
	t.Helper()
	return newAccountAt(t, wire.NewManualClock(start), sample)
}

func newAccountAt(t *testing.T, at clock, sample bool) *world {
	t.Helper()
	w := &world{clock: at, calls: make(chan aws.CallRecord, 1000)}
	var err error
	w.Server, err = aws.New(aws.Options{Clock: w.clock, Sample: sample, OnCall: func(c aws.CallRecord) {
		select {
		case w.calls <- c:
		default: // nobody waits for it
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// await waits until an action is called and answers how it went.
func (w *world) await(t *testing.T, action string) aws.CallRecord {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case c := <-w.calls:
			if c.Action == action {
				return c
			}
		case <-late:
			t.Fatalf("nobody called %s", action)
		}
	}
}

// content is a session document.
func content(limit, idle string) string {
	return `{"schemaVersion":"1.0","description":"A shell","sessionType":"Standard_Stream","inputs":{
		"maxSessionDuration":"` + limit + `","idleSessionTimeout":"` + idle + `","runAsEnabled":true,"runAsDefaultUser":"engineer"}}`
}

func (w *world) document(t *testing.T, name, text string) {
	t.Helper()
	_, err := ssm.NewFromConfig(w.as()).CreateDocument(t.Context(), &ssm.CreateDocumentInput{
		Name: &name, Content: &text, DocumentType: ssmtypes.DocumentTypeSession,
	})
	wantCode(t, err, "")
}

// as is the SDK's configuration with the credentials given; none are the
// administrator's. The SDK retries nothing.
func (w *world) as(c ...awssdk.Credentials) awssdk.Config {
	if len(c) == 0 {
		c = []awssdk.Credentials{{AccessKeyID: "AKIDADMINISTRATOR", SecretAccessKey: "any"}}
	}
	return awssdk.Config{
		Region: region, BaseEndpoint: awssdk.String(w.URL()),
		Credentials: credentials.StaticCredentialsProvider{Value: c[0]},
		Retryer:     func() awssdk.Retryer { return awssdk.NopRetryer{} },
		HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		APIOptions:  []func(*middleware.Stack) error{awsx.EndQuietly},
	}
}

// assume makes a role with the policy, unless it is there, and assumes it.
func (w *world) assume(t *testing.T, role, policy, name, session string) awssdk.Credentials {
	t.Helper()
	c := iam.NewFromConfig(w.as())
	_, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &role, AssumeRolePolicyDocument: awssdk.String(trustAll)})
	if err == nil {
		_, err = c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: awssdk.String("inline"), PolicyDocument: &policy})
	}
	var there smithy.APIError
	if err != nil && (!errors.As(err, &there) || there.ErrorCode() != "EntityAlreadyExists") {
		t.Fatal(err)
	}
	in := &sts.AssumeRoleInput{
		RoleArn: awssdk.String("arn:aws:iam::123456789012:role/" + role), RoleSessionName: &name,
		SourceIdentity: awssdk.String("dana"), DurationSeconds: awssdk.Int32(900),
	}
	if session != "" {
		in.Policy = &session
	}
	out, err := sts.NewFromConfig(w.as()).AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return awssdk.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}
}

func keys(c awssdk.Credentials) plugintest.Keys {
	return plugintest.Keys{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// open starts a session on the node with the ten-minute document.
func (w *world) open(t *testing.T, c awssdk.Config) *ssm.StartSessionOutput {
	t.Helper()
	out, err := ssm.NewFromConfig(c).StartSession(t.Context(), &ssm.StartSessionInput{
		Target: awssdk.String(node), DocumentName: awssdk.String(ten), Reason: awssdk.String("grant 7"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// listed are the ids of a state's sessions.
func (w *world) listed(t *testing.T, state ssmtypes.SessionState, filters ...ssmtypes.SessionFilter) []ssmtypes.Session {
	t.Helper()
	out, err := ssm.NewFromConfig(w.as()).DescribeSessions(t.Context(), &ssm.DescribeSessionsInput{State: state, Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	return out.Sessions
}

func (w *world) terminate(t *testing.T, id string) {
	t.Helper()
	_, err := ssm.NewFromConfig(w.as()).TerminateSession(t.Context(), &ssm.TerminateSessionInput{SessionId: &id})
	wantCode(t, err, "")
}

// answer is what the AWS CLI hands to the plugin.
func answer(id, url, token *string) string {
	text, err := json.Marshal(map[string]*string{"SessionId": id, "StreamUrl": url, "TokenValue": token})
	if err != nil {
		panic(err) // three texts
	}
	return string(text)
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	var e smithy.APIError
	switch {
	case errors.As(err, &e):
		got = e.ErrorCode()
	case err != nil:
		t.Fatalf("not an answer of AWS: %v", err)
	}
	if got != want {
		t.Fatalf("error code %q, want %q (%v)", got, want, err)
	}
}

func sessionsNode(id, env string) sessions.Node {
	return sessions.Node{ID: id, Region: region, Tags: map[string]string{"env": env}}
}

func itoa(n int) string { return strconv.Itoa(n) }
