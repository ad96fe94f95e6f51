package aws_test

import (
	"encoding/xml"
	"net/url"
	"slices"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/bcn-bot/bcn/internal/local/aws"
)

// network is what the Describe calls of EC2 answer, as far as tests look.
type network struct {
	Code    string   `xml:"Errors>Error>Code"`
	VPCs    []string `xml:"vpcSet>item>vpcId"`
	Subnets []struct {
		ID     string `xml:"subnetId"`
		Zone   string `xml:"availabilityZone"`
		Public bool   `xml:"mapPublicIpOnLaunch"`
	} `xml:"subnetSet>item"`
	Groups []struct {
		ID      string `xml:"groupId"`
		VPC     string `xml:"vpcId"`
		Ingress []struct {
			Protocol string   `xml:"ipProtocol"`
			From     int      `xml:"fromPort"`
			To       int      `xml:"toPort"`
			CIDRs    []string `xml:"ipRanges>item>cidrIp"`
			Groups   []string `xml:"groups>item>groupId"`
		} `xml:"ipPermissions>item"`
		Egress []struct {
			Protocol string   `xml:"ipProtocol"`
			CIDRs    []string `xml:"ipRanges>item>cidrIp"`
		} `xml:"ipPermissionsEgress>item"`
		Tags []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"tagSet>item"`
	} `xml:"securityGroupInfo>item"`
	Next string `xml:"nextToken"`
}

// ec2 sends a Describe call in EC2's dialect. The SDK's own module for EC2 is
// as large as all others together, and bcn does not use it either.
func (w *world) ec2(t *testing.T, action string, params url.Values, c ...awssdk.Credentials) network {
	t.Helper()
	f := form(action, "2016-11-15")
	for k, v := range params {
		f[k] = v
	}
	_, text := w.signed(t, "ec2", f, nil, c...)
	var out network
	if err := xml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	ids := func(n network) []string {
		var out []string
		for _, s := range n.Subnets {
			out = append(out, s.ID)
		}
		return out
	}
	t.Run("what has the id is described", func(t *testing.T) {
		t.Parallel()
		if got := w.ec2(t, "DescribeVpcs", url.Values{"VpcId.1": {"vpc-0a11ce00000000001"}}); !slices.Equal(got.VPCs, []string{"vpc-0a11ce00000000001"}) {
			t.Fatalf("got %+v", got)
		}
		got := w.ec2(t, "DescribeSubnets", url.Values{"SubnetId.1": {"subnet-0a11ce00000000102"}})
		if len(got.Subnets) != 1 || got.Subnets[0].Zone != "us-east-1b" || !got.Subnets[0].Public {
			t.Fatalf("got %+v", got)
		}
		groups := w.ec2(t, "DescribeSecurityGroups", url.Values{"GroupId.1": {"sg-0a11ce00000000001"}}).Groups
		if len(groups) != 1 || groups[0].VPC != "vpc-0a11ce00000000001" || len(groups[0].Ingress) != 0 || len(groups[0].Egress) != 1 {
			t.Fatalf("got %+v", groups)
		}
	})
	t.Run("an id that is not there fails the call", func(t *testing.T) {
		t.Parallel()
		for action, c := range map[string][2]string{
			"DescribeVpcs": {"VpcId.1", "InvalidVpcID.NotFound"}, "DescribeSubnets": {"SubnetId.1", "InvalidSubnetID.NotFound"},
			"DescribeSecurityGroups": {"GroupId.1", "InvalidGroup.NotFound"},
		} {
			if got := w.ec2(t, action, url.Values{c[0]: {"x-0a11ce00000000009"}}); got.Code != c[1] {
				t.Errorf("%s: got %q, want %q", action, got.Code, c[1])
			}
		}
	})
	t.Run("filters choose, all of them, each by any value", func(t *testing.T) {
		t.Parallel()
		got := ids(w.ec2(t, "DescribeSubnets", url.Values{
			"Filter.1.Name": {"availability-zone"}, "Filter.1.Value.1": {"us-east-1a"}, "Filter.1.Value.2": {"us-east-1c"},
			"Filter.2.Name": {"map-public-ip-on-launch"}, "Filter.2.Value.1": {"false"},
		}))
		if !slices.Equal(got, []string{"subnet-0a11ce00000000001"}) {
			t.Fatalf("got %v", got)
		}
		if got := ids(w.ec2(t, "DescribeSubnets", url.Values{"Filter.1.Name": {"cidr-block"}, "Filter.1.Value.1": {"10.0.10?.0/24"}})); len(got) != 2 {
			t.Fatalf("got %v", got)
		}
		if got := ids(w.ec2(t, "DescribeSubnets", url.Values{"Filter.1.Name": {"vpc-id"}, "Filter.1.Value.1": {"vpc-none"}})); len(got) != 0 {
			t.Fatalf("got %v", got)
		}
	})
	t.Run("a filter that is not there is refused", func(t *testing.T) {
		t.Parallel()
		if got := w.ec2(t, "DescribeVpcs", url.Values{"Filter.1.Name": {"colour"}, "Filter.1.Value.1": {"red"}}); got.Code != "InvalidParameterValue" {
			t.Fatalf("got %+v", got)
		}
	})
	t.Run("pages have at least five", func(t *testing.T) {
		t.Parallel()
		if got := w.ec2(t, "DescribeSubnets", url.Values{"MaxResults": {"4"}}); got.Code != "InvalidParameterValue" {
			t.Fatalf("got %+v", got)
		}
		if got := w.ec2(t, "DescribeSubnets", url.Values{"MaxResults": {"5"}}); len(got.Subnets) != 4 || got.Next != "" {
			t.Fatalf("got %+v", got)
		}
	})
	t.Run("another region has nothing of it", func(t *testing.T) {
		t.Parallel()
		other := newWorld(t, func(o *aws.Options) { o.Sample, o.Region = true, "eu-west-1" })
		if got := other.ec2(t, "DescribeVpcs", nil); len(got.VPCs) != 0 {
			t.Fatalf("got %+v", got)
		}
	})
	t.Run("who may not is refused in EC2's words", func(t *testing.T) {
		t.Parallel()
		creds := w.assume(t, w.role(t, "poor", trustAll, allow("ec2:DescribeVpcs", "*")))
		if got := w.ec2(t, "DescribeVpcs", nil, creds); got.Code != "" {
			t.Fatalf("got %+v", got)
		}
		if got := w.ec2(t, "DescribeSubnets", nil, creds); got.Code != "UnauthorizedOperation" {
			t.Fatalf("got %+v", got)
		}
	})
}
