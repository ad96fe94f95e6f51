package aws_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/bcn-bot/bcn/internal/local/aws"
)

// template writes a template of resources, each {Type, Properties}.
func template(t *testing.T, resources map[string]any) *string {
	t.Helper()
	text := must[[]byte](t)(json.Marshal(map[string]any{"Resources": resources})) //nolint:errchkjson // checked by must
	return awssdk.String(string(text))
}

type object = map[string]any

func resource(typ string, properties object) object {
	return object{"Type": typ, "Properties": properties}
}

// stack makes or changes the stack "test" as the administrator, with a role
// for CloudFormation ("" for none), and answers how that ended and the reasons
// of what failed. cfn's role asks for no tags.
func (w *world) stack(t *testing.T, role string, body *string) (status types.StackStatus, reasons string) {
	t.Helper()
	return w.stackNamed(t, "test", role, body)
}

func (w *world) stackNamed(t *testing.T, called, role string, body *string) (status types.StackStatus, reasons string) {
	t.Helper()
	c := cloudformation.NewFromConfig(w.as())
	name, caps := &called, []types.Capability{types.CapabilityCapabilityNamedIam}
	var roleARN *string
	if role != "" {
		roleARN = &role
	}
	tags := []types.Tag{{Key: awssdk.String("bcn:installation"), Value: awssdk.String("i-1")}}
	if _, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: name}); err != nil {
		must[*cloudformation.CreateStackOutput](t)(c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: name, TemplateBody: body, Capabilities: caps, RoleARN: roleARN, Tags: tags}))
	} else {
		must[*cloudformation.UpdateStackOutput](t)(c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: name, TemplateBody: body, Capabilities: caps, RoleARN: roleARN, Tags: tags}))
	}
	for range 200 {
		w.clock.Advance(time.Second)
		s := must[*cloudformation.DescribeStacksOutput](t)(c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: name})).Stacks[0]
		if !strings.HasSuffix(string(s.StackStatus), "_IN_PROGRESS") {
			status = s.StackStatus
			break
		}
	}
	events := must[*cloudformation.DescribeStackEventsOutput](t)(c.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: name}))
	for _, e := range events.StackEvents {
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") {
			reasons += awssdk.ToString(e.LogicalResourceId) + ": " + awssdk.ToString(e.ResourceStatusReason) + "\n"
		}
	}
	return status, reasons
}

func (w *world) wantStatus(t *testing.T, role string, body *string, want types.StackStatus, reason string) {
	t.Helper()
	got, reasons := w.stack(t, role, body)
	if got != want || !strings.Contains(reasons, reason) {
		t.Fatalf("got %s, want %s with the reason %q:\n%s", got, want, reason, reasons)
	}
}

// cfnRole is a role that CloudFormation may be passed, with one policy.
func (w *world) cfnRole(t *testing.T, doc string) string {
	t.Helper()
	return w.role(t, "cfn", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudformation.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, doc)
}

func TestStackMakesRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	body := func(policies []any, boundary any, description string) *string {
		p := object{"RoleName": "made", "Path": "/bcn/default/", "AssumeRolePolicyDocument": trust, "Policies": policies, "Description": description}
		if boundary != nil {
			p["PermissionsBoundary"] = boundary
		}
		return template(t, object{
			"Boundary": resource("AWS::IAM::ManagedPolicy", object{"ManagedPolicyName": "boundary", "Path": "/bcn/default/", "PolicyDocument": json.RawMessage(allow("logs:*", "*"))}),
			"Role":     resource("AWS::IAM::Role", p),
		})
	}
	inline := func(name string) any {
		return object{"PolicyName": name, "PolicyDocument": json.RawMessage(allow("logs:PutLogEvents", "*"))}
	}
	c := iam.NewFromConfig(w.as())
	names := func() []string {
		return must[*iam.ListRolePoliciesOutput](t)(c.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: awssdk.String("made")})).PolicyNames
	}
	role := func() *iam.GetRoleOutput {
		return must[*iam.GetRoleOutput](t)(c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: awssdk.String("made")}))
	}
	ref := object{"Ref": "Boundary"}

	w.wantStatus(t, "", body([]any{inline("a"), inline("b")}, ref, "first"), "CREATE_COMPLETE", "")
	made := role().Role
	if *made.Arn != account+"role/bcn/default/made" || *made.PermissionsBoundary.PermissionsBoundaryArn != account+"policy/bcn/default/boundary" ||
		!slices.Equal(names(), []string{"a", "b"}) || !slices.ContainsFunc(made.Tags, func(t iamtypes.Tag) bool { return *t.Key == "bcn:installation" }) {
		t.Fatalf("got %+v %v", made, names())
	}
	w.wantStatus(t, "", body([]any{inline("b"), inline("c")}, nil, "second"), "UPDATE_COMPLETE", "")
	if got := role().Role; *got.RoleId != *made.RoleId || got.PermissionsBoundary != nil || *got.Description != "second" || !slices.Equal(names(), []string{"b", "c"}) {
		t.Fatalf("got %+v %v", got, names())
	}
	bad := object{"PolicyName": "x", "PolicyDocument": json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"nothing","Resource":"*"}]}`)}
	w.wantStatus(t, "", body([]any{inline("d"), bad}, nil, "third"), "UPDATE_ROLLBACK_COMPLETE", "vendor")
	if got := role().Role; *got.Description != "second" || !slices.Equal(names(), []string{"b", "c"}) {
		t.Fatalf("not restored: %v %v", *got.Description, names())
	}
	w.deleteStack(t)
	_, err := c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: awssdk.String("made")})
	wantCode(t, err, "NoSuchEntity")
	_, err = c.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: awssdk.String(account + "policy/bcn/default/boundary-default")})
	wantCode(t, err, "NoSuchEntity")
}

func (w *world) deleteStack(t *testing.T) {
	t.Helper()
	c := cloudformation.NewFromConfig(w.as())
	must[*cloudformation.DeleteStackOutput](t)(c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: awssdk.String("test")}))
	for range 100 {
		w.clock.Advance(time.Second)
		if _, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: awssdk.String("test")}); err != nil {
			return
		}
	}
	t.Fatal("the stack is still there")
}

func TestCloudFormationsRoleLimitsRoles(t *testing.T) {
	t.Parallel()
	const roles = `"arn:aws:iam::123456789012:role/bcn/default/*"`
	const doc = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iam:CreateRole","iam:PutRolePolicy"],"Resource":` + roles + `,
		 "Condition":{"ArnEquals":{"iam:PermissionsBoundary":"arn:aws:iam::123456789012:policy/boundary"}}},
		{"Effect":"Allow","Action":["iam:GetRole","iam:TagRole","iam:DeleteRole","iam:ListRolePolicies","iam:ListAttachedRolePolicies","iam:DeleteRolePolicy"],"Resource":` + roles + `}]}`
	trust := json.RawMessage(trustAll)
	for _, c := range []struct {
		name       string
		properties object
		want       types.StackStatus
		reason     string
	}{
		{"below the path and with the boundary it is made", object{"Path": "/bcn/default/", "PermissionsBoundary": account + "policy/boundary"}, "CREATE_COMPLETE", ""},
		{"without the boundary it is not", object{"Path": "/bcn/default/"}, "ROLLBACK_COMPLETE", "is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/bcn/default/"},
		{"with another boundary it is not", object{"Path": "/bcn/default/", "PermissionsBoundary": account + "policy/wide"}, "ROLLBACK_COMPLETE", "iam:CreateRole"},
		{"elsewhere it is not", object{"PermissionsBoundary": account + "policy/boundary"}, "ROLLBACK_COMPLETE", "iam:CreateRole"},
		{"with a managed policy it may not attach it is not", object{"Path": "/bcn/default/", "PermissionsBoundary": account + "policy/boundary", "ManagedPolicyArns": []any{account + "policy/wide"}}, "ROLLBACK_COMPLETE", "iam:AttachRolePolicy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy(t, "boundary", allow("logs:*", "*"))
			w.policy(t, "wide", allow("*", "*"))
			c.properties["AssumeRolePolicyDocument"] = trust
			w.wantStatus(t, w.cfnRole(t, doc), template(t, object{"Role": resource("AWS::IAM::Role", c.properties)}), c.want, c.reason)
		})
	}
	t.Run("a role that CloudFormation may not assume is refused at once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn := w.role(t, "people", trustAll, allow("*", "*"))
		_, err := cloudformation.NewFromConfig(w.as()).CreateStack(t.Context(), &cloudformation.CreateStackInput{
			StackName: awssdk.String("test"), RoleARN: &arn, TemplateBody: template(t, object{"Role": resource("AWS::IAM::Role", object{"AssumeRolePolicyDocument": trust})}),
			Capabilities: []types.Capability{types.CapabilityCapabilityIam},
		})
		wantCode(t, err, "ValidationError")
	})
}

func TestStackMakesSecurityGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	const vpc = "vpc-0a11ce00000000001"
	body := func(ingress []any, more object) *string {
		all := object{
			"Balancer": resource("AWS::EC2::SecurityGroup", object{"GroupDescription": "balancer", "VpcId": vpc, "SecurityGroupIngress": ingress}),
			"Tasks": resource("AWS::EC2::SecurityGroup", object{"GroupDescription": "tasks", "VpcId": vpc, "SecurityGroupIngress": []any{
				object{"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000, "SourceSecurityGroupId": object{"Fn::GetAtt": []any{"Balancer", "GroupId"}}},
			}}),
		}
		for k, v := range more {
			all[k] = v
		}
		return template(t, all)
	}
	open := func(port int) any {
		return object{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0"}
	}
	group := func(logical string) aws.SecurityGroup {
		t.Helper()
		out := must[*cloudformation.DescribeStackResourcesOutput](t)(cloudformation.NewFromConfig(w.as()).DescribeStackResources(t.Context(),
			&cloudformation.DescribeStackResourcesInput{StackName: awssdk.String("test"), LogicalResourceId: &logical}))
		g, ok := w.Account().SecurityGroup(*out.StackResources[0].PhysicalResourceId)
		if !ok {
			t.Fatalf("%s is not there", logical)
		}
		return g
	}

	w.wantStatus(t, "", body([]any{open(80)}, nil), "CREATE_COMPLETE", "")
	balancer, tasks := group("Balancer"), group("Tasks")
	if len(balancer.Ingress) != 1 || balancer.Ingress[0].From != 80 || len(balancer.Egress) != 1 || len(tasks.Ingress) != 1 || tasks.Ingress[0].Group != balancer.ID {
		t.Fatalf("got %+v %+v", balancer, tasks)
	}
	seen := w.ec2(t, "DescribeSecurityGroups", url.Values{"Filter.1.Name": {"tag:aws:cloudformation:logical-id"}, "Filter.1.Value.1": {"Tasks"}})
	if len(seen.Groups) != 1 || seen.Groups[0].ID != tasks.ID || seen.Groups[0].Ingress[0].Groups[0] != balancer.ID {
		t.Fatalf("got %+v", seen)
	}
	rule := resource("AWS::EC2::SecurityGroupIngress", object{"GroupId": object{"Ref": "Tasks"}, "IpProtocol": "tcp", "FromPort": "9000", "ToPort": "9000", "CidrIp": "10.0.0.0/16"})
	w.wantStatus(t, "", body([]any{open(443)}, object{"Rule": rule}), "UPDATE_COMPLETE", "")
	if b, k := group("Balancer"), group("Tasks"); len(b.Ingress) != 1 || b.Ingress[0].From != 443 || len(k.Ingress) != 2 || k.Ingress[1].From != 9000 {
		t.Fatalf("got %+v %+v", b, k)
	}
	twice := object{"Rule": rule, "Again": rule}
	w.wantStatus(t, "", body([]any{open(443)}, twice), "UPDATE_ROLLBACK_COMPLETE", "already exists")
	if k := group("Tasks"); len(k.Ingress) != 2 {
		t.Fatalf("not restored: %+v", k)
	}
	w.wantStatus(t, "", body([]any{open(443)}, nil), "UPDATE_COMPLETE", "")
	if k := group("Tasks"); len(k.Ingress) != 1 {
		t.Fatalf("got %+v", k)
	}
	w.deleteStack(t)
	if _, ok := w.Account().SecurityGroup(balancer.ID); ok {
		t.Fatal("the group is still there")
	}
}

func TestSecurityGroupsAreRefused(t *testing.T) {
	t.Parallel()
	const vpc = "vpc-0a11ce00000000001"
	group := func(change func(object)) object {
		p := object{"GroupDescription": "tasks", "VpcId": vpc}
		change(p)
		return object{"Group": resource("AWS::EC2::SecurityGroup", p)}
	}
	ingress := func(rule object) func(object) {
		return func(p object) { p["SecurityGroupIngress"] = []any{rule} }
	}
	for _, c := range []struct {
		name   string
		body   object
		policy string
		reason string
	}{
		{"in a network that is not there", group(func(p object) { p["VpcId"] = "vpc-none" }), "", "The vpc ID 'vpc-none' does not exist"},
		{"with a rule by a CIDR that is none", group(ingress(object{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.1/16"})), "", "CIDR block 10.0.0.1/16 is malformed"},
		{"with a rule without a source", group(ingress(object{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80})), "", "Exactly one of CIDR and source"},
		{"with ports the wrong way round", group(ingress(object{"IpProtocol": "tcp", "FromPort": 81, "ToPort": 80, "CidrIp": "10.0.0.0/16"})), "", "Invalid value for portRange"},
		{"with a protocol that is not there", group(ingress(object{"IpProtocol": "ftp", "CidrIp": "10.0.0.0/16"})), "", "Unknown protocol"},
		{"with a source group that is not there", group(ingress(object{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "SourceSecurityGroupId": "sg-none"})), "", "The security group 'sg-none' does not exist"},
		{"without permission to make one", group(func(object) {}), allow("ec2:CreateTags", "*"), "is not authorized to perform: ec2:CreateSecurityGroup on resource: arn:aws:ec2:us-east-1:123456789012:security-group/*"},
		{"without permission in its network", group(func(object) {}), allow("ec2:Create*", "arn:aws:ec2:*:*:security-group/*"), "ec2:CreateSecurityGroup on resource: arn:aws:ec2:us-east-1:123456789012:vpc/" + vpc},
		{"without permission to tag it", group(func(object) {}), allow("ec2:CreateSecurityGroup", "*"), "ec2:CreateTags"},
		{"without permission for its rules", group(ingress(object{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/16"})), `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":["ec2:Create*","ec2:Delete*"],"Resource":"*"}]}`, "ec2:AuthorizeSecurityGroupIngress"},
		{"with rules in somebody else's group", object{"Rule": resource("AWS::EC2::SecurityGroupIngress", object{"GroupId": "sg-0a11ce00000000001", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/16"})}, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/bcn:installation":"?*"}}}]}`, "ec2:AuthorizeSecurityGroupIngress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *aws.Options) { o.Sample = true })
			role := ""
			if c.policy != "" {
				role = w.cfnRole(t, c.policy)
			}
			status, reasons := w.stack(t, role, template(t, c.body))
			if !strings.Contains(string(status), "ROLLBACK") || !strings.Contains(reasons, c.reason) {
				t.Fatalf("got %s, want the reason %q:\n%s", status, c.reason, reasons)
			}
		})
	}
}

func TestStackChangesPoliciesInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "one", trustAll, "")
	w.role(t, "two", trustAll, "")
	c := iam.NewFromConfig(w.as())
	arn := account + "policy/shared"
	body := func(doc, role, tag string) *string {
		return template(t, object{
			"Policy": resource("AWS::IAM::ManagedPolicy", object{"ManagedPolicyName": "shared", "PolicyDocument": json.RawMessage(doc), "Roles": []any{role}}),
			"Role": resource("AWS::IAM::Role", object{
				"RoleName": "tagged", "AssumeRolePolicyDocument": json.RawMessage(trustAll), "MaxSessionDuration": 7200,
				"ManagedPolicyArns": []any{object{"Ref": "Policy"}}, "Tags": []any{object{"Key": tag, "Value": "x"}},
			}),
		})
	}
	holders := func() (out []string) {
		for _, name := range []string{"one", "two", "tagged"} {
			if len(must[*iam.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: &name})).AttachedPolicies) == 1 {
				out = append(out, name)
			}
		}
		return out
	}
	w.wantStatus(t, "", body(allow("ssm:*", "*"), "one", "a"), "CREATE_COMPLETE", "")
	if got := holders(); !slices.Equal(got, []string{"one", "tagged"}) {
		t.Fatalf("got %v", got)
	}
	w.wantStatus(t, "", body(allow("logs:*", "*"), "two", "b"), "UPDATE_COMPLETE", "")
	if got := holders(); !slices.Equal(got, []string{"two", "tagged"}) {
		t.Fatalf("got %v", got)
	}
	p := must[*iam.GetPolicyOutput](t)(c.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: &arn})).Policy
	tags := must[*iam.ListRoleTagsOutput](t)(c.ListRoleTags(t.Context(), &iam.ListRoleTagsInput{RoleName: awssdk.String("tagged")})).Tags
	if *p.DefaultVersionId != "v2" || len(tags) != 2 || *tags[0].Key != "b" {
		t.Fatalf("got %v %v", *p.DefaultVersionId, tags)
	}
	w.deleteStack(t)
	if _, err := c.GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: &arn}); code(t, err) != "NoSuchEntity" {
		t.Fatal("the policy is still there")
	}
}

func TestStackChangesSecurityGroupsInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	body := func(tag, description string, egress ...any) *string {
		p := object{"GroupDescription": "g", "GroupName": "g", "VpcId": "vpc-0a11ce00000000001", "Tags": []any{object{"Key": tag, "Value": "x"}}}
		if len(egress) > 0 {
			p["SecurityGroupEgress"] = egress
		}
		return template(t, object{
			"Group": resource("AWS::EC2::SecurityGroup", p),
			"Rule": resource("AWS::EC2::SecurityGroupIngress", object{
				"GroupId": object{"Fn::GetAtt": []any{"Group", "GroupId"}}, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/16", "Description": description,
			}),
		})
	}
	find := func(tag string) []aws.Rule {
		t.Helper()
		seen := w.ec2(t, "DescribeSecurityGroups", url.Values{"Filter.1.Name": {"tag-key"}, "Filter.1.Value.1": {tag}})
		if len(seen.Groups) != 1 {
			t.Fatalf("%d groups with the tag %s", len(seen.Groups), tag)
		}
		g, _ := w.Account().SecurityGroup(seen.Groups[0].ID)
		return append(g.Ingress, g.Egress...)
	}
	w.wantStatus(t, "", body("a", "first"), "CREATE_COMPLETE", "")
	if rules := find("a"); len(rules) != 2 || rules[0].Description != "first" || rules[1].CIDR != "0.0.0.0/0" {
		t.Fatalf("got %+v", rules)
	}
	w.wantStatus(t, "", body("b", "second", object{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"}), "UPDATE_COMPLETE", "")
	if rules := find("b"); len(rules) != 2 || rules[0].Description != "second" || rules[1].CIDR != "::/0" {
		t.Fatalf("got %+v", rules)
	}
	w.wantStatus(t, "", body("b", "second"), "UPDATE_COMPLETE", "")
	if rules := find("b"); len(rules) != 2 || rules[1].CIDR != "0.0.0.0/0" {
		t.Fatalf("the usual egress is not back: %+v", rules)
	}
}

func TestTemplateURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The SDK would put a bucket with a dot into the host, also before an address.
	storage := s3.NewFromConfig(w.as(), func(o *s3.Options) { o.UsePathStyle = true })
	must[*s3.CreateBucketOutput](t)(storage.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: awssdk.String("templates.bcn")}))
	body := template(t, object{"Logs": resource("AWS::Logs::LogGroup", object{"LogGroupName": "hello"})})
	must[*s3.PutObjectOutput](t)(storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: awssdk.String("templates.bcn"), Key: awssdk.String("templates/a.json"), Body: strings.NewReader(*body)}))
	propose := func(c awssdk.Config, name, url string) error {
		_, err := cloudformation.NewFromConfig(c).CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
			StackName: &name, ChangeSetName: awssdk.String("first"), ChangeSetType: "CREATE", TemplateURL: &url,
		})
		return err
	}
	for name, url := range map[string]string{
		"path-style":  "https://s3.us-east-1.amazonaws.com/templates.bcn/templates/a.json",
		"host-style":  "https://templates.bcn.s3.us-east-1.amazonaws.com/templates/a.json",
		"global-host": "https://templates.bcn.s3.amazonaws.com/templates/a.json",
		"local":       w.URL() + "/templates.bcn/templates/a.json",
	} {
		t.Run("is read in the form "+name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, propose(w.as(), name, url), "")
		})
	}
	t.Run("of an object that is not there is refused", func(t *testing.T) {
		t.Parallel()
		wantCode(t, propose(w.as(), "missing", w.URL()+"/templates.bcn/b.json"), "ValidationError")
		wantCode(t, propose(w.as(), "missing", "https://example.com"), "ValidationError")
	})
	t.Run("needs the caller's permission to read the object", func(t *testing.T) {
		t.Parallel()
		poor := w.able(t, "cloudformation:*", "*")
		if err := propose(poor, "poor", w.URL()+"/templates.bcn/templates/a.json"); code(t, err) == "" {
			t.Fatal("read")
		}
	})
}
