package cfn_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
)

func TestCreateChangeSetRefuses(t *testing.T) {
	t.Parallel()
	good := body(resources(p{"Log": logGroup(7)}))
	named := body(resources(p{"R": resource(typeRole, p{"RoleName": "x", "AssumeRolePolicyDocument": p{}})}))
	plain := body(resources(p{"R": resource(typeRole, p{"AssumeRolePolicyDocument": p{}})}))
	for name, tc := range map[string]struct {
		params     p
		code, text string
	}{
		"a name that starts with a digit":            {p{"ChangeSetName": "1a"}, "ValidationError", "'1a' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"},
		"a stack name with an underscore":            {p{"StackName": "a_b"}, "ValidationError", "at 'stackName' failed to satisfy constraint"},
		"a stack name of 129 characters":             {p{"StackName": strings.Repeat("a", 129)}, "ValidationError", "length less than or equal to 128"},
		"no stack name":                              {p{"StackName": ""}, "ValidationError", "'stackName' failed to satisfy constraint: Member must not be null"},
		"a type that is none":                        {p{"ChangeSetType": "REPLACE"}, "ValidationError", "enum value set"},
		"CREATE on a stack that exists":              {p{"StackName": "there"}, "ValidationError", "Stack [there] already exists and cannot be created again with the changeSet [c]."},
		"UPDATE on a stack that is absent":           {p{"ChangeSetType": "UPDATE"}, "ValidationError", "Stack [new] does not exist"},
		"UPDATE by default":                          {p{"ChangeSetType": ""}, "ValidationError", "Stack [new] does not exist"},
		"DELETE on failure of an update":             {p{"StackName": "there", "ChangeSetType": "UPDATE", "OnStackFailure": "DELETE"}, "ValidationError", "OnStackFailure DELETE"},
		"UPDATE of a stack under review":             {p{"StackName": "review", "ChangeSetType": "UPDATE"}, "ValidationError", "is in REVIEW_IN_PROGRESS state and can not be updated."},
		"a name that is taken":                       {p{"StackName": "review", "ChangeSetName": "first"}, "AlreadyExistsException", "ChangeSet first already exists"},
		"a named role without its capability":        {p{"TemplateBody": named, "Capabilities": []any{"CAPABILITY_IAM"}}, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		"a role without any capability":              {p{"TemplateBody": plain, "Capabilities": nil}, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"},
		"no template":                                {p{"TemplateBody": ""}, "ValidationError", "Either Template URL or Template Body must be specified."},
		"two templates":                              {p{"TemplateURL": "https://b.s3.amazonaws.com/k"}, "ValidationError", "Only one of"},
		"a template of more than 51,200 bytes":       {p{"TemplateBody": good + strings.Repeat(" ", 51_200)}, "ValidationError", "Member must have length less than or equal to 51200"},
		"an address that is not S3's":                {p{"TemplateBody": "", "TemplateURL": "ftp://x/y"}, "ValidationError", "TemplateURL must be a supported URL."},
		"an object that is not there":                {p{"TemplateBody": "", "TemplateURL": "https://b.s3.amazonaws.com/none"}, "ValidationError", "S3 error: The specified key does not exist."},
		"a template of more than 1 MB by address":    {p{"TemplateBody": "", "TemplateURL": "https://b.s3.amazonaws.com/big"}, "ValidationError", "may not exceed 1048576 bytes"},
		"a role that cannot be assumed":              {p{"RoleARN": "arn:aws:iam::123456789012:role/nobody"}, "ValidationError", "is invalid or cannot be assumed"},
		"a tag of AWS":                               {p{"Tags": []any{p{"Key": "aws:x", "Value": "y"}}}, "ValidationError", "reserved for system use"},
		"the same tag twice":                         {p{"Tags": []any{p{"Key": "a", "Value": "1"}, p{"Key": "a", "Value": "2"}}}, "ValidationError", "Duplicate tag keys"},
		"a parameter that the template lacks":        {p{"Parameters": []any{p{"ParameterKey": "X", "ParameterValue": "1"}}}, "ValidationError", "Parameters: [X] do not exist in the template"},
		"a feature that the local AWS does not have": {p{"IncludeNestedStacks": "true"}, "ValidationError", "does not have the parameter IncludeNestedStacks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(o *cfn.Options) {
				o.Assumable = func(role string) bool { return !strings.HasSuffix(role, "nobody") }
				o.Template = func(url string) ([]byte, error) {
					if strings.HasSuffix(url, "/big") {
						return []byte(good + strings.Repeat(" ", 1<<20)), nil
					}
					return nil, errNotFound
				}
			})
			b.apply("there", "c-1", "CREATE", good)
			b.propose("review", "first", "CREATE", good)
			params := p{"StackName": "new", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": good}
			for k, v := range tc.params {
				params[k] = v
			}
			b.refused("CreateChangeSet", params, tc.code, tc.text)
			if _, err := b.call("DescribeStacks", p{"StackName": "new"}); err == nil {
				t.Error("the refused call left a stack")
			}
		})
	}
}

func TestTemplatesAreRefused(t *testing.T) {
	t.Parallel()
	log := p{"Type": typeLog}
	for name, tc := range map[string]struct {
		template any
		text     string
	}{
		"that are no JSON":                           {`{"Resources": }`, "Template format error: JSON not well-formed. (line 1, column 16)"},
		"that are no YAML":                           {"a: [", "Template format error: YAML not well-formed."},
		"that are text":                              {"hello", "Template format error: unsupported structure."},
		"without resources":                          {p{"Resources": p{}}, "At least one Resources member must be defined."},
		"with a section that is none":                {p{"Resource": p{}, "Resources": p{"A": log}}, "Invalid template property or properties [Resource]"},
		"with null":                                  {`{"Resources":{"A":{"Type":"AWS::Logs::LogGroup","Properties":{"Tags":null}}}}`, "[/Resources/A/Properties/Tags] 'null' values are not allowed in templates"},
		"with a hyphen in a logical id":              {resources(p{"my-log": log}), "Resource name my-log is non alphanumeric."},
		"with a resource without a type":             {resources(p{"A": p{"Properties": p{}}}), "[/Resources/A] Every Resources object must contain a Type member."},
		"with an attribute that is none":             {resources(p{"A": p{"Type": typeLog, "Property": p{}}}), "Invalid template resource property 'Property'"},
		"with an unknown resource type":              {resources(p{"A": p{"Type": "AWS::Logs::Group"}}), "Unrecognized resource types: [AWS::Logs::Group]"},
		"with a type that nobody makes here":         {resources(p{"A": p{"Type": "AWS::KMS::Key"}}), "the local AWS does not make it"},
		"with a reference to nothing":                {resources(p{"A": resource(typeLog, p{"LogGroupName": ref("B")})}), "Unresolved resource dependencies [B] in the Resources block of the template"},
		"with a Fn::Sub of nothing":                  {resources(p{"A": resource(typeLog, p{"LogGroupName": p{"Fn::Sub": "x-${B.Arn}"}})}), "Unresolved resource dependencies [B]"},
		"with DependsOn nothing":                     {resources(p{"A": p{"Type": typeLog, "DependsOn": "B"}}), "Unresolved resource dependencies [B]"},
		"with an output of nothing":                  {p{"Resources": p{"A": log}, "Outputs": p{"O": p{"Value": ref("B")}}}, "Unresolved resource dependencies [B] in the Outputs block of the template"},
		"with an output without a value":             {p{"Resources": p{"A": log}, "Outputs": p{"O": p{}}}, "Every Outputs member must contain a Value object"},
		"with an attribute that the type lacks":      {resources(p{"A": log, "B": resource(typeLog, p{"LogGroupName": att("A", "Nope")})}), "resource A does not support attribute type Nope in Fn::GetAtt"},
		"with a cycle":                               {resources(p{"A": resource(typeLog, p{"LogGroupName": ref("B")}), "B": resource(typeLog, p{"LogGroupName": ref("A")})}), "Circular dependency between resources: [A, B]"},
		"with a cycle through DependsOn":             {resources(p{"A": p{"Type": typeLog, "DependsOn": []any{"B"}}, "B": resource(typeLog, p{"LogGroupName": ref("A")})}), "Circular dependency between resources"},
		"with an undefined condition of a resource":  {resources(p{"A": p{"Type": typeLog, "Condition": "C"}}), "Unresolved condition dependency C"},
		"with an undefined condition in Fn::If":      {resources(p{"A": resource(typeLog, p{"LogGroupName": p{"Fn::If": []any{"C", "a", "b"}}})}), "unresolved condition dependency C in Fn::If"},
		"with conditions that need one another":      {p{"Conditions": p{"C": p{"Condition": "D"}, "D": p{"Fn::Not": []any{p{"Condition": "C"}}}}, "Resources": p{"A": log}}, "Circular condition dependency"},
		"with a reference to what a condition drops": {p{"Conditions": p{"Never": p{"Fn::Equals": []any{"a", "b"}}}, "Resources": p{"A": p{"Type": typeLog, "Condition": "Never"}, "B": resource(typeLog, p{"LogGroupName": ref("A")})}}, "Unresolved resource dependencies [A] in the Resources block"},
		"with a missing mapping":                     {p{"Mappings": p{"M": p{"a": p{"b": "c"}}}, "Resources": p{"A": resource(typeLog, p{"LogGroupName": p{"Fn::FindInMap": []any{"M", "a", "x"}}})}}, "Template error: Unable to get mapping for M::a::x"},
		"with a Fn::Join of no list":                 {resources(p{"A": resource(typeLog, p{"LogGroupName": p{"Fn::Join": []any{"-", "x"}}})}), "every Fn::Join object requires two parameters"},
		"with a Fn::Select beyond the end":           {resources(p{"A": resource(typeLog, p{"LogGroupName": p{"Fn::Select": []any{2, []any{"a"}}}})}), "Fn::Select cannot select nonexistent value at index 2"},
		"with a Fn::GetAtt of one":                   {resources(p{"A": resource(typeLog, p{"LogGroupName": p{"Fn::GetAtt": []any{"A"}}})}), "every Fn::GetAtt object requires two non-empty parameters"},
		"with a function that is none":               {resources(p{"A": resource(typeLog, p{"LogGroupName": p{"Fn::Cidr": []any{}}})}), "does not have the function Fn::Cidr"},
		"with a parameter that has no value":         {p{"Parameters": p{"N": p{"Type": "Number"}}, "Resources": p{"A": log}}, "Parameters: [N] must have values"},
		"with a Number parameter that is text":       {p{"Parameters": p{"N": p{"Type": "Number", "Default": "x"}}, "Resources": p{"A": log}}, "Parameter 'N' must be a number."},
		"with a parameter outside its values":        {p{"Parameters": p{"N": p{"Type": "String", "Default": "x", "AllowedValues": []any{"y"}}}, "Resources": p{"A": log}}, "Parameter 'N' must be one of AllowedValues"},
		"with a parameter that breaks its pattern":   {p{"Parameters": p{"N": p{"Type": "String", "Default": "x", "AllowedPattern": "[0-9]+"}}, "Resources": p{"A": log}}, "must match pattern [0-9]+"},
		"with a policy that is none":                 {resources(p{"A": p{"Type": typeLog, "DeletionPolicy": "Keep"}}), "Unrecognized DeletionPolicy Keep for resource A"},
		"with a transform":                           {p{"Transform": "AWS::Include", "Resources": p{"A": log}}, "does not have the section Transform"},
		"with a dynamic reference":                   {resources(p{"A": resource(typeLog, p{"LogGroupName": "{{resolve:ssm:/a}}"})}), "does not have dynamic references"},
		"with a parameter from Parameter Store":      {p{"Parameters": p{"P": p{"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a"}}, "Resources": p{"A": log}}, "does not have the parameter type AWS::SSM::Parameter::Value<String>"},
		"with 501 resources":                         {resources(times(501, log)), "Number of resources, 501, is greater than maximum allowed, 500"},
		"with 201 outputs":                           {p{"Resources": p{"A": log}, "Outputs": times(201, p{"Value": "x"})}, "Number of outputs, 201, is greater than maximum allowed, 200"},
		"with 201 parameters":                        {p{"Resources": p{"A": log}, "Parameters": times(201, p{"Type": "String", "Default": "x"})}, "Number of parameters, 201, is greater than maximum allowed, 200"},
		"with 201 mappings":                          {p{"Resources": p{"A": log}, "Mappings": times(201, p{"a": p{"b": "c"}})}, "Number of mappings, 201, is greater than maximum allowed, 200"},
		"with another format version":                {p{"AWSTemplateFormatVersion": "2020-01-01", "Resources": p{"A": log}}, "is not a supported value for AWSTemplateFormatVersion"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.refused("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": body(tc.template)}, "ValidationError", tc.text)
		})
	}
}

// times is a section with n members, all the same.
func times(n int, member p) p {
	out := p{}
	for i := range n {
		out["M"+strconv.Itoa(i)] = member
	}
	return out
}

func TestAnUnknownActionIsNamed(t *testing.T) {
	t.Parallel()
	newBench(t).refused("ListStackSets", p{}, "InvalidAction", "ListStackSets")
}

func TestAResourceCannotChangeItsType(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": logGroup(7)}))
	b.refused("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "c-2", "TemplateBody": body(resources(p{"A": resource(typeCluster, p{})}))},
		"ValidationError", "Update of resource type is not permitted. The new template modifies resource type of the following resources: [A]")
}
