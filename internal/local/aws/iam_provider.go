package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// iamRole is AWS::IAM::Role. Its actions are those of the handler's
// permissions in the type's published schema.
type iamRole struct{ *Account }

var (
	_ wire.Resource = iamRole{}
	_ wire.Named    = iamRole{}
)

func (a iamRole) spec(r wire.Request) (roleSpec, error) {
	p := r.Properties
	s := roleSpec{
		name: text(p, "RoleName"), path: text(p, "Path"), description: text(p, "Description"),
		boundary: text(p, "PermissionsBoundary"), tags: stackTags(r),
	}
	if s.name == "" {
		s.name = generated(r, 64)
	}
	if d := text(p, "MaxSessionDuration"); d != "" {
		n, err := strconv.Atoi(d)
		if err != nil {
			return s, constraint(d, "maxSessionDuration", "Member must be a number")
		}
		s.maxSession = time.Duration(n) * time.Second
	}
	var err error
	s.trust, err = document(p["AssumeRolePolicyDocument"])
	return s, err
}

// stackTags are the tags of a resource: its own over the stack's.
func stackTags(r wire.Request) map[string]string {
	tags := maps.Clone(r.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, tagsOf(list(r.Properties, "Tags")))
	return tags
}

// userTags are the tags that a service is told of; those of CloudFormation's
// own prefix are put on besides and cannot be asked for.
func userTags(tags map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range tags {
		if !strings.HasPrefix(k, "aws:") {
			out[k] = v
		}
	}
	return out
}

// generated is the name that CloudFormation gives what the template does not
// name: stack, logical id and twelve random letters, cut from the left parts.
func generated(r wire.Request, most int) string {
	suffix := "-" + random(12, upperHexless)
	stem := r.StackName + "-" + r.LogicalID
	return stem[:min(len(stem), most-len(suffix))] + suffix
}

// document writes a policy that a template has as an object or as text.
func document(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	b := &bytes.Buffer{}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", wire.Errorf("MalformedPolicyDocument", "%v", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// Taken implements wire.Named.
func (a iamRole) Taken(_ context.Context, r wire.Request) (name string, taken bool) {
	name = text(r.Properties, "RoleName")
	_, taken = a.roleNamed(name)
	return name, taken
}

func (a iamRole) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	s, err := a.spec(r)
	if err != nil {
		return "", nil, err
	}
	arn := a.roleARN(s.path, s.name)
	s.tags = userTags(s.tags)
	keys := createKeys(s)
	actions := []string{"iam:CreateRole", "iam:GetRole"}
	if len(s.tags) > 0 {
		actions = append(actions, "iam:TagRole")
	}
	for _, action := range actions {
		if err := r.Authorize(action, arn, keys); err != nil {
			return "", nil, err
		}
	}
	made, err := a.makeRole(s)
	if err != nil {
		return "", nil, err
	}
	attrs := map[string]string{"Arn": made.arn, "RoleId": made.id}
	return s.name, attrs, a.syncPolicies(r, s.name)
}

// syncPolicies makes the role's inline and attached policies those of the
// properties, each change with its permission.
func (a iamRole) syncPolicies(r wire.Request, name string) error {
	now, ok := a.roleNamed(name)
	if !ok {
		return noSuchRole(name)
	}
	want := map[string]string{}
	for _, e := range list(r.Properties, "Policies") {
		p, _ := e.(map[string]any)
		doc, err := document(p["PolicyDocument"])
		if err != nil {
			return err
		}
		want[text(p, "PolicyName")] = doc
	}
	for _, policyName := range sortedKeys(want) {
		if now.inline[policyName] == want[policyName] {
			continue
		}
		if err := r.Authorize("iam:PutRolePolicy", now.arn, roleKeys(now)); err != nil {
			return err
		}
		if err := a.putInline(name, policyName, want[policyName]); err != nil {
			return err
		}
	}
	for _, policyName := range sortedKeys(now.inline) {
		if _, keep := want[policyName]; keep {
			continue
		}
		if err := r.Authorize("iam:DeleteRolePolicy", now.arn, roleKeys(now)); err != nil {
			return err
		}
		if err := a.deleteInline(name, policyName); err != nil {
			return err
		}
	}
	return a.syncAttached(r, now)
}

func (a iamRole) syncAttached(r wire.Request, now role) error {
	want := texts(r.Properties, "ManagedPolicyArns")
	was := texts(r.Old, "ManagedPolicyArns")
	change := func(action, arn string, do func(role, arn string) error) error {
		keys := roleKeys(now)
		keys["iam:PolicyARN"] = []string{arn}
		if err := r.Authorize(action, now.arn, keys); err != nil {
			return err
		}
		return do(now.name, arn)
	}
	for _, arn := range want {
		if !slices.Contains(now.attached, arn) {
			if err := change("iam:AttachRolePolicy", arn, a.attach); err != nil {
				return err
			}
		}
	}
	for _, arn := range was {
		if !slices.Contains(want, arn) && slices.Contains(now.attached, arn) {
			if err := change("iam:DetachRolePolicy", arn, a.detach); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a iamRole) Update(_ context.Context, name string, r wire.Request) (map[string]string, error) {
	now, ok := a.roleNamed(name)
	if !ok {
		return nil, noSuchRole(name)
	}
	s, err := a.spec(r)
	if err != nil {
		return nil, err
	}
	if err := r.Authorize("iam:GetRole", now.arn, roleKeys(now)); err != nil {
		return nil, err
	}
	for _, step := range a.changes(now, s) {
		if err := r.Authorize(step.action, now.arn, step.keys); err != nil {
			return nil, err
		}
		if err := step.do(); err != nil {
			return nil, err
		}
	}
	attrs := map[string]string{"Arn": now.arn, "RoleId": now.id}
	return attrs, a.syncPolicies(r, name)
}

// roleChange is one call to IAM that an update makes.
type roleChange struct {
	action string
	keys   map[string][]string
	do     func() error
}

// changes are the calls that bring a role to its spec, but for its policies.
func (a iamRole) changes(now role, s roleSpec) []roleChange {
	keys := roleKeys(now)
	var out []roleChange
	if s.trust != now.trustText {
		out = append(out, roleChange{"iam:UpdateAssumeRolePolicy", keys, func() error { return a.setTrust(now.name, s.trust) }})
	}
	if s.maxSession == 0 {
		s.maxSession = minRoleSession
	}
	if s.maxSession != now.maxSession || s.description != now.description {
		out = append(out, roleChange{"iam:UpdateRole", keys, func() error {
			return a.changeRole(now.name, func(r *role) error {
				r.maxSession, r.description = s.maxSession, s.description
				return nil
			})
		}})
	}
	if s.boundary != now.boundary {
		action, with := "iam:DeleteRolePermissionsBoundary", keys
		if s.boundary != "" {
			action, with = "iam:PutRolePermissionsBoundary", maps.Clone(keys)
			with["iam:PermissionsBoundary"] = []string{s.boundary}
		}
		out = append(out, roleChange{action, with, func() error { return a.setBoundary(now.name, s.boundary) }})
	}
	return append(out, a.tagChanges(now, userTags(s.tags))...)
}

func (a iamRole) tagChanges(now role, want map[string]string) []roleChange {
	if maps.Equal(now.tags, want) {
		return nil
	}
	set := func() error {
		return a.changeRole(now.name, func(r *role) error { r.tags = want; return nil })
	}
	keys := roleKeys(now)
	maps.Copy(keys, tagKeys("aws:RequestTag/", want))
	out := []roleChange{{"iam:TagRole", keys, set}}
	for k := range now.tags {
		if _, keep := want[k]; !keep {
			return append(out, roleChange{"iam:UntagRole", roleKeys(now), set})
		}
	}
	return out
}

func (a iamRole) Delete(_ context.Context, name string, r wire.Request) error {
	now, ok := a.roleNamed(name)
	if !ok {
		return nil
	}
	actions := []string{"iam:GetRole", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"}
	if len(now.inline) > 0 {
		actions = append(actions, "iam:DeleteRolePolicy")
	}
	if len(now.attached) > 0 {
		actions = append(actions, "iam:DetachRolePolicy")
	}
	for _, action := range append(actions, "iam:DeleteRole") {
		if err := r.Authorize(action, now.arn, roleKeys(now)); err != nil {
			return err
		}
	}
	for policyName := range now.inline {
		if err := a.deleteInline(name, policyName); err != nil {
			return err
		}
	}
	for _, arn := range now.attached {
		if err := a.detach(name, arn); err != nil {
			return err
		}
	}
	return a.deleteRole(name)
}

// Ready is at once: CloudFormation does not wait until IAM has spread a role,
// which is why what uses it may have to try again.
func (a iamRole) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }
