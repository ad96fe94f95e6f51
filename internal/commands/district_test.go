package commands

import (
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// adopted is the rest of district adopt, with one role for both.
func adopted(role string) string {
	return "--role " + role + " --cfn-role " + role + " --vpc vpc-0a1b2c3d --cluster main --subnets subnet-0a1b2c3d" +
		" --public-subnets subnet-1a2b3c4d --security-groups sg-0a1b2c3d --bucket b --for staging"
}

// TestDistrictsAndEndpointsRefuse is one case of bad input for each flag.
func TestDistrictsAndEndpointsRefuse(t *testing.T) {
	t.Parallel()
	const (
		role     = "arn:aws:iam::123456789012:role/x"
		district = "district create tokyo --region eu-west-1 --role " + role + " --cfn-role " + role + " --for staging"
		endpoint = "endpoint create edge --district tokyo --for staging"
		china    = "arn:aws-cn:iam::123456789012:role/x"
		arn      = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
	)
	for name, text := range map[string]string{
		"a name of the grammar":                 "district create all --region eu-west-1 --role " + role + " --cfn-role " + role + " --for staging",
		"no region":                             "district create tokyo --role " + role + " --cfn-role " + role + " --for staging",
		"a region that is none":                 "district create tokyo --region europe --role " + role + " --cfn-role " + role + " --for staging",
		"a region of an isolated partition":     "district create tokyo --region us-iso-east-1 --role " + role + " --cfn-role " + role + " --for staging",
		"an adopted region that is isolated":    "district adopt tokyo --region us-iso-east-1 " + adopted(role),
		"a role that is not China's, in China":  "district create tokyo --region cn-north-1 --role " + role + " --cfn-role " + role + " --for staging",
		"an adopted role of another partition":  "district adopt tokyo --region us-gov-west-1 " + adopted(role),
		"a role that is none":                   "district create tokyo --region eu-west-1 --role admin --cfn-role " + role + " --for staging",
		"a role of CloudFormation that is none": "district create tokyo --region eu-west-1 --role " + role + " --cfn-role x --for staging",
		"no environment":                        "district create tokyo --region eu-west-1 --role " + role + " --cfn-role " + role,
		"an environment of the grammar":         district + ",all",
		"a NAT that is none":                    district + " --nat magic",
		"a launch type that is none":            district + " --launch lambda",
		"a network that is none":                district + " --cidr ten",
		"a type of machine that is none":        district + " --launch ec2 --instance-type large",
		"a number of machines that is none":     district + " --launch ec2 --size many",
		"no machine":                            district + " --launch ec2 --size 0",
		"an update to a launch type of none":    "district update tokyo --launch lambda",
		"an update to a machine of none":        "district update tokyo --instance-type large",
		"an update to no machine":               "district update tokyo --size 0",
		"an update of nothing":                  "district update tokyo",
		"an update to a NAT that is none":       "district update tokyo --nat magic",
		"an update to a reserved environment":   "district update tokyo --for all",
		"a certificate that is none":            endpoint + " --certificate mine",
		"a second certificate that is none":     endpoint + " --certificate " + arn + ",mine",
		"a TLS policy that is none":             endpoint + " --certificate " + arn + " --tls new",
		"a TLS policy without a certificate":    endpoint + " --tls modern",
		"access logs on and off":                "endpoint update edge --access-logs --no-access-logs",
		"an update to a TLS policy of none":     "endpoint update edge --tls new",
		"a deletion of nothing":                 "endpoint delete",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(text, "/bcn")
			var e *bcn.Error
			if !errors.As(err, &e) || (e.Code != bcn.CodeUsage && e.Code != bcn.CodeReservedName) {
				t.Errorf("%s: %v", text, err)
			}
		})
	}
	for name, text := range map[string]string{
		"a district in China":         "district create beijing --region cn-north-1 --role " + china + " --cfn-role " + china + " --for staging",
		"an adopted one in GovCloud":  "district adopt west --region us-gov-west-1 " + adopted("arn:aws-us-gov:iam::123456789012:role/x"),
		"a district with everything":  district + " --nat instance --launch fargate --cidr 10.2.0.0/16 --reason a new region",
		"a district with machines":    district + " --launch ec2 --instance-type m7g.2xlarge --size 12",
		"an update of machines":       "district update tokyo --launch ec2 --instance-type m7g.2xlarge --size 12",
		"an endpoint with everything": endpoint + " --public --certificate " + arn + "," + arn + "2 --tls old --access-logs",
		"an update of everything":     "endpoint update edge --certificate " + arn + " --tls intermediate --no-access-logs --for staging --reason tidy",
	} {
		t.Run(name+" is understood", func(t *testing.T) {
			t.Parallel()
			if _, err := parse(text, "/bcn"); err != nil {
				t.Error(err)
			}
		})
	}
}
