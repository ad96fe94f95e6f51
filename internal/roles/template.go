package roles

// The parts of the template, as far as it needs them.
type template struct {
	Version     string              `json:"AWSTemplateFormatVersion"`
	Description string              `json:"Description"`
	Resources   map[string]resource `json:"Resources"`
	Outputs     map[string]output   `json:"Outputs"`
}

type resource struct {
	Type       string   `json:"Type"`
	DependsOn  []string `json:"DependsOn,omitempty"`
	Properties any      `json:"Properties"`
}

type role struct {
	Name        string   `json:"RoleName"`
	Description string   `json:"Description"`
	MaxSession  int      `json:"MaxSessionDuration"` // seconds
	Trust       document `json:"AssumeRolePolicyDocument"`
	Policies    []inline `json:"Policies"`
	Managed     []any    `json:"ManagedPolicyArns,omitempty"`
}

type inline struct {
	Name     string   `json:"PolicyName"`
	Document document `json:"PolicyDocument"`
}

type managedPolicy struct {
	Name        string   `json:"ManagedPolicyName"`
	Path        string   `json:"Path"`
	Description string   `json:"Description"`
	Document    document `json:"PolicyDocument"`
}

type document struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

type output struct {
	Description string `json:"Description"`
	Value       any    `json:"Value"`
}

type ref struct {
	Ref string `json:"Ref"`
}

type getAtt [2]string

// MarshalJSON writes Fn::GetAtt.
func (g getAtt) MarshalJSON() ([]byte, error) {
	return []byte(`{"Fn::GetAtt":["` + g[0] + `","` + g[1] + `"]}`), nil
}

// statement is one statement of a policy, and why it is there.
type statement struct {
	Sid       string              `json:"Sid"`
	Effect    string              `json:"Effect"`
	Principal map[string]string   `json:"Principal,omitempty"`
	Action    []string            `json:"Action"`
	Resource  []string            `json:"Resource,omitempty"`
	Condition map[string]operands `json:"Condition,omitempty"`
	Why       string              `json:"-"`
}

// operands are a condition operator's keys and values: a string or several.
type operands map[string]any

// document makes a policy of statements, all of which allow.
func (in Input) document(list []statement) document {
	for i := range list {
		list[i].Effect = "Allow"
	}
	return document{Version: "2012-10-17", Statement: list}
}

// inRegion limits a statement whose actions know no resources.
func (in Input) inRegion() operands { return operands{"aws:RequestedRegion": in.Region} }

// tagged is the condition that a resource is one of bcn's.
func (in Input) tagged() operands {
	return operands{"aws:ResourceTag/" + InstallationTag: in.installation()}
}

func (in Input) installation() string {
	if in.Installation == "" {
		return "?*"
	}
	return in.Installation
}
