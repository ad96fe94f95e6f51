package cfn_test

import (
	"testing"
	"time"
)

// No template makes the engine panic or hang: it is refused, or its change set
// comes to an end.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		`{"Resources":{"A":{"Type":"AWS::Logs::LogGroup","Properties":{"RetentionInDays":7}}}}`,
		`{"Resources":{"A":{"Type":"AWS::Logs::LogGroup","Properties":{"LogGroupName":{"Fn::Sub":"${A}${!x}${AWS::Region"}}}}}`,
		`{"Resources":{"A":{"Type":"AWS::SSM::Parameter","Properties":{"Type":"String","Value":{"Fn::Select":["0",{"Fn::Split":["",{"Ref":"AWS::StackId"}]}]}}}}}`,
		`{"Conditions":{"C":{"Fn::Not":[{"Condition":"C"}]}},"Resources":{"A":{"Type":"AWS::Logs::LogGroup","Condition":"C"}}}`,
		`{"Parameters":{"P":{"Type":"Number","Default":"1e400","MinValue":"x"}},"Resources":{"A":{"Type":"AWS::Logs::LogGroup","Properties":{"RetentionInDays":{"Ref":"P"}}}}}`,
		"Resources:\n  A:\n    Type: AWS::Logs::LogGroup\n    Properties: !Sub [a, {b: !GetAtt A.Arn}]\n",
		"a: &x [*x]\n", "{}", "", "null", "[1]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := newBench(t)
		if _, err := b.call("CreateChangeSet", p{"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": text, "Capabilities": []any{"CAPABILITY_NAMED_IAM"}}); err != nil {
			return
		}
		b.clock.advance(time.Second)
		cs := b.must("DescribeChangeSet", p{"StackName": "s", "ChangeSetName": "c", "IncludePropertyValues": "true"})
		if s := cs["Status"]; s != "CREATE_COMPLETE" && s != "FAILED" {
			t.Errorf("it stays in %v", s)
		}
	})
}
