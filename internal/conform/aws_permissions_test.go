package conform_test

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// permissionRows are what policies and roles do to stacks.
func permissionRows() []row[*cloud] {
	cfnRole := func(c *cloud, statements ...object) string {
		return c.role("cfn", trustService("cloudformation.amazonaws.com"), policy(statements...))
	}
	// describe is a call on a stack as somebody.
	describe := func(c *cloud, who aws.Config, stack string) string {
		_, err := cloudformation.NewFromConfig(who).DescribeStacks(c.t.Context(), &cloudformation.DescribeStacksInput{StackName: &stack})
		return says(err)
	}
	// propose asks for a change set as somebody.
	propose := func(c *cloud, who aws.Config, change func(*newSet)) string {
		in := &newSet{StackName: c.stackName("main"), ChangeSetName: aws.String("first"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: aws.String(c.one(7))}
		change(in)
		out, err := cloudformation.NewFromConfig(who).CreateChangeSet(c.t.Context(), in)
		if err == nil {
			c.deleteLater(*out.StackId)
		}
		return says(err)
	}
	conditions := guide + "Control CloudFormation access with IAM, condition keys"
	tagged := func(in *newSet) {
		in.Tags = []types.Tag{{Key: aws.String("bcn:installation"), Value: aws.String("i-1")}}
	}
	return []row[*cloud]{
		{
			"CloudFormation's role makes the resources, with its permissions alone", "cloudformation:ExecuteChangeSet", "ROLLBACK_COMPLETE: *Logs CREATE_FAILED *not authorized to perform: logs:CreateLogGroup*", guide + "CloudFormation service role",
			func(c *cloud) string {
				role := cfnRole(c, allow("logs:Describe*", "*"))
				status, id := c.apply(c.one(7), func(in *newSet) { in.RoleARN = &role })
				return status + ": " + c.story(id)
			},
		},
		{"with a role that may, it is made", "cloudformation:ExecuteChangeSet", "CREATE_COMPLETE", guide + "CloudFormation service role", func(c *cloud) string {
			role := cfnRole(c, allow("logs:*", "*"))
			status, _ := c.apply(c.one(7), func(in *newSet) { in.RoleARN = &role })
			return status
		}},
		{"a stack keeps its role for later operations that name none", "cloudformation:DescribeStacks", "arn:aws:iam::*:role/bcn-conform/bcn-conform-*-cfn", guide + "CloudFormation service role", func(c *cloud) string {
			role := cfnRole(c, allow("logs:*", "*"))
			_, id := c.apply(c.one(7), func(in *newSet) { in.RoleARN = &role })
			c.apply(c.one(14), update)
			return aws.ToString(c.stack(id).RoleARN)
		}},
		{"passing a role needs iam:PassRole", "cloudformation:CreateChangeSet", "AccessDenied: *not authorized to perform: iam:PassRole on resource: *", iamUser + "Grant a user permissions to pass a role to an AWS service", func(c *cloud) string {
			role := cfnRole(c, allow("logs:*", "*"))
			return propose(c, c.able(allow("cloudformation:*", "*")), func(in *newSet) { in.RoleARN = &role })
		}},
		{
			"a policy can want one role to be passed", "cloudformation:CreateChangeSet", "AccessDenied: *cloudformation:CreateChangeSet*, then ok", conditions + ", cloudformation:RoleArn",
			func(c *cloud) string {
				role := cfnRole(c, allow("logs:*", "*"))
				who := c.able(allow("cloudformation:*", "*", object{"StringEquals": object{"cloudformation:RoleArn": role}}), allow("iam:PassRole", role))
				return propose(c, who, func(*newSet) {}) + ", then " + propose(c, who, func(in *newSet) { in.RoleARN = &role })
			},
		},
		{
			"a policy can want tags on a new stack", "cloudformation:CreateChangeSet", "AccessDenied: *, then ok", conditions + ", aws:RequestTag",
			func(c *cloud) string {
				who := c.able(allow("cloudformation:*", "*", object{"StringEquals": object{"aws:RequestTag/bcn:installation": "i-1"}}))
				return propose(c, who, func(*newSet) {}) + ", then " + propose(c, who, tagged)
			},
		},
		{
			"a policy can keep to stacks with a tag", "cloudformation:DescribeStacks", "ok, then AccessDenied: *cloudformation:DescribeStacks*", conditions + ", aws:ResourceTag",
			func(c *cloud) string {
				_, own := c.apply(c.one(7), tagged)
				_, foreign := c.apply(template(object{"Logs": c.logs("foreign", 7)}), func(in *newSet) { in.StackName = c.stackName("foreign") })
				who := c.able(allow("cloudformation:*", "*", object{"StringEquals": object{"aws:ResourceTag/bcn:installation": "i-1"}}))
				return describe(c, who, own) + ", then " + describe(c, who, foreign)
			},
		},
		{"a stack that is not there is refused before it is missed", "cloudformation:DescribeStacks", "AccessDenied: *cloudformation:DescribeStacks*", doubt + "IAM decides before the service looks", func(c *cloud) string {
			return describe(c, c.able(allow("cloudformation:DescribeStacks", c.arn("cloudformation", "stack/other/*"))), *c.stackName("main"))
		}},
	}
}
