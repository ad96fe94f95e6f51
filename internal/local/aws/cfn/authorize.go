package cfn

import (
	"fmt"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// allow asks for the caller's permission to do an action on a stack, which may
// not exist yet. more are condition keys beside those of tags.
func allow(c *wire.Call, s *stack, name string, more map[string][]string) error {
	keys := map[string][]string{}
	resource := fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/*", c.Region, c.Account, name)
	if s != nil {
		resource = s.id
		for _, t := range s.tags {
			keys["aws:ResourceTag/"+t.key] = []string{t.value}
		}
	}
	for k, v := range more {
		keys[k] = v
	}
	return authorize(c, "cloudformation:"+c.Action, resource, keys)
}

func authorize(c *wire.Call, action, resource string, keys map[string][]string) error {
	if c.Authorize == nil {
		return &wire.Error{Code: "AccessDenied", Message: "the call carries no authorization", Status: 403}
	}
	return c.Authorize(action, resource, keys)
}

// requestKeys are the condition keys of a call that brings a template.
// Source: "Actions, resources, and condition keys for AWS CloudFormation" in
// the service authorization reference.
func requestKeys(c *wire.Call, tags []tag) map[string][]string {
	keys := map[string][]string{}
	for _, t := range tags {
		keys["aws:RequestTag/"+t.key] = []string{t.value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], t.key)
	}
	for key, param := range map[string]string{"cloudformation:RoleArn": "RoleARN", "cloudformation:TemplateUrl": "TemplateURL", "cloudformation:ChangeSetName": "ChangeSetName"} {
		if v := str(c, param); v != "" {
			keys[key] = []string{v}
		}
	}
	return keys
}

// passRole checks that the caller may pass the role to CloudFormation, and
// that CloudFormation may assume it.
func (e *Engine) passRole(c *wire.Call, role string) error {
	if role == "" {
		return nil
	}
	if err := authorize(c, "iam:PassRole", role, map[string][]string{"iam:PassedToService": {"cloudformation.amazonaws.com"}}); err != nil {
		return err
	}
	if e.opt.Assumable != nil && !e.opt.Assumable(role) {
		return invalid("Role %s is invalid or cannot be assumed", role)
	}
	return nil
}

// asOperation is who asks when an operation's resources are made: the stack's
// role, or else the caller, whose session CloudFormation goes on using.
func asOperation(c *wire.Call, role string) func(action, resource string, keys map[string][]string) error {
	if role == "" {
		return func(action, resource string, keys map[string][]string) error {
			return authorize(c, action, resource, keys)
		}
	}
	as := c.AuthorizeAs
	return func(action, resource string, keys map[string][]string) error {
		if as == nil {
			return &wire.Error{Code: "AccessDenied", Message: "the call cannot act as " + role, Status: 403}
		}
		return as(role, action, resource, keys)
	}
}
