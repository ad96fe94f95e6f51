package conform_test

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// everyone may assume the role, name a source and tag the session.
func everyone() []string {
	return []string{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"}
}

// parameters is a call that a policy may or may not allow.
func (c *cloud) parameters(who aws.Config) string {
	_, err := ssm.NewFromConfig(who).DescribeParameters(c.t.Context(), &ssm.DescribeParametersInput{})
	return says(err)
}

func stsRows() []row[*cloud] {
	type in = sts.AssumeRoleInput
	open := func(c *cloud) string { return c.role("open", c.trust(everyone()), policy(allow("ssm:*", "*"))) }
	try := func(change func(*in)) func(*cloud) string {
		return func(c *cloud) string { _, err := c.assume(open(c), change); return says(err) }
	}
	strict := func(change func(*in)) func(*cloud) string {
		return func(c *cloud) string {
			role := c.role("strict", c.trust(everyone(), object{
				"StringEquals": object{"sts:ExternalId": "installation-1"}, "StringLike": object{"sts:SourceIdentity": "?*"},
			}), "")
			_, err := c.assume(role, func(i *in) {
				i.ExternalId, i.SourceIdentity = aws.String("installation-1"), aws.String("dana")
				change(i)
			})
			return says(err)
		}
	}
	const denied = "AccessDenied: *not authorized to perform: sts:AssumeRole*"
	call := "sts:AssumeRole"
	page := apiSTS + "AssumeRole"
	return []row[*cloud]{
		{"a session of 899 seconds is refused", call, "ValidationError: *durationSeconds*greater than or equal to 900*", page + ", DurationSeconds", try(func(i *in) { i.DurationSeconds = aws.Int32(899) })},
		{"a session of 900 seconds is given", call, "ok", page + ", DurationSeconds", try(func(i *in) { i.DurationSeconds = aws.Int32(900) })},
		{"a session beyond the role's maximum is refused", call, "ValidationError: *", page + ", DurationSeconds", try(func(i *in) { i.DurationSeconds = aws.Int32(7201) })},
		{"a session policy that is no policy is refused", call, "MalformedPolicyDocument: *", page + ", Errors", try(func(i *in) { i.Policy = aws.String(`{"Statement":[{"Effect":"Allow"}]}`) })},
		{
			"a session policy of 2,049 characters is refused", call, "ValidationError: *2048*", page + ", Policy",
			try(func(i *in) { i.Policy = aws.String(policy(allow("ssm:Get*", "*")) + strings.Repeat(" ", 2000)) }),
		},
		{"a session name with a slash is refused", call, "ValidationError: *roleSessionName*", page + ", RoleSessionName", try(func(i *in) { i.RoleSessionName = aws.String("bcn/1") })},
		{"the external id and the source identity that the trust policy asks for open the role", call, "ok", iamUser + "Monitor and control actions taken with assumed roles", strict(func(*in) {})},
		{"another external id does not", call, denied, iamUser + "Access to AWS accounts owned by third parties", strict(func(i *in) { i.ExternalId = aws.String("installation-2") })},
		{"no external id does not", call, denied, iamUser + "Access to AWS accounts owned by third parties", strict(func(i *in) { i.ExternalId = nil })},
		{"no source identity does not, where one is asked for", call, denied, iamUser + "Monitor and control actions taken with assumed roles", strict(func(i *in) { i.SourceIdentity = nil })},
		{
			"a source identity needs sts:SetSourceIdentity in the trust policy", call, "AccessDenied: *", iamUser + "Monitor and control actions taken with assumed roles",
			func(c *cloud) string {
				_, err := c.assume(c.role("plain", c.trust("sts:AssumeRole"), ""), func(i *in) { i.SourceIdentity = aws.String("dana") })
				return says(err)
			},
		},
		{"a role that is not there is refused as one that may not be assumed", call, denied, page + ", Errors", func(c *cloud) string {
			_, err := c.assume(c.arn("iam", "role/bcn-conform/"+c.id+"-nobody"))
			return says(err)
		}},
		{"a role that only a service may assume is refused", call, denied, iamUser + "AWS JSON policy elements: Principal", func(c *cloud) string {
			_, err := c.assume(c.role("service", trustService("cloudformation.amazonaws.com"), ""))
			return says(err)
		}},
		{"who assumed a role is ROLE/SESSION to all services, without the role's path", "sts:GetCallerIdentity", "*:assumed-role/bcn-conform-*-open/bcn-1042", iamUser + "IAM identifiers", func(c *cloud) string {
			out := must[*sts.GetCallerIdentityOutput](c)(sts.NewFromConfig(c.as(open(c))).GetCallerIdentity(c.t.Context(), &sts.GetCallerIdentityInput{}))
			return *out.Arn
		}},
		{"the source identity is answered", call, "dana", page + ", SourceIdentity", func(c *cloud) string {
			out := must[*sts.AssumeRoleOutput](c)(c.assume(open(c), func(i *in) { i.SourceIdentity = aws.String("dana") }))
			return aws.ToString(out.SourceIdentity)
		}},
		{
			"a chained session lasts an hour at most", call, "ValidationError: *", iamUser + "IAM roles, Role chaining", func(c *cloud) string {
				who := c.as(c.role("first", c.trust(everyone()), policy(allow(everyone(), "*"))))
				_, err := assumeAs(c, who, open(c), func(i *in) { i.DurationSeconds = aws.Int32(3601) })
				return says(err)
			},
		},
		{
			"a chained session cannot name another source", call, "AccessDenied: *", iamUser + "Monitor and control actions taken with assumed roles", func(c *cloud) string {
				who := c.as(c.role("first", c.trust(everyone()), policy(allow(everyone(), "*"))), func(i *in) { i.SourceIdentity = aws.String("dana") })
				_, err := assumeAs(c, who, open(c), func(i *in) { i.SourceIdentity = aws.String("lee") })
				return says(err)
			},
		},
		{"a session policy narrows what the role allows", "ssm:DescribeParameters", "AccessDeniedException: *no session policy allows*", iamUser + "Session policies", func(c *cloud) string {
			return c.parameters(c.as(open(c), func(i *in) { i.Policy = aws.String(policy(allow("ssm:GetParameter", "*"))) }))
		}},
		{"a session policy does not widen what the role allows", "ssm:DescribeParameters", "AccessDeniedException: *no identity-based policy allows*", iamUser + "Session policies", func(c *cloud) string {
			role := c.role("narrow", c.trust(everyone()), policy(allow("ssm:GetParameter", "*")))
			return c.parameters(c.as(role, func(i *in) { i.Policy = aws.String(policy(allow("*", "*"))) }))
		}},
		{
			"a session policy ends a grant at its time", "ssm:DescribeParameters", "ok, then AccessDeniedException: *", iamUser + "AWS global condition context keys, aws:CurrentTime",
			func(c *cloud) string {
				end := c.now().Add(time.Minute).UTC().Format(time.RFC3339)
				who := c.as(open(c), func(i *in) {
					i.Policy = aws.String(policy(allow("ssm:DescribeParameters", "*", object{"DateLessThan": object{"aws:CurrentTime": end}})))
				})
				before := c.parameters(who)
				c.pass(61 * time.Second)
				return before + ", then " + c.parameters(who)
			},
		},
		{
			"later calls carry the source identity and the session's tags as condition keys", "ssm:DescribeParameters", "ok, then AccessDeniedException: *", iamUser + "AWS global condition context keys, aws:SourceIdentity",
			func(c *cloud) string {
				role := c.role("keyed", c.trust(everyone()), policy(allow("ssm:DescribeParameters", "*",
					object{"StringEquals": object{"aws:SourceIdentity": "dana", "aws:PrincipalTag/grant": "7"}})))
				with := func(tag string) string {
					return c.parameters(c.as(role, func(i *in) {
						i.SourceIdentity, i.Tags = aws.String("dana"), []types.Tag{{Key: aws.String("grant"), Value: &tag}}
					}))
				}
				return with("7") + ", then " + with("8")
			},
		},
	}
}

// now is the account's time.
func (c *cloud) now() time.Time {
	if c.isReal() {
		return time.Now()
	}
	return c.clock.Now()
}
