package aws_test

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/bcn-bot/bcn/internal/local/aws"
)

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	// strict is a trust policy as roles.Template writes it.
	const strict = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole",
		 "Condition":{"StringEquals":{"sts:ExternalId":"installation-1"},"StringLike":{"sts:SourceIdentity":"?*","sts:RoleSessionName":"bcn-*"}}},
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:SetSourceIdentity"}]}`
	const noName = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}`
	const service = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudformation.amazonaws.com"},"Action":"sts:*"}]}`
	s := awssdk.String
	w := newWorld(t)
	for name, trust := range map[string]string{"strict": strict, "no-name": noName, "open": trustAll, "service": service} {
		w.role(t, name, trust, "")
	}
	for _, c := range []struct {
		name   string
		role   string
		change func(*sts.AssumeRoleInput)
		want   string
	}{
		{"all conditions met", "strict", func(*sts.AssumeRoleInput) {}, ""},
		{"without an external id", "strict", func(in *sts.AssumeRoleInput) { in.ExternalId = nil }, "AccessDenied"},
		{"with another external id", "strict", func(in *sts.AssumeRoleInput) { in.ExternalId = s("installation-2") }, "AccessDenied"},
		{"without a source identity", "strict", func(in *sts.AssumeRoleInput) { in.SourceIdentity = nil }, "AccessDenied"},
		{"under another session name", "strict", func(in *sts.AssumeRoleInput) { in.RoleSessionName = s("console") }, "AccessDenied"},
		{"with a source identity that the role does not let set", "no-name", func(*sts.AssumeRoleInput) {}, "AccessDenied"},
		{"without one it may be assumed", "no-name", func(in *sts.AssumeRoleInput) { in.SourceIdentity = nil }, ""},
		{"with tags that the role does not let set", "strict", func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{{Key: s("grant"), Value: s("7")}} }, "AccessDenied"},
		{"with tags that it lets set", "open", func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{{Key: s("grant"), Value: s("7")}} }, ""},
		{"a role that only a service may assume", "service", func(*sts.AssumeRoleInput) {}, "AccessDenied"},
		{"a role that is not there", "nobody", func(*sts.AssumeRoleInput) {}, "AccessDenied"},
		{"a role of another account", "open", func(in *sts.AssumeRoleInput) { in.RoleArn = s("arn:aws:iam::111111111111:role/open") }, "AccessDenied"},
		{"an ARN that is too short", "open", func(in *sts.AssumeRoleInput) { in.RoleArn = s("arn:aws:iam::1:role/") }, "AccessDenied"},
		{"a session name with a slash", "open", func(in *sts.AssumeRoleInput) { in.RoleSessionName = s("bcn/1") }, "ValidationError"},
		{"a session name of one letter", "open", func(in *sts.AssumeRoleInput) { in.RoleSessionName = s("b") }, "ValidationError"},
		{"a session name of 65 letters", "open", func(in *sts.AssumeRoleInput) { in.RoleSessionName = s(strings.Repeat("b", 65)) }, "ValidationError"},
		{"a source identity with a space", "open", func(in *sts.AssumeRoleInput) { in.SourceIdentity = s("dana dev") }, "ValidationError"},
		{"a source identity of 65 letters", "open", func(in *sts.AssumeRoleInput) { in.SourceIdentity = s(strings.Repeat("d", 65)) }, "ValidationError"},
		{"an external id with a space", "open", func(in *sts.AssumeRoleInput) { in.ExternalId = s("a b") }, "ValidationError"},
		{"899 seconds", "open", func(in *sts.AssumeRoleInput) { in.DurationSeconds = awssdk.Int32(899) }, "ValidationError"},
		{"900 seconds", "open", func(in *sts.AssumeRoleInput) { in.DurationSeconds = awssdk.Int32(900) }, ""},
		{"the role's maximum", "open", func(in *sts.AssumeRoleInput) { in.DurationSeconds = awssdk.Int32(7200) }, ""},
		{"a second more than the role's maximum", "open", func(in *sts.AssumeRoleInput) { in.DurationSeconds = awssdk.Int32(7201) }, "ValidationError"},
		{"more than 12 hours", "open", func(in *sts.AssumeRoleInput) { in.DurationSeconds = awssdk.Int32(43201) }, "ValidationError"},
		{"a session policy of 2,048 characters", "open", func(in *sts.AssumeRoleInput) { in.Policy = s(padded(2048)) }, ""},
		{"a session policy of 2,049 characters", "open", func(in *sts.AssumeRoleInput) { in.Policy = s(padded(2049)) }, "ValidationError"},
		{"a malformed session policy", "open", func(in *sts.AssumeRoleInput) { in.Policy = s(`{"Statement":[{"Effect":"Allow"}]}`) }, "MalformedPolicyDocument"},
		{"a session policy with a principal", "open", func(in *sts.AssumeRoleInput) { in.Policy = s(trustAll) }, "MalformedPolicyDocument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := &sts.AssumeRoleInput{
				RoleArn: s(account + "role/" + c.role), RoleSessionName: s("bcn-1042"),
				SourceIdentity: s("dana"), ExternalId: s("installation-1"),
			}
			c.change(in)
			_, err := sts.NewFromConfig(w.as()).AssumeRole(t.Context(), in)
			wantCode(t, err, c.want)
		})
	}
}

// padded is a valid session policy of exactly n characters.
func padded(n int) string {
	p := allow("ecs:StopTask", "arn:aws:ecs:us-east-1:123456789012:task/X")
	return strings.Replace(p, "X", strings.Repeat("x", n-len(p)+1), 1)
}

func TestAssumedRole(t *testing.T) {
	t.Parallel()
	t.Run("AssumeRole answers who one has become", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn := w.role(t, "bot", trustAll, "")
		out := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(w.as()).AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: &arn, RoleSessionName: awssdk.String("bcn-1"), SourceIdentity: awssdk.String("dana"),
			Policy: awssdk.String(allow("ecs:StopTask", "*")),
		}))
		const want = "arn:aws:sts::123456789012:assumed-role/bot/bcn-1"
		if *out.SourceIdentity != "dana" || *out.AssumedRoleUser.Arn != want || !out.Credentials.Expiration.Equal(start.Add(time.Hour)) || *out.SessionTokenUtilization < 1 {
			t.Fatalf("got %v %v %v", *out.SourceIdentity, *out.AssumedRoleUser.Arn, out.Credentials.Expiration)
		}
		me := must[*sts.GetCallerIdentityOutput](t)(sts.NewFromConfig(w.as(awssdk.Credentials{
			AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
		})).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))
		if *me.Arn != want || *me.UserId != *out.AssumedRoleUser.AssumedRoleId || !strings.HasPrefix(*me.UserId, "AROA") || !strings.HasSuffix(*me.UserId, ":bcn-1") {
			t.Fatalf("got %v %v", *me.Arn, *me.UserId)
		}
	})
	t.Run("a new role is not there until IAM has spread it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *aws.Options) { o.RoleDelay = 10 * time.Second })
		arn := w.role(t, "young", trustAll, "")
		in := &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: awssdk.String("bcn-1")}
		_, err := sts.NewFromConfig(w.as()).AssumeRole(t.Context(), in)
		wantCode(t, err, "AccessDenied")
		w.clock.Advance(10 * time.Second)
		_, err = sts.NewFromConfig(w.as()).AssumeRole(t.Context(), in)
		wantCode(t, err, "")
	})
	t.Run("credentials of a role that was deleted are worth nothing, also when it is made again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		creds := w.assume(t, w.role(t, "gone", trustAll, ""))
		must[*iam.DeleteRoleOutput](t)(iam.NewFromConfig(w.as()).DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: awssdk.String("gone")}))
		_, err := sts.NewFromConfig(w.as(creds)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		wantCode(t, err, "InvalidClientTokenId")
		w.role(t, "gone", trustAll, "")
		_, err = sts.NewFromConfig(w.as(creds)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		wantCode(t, err, "InvalidClientTokenId")
	})
}

func TestPoliciesLimitCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const param = "arn:aws:ssm:us-east-1:123456789012:parameter/a"
	put := func(t *testing.T, c awssdk.Config, name string) error {
		_, err := ssm.NewFromConfig(c).PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: awssdk.String("v"), Type: "String", Overwrite: awssdk.Bool(true)})
		return err
	}
	t.Run("a role without policies may do nothing", func(t *testing.T) {
		t.Parallel()
		c := w.as(w.assume(t, w.role(t, "nothing", trustAll, "")))
		wantCode(t, put(t, c, "/a"), "AccessDeniedException")
		_, err := s3.NewFromConfig(c).ListBuckets(t.Context(), &s3.ListBucketsInput{})
		wantCode(t, err, "AccessDenied")
		_, err = iam.NewFromConfig(c).ListRoles(t.Context(), &iam.ListRolesInput{})
		wantCode(t, err, "AccessDenied")
		_, err = ecs.NewFromConfig(c).DescribeClusters(t.Context(), &ecs.DescribeClustersInput{Clusters: []string{"default"}})
		wantCode(t, err, "AccessDeniedException")
	})
	t.Run("the refusal says who, what, on what and why", func(t *testing.T) {
		t.Parallel()
		err := put(t, w.as(w.assume(t, w.role(t, "words", trustAll, ""))), "/a")
		const want = "User: arn:aws:sts::123456789012:assumed-role/words/bcn-1042 is not authorized to perform: ssm:PutParameter on resource: " +
			param + " because no identity-based policy allows the ssm:PutParameter action"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("a session policy limits the role to its intersection", func(t *testing.T) {
		t.Parallel()
		arn := w.role(t, "wide", trustAll, allow("ssm:*", "*"))
		c := w.as(w.assume(t, arn, func(in *sts.AssumeRoleInput) { in.Policy = awssdk.String(allow("ssm:PutParameter", param)) }))
		wantCode(t, put(t, c, "/a"), "")
		wantCode(t, put(t, c, "/b"), "AccessDeniedException")
		_, err := ssm.NewFromConfig(c).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
		wantCode(t, err, "AccessDeniedException")
	})
	t.Run("a session policy does not widen the role", func(t *testing.T) {
		t.Parallel()
		arn := w.role(t, "narrow", trustAll, allow("ssm:PutParameter", param))
		c := w.as(w.assume(t, arn, func(in *sts.AssumeRoleInput) { in.Policy = awssdk.String(allow("*", "*")) }))
		wantCode(t, put(t, c, "/a"), "")
		wantCode(t, put(t, c, "/b"), "AccessDeniedException")
	})
	t.Run("source identity and session tags are keys of later calls", func(t *testing.T) {
		t.Parallel()
		arn := w.role(t, "keyed", trustAll, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:*","Resource":"arn:aws:ssm:*:*:parameter/${aws:PrincipalTag/grant}",
			"Condition":{"StringEquals":{"aws:SourceIdentity":"dana","aws:RequestedRegion":"us-east-1"}}}]}`)
		tagged := func(tag, who string) awssdk.Config {
			return w.as(w.assume(t, arn, func(in *sts.AssumeRoleInput) {
				in.SourceIdentity, in.Tags = &who, []types.Tag{{Key: awssdk.String("grant"), Value: &tag}}
			}))
		}
		wantCode(t, put(t, tagged("g7", "dana"), "/g7"), "")
		wantCode(t, put(t, tagged("g8", "dana"), "/g7"), "AccessDeniedException")
		wantCode(t, put(t, tagged("g7", "lee"), "/g7"), "AccessDeniedException")
		elsewhere := tagged("g7", "dana")
		elsewhere.Region = "eu-west-1"
		wantCode(t, put(t, elsewhere, "/g7"), "AccessDeniedException")
	})
}

func TestGrantEndsByItsPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.role(t, "access", trustAll, allow("ssm:*", "*"))
	c := w.as(w.assume(t, arn, func(in *sts.AssumeRoleInput) {
		in.Policy = awssdk.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:DescribeParameters","Resource":"*",
			"Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"}}}]}`)
	}))
	describe := func() error {
		_, err := ssm.NewFromConfig(c).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
		return err
	}
	w.clock.Advance(10*time.Minute - time.Second)
	wantCode(t, describe(), "")
	w.clock.Advance(time.Second)
	wantCode(t, describe(), "AccessDeniedException")
}

func TestChaining(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target := w.role(t, "target", trustAll, "")
	first := w.role(t, "first", trustAll, allow("sts:*", target))
	c := sts.NewFromConfig(w.as(w.assume(t, first)))
	in := func(change func(*sts.AssumeRoleInput)) *sts.AssumeRoleInput {
		in := &sts.AssumeRoleInput{RoleArn: &target, RoleSessionName: awssdk.String("chained")}
		change(in)
		return in
	}
	t.Run("keeps the source identity", func(t *testing.T) {
		t.Parallel()
		out := must[*sts.AssumeRoleOutput](t)(c.AssumeRole(t.Context(), in(func(*sts.AssumeRoleInput) {})))
		if awssdk.ToString(out.SourceIdentity) != "dana" {
			t.Fatalf("got %v", out.SourceIdentity)
		}
	})
	t.Run("cannot change it", func(t *testing.T) {
		t.Parallel()
		_, err := c.AssumeRole(t.Context(), in(func(in *sts.AssumeRoleInput) { in.SourceIdentity = awssdk.String("lee") }))
		wantCode(t, err, "AccessDenied")
	})
	t.Run("ends after an hour", func(t *testing.T) {
		t.Parallel()
		_, err := c.AssumeRole(t.Context(), in(func(in *sts.AssumeRoleInput) { in.DurationSeconds = awssdk.Int32(3601) }))
		wantCode(t, err, "ValidationError")
	})
	t.Run("needs the caller's own permission", func(t *testing.T) {
		t.Parallel()
		poor := w.role(t, "poor", trustAll, "")
		_, err := sts.NewFromConfig(w.as(w.assume(t, poor))).AssumeRole(t.Context(), in(func(*sts.AssumeRoleInput) {}))
		wantCode(t, err, "AccessDenied")
	})
}
