package roles_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/roles"
)

// networkOf is the policy of CloudFormation's role for networks, at the longest
// that names make it.
func networkOf(t *testing.T) *policy.Document {
	t.Helper()
	raw, err := roles.Template(roles.Input{
		District: "a-district-so-longly", Account: "123456789012", Region: "ap-southeast-1",
		BotPrincipal: "arn:aws:iam::123456789012:root", ExternalID: "external", Installation: strings.Repeat("i", 64),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 51_200 {
		t.Errorf("%d bytes, CloudFormation takes 51,200 in a request", len(raw))
	}
	var tree struct {
		Resources map[string]struct {
			Properties struct{ PolicyDocument json.RawMessage }
		}
	}
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	body := tree.Resources["NetworkPolicy"].Properties.PolicyDocument
	var small strings.Builder
	for _, r := range string(body) {
		if !strings.ContainsRune(" \n\t", r) {
			small.WriteRune(r)
		}
	}
	if small.Len() > 6144 {
		t.Errorf("%d characters, IAM takes 6,144 in a managed policy", small.Len())
	}
	d, err := policy.Parse(body, policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNetworkPolicy(t *testing.T) {
	t.Parallel()
	doc := networkOf(t)
	const ec2 = "arn:aws:ec2:ap-southeast-1:123456789012:"
	tag := strings.Repeat("i", 64)
	mine, asked := map[string]string{"aws:ResourceTag/bcn:installation": tag}, map[string]string{"aws:RequestTag/bcn:installation": tag}
	for name, c := range map[string]struct {
		action, resource string
		keys             map[string]string
		allowed          bool
	}{
		"a network with the tag is made":              {"ec2:CreateVpc", ec2 + "vpc/*", asked, true},
		"a network without it is not":                 {"ec2:CreateVpc", ec2 + "vpc/*", nil, false},
		"a network of another region is not":          {"ec2:CreateVpc", "arn:aws:ec2:eu-west-1:123456789012:vpc/*", asked, false},
		"bcn's own network is deleted":                {"ec2:DeleteVpc", ec2 + "vpc/vpc-1", mine, true},
		"somebody else's is not":                      {"ec2:DeleteVpc", ec2 + "vpc/vpc-1", nil, false},
		"nothing is put into somebody else's":         {"ec2:CreateSubnet", ec2 + "vpc/vpc-1", nil, false},
		"somebody else's route is not changed":        {"ec2:ReplaceRoute", ec2 + "route-table/rtb-1", nil, false},
		"nobody else's network becomes bcn's by tags": {"ec2:CreateTags", ec2 + "vpc/vpc-1", asked, false},
		"a small machine is started":                  {"ec2:RunInstances", ec2 + "instance/*", map[string]string{"ec2:InstanceType": "t4g.nano"}, true},
		"a machine with accelerators is not":          {"ec2:RunInstances", ec2 + "instance/*", map[string]string{"ec2:InstanceType": "p5.48xlarge"}, false},
		"a machine in somebody else's subnet is not":  {"ec2:RunInstances", ec2 + "subnet/subnet-1", nil, false},
		"its role goes to flow logs":                  {"iam:PassRole", "arn:aws:iam::123456789012:role/bcn/a-district-so-longly/x", map[string]string{"iam:PassedToService": "vpc-flow-logs.amazonaws.com"}, true},
		"another role does not":                       {"iam:PassRole", "arn:aws:iam::123456789012:role/admin", map[string]string{"iam:PassedToService": "vpc-flow-logs.amazonaws.com"}, false},
		"its role goes to no function":                {"iam:PassRole", "arn:aws:iam::123456789012:role/bcn/a-district-so-longly/x", map[string]string{"iam:PassedToService": "lambda.amazonaws.com"}, false},
		"the district's bucket is closed":             {"s3:PutBucketPublicAccessBlock", "arn:aws:s3:::bcn-a-district-so-longly-123456789012-ap-southeast-1", nil, true},
		"another bucket is not touched":               {"s3:PutBucketPolicy", "arn:aws:s3:::ledger", nil, false},
		"nothing in the bucket is read":               {"s3:GetObject", "arn:aws:s3:::bcn-a-district-so-longly-123456789012-ap-southeast-1/x", nil, false},
		"the district's cluster is made":              {"ecs:CreateCluster", "arn:aws:ecs:ap-southeast-1:123456789012:cluster/a-district-so-longly", nil, true},
		"another cluster is not deleted":              {"ecs:DeleteCluster", "arn:aws:ecs:ap-southeast-1:123456789012:cluster/other", nil, false},
		"AWS's image is looked up":                    {"ssm:GetParameters", "arn:aws:ssm:ap-southeast-1::parameter/aws/service/ami-amazon-linux-latest/x", nil, true},
		"the account's own parameters are not":        {"ssm:GetParameters", "arn:aws:ssm:ap-southeast-1:123456789012:parameter/barcelona/x", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := policy.Request{Action: c.action, Resource: c.resource, Keys: policy.Keys{}}
			for k, v := range c.keys {
				req.Keys.Set(k, v)
			}
			req.Keys.Set("aws:RequestedRegion", "ap-southeast-1")
			if got := doc.Decide(req) == policy.Allowed; got != c.allowed {
				t.Errorf("%s on %s: allowed %v", c.action, c.resource, got)
			}
		})
	}
}
