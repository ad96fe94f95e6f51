package aws_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// shifted is a local AWS whose clock runs, ahead of the machine's.
func shifted(t *testing.T, by time.Duration) *world {
	t.Helper()
	return newWorld(t, func(o *aws.Options) { o.Clock = wire.NewShiftedClock(by) })
}

// reader makes a role that may read STS until the time, and answers its keys.
func (w *world) reader(t *testing.T, until time.Time) awssdk.Credentials {
	t.Helper()
	c := iam.NewFromConfig(w.as())
	_, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: awssdk.String("reader"), AssumeRolePolicyDocument: awssdk.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}`)})
	wantCode(t, err, "")
	_, err = c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: awssdk.String("reader"), PolicyName: awssdk.String("inline"), PolicyDocument: awssdk.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetRole","Resource":"*",
		"Condition":{"DateLessThan":{"aws:CurrentTime":"` + until.UTC().Format(time.RFC3339) + `"}}}]}`)})
	wantCode(t, err, "")
	out, err := sts.NewFromConfig(w.as()).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: awssdk.String("arn:aws:iam::123456789012:role/reader"), RoleSessionName: awssdk.String("dana"), DurationSeconds: awssdk.Int32(3600),
	})
	wantCode(t, err, "")
	return awssdk.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}
}

func read(t *testing.T, c *iam.Client) error {
	t.Helper()
	_, err := c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: awssdk.String("reader")})
	return err
}

func TestEveryAnswerTellsTheAccountsTime(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{0, 30 * time.Second, -30 * time.Second, 100 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			t.Parallel()
			w := shifted(t, by)
			for _, service := range []string{
				"sts", "iam", "ec2", "ssm", "secretsmanager", "s3", "cloudformation", "ecs", "ecr", "logs",
				"elasticloadbalancing", "scheduler", "cloudtrail", "nothing",
			} {
				req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL(), strings.NewReader("")))
				req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
				req.Header.Set("X-Amz-Date", "20261121T100000Z")
				out, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = out.Body.Close()
				date, err := http.ParseTime(out.Header.Get("Date"))
				if off := time.Until(date) - by; err != nil || off.Abs() > 5*time.Second {
					t.Errorf("%s is %s off (%v)", service, off, err)
				}
			}
			out, err := sts.NewFromConfig(w.as()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			wantCode(t, err, "")
			at, ok := middleware.GetServerTime(out.ResultMetadata)
			if off := at.Sub(w.Now()); !ok || off.Abs() > 5*time.Second {
				t.Fatalf("the SDK learned %s, want %s", at, w.Now())
			}
		})
	}
}

func TestSkewedClocks(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{30 * time.Second, -30 * time.Second, 100 * time.Hour, -100 * time.Hour} {
		t.Run("conditions of time hold by the account's clock, "+by.String()+" off", func(t *testing.T) {
			t.Parallel()
			w := shifted(t, by)
			c := iam.NewFromConfig(w.as(w.reader(t, w.Now().Add(10*time.Minute))))
			wantCode(t, read(t, c), "")
			wantCode(t, w.Advance(9*time.Minute), "")
			wantCode(t, read(t, c), "")
			wantCode(t, w.Advance(2*time.Minute), "")
			wantCode(t, read(t, c), "AccessDenied")
			wantCode(t, w.Advance(-2*time.Minute), "")
			wantCode(t, read(t, c), "")
			wantCode(t, w.Advance(time.Hour), "")
			wantCode(t, read(t, c), "ExpiredToken")
		})
	}
	t.Run("a clock that is nobody's cannot be moved", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *aws.Options) { o.Clock = wire.SystemClock{} })
		if w.Advance(time.Minute) == nil {
			t.Fatal("moved")
		}
	})
}
