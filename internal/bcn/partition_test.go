package bcn_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestPartitions(t *testing.T) {
	t.Parallel()
	for region, want := range map[string][3]string{
		"us-east-1":      {"aws", "amazonaws.com", "console.aws.amazon.com"},
		"mx-central-1":   {"aws", "amazonaws.com", "console.aws.amazon.com"},
		"ap-southeast-7": {"aws", "amazonaws.com", "console.aws.amazon.com"},
		"cn-north-1":     {"aws-cn", "amazonaws.com.cn", "console.amazonaws.cn"},
		"us-gov-west-1":  {"aws-us-gov", "amazonaws.com", "console.amazonaws-us-gov.com"},
		"us-iso-east-1":  {}, "us-isob-east-1": {}, "eu-isoe-west-1": {}, "eusc-de-east-1": {}, "mars-north-1": {}, "": {},
	} {
		t.Run("the names of "+region, func(t *testing.T) {
			t.Parallel()
			if got := [3]string{bcn.Partition(region), bcn.Domain(region), bcn.Console(region)}; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestARNs(t *testing.T) {
	t.Parallel()
	d := bcn.District{Region: "cn-north-1", Account: "123456789012"}
	for want, got := range map[string]string{
		"arn:aws-cn:ecs:cn-north-1:123456789012:cluster/x": d.ARN("ecs", "cluster/x"),
		"arn:aws-cn:iam::123456789012:role/x":              d.GlobalARN("iam", "role/x"),
		"arn:aws-cn:s3:::x":                                d.GlobalARN("s3", "x"),
		"ec2.amazonaws.com.cn":                             bcn.MachineService(d.Region),
		"ec2.amazonaws.com":                                bcn.MachineService("us-gov-west-1"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
