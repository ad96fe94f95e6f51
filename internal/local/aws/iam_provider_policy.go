package aws

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// iamPolicy is AWS::IAM::ManagedPolicy; users and groups are not here.
type iamPolicy struct{ *Account }

var _ wire.Resource = iamPolicy{}

func (a iamPolicy) attributes(m managed) map[string]string {
	return map[string]string{
		"PolicyArn": m.arn, "PolicyId": m.id, "DefaultVersionId": "v" + strconv.Itoa(m.version),
		"CreateDate": m.created.UTC().Format(time.RFC3339), "IsAttachable": "true",
	}
}

func (a iamPolicy) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	p := r.Properties
	if len(list(p, "Users"))+len(list(p, "Groups")) > 0 {
		return "", nil, wire.Errorf("InvalidRequest", "the local AWS has no users and groups")
	}
	name, path := text(p, "ManagedPolicyName"), text(p, "Path")
	if name == "" {
		name = generated(r, 128)
	}
	if path == "" {
		path = "/"
	}
	doc, err := document(p["PolicyDocument"])
	if err != nil {
		return "", nil, err
	}
	if err := r.Authorize("iam:CreatePolicy", "arn:aws:iam::"+a.ID+":policy"+path+name, nil); err != nil {
		return "", nil, err
	}
	m, err := a.makePolicy(name, path, text(p, "Description"), doc)
	if err != nil {
		return "", nil, err
	}
	return m.arn, a.attributes(*m), a.syncRoles(r, m.arn)
}

// syncRoles attaches the policy to the roles of the properties, and takes it
// off those that an update left out.
func (a iamPolicy) syncRoles(r wire.Request, arn string) error {
	want, was := texts(r.Properties, "Roles"), texts(r.Old, "Roles")
	change := func(action, name string, do func(role, arn string) error) error {
		now, ok := a.roleNamed(name)
		if !ok {
			return noSuchRole(name)
		}
		keys := roleKeys(now)
		keys["iam:PolicyARN"] = []string{arn}
		if err := r.Authorize(action, now.arn, keys); err != nil {
			return err
		}
		return do(name, arn)
	}
	for _, name := range want {
		if err := change("iam:AttachRolePolicy", name, a.attach); err != nil {
			return err
		}
	}
	for _, name := range was {
		if !slices.Contains(want, name) {
			if err := change("iam:DetachRolePolicy", name, a.detach); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a iamPolicy) Update(_ context.Context, arn string, r wire.Request) (map[string]string, error) {
	doc, err := document(r.Properties["PolicyDocument"])
	if err != nil {
		return nil, err
	}
	if err := r.Authorize("iam:CreatePolicyVersion", arn, nil); err != nil {
		return nil, err
	}
	if err := a.replacePolicy(arn, doc); err != nil {
		return nil, err
	}
	a.mu.Lock()
	m := *a.policies[arn]
	a.mu.Unlock()
	return a.attributes(m), a.syncRoles(r, arn)
}

func (a iamPolicy) Delete(_ context.Context, arn string, r wire.Request) error {
	r.Old, r.Properties = r.Properties, map[string]any{}
	if err := a.syncRoles(r, arn); err != nil && !notFound(err) {
		return err
	}
	if err := r.Authorize("iam:DeletePolicy", arn, nil); err != nil {
		return err
	}
	if err := a.deletePolicy(arn); err != nil && !notFound(err) {
		return err
	}
	return nil
}

// Ready is at once.
func (a iamPolicy) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }
