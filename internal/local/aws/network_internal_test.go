package aws

import (
	"errors"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// wires makes and deletes parts of a network as CloudFormation does.
type wires struct {
	t     *testing.T
	types map[string]wire.Resource
}

func newNet(t *testing.T) (*wires, *Account) {
	t.Helper()
	a := newAccount("123456789012", "us-east-1", wire.NewManualClock(time.Unix(0, 0)), 0)
	return &wires{t, networkTypes(a)}, a
}

func (n *wires) request(p map[string]any) wire.Request {
	return wire.Request{
		Account: "123456789012", Region: "us-east-1", StackName: "s", LogicalID: "l", Properties: p,
		Authorize: func(string, string, map[string][]string) error { return nil },
	}
}

func (n *wires) create(typ string, p map[string]any) (string, map[string]string, error) {
	n.t.Helper()
	return n.types["AWS::EC2::"+typ].Create(n.t.Context(), n.request(p))
}

func (n *wires) must(typ string, p map[string]any) (string, map[string]string) {
	n.t.Helper()
	id, attrs, err := n.create(typ, p)
	if err != nil {
		n.t.Fatal(err)
	}
	return id, attrs
}

func (n *wires) remove(typ, id string) error {
	return n.types["AWS::EC2::"+typ].Delete(n.t.Context(), id, n.request(map[string]any{}))
}

func refusedWith(t *testing.T, err error, code string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestNetworksRefuseWhatEC2Refuses(t *testing.T) {
	t.Parallel()
	n, a := newNet(t)
	vpc, _ := n.must("VPC", map[string]any{"CidrBlock": "10.0.0.0/16"})
	first, _ := n.must("Subnet", map[string]any{"VpcId": vpc, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a"})
	gateway, _ := n.must("InternetGateway", map[string]any{})
	table, _ := n.must("RouteTable", map[string]any{"VpcId": vpc})
	_, address := n.must("EIP", map[string]any{"Domain": "vpc"})
	nat := map[string]any{"SubnetId": first, "AllocationId": address["AllocationId"]}
	route := map[string]any{"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
	for name, c := range map[string]struct {
		typ  string
		p    map[string]any
		code string
	}{
		"a network that is too large":             {"VPC", map[string]any{"CidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"},
		"a subnet outside its network":            {"Subnet", map[string]any{"VpcId": vpc, "CidrBlock": "10.1.0.0/24", "AvailabilityZone": "us-east-1a"}, "InvalidSubnet.Range"},
		"a subnet over another":                   {"Subnet", map[string]any{"VpcId": vpc, "CidrBlock": "10.0.0.0/25", "AvailabilityZone": "us-east-1a"}, "InvalidSubnet.Conflict"},
		"a subnet in a zone of elsewhere":         {"Subnet", map[string]any{"VpcId": vpc, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1a"}, "InvalidParameterValue"},
		"a route to a gateway of no network":      {"Route", route, "InvalidParameterValue"},
		"a NAT gateway without a way out":         {"NatGateway", nat, "Gateway.NotAttached"},
		"a template without an image":             {"LaunchTemplate", map[string]any{"LaunchTemplateData": map[string]any{"ImageId": "x"}}, "InvalidAMIID.Malformed"},
		"an endpoint of a service that is none":   {"VPCEndpoint", map[string]any{"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.nothing"}, "InvalidServiceName"},
		"flow logs by a role that is not there":   {"FlowLog", map[string]any{"ResourceId": vpc, "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/x"}, "InvalidParameterValue"},
		"a machine of a template that is nowhere": {"Instance", map[string]any{"LaunchTemplate": map[string]any{"LaunchTemplateId": "lt-1"}}, "InvalidLaunchTemplateId.NotFound"},
	} {
		_, _, err := n.create(c.typ, c.p)
		if err == nil {
			t.Errorf("%s was made", name)
			continue
		}
		refusedWith(t, err, c.code)
	}
	attachment, _ := n.must("VPCGatewayAttachment", map[string]any{"VpcId": vpc, "InternetGatewayId": gateway})
	association, _ := n.must("SubnetRouteTableAssociation", map[string]any{"SubnetId": first, "RouteTableId": table})
	made, _ := n.must("NatGateway", nat)
	for typ, id := range map[string]string{"VPC": vpc, "Subnet": first, "InternetGateway": gateway, "VPCGatewayAttachment": attachment, "RouteTable": table} {
		refusedWith(t, n.remove(typ, id), "DependencyViolation")
	}
	refusedWith(t, n.remove("EIP", address["PublicIp"]), "InvalidIPAddress.InUse")
	a.occupied = func(id string) bool { return id == first }
	for _, err := range []error{
		n.remove("NatGateway", made), n.remove("EIP", address["PublicIp"]), n.remove("SubnetRouteTableAssociation", association),
		n.remove("RouteTable", table), n.remove("VPCGatewayAttachment", attachment), n.remove("InternetGateway", gateway),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	refusedWith(t, n.remove("Subnet", first), "DependencyViolation") // a task is in it
	a.occupied = nil
	if err := errors.Join(n.remove("Subnet", first), n.remove("VPC", vpc)); err != nil {
		t.Error(err)
	}
	if len(a.in("us-east-1").groups) != 0 {
		t.Error("the network's default group outlived it")
	}
}
