package aws_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bcn-bot/bcn/internal/local/aws"
)

// signed sends a form to a service, signed by the administrator or by c, for
// what the SDK would not send.
func (w *world) signed(t *testing.T, service string, form url.Values, change func(*http.Request), c ...awssdk.Credentials) (int, string) {
	t.Helper()
	body := []byte(form.Encode())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sum := sha256.Sum256(body)
	creds := must[awssdk.Credentials](t)(w.as(c...).Credentials.Retrieve(t.Context()))
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, req, hex.EncodeToString(sum[:]), service, "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	return send(t, req)
}

func send(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	req.Close = true // leaves no idle connection behind
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func form(action, version string) url.Values {
	return url.Values{"Action": {action}, "Version": {version}}
}

func TestFrontRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	identity := form("GetCallerIdentity", "2011-06-15")
	for _, c := range []struct {
		name    string
		service string
		form    url.Values
		change  func(*http.Request)
		status  int
		says    string
	}{
		{"a host that is not loopback", "sts", identity, func(r *http.Request) { r.Host = "evil.example" }, 403, "loopback names"},
		{"a host that only begins like loopback", "sts", identity, func(r *http.Request) { r.Host = "localhost.evil.example" }, 403, "loopback names"},
		{"a page of another origin", "sts", identity, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403, "no web page"},
		{"a page of another site that sends no origin", "sts", identity, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403, "no web page"},
		{"a request that is not signed", "sts", identity, func(r *http.Request) { r.Header.Del("Authorization") }, 403, "<Code>MissingAuthenticationToken</Code>"},
		{"a signature of another kind", "sts", identity, func(r *http.Request) { r.Header.Set("Authorization", "Basic eA==") }, 403, "<Code>IncompleteSignature</Code>"},
		{"a service that is not here, by name", "sqs", form("SendMessage", "2012-11-05"), nil, 400, "no service &#34;sqs&#34;"},
		{"an action that is not here, by service and name", "sts", form("GetFederationToken", "2011-06-15"), nil, 400, "no action GetFederationToken in service sts"},
		{"an action of another version", "sts", form("GetCallerIdentity", "2010-01-01"), nil, 400, "<Code>InvalidAction</Code>"},
		{"an action of EC2 that is not here", "ec2", form("RunInstances", "2016-11-15"), nil, 400, "no action RunInstances in service ec2"},
		{"parameters that contradict each other", "sts", url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "Tags": {"x"}, "Tags.member.1.Key": {"y"}}, nil, 400, "<Code>MalformedInput</Code>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, text := w.signed(t, c.service, c.form, c.change)
			if status != c.status || !strings.Contains(text, c.says) {
				t.Fatalf("got %d %s, want %d with %s", status, text, c.status, c.says)
			}
		})
	}
	t.Run("a body that is too large", func(t *testing.T) {
		t.Parallel()
		f := form("GetCallerIdentity", "2011-06-15")
		f.Set("x", strings.Repeat("x", 9<<20))
		if status, _ := w.signed(t, "sts", f, nil); status != http.StatusRequestEntityTooLarge {
			t.Fatalf("got %d", status)
		}
	})
	t.Run("an address that is not loopback", func(t *testing.T) {
		t.Parallel()
		s := must[*aws.Server](t)(aws.New(aws.Options{}))
		if err := s.Start(t.Context(), "0.0.0.0:0"); err == nil {
			t.Fatal("listens")
		}
	})
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, "r", trustAll, allow("*", "*"))
	creds := w.assume(t, role)
	change := func(f func(*awssdk.Credentials)) awssdk.Config {
		c := creds
		f(&c)
		return w.as(c)
	}
	wrongSecret := change(func(c *awssdk.Credentials) { c.SecretAccessKey = "wrong" })
	noToken := change(func(c *awssdk.Credentials) { c.SessionToken = "" })
	wrongToken := change(func(c *awssdk.Credentials) { c.SessionToken += "x" })
	unknown := w.as(awssdk.Credentials{AccessKeyID: "ASIAUNKNOWN", SecretAccessKey: "s", SessionToken: "t"})
	garbage := w.as(awssdk.Credentials{AccessKeyID: "AKIDX", SecretAccessKey: "s", SessionToken: "garbage"})

	for _, c := range []struct {
		name                 string
		config               awssdk.Config
		query, json, storage string // the codes of STS, Parameter Store and S3
	}{
		{"right credentials are taken", w.as(creds), "", "", ""},
		{"a wrong secret", wrongSecret, "SignatureDoesNotMatch", "InvalidSignatureException", "SignatureDoesNotMatch"},
		{"no session token", noToken, "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
		{"another session token", wrongToken, "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
		{"a key that another process issued", unknown, "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
		{"a key that nobody issued, with a token", garbage, "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := sts.NewFromConfig(c.config).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			wantCode(t, err, c.query)
			_, err = ssm.NewFromConfig(c.config).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
			wantCode(t, err, c.json)
			_, err = s3.NewFromConfig(c.config).ListBuckets(t.Context(), &s3.ListBucketsInput{})
			wantCode(t, err, c.storage)
		})
	}
	t.Run("a body that was changed on its way", func(t *testing.T) {
		t.Parallel()
		f := form("GetCallerIdentity", "2011-06-15")
		_, text := w.signed(t, "sts", f, func(r *http.Request) {
			other := []byte("Action=GetCallerIdentity&Version=2011-06-15&x=1")
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(other)), int64(len(other))
		}, creds)
		if !strings.Contains(text, "SignatureDoesNotMatch") {
			t.Fatal(text)
		}
	})
	t.Run("a header that was changed on its way", func(t *testing.T) {
		t.Parallel()
		_, text := w.signed(t, "sts", form("GetCallerIdentity", "2011-06-15"), func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}, creds)
		if !strings.Contains(text, "SignatureDoesNotMatch") {
			t.Fatal(text)
		}
	})
	t.Run("a signature of years ago", func(t *testing.T) {
		t.Parallel()
		old := time.Now().AddDate(-3, 0, 0) // far from the account's clock too
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL(), strings.NewReader("")))
		sum := sha256.Sum256(nil)
		if err := v4.NewSigner().SignHTTP(t.Context(), creds, req, hex.EncodeToString(sum[:]), "sts", "us-east-1", old); err != nil {
			t.Fatal(err)
		}
		if _, text := send(t, req); !strings.Contains(text, "Signature expired") {
			t.Fatal(text)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	creds := w.assume(t, w.role(t, "r", trustAll, allow("*", "*")), func(in *sts.AssumeRoleInput) { in.DurationSeconds = awssdk.Int32(900) })
	ask := func() (query, json, storage error) {
		_, query = sts.NewFromConfig(w.as(creds)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		_, json = ssm.NewFromConfig(w.as(creds)).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
		_, storage = s3.NewFromConfig(w.as(creds)).ListBuckets(t.Context(), &s3.ListBucketsInput{})
		return query, json, storage
	}
	w.clock.Advance(15*time.Minute - time.Second)
	if q, j, s := ask(); q != nil || j != nil || s != nil {
		t.Fatalf("refused a second before the end: %v %v %v", q, j, s)
	}
	w.clock.Advance(time.Second)
	q, j, s := ask()
	wantCode(t, q, "ExpiredToken")
	wantCode(t, j, "ExpiredTokenException")
	wantCode(t, s, "ExpiredToken")
}

func TestUnknownActionsInEveryProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := cloudformation.NewFromConfig(w.as()).ListTypes(t.Context(), &cloudformation.ListTypesInput{})
	wantCode(t, err, "InvalidAction")
	_, err = ssm.NewFromConfig(w.as()).ListCommands(t.Context(), &ssm.ListCommandsInput{})
	wantCode(t, err, "UnknownOperationException")
	if !strings.Contains(err.Error(), "ListCommands in service ssm") {
		t.Fatalf("does not name the action: %v", err)
	}
	_, err = ecs.NewFromConfig(w.as()).ListAttributes(t.Context(), &ecs.ListAttributesInput{TargetType: "container-instance"})
	wantCode(t, err, "UnknownOperationException")
	_, err = s3.NewFromConfig(w.as()).GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: awssdk.String("bucket")})
	wantCode(t, err, "NotImplemented")
}

func TestParametersThatAreNotLookedAtAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.role(t, "r", trustAll, "")
	_, err := sts.NewFromConfig(w.as()).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: awssdk.String("bcn-1"), SerialNumber: awssdk.String("arn:aws:iam::1:mfa/x")})
	wantCode(t, err, "UnsupportedParameter")
	_, err = ssm.NewFromConfig(w.as()).PutParameter(t.Context(), &ssm.PutParameterInput{Name: awssdk.String("/a"), Value: awssdk.String("v"), Type: "String", Policies: awssdk.String("[]")})
	wantCode(t, err, "UnsupportedParameter")
}

func TestFaults(t *testing.T) {
	t.Parallel()
	identity := func(t *testing.T, w *world) error {
		_, err := sts.NewFromConfig(w.as()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		return err
	}
	t.Run("throttling is counted and spelled by the service", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Faults().Throttle("sts", "*", 2)
		w.Faults().Throttle("ssm", "DescribeParameters", 1)
		w.Faults().Throttle("s3", "ListBuckets", 1)
		wantCode(t, identity(t, w), "Throttling")
		wantCode(t, identity(t, w), "Throttling")
		wantCode(t, identity(t, w), "")
		_, err := ssm.NewFromConfig(w.as()).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
		wantCode(t, err, "ThrottlingException")
		_, err = s3.NewFromConfig(w.as()).ListBuckets(t.Context(), &s3.ListBucketsInput{})
		wantCode(t, err, "SlowDown")
	})
	t.Run("a failure has the code and the status that were asked for, until it is cleared", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Faults().Fail("*", "GetCallerIdentity", "ServiceUnavailable", 503, -1)
		for range 3 {
			err := identity(t, w)
			wantCode(t, err, "ServiceUnavailable")
			var answer *awshttp.ResponseError
			if !errors.As(err, &answer) || answer.HTTPStatusCode() != 503 {
				t.Fatalf("another status: %v", err)
			}
		}
		w.Faults().Clear()
		wantCode(t, identity(t, w), "")
	})
	t.Run("a dropped call has no effect, a dropped answer has", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		create := func(name string) error {
			_, err := s3.NewFromConfig(w.as()).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
			return err
		}
		w.Faults().Drop("s3", "CreateBucket", 1)
		if create("lost-call") == nil {
			t.Fatal("answered")
		}
		w.Faults().DropAnswer("s3", "CreateBucket", 1)
		if create("lost-answer") == nil {
			t.Fatal("answered")
		}
		wantCode(t, create("lost-call"), "")
		wantCode(t, create("lost-answer"), "BucketAlreadyOwnedByYou")
	})
	t.Run("a delayed call waits for the account's clock", func(t *testing.T) {
		t.Parallel()
		called := make(chan aws.CallRecord, 1)
		w := newWorld(t, func(o *aws.Options) { o.OnCall = func(c aws.CallRecord) { called <- c } })
		w.Faults().Delay("sts", "GetCallerIdentity", time.Minute, 1)
		done := make(chan error, 1)
		go func() { done <- identity(t, w) }()
		for {
			w.clock.Advance(10 * time.Second)
			select {
			case err := <-done:
				wantCode(t, err, "")
				if c := <-called; c.At.After(start.Add(time.Hour)) && c.Action != "GetCallerIdentity" {
					t.Fatalf("got %+v", c)
				}
				return
			default:
			}
		}
	})
}

func TestCallsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	creds := w.assume(t, w.role(t, "r", trustAll, allow("ssm:PutParameter", "*")))
	client := ssm.NewFromConfig(w.as(creds))
	must[*ssm.PutParameterOutput](t)(client.PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: awssdk.String("/a"), Value: awssdk.String("s3cr3t"), Type: "SecureString",
	}))
	_, err := client.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
	wantCode(t, err, "AccessDeniedException")

	calls := w.Calls()
	put, refused := calls[len(calls)-2], calls[len(calls)-1]
	if put.Action != "PutParameter" || put.SourceIdentity != "dana" || put.SessionName != "bcn-1042" ||
		put.ARN != "arn:aws:sts::123456789012:assumed-role/r/bcn-1042" || put.ErrorCode != "" || put.Region != "us-east-1" || !put.At.Equal(start) {
		t.Errorf("got %+v", put)
	}
	if put.Params["Value"] == "s3cr3t" || put.Params["Name"] != "/a" {
		t.Errorf("told %v", put.Params)
	}
	if refused.ErrorCode != "AccessDeniedException" || !strings.Contains(refused.ErrorMessage, "ssm:DescribeParameters") {
		t.Errorf("got %+v", refused)
	}
}
