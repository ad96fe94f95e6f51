package roles

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// MaxAccessSession is how long credentials of the roles of access last at most,
// in seconds: IAM has no smaller maximum for a role.
const MaxAccessSession = 3600

// sessionLogDays is how long what was typed is kept.
const sessionLogDays = 365

type accessTemplate struct {
	Version     string              `json:"AWSTemplateFormatVersion"`
	Description string              `json:"Description"`
	Resources   map[string]retained `json:"Resources"`
	Outputs     map[string]output   `json:"Outputs"`
}

// retained is a resource that may outlive its stack.
type retained struct {
	resource
	DeletionPolicy      string `json:"DeletionPolicy,omitempty"`
	UpdateReplacePolicy string `json:"UpdateReplacePolicy,omitempty"`
}

type accessRole struct {
	Name        string         `json:"RoleName"`
	Description string         `json:"Description"`
	MaxSession  int            `json:"MaxSessionDuration"` // seconds
	Trust       document       `json:"AssumeRolePolicyDocument"`
	Policies    []accessInline `json:"Policies"`
	Tags        []tag          `json:"Tags,omitempty"`
}

type accessInline struct {
	Name     string `json:"PolicyName"`
	Document limits `json:"PolicyDocument"`
}

type tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

type logGroup struct {
	Name string `json:"LogGroupName"`
	Days int    `json:"RetentionInDays"`
	Key  string `json:"KmsKeyId,omitempty"`
}

// AccessTemplate answers the CloudFormation template of what access needs in a
// district's account: a role for each kind of target, the session documents,
// and the log group that they write to. JSON with indentation for people;
// applying it needs CAPABILITY_NAMED_IAM.
func AccessTemplate(in AccessInput) ([]byte, error) {
	in = in.defaults()
	if err := in.check(); err != nil {
		return nil, err
	}
	// Session Manager reads this tag before the documents, and it says the same
	// (Systems Manager User Guide, "Turn on Run As support").
	user := tag{Key: "SSMSessionRunAs", Value: in.RunAs}
	t := accessTemplate{
		Version:     "2010-09-09",
		Description: "What bcn's access needs in district " + in.District + ". Apply with CAPABILITY_NAMED_IAM.",
		Resources: map[string]retained{
			"TaskRole":     {resource: in.accessRole(TaskAccessRoleName(in.District), "tasks", in.taskAccess())},
			"InstanceRole": {resource: in.accessRole(InstanceAccessRoleName(in.District), "managed nodes", in.nodeAccess(in.sessionDocuments()), user)},
			"SessionLogs": {
				resource:       resource{Type: "AWS::Logs::LogGroup", Properties: logGroup{in.LogGroup, sessionLogDays, in.Key}},
				DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain",
			},
		},
		Outputs: map[string]output{
			"TaskRole":     {Description: "for access to tasks", Value: getAtt{"TaskRole", "Arn"}},
			"InstanceRole": {Description: "for access to managed nodes", Value: getAtt{"InstanceRole", "Arn"}},
		},
	}
	for _, m := range SessionMinutes() {
		t.Resources["Session"+strconv.Itoa(m)] = retained{resource: in.sessionDocument(m)}
	}
	if len(in.Ports) > 0 {
		t.Resources["PortRole"] = retained{resource: in.accessRole(PortAccessRoleName(in.District), "databases' ports", in.nodeAccess(in.portDocuments()))}
		t.Outputs["PortRole"] = output{Description: "for access to databases' ports", Value: getAtt{"PortRole", "Arn"}}
	}
	for _, p := range in.Ports {
		t.Resources["Port"+logicalPart(p.Name)] = retained{resource: in.portDocument(p)}
	}
	out, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the template of access: %w", err)
	}
	return append(out, '\n'), nil
}

// accessRole is one role.
func (in AccessInput) accessRole(name, what string, list []limited, tags ...tag) resource {
	return resource{Type: "AWS::IAM::Role", Properties: accessRole{
		Name: name, Description: "Assumed by bcn for access to " + what, MaxSession: MaxAccessSession,
		Trust:    in.document(in.accessTrust()),
		Policies: []accessInline{{Name: "access", Document: limits{Version: "2012-10-17", Statement: list}}},
		Tags:     tags,
	}}
}

// logicalPart makes a name part of a logical id: letters and digits only.
func logicalPart(name string) string {
	var b strings.Builder
	for _, part := range strings.Split(name, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
