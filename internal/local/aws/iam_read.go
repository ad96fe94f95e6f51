package aws

import (
	"context"
	"encoding/json"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var (
	_ wire.Readable = iamRole{}
	_ wire.Readable = iamPolicy{}
)

// policyTree reads a policy's text, so that spaces and orders of members do not
// count.
func policyTree(text string) any {
	var out any
	if json.Unmarshal([]byte(text), &out) != nil {
		return text
	}
	return out
}

// Read implements wire.Readable.
func (a iamRole) Read(_ context.Context, name string, r wire.Request) (map[string]any, bool, error) {
	now, there := a.roleNamed(name)
	arn, keys := "arn:aws:iam::"+a.ID+":role/"+name, map[string][]string{}
	if there {
		arn, keys = now.arn, roleKeys(now)
	}
	for _, action := range []string{"iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"} {
		if err := r.Authorize(action, arn, keys); err != nil {
			return nil, false, err
		}
	}
	if !there {
		return nil, false, nil
	}
	policies, attached := []any{}, []any{}
	for _, p := range sortedKeys(now.inline) {
		policies = append(policies, map[string]any{"PolicyName": p, "PolicyDocument": policyTree(now.inline[p])})
	}
	for _, arn := range now.attached {
		attached = append(attached, arn)
	}
	out := map[string]any{
		"RoleName": now.name, "Path": now.path, "AssumeRolePolicyDocument": policyTree(now.trustText), "Policies": policies,
		"ManagedPolicyArns": attached, "MaxSessionDuration": int(now.maxSession.Seconds()), "Description": now.description, "PermissionsBoundary": nil,
	}
	if now.boundary != "" {
		out["PermissionsBoundary"] = now.boundary
	}
	return out, true, nil
}

// Read implements wire.Readable.
func (a iamPolicy) Read(_ context.Context, arn string, r wire.Request) (map[string]any, bool, error) {
	for _, action := range []string{"iam:GetPolicy", "iam:GetPolicyVersion"} {
		if err := r.Authorize(action, arn, nil); err != nil {
			return nil, false, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m, there := a.policies[arn]
	if !there {
		return nil, false, nil
	}
	return map[string]any{"ManagedPolicyName": m.name, "PolicyDocument": policyTree(m.text)}, true, nil
}
