package roles_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/roles"
)

// The roles of a district in China or GovCloud are those of any other, in the
// names of their part of AWS.
func TestRolesOfOtherPartitionsNameTheirOwn(t *testing.T) {
	t.Parallel()
	for region, names := range map[string]*strings.Replacer{
		"us-gov-west-1": strings.NewReplacer("arn:aws:", "arn:aws-us-gov:", "eu-west-1", "us-gov-west-1"),
		"cn-north-1": strings.NewReplacer("arn:aws:", "arn:aws-cn:", "eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn", "eu-west-1", "cn-north-1",
			`"ec2.amazonaws.com"`, `"ec2.amazonaws.com.cn"`),
	} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			in := input()
			in.Region, in.BotPrincipal = region, names.Replace(in.BotPrincipal)
			for what, write := range map[string]func(roles.Input) ([]byte, error){
				"the district's": roles.Template,
				"those of access": func(in roles.Input) ([]byte, error) {
					return roles.AccessTemplate(roles.AccessInput{Input: in})
				},
			} {
				here, err := write(input())
				there, wrong := write(in)
				if err != nil || wrong != nil {
					t.Fatal(err, wrong)
				}
				if want := names.Replace(string(here)); string(there) != want {
					t.Errorf("%s are not the same in other names:\n%s", what, there)
				}
			}
		})
	}
}

func TestRolesAreRefusedWherePartitionsDiffer(t *testing.T) {
	t.Parallel()
	for region, principal := range map[string]string{
		"us-iso-east-1": "arn:aws-iso:iam::999999999999:role/bcn",
		"cn-north-1":    "arn:aws:iam::999999999999:role/bcn",
		"eu-west-1":     "arn:aws-cn:iam::999999999999:role/bcn",
	} {
		in := input()
		in.Region, in.BotPrincipal = region, principal
		if _, err := roles.Template(in); err == nil || !strings.Contains(err.Error(), "the same part of AWS") {
			t.Errorf("%s with %s: %v", region, principal, err)
		}
	}
}

// What names make longest still fits into a request and into IAM's policies.
func TestTheLongestNamesFitInEveryPartition(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"ap-southeast-1", "cn-northwest-1", "us-gov-west-1"} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			in := roles.Input{
				District: "a-district-so-longly-that-it-fits", Account: "123456789012", Region: region, Bucket: strings.Repeat("b", 63),
				BotPrincipal: "arn:" + bcn.Partition(region) + ":iam::123456789012:root", ExternalID: "external", Installation: strings.Repeat("i", 64),
			}
			raw, err := roles.Template(in)
			if err != nil {
				t.Fatal(err)
			}
			fits(t, raw)
			access := fullAccess()
			access.Input = in
			if raw, err = roles.AccessTemplate(access); err != nil {
				t.Fatal(err)
			}
			fits(t, raw)
		})
	}
}

// fits says what of a template is more than CloudFormation or IAM takes.
func fits(t *testing.T, raw []byte) {
	t.Helper()
	if len(raw) > 51_200 {
		t.Errorf("%d bytes, CloudFormation takes 51,200 in a request", len(raw))
	}
	var tree struct {
		Resources map[string]struct {
			Properties struct {
				PolicyDocument json.RawMessage
				Policies       []struct{ PolicyDocument json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	for id, r := range tree.Resources {
		if n := len(strings.Map(dropSpace, string(r.Properties.PolicyDocument))); n > 6144 {
			t.Errorf("%s: %d characters, IAM takes 6,144 in a managed policy", id, n)
		}
		inline := 0
		for _, p := range r.Properties.Policies {
			inline += len(strings.Map(dropSpace, string(p.PolicyDocument)))
		}
		if inline > 10_240 {
			t.Errorf("%s: %d characters, IAM takes 10,240 in a role", id, inline)
		}
	}
}
