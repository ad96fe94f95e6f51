package aws_test

import (
	"net/url"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func (w *world) policy(t *testing.T, name, doc string) string {
	t.Helper()
	out := must[*iam.CreatePolicyOutput](t)(iam.NewFromConfig(w.as()).CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &doc}))
	return *out.Policy.Arn
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := iam.NewFromConfig(w.as())
	w.role(t, "there", trustAll, allow("ssm:*", "*"))
	create := func(change func(*iam.CreateRoleInput)) error {
		in := &iam.CreateRoleInput{RoleName: s("new"), AssumeRolePolicyDocument: s(trustAll)}
		change(in)
		_, err := c.CreateRole(t.Context(), in)
		return err
	}
	for _, b := range []struct {
		name   string
		change func(*iam.CreateRoleInput)
		want   string
	}{
		{"a name that exists", func(in *iam.CreateRoleInput) { in.RoleName = s("there") }, "EntityAlreadyExists"},
		{"a name of 65 letters", func(in *iam.CreateRoleInput) { in.RoleName = s(strings.Repeat("r", 65)) }, "ValidationError"},
		{"a name with a slash", func(in *iam.CreateRoleInput) { in.RoleName = s("a/b") }, "ValidationError"},
		{"a path without a slash at its end", func(in *iam.CreateRoleInput) { in.Path = s("/bcn/default") }, "ValidationError"},
		{"a session of less than an hour", func(in *iam.CreateRoleInput) { in.MaxSessionDuration = awssdk.Int32(900) }, "ValidationError"},
		{"a trust policy without a principal", func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = s(allow("sts:AssumeRole", "*")) }, "MalformedPolicyDocument"},
		{"a trust policy that names a role that is not there", func(in *iam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = s(strings.Replace(trustAll, `"123456789012"`, `"arn:aws:iam::123456789012:role/nobody"`, 1))
		}, "MalformedPolicyDocument"},
		{"a trust policy over 2,048 characters", func(in *iam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = s(strings.Replace(trustAll, `"123456789012"`, `["123456789012"`+strings.Repeat(`,"123456789012"`, 140)+`]`, 1))
		}, "LimitExceeded"},
		{"a boundary that is not there", func(in *iam.CreateRoleInput) { in.PermissionsBoundary = s(account + "policy/none") }, "NoSuchEntity"},
	} {
		t.Run("CreateRole refuses "+b.name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, create(b.change), b.want)
		})
	}
	t.Run("GetRole answers what was made", func(t *testing.T) {
		t.Parallel()
		made := must[*iam.CreateRoleOutput](t)(c.CreateRole(t.Context(), &iam.CreateRoleInput{
			RoleName: s("made"), Path: s("/bcn/default/"), AssumeRolePolicyDocument: s(trustAll), Description: s("<made>"),
			Tags: []types.Tag{{Key: s("app"), Value: s("hello")}},
		}))
		got := must[*iam.GetRoleOutput](t)(c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: s("made")})).Role
		trust := must[string](t)(url.PathUnescape(*got.AssumeRolePolicyDocument))
		if *got.Arn != account+"role/bcn/default/made" || *got.RoleId != *made.Role.RoleId || trust != trustAll || *got.Description != "<made>" || len(got.Tags) != 1 || *got.MaxSessionDuration != 3600 {
			t.Fatalf("got %+v", got)
		}
	})
	t.Run("inline policies are checked, kept and counted", func(t *testing.T) {
		t.Parallel()
		put := func(doc string) error {
			_, err := c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: s("there"), PolicyName: s("more"), PolicyDocument: &doc})
			return err
		}
		wantCode(t, put(`{"Statement":[{"Effect":"Allow","Action":"ssm:*","Resource":"*","Condition":{"StringMatch":{"aws:userid":"a"}}}]}`), "MalformedPolicyDocument")
		wantCode(t, put(allow("ssm:*", "arn:aws:ssm:*:*:"+strings.Repeat("x", 10240))), "LimitExceeded")
		wantCode(t, put(allow("ecs:*", "*")), "")
		out := must[*iam.ListRolePoliciesOutput](t)(c.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: s("there")}))
		got := must[*iam.GetRolePolicyOutput](t)(c.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: s("there"), PolicyName: s("more")}))
		doc := must[string](t)(url.PathUnescape(*got.PolicyDocument))
		if len(out.PolicyNames) != 2 || doc != allow("ecs:*", "*") {
			t.Fatalf("got %v %s", out.PolicyNames, doc)
		}
		_, err := c.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: s("there"), PolicyName: s("none")})
		wantCode(t, err, "NoSuchEntity")
	})
	t.Run("a role with policies is not deleted", func(t *testing.T) {
		t.Parallel()
		_, err := c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: s("there")})
		wantCode(t, err, "DeleteConflict")
		_, err = c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: s("none")})
		wantCode(t, err, "NoSuchEntity")
	})
	t.Run("a policy that a role has is not deleted", func(t *testing.T) {
		t.Parallel()
		w.role(t, "attached", trustAll, "")
		arn := w.policy(t, "shared", allow("ssm:*", "*"))
		must[*iam.AttachRolePolicyOutput](t)(c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: s("attached"), PolicyArn: &arn}))
		_, err := c.DeletePolicy(t.Context(), &iam.DeletePolicyInput{PolicyArn: &arn})
		wantCode(t, err, "DeleteConflict")
		must[*iam.DetachRolePolicyOutput](t)(c.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: s("attached"), PolicyArn: &arn}))
		_, err = c.DeletePolicy(t.Context(), &iam.DeletePolicyInput{PolicyArn: &arn})
		wantCode(t, err, "")
		_, err = c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: s("attached"), PolicyArn: &arn})
		wantCode(t, err, "NoSuchEntity")
	})
}

func TestAttachedPoliciesAndBoundaries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := iam.NewFromConfig(w.as())
	name := awssdk.String("limited")
	all := w.policy(t, "all", allow("*", "*"))
	reads := w.policy(t, "reads", allow("ssm:Describe*", "*"))
	session := w.as(w.assume(t, w.role(t, "limited", trustAll, "")))
	describe := func() error {
		_, err := ssm.NewFromConfig(session).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
		return err
	}
	put := func() error {
		_, err := ssm.NewFromConfig(session).PutParameter(t.Context(), &ssm.PutParameterInput{Name: awssdk.String("/a"), Value: awssdk.String("v"), Type: "String", Overwrite: awssdk.Bool(true)})
		return err
	}
	wantCode(t, describe(), "AccessDeniedException")
	must[*iam.AttachRolePolicyOutput](t)(c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: &all}))
	wantCode(t, describe(), "")
	wantCode(t, put(), "")
	must[*iam.PutRolePermissionsBoundaryOutput](t)(c.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: &reads}))
	wantCode(t, describe(), "")
	wantCode(t, put(), "AccessDeniedException")
	must[*iam.DetachRolePolicyOutput](t)(c.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: &all}))
	wantCode(t, describe(), "AccessDeniedException")
}

func TestIAMPermissions(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	boundary := w.policy(t, "boundary", allow("logs:*", "*"))
	other := w.policy(t, "other", allow("*", "*"))
	inline := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:CreateRole","iam:PutRolePolicy","iam:PutRolePermissionsBoundary"],
		"Resource":"arn:aws:iam::123456789012:role/bcn/default/*","Condition":{"ArnEquals":{"iam:PermissionsBoundary":"` + boundary + `"}}}]}`
	c := iam.NewFromConfig(w.as(w.assume(t, w.role(t, "maker", trustAll, inline))))
	create := func(name, path string, boundary *string) error {
		_, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, Path: &path, AssumeRolePolicyDocument: s(trustAll), PermissionsBoundary: boundary})
		return err
	}
	wantCode(t, create("a", "/bcn/default/", &boundary), "")
	wantCode(t, create("b", "/bcn/default/", nil), "AccessDenied")
	wantCode(t, create("b", "/bcn/default/", &other), "AccessDenied")
	wantCode(t, create("b", "/", &boundary), "AccessDenied")
	wantCode(t, create("b", "/bcn/other/", &boundary), "AccessDenied")

	_, err := c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: s("a"), PolicyName: s("p"), PolicyDocument: s(allow("logs:*", "*"))})
	wantCode(t, err, "")
	_, err = c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: s("maker"), PolicyName: s("p"), PolicyDocument: s(allow("*", "*"))})
	wantCode(t, err, "AccessDenied")
	_, err = c.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{RoleName: s("a"), PermissionsBoundary: &other})
	wantCode(t, err, "AccessDenied")
	_, err = c.DeleteRolePermissionsBoundary(t.Context(), &iam.DeleteRolePermissionsBoundaryInput{RoleName: s("a")})
	wantCode(t, err, "AccessDenied")
	_, err = c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: s("a")})
	wantCode(t, err, "AccessDenied")
}

func TestRolesChange(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := iam.NewFromConfig(w.as())
	w.role(t, "changing", trustAll, allow("ssm:*", "*"))
	name := s("changing")
	get := func() *types.Role {
		t.Helper()
		return must[*iam.GetRoleOutput](t)(c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: name})).Role
	}
	must[*iam.UpdateRoleOutput](t)(c.UpdateRole(t.Context(), &iam.UpdateRoleInput{RoleName: name, Description: s("new"), MaxSessionDuration: awssdk.Int32(3600)}))
	if r := get(); *r.Description != "new" || *r.MaxSessionDuration != 3600 {
		t.Fatalf("got %v", r)
	}
	_, err := c.UpdateRole(t.Context(), &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: awssdk.Int32(43201)})
	wantCode(t, err, "ValidationError")

	nobody := strings.Replace(trustAll, "123456789012", "111111111111", 1)
	must[*iam.UpdateAssumeRolePolicyOutput](t)(c.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: &nobody}))
	_, err = sts.NewFromConfig(w.as()).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: s(account + "role/changing"), RoleSessionName: s("bcn-1")})
	wantCode(t, err, "AccessDenied")
	_, err = c.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: s("{}")})
	wantCode(t, err, "MalformedPolicyDocument")

	must[*iam.TagRoleOutput](t)(c.TagRole(t.Context(), &iam.TagRoleInput{RoleName: name, Tags: []types.Tag{{Key: s("a"), Value: s("1")}, {Key: s("b"), Value: s("2")}}}))
	must[*iam.UntagRoleOutput](t)(c.UntagRole(t.Context(), &iam.UntagRoleInput{RoleName: name, TagKeys: []string{"a"}}))
	tags := must[*iam.ListRoleTagsOutput](t)(c.ListRoleTags(t.Context(), &iam.ListRoleTagsInput{RoleName: name})).Tags
	if len(tags) != 1 || *tags[0].Key != "b" {
		t.Fatalf("got %v", tags)
	}

	must[*iam.DeleteRolePolicyOutput](t)(c.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: s("inline")}))
	_, err = c.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: s("inline")})
	wantCode(t, err, "NoSuchEntity")

	arn := w.policy(t, "shared", allow("ssm:*", "*"))
	must[*iam.AttachRolePolicyOutput](t)(c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: &arn}))
	attached := must[*iam.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: name})).AttachedPolicies
	if len(attached) != 1 || *attached[0].PolicyName != "shared" {
		t.Fatalf("got %v", attached)
	}
	version := must[*iam.GetPolicyVersionOutput](t)(c.GetPolicyVersion(t.Context(), &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: s("v1")})).PolicyVersion
	if doc := must[string](t)(url.PathUnescape(*version.Document)); doc != allow("ssm:*", "*") {
		t.Fatalf("got %s", doc)
	}
	_, err = c.GetPolicyVersion(t.Context(), &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: s("v2")})
	wantCode(t, err, "NoSuchEntity")
}

func TestListRolesHasPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.role(t, name, trustAll, "")
	}
	var found []string
	for p := iam.NewListRolesPaginator(iam.NewFromConfig(w.as()), &iam.ListRolesInput{MaxItems: awssdk.Int32(2)}); p.HasMorePages(); {
		for _, r := range must[*iam.ListRolesOutput](t)(p.NextPage(t.Context())).Roles {
			found = append(found, *r.RoleName)
		}
	}
	if strings.Join(found, "") != "abc" {
		t.Fatalf("got %v", found)
	}
	_, err := iam.NewFromConfig(w.as()).ListRoles(t.Context(), &iam.ListRolesInput{MaxItems: awssdk.Int32(1001)})
	wantCode(t, err, "ValidationError")
}
