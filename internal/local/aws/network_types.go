package aws

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// The names of the types that refer to each other.
const (
	typeAttachment = "AWS::EC2::VPCGatewayAttachment"
	typeRouteTable = "AWS::EC2::RouteTable"
	typeRoute      = "AWS::EC2::Route"
	typeAssociated = "AWS::EC2::SubnetRouteTableAssociation"
	typeNAT        = "AWS::EC2::NatGateway"
	typeEndpoint   = "AWS::EC2::VPCEndpoint"
	typeTemplate   = "AWS::EC2::LaunchTemplate"
	typeInstance   = "AWS::EC2::Instance"
)

// networkTypes is every part of a network. Actions are those of the handlers'
// permissions in the types' published schemas; rules those of the EC2 API
// reference and of the VPC User Guide ("Delete your VPC").
func networkTypes(a *Account) map[string]wire.Resource {
	out := map[string]wire.Resource{}
	for _, n := range []networkType{
		{
			typ: "AWS::EC2::VPC", kind: "vpc", prefix: "vpc-0", create: "CreateVpc", also: []string{"ModifyVpcAttribute"},
			update: []string{"ModifyVpcAttribute"}, remove: "DeleteVpc", make: makeVPC, held: vpcHeld, gone: vpcGone,
		},
		{
			typ: "AWS::EC2::Subnet", kind: "subnet", prefix: "subnet-0", create: "CreateSubnet", parents: map[string]string{"VpcId": "vpc"},
			update: []string{"ModifySubnetAttribute"}, remove: "DeleteSubnet", make: makeSubnet, held: subnetHeld, occupied: true,
			gone: func(r *region, t *thing) { delete(r.subnets, t.id) },
		},
		{typ: "AWS::EC2::InternetGateway", kind: "internet-gateway", prefix: "igw-0", create: "CreateInternetGateway", remove: "DeleteInternetGateway", make: plainly("InternetGatewayId"), held: attached},
		{
			typ: typeAttachment, create: "AttachInternetGateway", remove: "DetachInternetGateway",
			parents: map[string]string{"InternetGatewayId": "internet-gateway", "VpcId": "vpc"}, make: attach, held: mapped,
		},
		{typ: typeRouteTable, kind: "route-table", prefix: "rtb-0", create: "CreateRouteTable", parents: map[string]string{"VpcId": "vpc"}, remove: "DeleteRouteTable", make: plainly("RouteTableId"), held: tableHeld},
		{
			typ: typeAssociated, prefix: "rtbassoc-0", create: "AssociateRouteTable", remove: "DisassociateRouteTable",
			parents: map[string]string{"RouteTableId": "route-table", "SubnetId": "subnet"}, make: associate,
		},
		{
			typ: typeRoute, create: "CreateRoute", update: []string{"ReplaceRoute"}, remove: "DeleteRoute",
			parents: map[string]string{"RouteTableId": "route-table"}, make: makeRoute, change: routeTarget,
		},
		{typ: "AWS::EC2::EIP", kind: "elastic-ip", create: "AllocateAddress", remove: "ReleaseAddress", make: allocate, held: addressHeld},
		{
			typ: typeNAT, kind: "natgateway", prefix: "nat-0", create: "CreateNatGateway", remove: "DeleteNatGateway",
			parents: map[string]string{"AllocationId": "elastic-ip", "SubnetId": "subnet"}, make: makeNAT,
		},
		{
			typ: typeEndpoint, kind: "vpc-endpoint", prefix: "vpce-0", create: "CreateVpcEndpoint", update: []string{"ModifyVpcEndpoint"},
			remove: "DeleteVpcEndpoints", parents: map[string]string{"VpcId": "vpc", "RouteTableIds": "route-table"}, make: makeEndpoint,
		},
		{
			typ: "AWS::EC2::FlowLog", kind: "vpc-flow-log", prefix: "fl-0", create: "CreateFlowLogs", remove: "DeleteFlowLogs",
			parents: map[string]string{"ResourceId": "vpc"}, make: makeFlowLog, more: passTo("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
		},
		{
			typ: typeTemplate, kind: "launch-template", prefix: "lt-0", create: "CreateLaunchTemplate",
			update: []string{"CreateLaunchTemplateVersion"}, remove: "DeleteLaunchTemplate", make: makeTemplate, change: templateVersion,
		},
		{typ: typeInstance, kind: "instance", prefix: "i-0", create: "RunInstances", update: []string{"ModifyInstanceAttribute"}, remove: "TerminateInstances", make: makeInstance, more: mayLaunch(a)},
	} {
		n.account = a
		out[n.typ] = n
	}
	return out
}

func noSuch(kind, id string) *wire.Error {
	return wire.Errorf("Invalid"+kind+"ID.NotFound", "The %s ID '%s' does not exist", kind, id)
}

// plainly makes what has only an id, which attribute also tells. It belongs to
// a VPC that has to be there, where it says so.
func plainly(attribute string) func(*Account, *region, *thing, wire.Request) error {
	return func(_ *Account, r *region, t *thing, _ wire.Request) error {
		if id := text(t.props, "VpcId"); id != "" && r.vpcs[id] == nil {
			return noSuch("Vpc", id)
		}
		t.attrs[attribute] = t.id
		return nil
	}
}

func makeVPC(_ *Account, r *region, t *thing, _ wire.Request) error {
	cidr := text(t.props, "CidrBlock")
	p, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil || p.Masked() != p:
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", cidr)
	case p.Bits() < 16 || p.Bits() > 28:
		return wire.Errorf("InvalidVpc.Range", "The CIDR '%s' is invalid.", cidr)
	}
	r.vpcs[t.id] = &vpc{id: t.id, cidr: cidr, tags: t.tags}
	g := &group{id: "sg-0" + random(16, lowerHex), name: "default", description: "default VPC security group", vpc: t.id, tags: map[string]string{}}
	g.ingress = []Rule{{ID: "sgr-0" + random(16, lowerHex), Protocol: "-1", From: -1, To: -1, Group: g.id}}
	g.egress = []Rule{{ID: "sgr-0" + random(16, lowerHex), Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"}}
	r.groups[g.id] = g
	t.attrs = map[string]string{"VpcId": t.id, "CidrBlock": cidr, "DefaultSecurityGroup": g.id}
	return nil
}

func vpcHeld(_ *Account, r *region, t *thing) error {
	for _, s := range r.subnets {
		if s.vpc == t.id {
			return dependent("vpc", t.id)
		}
	}
	for _, g := range r.groups {
		if g.vpc == t.id && g.name != "default" {
			return dependent("vpc", t.id)
		}
	}
	for _, typ := range []string{typeAttachment, typeRouteTable, typeEndpoint} {
		if len(r.having(typ, "VpcId", t.id)) > 0 {
			return dependent("vpc", t.id)
		}
	}
	return nil
}

func vpcGone(r *region, t *thing) {
	delete(r.vpcs, t.id)
	delete(r.groups, t.attrs["DefaultSecurityGroup"])
}

func makeSubnet(_ *Account, r *region, t *thing, q wire.Request) error {
	in, cidr, zone := text(t.props, "VpcId"), text(t.props, "CidrBlock"), text(t.props, "AvailabilityZone")
	v := r.vpcs[in]
	if v == nil {
		return noSuch("Vpc", in)
	}
	outer, _ := netip.ParsePrefix(v.cidr)
	inner, err := netip.ParsePrefix(cidr)
	if err != nil || inner.Masked() != inner || inner.Bits() < outer.Bits() || inner.Bits() > 28 || !outer.Contains(inner.Addr()) {
		return wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	for _, s := range r.subnets {
		if other, err := netip.ParsePrefix(s.cidr); s.vpc == in && err == nil && other.Overlaps(inner) {
			return wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	if !strings.HasPrefix(zone, q.Region) || len(zone) != len(q.Region)+1 {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %sa, %sb, %sc.", zone, q.Region, q.Region, q.Region)
	}
	r.subnets[t.id] = &subnet{id: t.id, vpc: in, cidr: cidr, zone: zone, public: text(t.props, "MapPublicIpOnLaunch") == "true", tags: t.tags}
	t.attrs = map[string]string{"SubnetId": t.id, "VpcId": in, "CidrBlock": cidr, "AvailabilityZone": zone}
	return nil
}

// subnetHeld: network interfaces of gateways and machines are in it.
func subnetHeld(_ *Account, r *region, t *thing) error {
	if len(r.having(typeNAT, "SubnetId", t.id)) > 0 || slices.ContainsFunc(r.machines(), func(m *thing) bool { return m.attrs["SubnetId"] == t.id }) {
		return dependent("subnet", t.id)
	}
	return nil
}

func (r *region) machines() []*thing {
	var out []*thing
	for _, id := range sortedKeys(r.things) {
		if t := r.things[id]; t.typ == typeInstance {
			out = append(out, t)
		}
	}
	return out
}

func attached(_ *Account, r *region, t *thing) error {
	if len(r.having(typeAttachment, "InternetGatewayId", t.id)) > 0 {
		return dependent("internetGateway", t.id)
	}
	return nil
}

func attach(_ *Account, r *region, t *thing, _ wire.Request) error {
	gateway, in := text(t.props, "InternetGatewayId"), text(t.props, "VpcId")
	switch {
	case r.things[gateway] == nil:
		return noSuch("InternetGateway", gateway)
	case r.vpcs[in] == nil:
		return noSuch("Vpc", in)
	case len(r.having(typeAttachment, "InternetGatewayId", gateway)) > 0:
		return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network", gateway)
	case len(r.having(typeAttachment, "VpcId", in)) > 0:
		return wire.Errorf("InvalidParameterValue", "Network %s already has an internet gateway attached", in)
	}
	t.id = "IGW|" + in
	t.attrs["AttachmentType"] = "IGW"
	return nil
}

// mapped: a gateway cannot be detached while something has a public address by it.
func mapped(_ *Account, r *region, t *thing) error {
	in := text(t.props, "VpcId")
	for id, s := range r.subnets {
		if s.vpc == in && (len(r.having(typeNAT, "SubnetId", id)) > 0 || subnetHeld(nil, r, &thing{id: id}) != nil) {
			return wire.Errorf("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", in)
		}
	}
	return nil
}

func tableHeld(_ *Account, r *region, t *thing) error {
	if len(r.having(typeAssociated, "RouteTableId", t.id)) > 0 {
		return dependent("routeTable", t.id)
	}
	return nil
}

func associate(_ *Account, r *region, t *thing, _ wire.Request) error {
	table, in := r.things[text(t.props, "RouteTableId")], r.subnets[text(t.props, "SubnetId")]
	switch {
	case table == nil:
		return noSuch("RouteTable", text(t.props, "RouteTableId"))
	case in == nil:
		return noSuch("Subnet", text(t.props, "SubnetId"))
	case text(table.props, "VpcId") != in.vpc:
		return wire.Errorf("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", table.id, in.id)
	case len(r.having(typeAssociated, "SubnetId", in.id)) > 0:
		return wire.Errorf("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", table.id)
	}
	t.attrs["Id"] = t.id
	return nil
}

func makeRoute(a *Account, r *region, t *thing, q wire.Request) error {
	table, to := text(t.props, "RouteTableId"), text(t.props, "DestinationCidrBlock")
	t.id = table + "|" + to
	if r.things[table] == nil {
		return noSuch("RouteTable", table)
	}
	if r.things[t.id] != nil {
		return wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", to)
	}
	t.attrs["CidrBlock"] = to
	return routeTarget(a, r, t, q)
}

// routeTarget: exactly one target, which is there; a gateway is in the table's
// network.
func routeTarget(_ *Account, r *region, _ *thing, q wire.Request) error {
	targets := 0
	for _, property := range []string{"GatewayId", "NatGatewayId", "InstanceId"} {
		id := text(q.Properties, property)
		if id == "" {
			continue
		}
		targets++
		if r.things[id] == nil {
			return noSuch(strings.TrimSuffix(property, "Id"), id)
		}
		table := r.things[text(q.Properties, "RouteTableId")]
		if property == "GatewayId" && !slices.ContainsFunc(r.having(typeAttachment, "InternetGatewayId", id), func(t *thing) bool {
			return text(t.props, "VpcId") == text(table.props, "VpcId")
		}) {
			return wire.Errorf("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", table.id, id)
		}
	}
	if targets != 1 {
		return wire.Errorf("InvalidParameterCombination", "The request must have exactly one target, it has %d", targets)
	}
	return nil
}

func allocate(_ *Account, r *region, t *thing, _ wire.Request) error {
	n := 1
	for _, other := range r.things {
		if other.typ == t.typ {
			n++
		}
	}
	if n > 5 {
		return wire.Errorf("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	t.id = fmt.Sprintf("203.0.113.%d", n)
	for r.things[t.id] != nil {
		n++
		t.id = fmt.Sprintf("203.0.113.%d", n)
	}
	t.attrs = map[string]string{"AllocationId": "eipalloc-0" + random(16, lowerHex), "PublicIp": t.id}
	return nil
}

func addressHeld(_ *Account, r *region, t *thing) error {
	if len(r.having(typeNAT, "AllocationId", t.attrs["AllocationId"])) > 0 {
		return wire.Errorf("InvalidIPAddress.InUse", "The address %s is in use.", t.id)
	}
	return nil
}

func makeNAT(_ *Account, r *region, t *thing, _ wire.Request) error {
	address, in := text(t.props, "AllocationId"), r.subnets[text(t.props, "SubnetId")]
	switch {
	case in == nil:
		return noSuch("Subnet", text(t.props, "SubnetId"))
	case r.networkAddress(address) == nil:
		return wire.Errorf("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", address)
	case len(r.having(typeNAT, "AllocationId", address)) > 0:
		return wire.Errorf("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", address)
	case len(r.having(typeAttachment, "VpcId", in.vpc)) == 0:
		return wire.Errorf("Gateway.NotAttached", "Network %s has no Internet gateway attached", in.vpc)
	}
	t.attrs["NatGatewayId"] = t.id
	return nil
}

func (r *region) networkAddress(allocation string) *thing {
	for _, t := range r.things {
		if allocation != "" && t.attrs["AllocationId"] == allocation {
			return t
		}
	}
	return nil
}

func makeEndpoint(_ *Account, r *region, t *thing, q wire.Request) error {
	service := text(t.props, "ServiceName")
	switch {
	case r.vpcs[text(t.props, "VpcId")] == nil:
		return noSuch("Vpc", text(t.props, "VpcId"))
	case service != "com.amazonaws."+q.Region+".s3" && service != "com.amazonaws."+q.Region+".dynamodb":
		return wire.Errorf("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", service)
	}
	for _, id := range ids(t.props["RouteTableIds"]) {
		if r.things[id] == nil {
			return noSuch("RouteTable", id)
		}
	}
	t.attrs["Id"] = t.id
	return nil
}

func makeFlowLog(a *Account, r *region, t *thing, _ wire.Request) error {
	if r.vpcs[text(t.props, "ResourceId")] == nil {
		return noSuch("Vpc", text(t.props, "ResourceId"))
	}
	if role := text(t.props, "DeliverLogsPermissionArn"); role != "" {
		if _, ok := a.roleByARN(role); !ok {
			return wire.Errorf("InvalidParameterValue", "The role %s does not exist", role)
		}
	}
	t.attrs["Id"] = t.id
	return nil
}

// passTo asks whether the role that a property names may be passed to a service.
func passTo(property, service string) func(wire.Request) error {
	return func(q wire.Request) error {
		return q.Authorize("iam:PassRole", text(q.Properties, property), map[string][]string{"iam:PassedToService": {service}})
	}
}

func makeTemplate(a *Account, r *region, t *thing, q wire.Request) error {
	t.attrs = map[string]string{"LaunchTemplateId": t.id, "DefaultVersionNumber": "1", "LatestVersionNumber": "0"}
	return templateVersion(a, r, t, q)
}

// templateVersion: each change is a new version.
func templateVersion(_ *Account, _ *region, t *thing, q wire.Request) error {
	data, _ := q.Properties["LaunchTemplateData"].(map[string]any)
	if !strings.HasPrefix(text(data, "ImageId"), "ami-") {
		return wire.Errorf("InvalidAMIID.Malformed", `Invalid id: "%s" (expecting "ami-...")`, text(data, "ImageId"))
	}
	n, err := strconv.Atoi(t.attrs["LatestVersionNumber"])
	if err != nil {
		return err
	}
	t.attrs["LatestVersionNumber"] = strconv.Itoa(n + 1)
	return nil
}

// mayLaunch: what a machine is made of is asked for, too.
func mayLaunch(a *Account) func(wire.Request) error {
	return func(q wire.Request) error {
		id := text(launchTemplateOf(q.Properties), "LaunchTemplateId")
		parts := map[string]string{
			"arn:aws:ec2:" + q.Region + "::image/" + plainImage: "", ec2ARN(q, "network-interface", "*"): "", ec2ARN(q, "volume", "*"): "",
			ec2ARN(q, "launch-template", id): id,
		}
		a.mu.Lock()
		t := a.in(q.Region).things[id]
		a.mu.Unlock()
		if t != nil {
			data, _ := t.props["LaunchTemplateData"].(map[string]any)
			for _, e := range list(data, "NetworkInterfaces") {
				m, _ := e.(map[string]any)
				if subnet := text(m, "SubnetId"); subnet != "" { // a group has its own
					parts[ec2ARN(q, "subnet", subnet)] = subnet
				}
				for _, g := range ids(m["Groups"]) {
					parts[ec2ARN(q, "security-group", g)] = g
				}
			}
		}
		for _, arn := range sortedKeys(parts) {
			keys := a.networkKeys(q.Region, parts[arn])
			if strings.Contains(arn, ":security-group/") {
				keys = a.groupKeys(parts[arn])
			}
			if err := q.Authorize("ec2:RunInstances", arn, keys); err != nil {
				return err
			}
		}
		return nil
	}
}

func makeInstance(_ *Account, r *region, t *thing, _ wire.Request) error {
	from := r.things[text(launchTemplateOf(t.props), "LaunchTemplateId")]
	if from == nil {
		return wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.")
	}
	data, _ := from.props["LaunchTemplateData"].(map[string]any)
	where := ""
	for _, e := range list(data, "NetworkInterfaces") {
		m, _ := e.(map[string]any)
		where = text(m, "SubnetId")
	}
	if r.subnets[where] == nil {
		return noSuch("Subnet", where)
	}
	t.attrs = map[string]string{"InstanceId": t.id, "SubnetId": where, "VpcId": r.subnets[where].vpc}
	return nil
}
