package aws

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (a *Account) iam() wire.Actions {
	return wire.Actions{
		"CreateRole":                    accepts(a.createRoleAPI, "RoleName", "Path", "AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags"),
		"GetRole":                       accepts(a.onRole("iam:GetRole", a.getRole), "RoleName"),
		"DeleteRole":                    accepts(a.onRole("iam:DeleteRole", func(_ *wire.Call, r role) (any, error) { return nil, a.deleteRole(r.name) }), "RoleName"),
		"ListRoles":                     accepts(a.listRoles, "MaxItems", "Marker"),
		"UpdateAssumeRolePolicy":        accepts(a.onRole("iam:UpdateAssumeRolePolicy", a.updateTrust), "RoleName", "PolicyDocument"),
		"UpdateRole":                    accepts(a.onRole("iam:UpdateRole", a.updateRole), "RoleName", "Description", "MaxSessionDuration"),
		"PutRolePolicy":                 accepts(a.onRole("iam:PutRolePolicy", a.putRolePolicy), "RoleName", "PolicyName", "PolicyDocument"),
		"GetRolePolicy":                 accepts(a.onRole("iam:GetRolePolicy", getRolePolicy), "RoleName", "PolicyName"),
		"DeleteRolePolicy":              accepts(a.onRole("iam:DeleteRolePolicy", a.deleteRolePolicy), "RoleName", "PolicyName"),
		"ListRolePolicies":              accepts(a.onRole("iam:ListRolePolicies", listRolePolicies), "RoleName"),
		"AttachRolePolicy":              accepts(a.onRole("iam:AttachRolePolicy", a.attachRolePolicy), "RoleName", "PolicyArn"),
		"DetachRolePolicy":              accepts(a.onRole("iam:DetachRolePolicy", a.detachRolePolicy), "RoleName", "PolicyArn"),
		"ListAttachedRolePolicies":      accepts(a.onRole("iam:ListAttachedRolePolicies", a.listAttached), "RoleName"),
		"PutRolePermissionsBoundary":    accepts(a.putBoundary, "RoleName", "PermissionsBoundary"),
		"DeleteRolePermissionsBoundary": accepts(a.onRole("iam:DeleteRolePermissionsBoundary", func(_ *wire.Call, r role) (any, error) { return nil, a.setBoundary(r.name, "") }), "RoleName"),
		"TagRole":                       accepts(a.onRole("iam:TagRole", a.tagRole), "RoleName", "Tags"),
		"UntagRole":                     accepts(a.onRole("iam:UntagRole", a.untagRole), "RoleName", "TagKeys"),
		"ListRoleTags":                  accepts(a.onRole("iam:ListRoleTags", listRoleTags), "RoleName"),
		"CreatePolicy":                  accepts(a.createPolicyAPI, "PolicyName", "Path", "PolicyDocument", "Description"),
		"GetPolicy":                     accepts(a.onPolicy("iam:GetPolicy", getPolicy), "PolicyArn"),
		"GetPolicyVersion":              accepts(a.onPolicy("iam:GetPolicyVersion", getPolicyVersion), "PolicyArn", "VersionId"),
		"DeletePolicy":                  accepts(a.onPolicy("iam:DeletePolicy", func(_ *wire.Call, m managed) (any, error) { return nil, a.deletePolicy(m.arn) }), "PolicyArn"),
	}
}

// roleKeys are the condition keys of an existing role.
func roleKeys(r role) map[string][]string {
	keys := tagKeys("aws:ResourceTag/", r.tags)
	maps.Copy(keys, tagKeys("iam:ResourceTag/", r.tags))
	if r.boundary != "" {
		keys["iam:PermissionsBoundary"] = []string{r.boundary}
	}
	return keys
}

// onRole authorizes the action on the role that the call names and hands over
// a copy of it. A role that is not there is authorized by the ARN that it
// would have at the root, and only then said to be missing.
func (a *Account) onRole(action string, f func(*wire.Call, role) (any, error)) wire.Handler {
	return func(_ context.Context, c *wire.Call) (any, error) {
		name := str(c.Params, "RoleName")
		r, ok := a.roleNamed(name)
		if !ok {
			if err := c.Authorize(action, "arn:aws:iam::"+a.ID+":role/"+name, nil); err != nil {
				return nil, err
			}
			return nil, noSuchRole(name)
		}
		keys := roleKeys(r)
		if arn := str(c.Params, "PolicyArn"); arn != "" {
			keys["iam:PolicyARN"] = []string{arn}
		}
		maps.Copy(keys, tagKeys("aws:RequestTag/", tagsOf(list(c.Params, "Tags"))))
		if err := c.Authorize(action, r.arn, keys); err != nil {
			return nil, err
		}
		return f(c, r)
	}
}

// roleNamed answers a copy, of which the maps are copies too.
func (a *Account) roleNamed(name string) (role, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.roles[name]
	if !ok {
		return role{}, false
	}
	out := *r
	out.inline, out.tags = maps.Clone(r.inline), maps.Clone(r.tags)
	return out, true
}

func (a *Account) createRoleAPI(_ context.Context, c *wire.Call) (any, error) {
	s := roleSpec{
		name: str(c.Params, "RoleName"), path: str(c.Params, "Path"), description: str(c.Params, "Description"),
		trust: str(c.Params, "AssumeRolePolicyDocument"), boundary: str(c.Params, "PermissionsBoundary"),
		tags: tagsOf(list(c.Params, "Tags")),
	}
	seconds, ok := number(c.Params, "MaxSessionDuration", 3600)
	if !ok {
		return nil, constraint(str(c.Params, "MaxSessionDuration"), "maxSessionDuration", "Member must be a number")
	}
	s.maxSession = time.Duration(seconds) * time.Second
	if err := c.Authorize("iam:CreateRole", a.roleARN(s.path, s.name), createKeys(s)); err != nil {
		return nil, err
	}
	r, err := a.makeRole(s)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Role": describeRole(*r)}, nil
}

func (a *Account) roleARN(path, name string) string {
	if path == "" {
		path = "/"
	}
	return "arn:aws:iam::" + a.ID + ":role" + path + name
}

// createKeys are the condition keys of a role that is to be made.
func createKeys(s roleSpec) map[string][]string {
	keys := tagKeys("aws:RequestTag/", s.tags)
	if s.boundary != "" {
		keys["iam:PermissionsBoundary"] = []string{s.boundary}
	}
	return keys
}

func describeRole(r role) map[string]any {
	out := map[string]any{
		"RoleName": r.name, "RoleId": r.id, "Arn": r.arn, "Path": r.path, "CreateDate": r.created,
		"AssumeRolePolicyDocument": url.PathEscape(r.trustText), "Description": r.description,
		"MaxSessionDuration": int(r.maxSession.Seconds()), "Tags": tagList(r.tags, "Key", "Value"),
	}
	if r.boundary != "" {
		out["PermissionsBoundary"] = map[string]any{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": r.boundary}
	}
	return out
}

func (a *Account) getRole(_ *wire.Call, r role) (any, error) {
	return map[string]any{"Role": describeRole(r)}, nil
}

func (a *Account) listRoles(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("iam:ListRoles", "*", nil); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	names := sortedKeys(a.roles)
	size, ok := number(c.Params, "MaxItems", 100)
	if !ok || size < 1 || size > 1000 {
		return nil, constraint(str(c.Params, "MaxItems"), "maxItems", "Member must have value between 1 and 1000")
	}
	from, to, next, err := page(str(c.Params, "Marker"), size, len(names))
	if err != nil {
		return nil, err
	}
	roles := []any{}
	for _, n := range names[from:to] {
		roles = append(roles, describeRole(*a.roles[n]))
	}
	out := map[string]any{"Roles": roles, "IsTruncated": next != ""}
	if next != "" {
		out["Marker"] = next
	}
	return out, nil
}

func (a *Account) updateTrust(c *wire.Call, r role) (any, error) {
	return nil, a.setTrust(r.name, str(c.Params, "PolicyDocument"))
}

func (a *Account) updateRole(c *wire.Call, r role) (any, error) {
	seconds, ok := number(c.Params, "MaxSessionDuration", int(r.maxSession.Seconds()))
	d := time.Duration(seconds) * time.Second
	if !ok || d < minRoleSession || d > maxRoleSession {
		return nil, constraint(strconv.Itoa(seconds), "maxSessionDuration", "Member must have value between 3600 and 43200")
	}
	return nil, a.changeRole(r.name, func(r *role) error {
		r.maxSession = d
		if text, given := c.Params["Description"].(string); given {
			r.description = text
		}
		return nil
	})
}

func (a *Account) putRolePolicy(c *wire.Call, r role) (any, error) {
	return nil, a.putInline(r.name, str(c.Params, "PolicyName"), str(c.Params, "PolicyDocument"))
}

func (a *Account) deleteRolePolicy(c *wire.Call, r role) (any, error) {
	return nil, a.deleteInline(r.name, str(c.Params, "PolicyName"))
}

func getRolePolicy(c *wire.Call, r role) (any, error) {
	name := str(c.Params, "PolicyName")
	text, ok := r.inline[name]
	if !ok {
		return nil, &wire.Error{Code: "NoSuchEntity", Message: "The role policy with name " + name + " cannot be found.", Status: http.StatusNotFound}
	}
	return map[string]any{"RoleName": r.name, "PolicyName": name, "PolicyDocument": url.PathEscape(text)}, nil
}

func listRolePolicies(_ *wire.Call, r role) (any, error) {
	return map[string]any{"PolicyNames": sortedKeys(r.inline), "IsTruncated": false}, nil
}

func (a *Account) attachRolePolicy(c *wire.Call, r role) (any, error) {
	return nil, a.attach(r.name, str(c.Params, "PolicyArn"))
}

func (a *Account) detachRolePolicy(c *wire.Call, r role) (any, error) {
	return nil, a.detach(r.name, str(c.Params, "PolicyArn"))
}

func (a *Account) listAttached(_ *wire.Call, r role) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []any{}
	for _, arn := range r.attached {
		if m, ok := a.policies[arn]; ok {
			out = append(out, map[string]any{"PolicyName": m.name, "PolicyArn": arn})
		}
	}
	return map[string]any{"AttachedPolicies": out, "IsTruncated": false}, nil
}

// putBoundary is judged by the boundary that the role is to have, so that
// nobody can lift a boundary who must set a certain one.
func (a *Account) putBoundary(_ context.Context, c *wire.Call) (any, error) {
	name, arn := str(c.Params, "RoleName"), str(c.Params, "PermissionsBoundary")
	r, ok := a.roleNamed(name)
	if !ok {
		r = role{name: name, arn: a.roleARN("", name)}
	}
	keys := roleKeys(r)
	keys["iam:PermissionsBoundary"] = []string{arn}
	if err := c.Authorize("iam:PutRolePermissionsBoundary", r.arn, keys); err != nil {
		return nil, err
	}
	return nil, a.setBoundary(name, arn)
}

func (a *Account) tagRole(c *wire.Call, r role) (any, error) {
	return nil, a.changeRole(r.name, func(r *role) error {
		tags := maps.Clone(r.tags)
		maps.Copy(tags, tagsOf(list(c.Params, "Tags")))
		if len(tags) > maxTags {
			return overLimit("Cannot exceed quota for TagsPerRole: %d", maxTags)
		}
		r.tags = tags
		return nil
	})
}

func (a *Account) untagRole(c *wire.Call, r role) (any, error) {
	return nil, a.changeRole(r.name, func(r *role) error {
		r.tags = maps.Clone(r.tags)
		for _, k := range texts(c.Params, "TagKeys") {
			delete(r.tags, k)
		}
		return nil
	})
}

func listRoleTags(_ *wire.Call, r role) (any, error) {
	return map[string]any{"Tags": tagList(r.tags, "Key", "Value"), "IsTruncated": false}, nil
}

func (a *Account) createPolicyAPI(_ context.Context, c *wire.Call) (any, error) {
	name, path := str(c.Params, "PolicyName"), str(c.Params, "Path")
	if path == "" {
		path = "/"
	}
	if err := c.Authorize("iam:CreatePolicy", "arn:aws:iam::"+a.ID+":policy"+path+name, nil); err != nil {
		return nil, err
	}
	m, err := a.makePolicy(name, path, str(c.Params, "Description"), str(c.Params, "PolicyDocument"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"Policy": describePolicy(*m)}, nil
}

func describePolicy(m managed) map[string]any {
	return map[string]any{
		"PolicyName": m.name, "PolicyId": m.id, "Arn": m.arn, "Path": m.path, "CreateDate": m.created,
		"DefaultVersionId": "v" + strconv.Itoa(m.version), "IsAttachable": true, "Description": m.description,
	}
}

// onPolicy authorizes the action on the managed policy that the call names and
// hands over a copy of it.
func (a *Account) onPolicy(action string, f func(*wire.Call, managed) (any, error)) wire.Handler {
	return func(_ context.Context, c *wire.Call) (any, error) {
		arn := str(c.Params, "PolicyArn")
		if err := c.Authorize(action, arn, nil); err != nil {
			return nil, err
		}
		a.mu.Lock()
		m, ok := a.policies[arn]
		var found managed
		if ok {
			found = *m
		}
		a.mu.Unlock()
		if !ok {
			return nil, noSuchPolicy(arn)
		}
		return f(c, found)
	}
}

func getPolicy(_ *wire.Call, m managed) (any, error) {
	return map[string]any{"Policy": describePolicy(m)}, nil
}

// getPolicyVersion knows the default version only; the others are not kept.
func getPolicyVersion(c *wire.Call, m managed) (any, error) {
	if v := str(c.Params, "VersionId"); v != "v"+strconv.Itoa(m.version) {
		return nil, &wire.Error{Code: "NoSuchEntity", Message: "Policy " + m.arn + " version " + v + " does not exist or is not attachable.", Status: http.StatusNotFound}
	}
	return map[string]any{"PolicyVersion": map[string]any{
		"VersionId": "v" + strconv.Itoa(m.version), "IsDefaultVersion": true,
		"CreateDate": m.created, "Document": url.PathEscape(m.text),
	}}, nil
}
