package render

import "github.com/bcn-bot/bcn/internal/bcn"

// MaxTemplate is the most bytes that CloudFormation takes inline; a longer
// template goes through the district's bucket (CloudFormation quotas).
const MaxTemplate = 51_200

// template is a CloudFormation template.
type template struct {
	AWSTemplateFormatVersion string
	Description              string
	Parameters               map[string]parameter `json:",omitempty"`
	Resources                map[string]resource
	Outputs                  map[string]output `json:",omitempty"`
}

type resource struct {
	Type                string
	DependsOn           []string `json:",omitempty"`
	DeletionPolicy      string   `json:",omitempty"`
	UpdateReplacePolicy string   `json:",omitempty"`
	UpdatePolicy        any      `json:",omitempty"`
	Properties          any
}

// parameter has a name in Parameter Store as its default, which CloudFormation
// looks up whenever a change set is made.
type parameter struct {
	Type        string
	Description string
	Default     string
}

type output struct {
	Description string
	Value       any
}

// tag is a resource's tag; resource types spell it in the same way.
type tag struct {
	Key   string
	Value string
}

// ref, getAtt and join are the only intrinsic functions that bcn writes.
func ref(id string) any { return map[string]string{"Ref": id} }

func getAtt(id, attribute string) any {
	return map[string][]string{"Fn::GetAtt": {id, attribute}}
}

func join(between string, parts ...any) any {
	return map[string][]any{"Fn::Join": {between, parts}}
}

func newTemplate(description string) *template {
	return &template{AWSTemplateFormatVersion: "2010-09-09", Description: description, Resources: map[string]resource{}}
}

// add puts a resource in; two of one logical id would silently be one.
func (t *template) add(id string, r resource) error {
	if _, taken := t.Resources[id]; taken {
		return bcn.E(bcn.CodeNameTaken, "name", id, "by", "another resource of the stack")
	}
	t.Resources[id] = r
	return nil
}
