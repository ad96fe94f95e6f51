package render

import "strconv"

// named adds the name that consoles show.
func (s *district) named(name string) []tag {
	return tags(map[string]string{"Name": "bcn " + s.District.Name + " " + name}, tagMap(s.tags))
}

func tagMap(list []tag) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[t.Key] = t.Value
	}
	return out
}

// zone is the n-th availability zone of the stack's region.
func zone(n int) any {
	return map[string]any{"Fn::Select": []any{strconv.Itoa(n), map[string]any{"Fn::GetAZs": ""}}}
}

// network makes the VPC, its way to the internet, and the subnets.
func (s *district) network() {
	s.Resources["VPC"] = resource{Type: "AWS::EC2::VPC", Properties: map[string]any{
		"CidrBlock": s.District.CIDR, "EnableDnsSupport": true, "EnableDnsHostnames": true, "Tags": s.named("network"),
	}}
	s.Resources["InternetGateway"] = resource{Type: "AWS::EC2::InternetGateway", Properties: map[string]any{"Tags": s.named("gateway")}}
	s.Resources["GatewayAttachment"] = resource{Type: "AWS::EC2::VPCGatewayAttachment", Properties: map[string]any{
		"VpcId": ref("VPC"), "InternetGatewayId": ref("InternetGateway"),
	}}
	for i, cidr := range s.subnets {
		kind, n := "Public", i+1
		if i > 1 {
			kind, n = "Private", i-1
		}
		id := kind + "Subnet" + strconv.Itoa(n)
		s.Resources[id] = resource{Type: "AWS::EC2::Subnet", Properties: map[string]any{
			"VpcId": ref("VPC"), "CidrBlock": cidr, "AvailabilityZone": zone(n - 1),
			// Who needs a public address asks for one.
			"MapPublicIpOnLaunch": false, "Tags": s.named(kind + " " + strconv.Itoa(n)),
		}}
	}
	// Without rules of its own it lets nothing in and everything out.
	s.Resources["TaskSecurityGroup"] = resource{Type: "AWS::EC2::SecurityGroup", Properties: securityGroup{
		GroupDescription: "bcn: every task of the district " + s.District.Name, VpcId: ref("VPC"), Tags: s.named("tasks"),
	}}
}

// routes makes one table for the public subnets and one for each private one,
// and a way to S3 that costs nothing and needs no NAT: image layers come by it.
func (s *district) routes() {
	table := func(id, name string, subnets ...string) {
		s.Resources[id] = resource{Type: "AWS::EC2::RouteTable", Properties: map[string]any{"VpcId": ref("VPC"), "Tags": s.named(name)}}
		for _, subnet := range subnets {
			s.Resources[subnet+"Routes"] = resource{Type: "AWS::EC2::SubnetRouteTableAssociation", Properties: map[string]any{
				"SubnetId": ref(subnet), "RouteTableId": ref(id),
			}}
		}
	}
	table("PublicRouteTable", "public", "PublicSubnet1", "PublicSubnet2")
	table("PrivateRouteTable1", "private 1", "PrivateSubnet1")
	table("PrivateRouteTable2", "private 2", "PrivateSubnet2")
	s.route("PublicRoute", "PublicRouteTable", "GatewayId", "InternetGateway", "GatewayAttachment")
	s.Resources["S3Endpoint"] = resource{Type: "AWS::EC2::VPCEndpoint", Properties: map[string]any{
		"VpcEndpointType": "Gateway", "VpcId": ref("VPC"), "ServiceName": "com.amazonaws." + s.District.Region + ".s3",
		"RouteTableIds": []any{ref("PublicRouteTable"), ref("PrivateRouteTable1"), ref("PrivateRouteTable2")}, "Tags": s.named("S3"),
	}}
}

// route sends what is for elsewhere to a gateway or a machine.
func (s *district) route(id, table, property, target string, after ...string) {
	s.Resources[id] = resource{Type: "AWS::EC2::Route", DependsOn: after, Properties: map[string]any{
		"RouteTableId": ref(table), "DestinationCidrBlock": "0.0.0.0/0", property: ref(target),
	}}
}

// nat is how the private subnets reach the internet.
func (s *district) nat() {
	gateways := 0
	switch s.District.Network.NAT {
	case NATInstance:
		s.natInstance()
		return
	case NATGateway:
		gateways = 1
	case NATMultiAZ:
		gateways = 2
	}
	for i := range gateways {
		n := strconv.Itoa(i + 1)
		s.Resources["NATAddress"+n] = resource{Type: "AWS::EC2::EIP", DependsOn: []string{"GatewayAttachment"}, Properties: map[string]any{
			"Domain": "vpc", "Tags": s.named("NAT " + n),
		}}
		s.Resources["NATGateway"+n] = resource{Type: "AWS::EC2::NatGateway", DependsOn: []string{"PublicRoute"}, Properties: map[string]any{
			"AllocationId": getAtt("NATAddress"+n, "AllocationId"), "SubnetId": ref("PublicSubnet" + n), "Tags": s.named("NAT " + n),
		}}
	}
	for i := range 2 {
		if gateways > 0 {
			s.route("PrivateRoute"+strconv.Itoa(i+1), "PrivateRouteTable"+strconv.Itoa(i+1), "NatGatewayId", "NATGateway"+strconv.Itoa(min(i+1, gateways)))
		}
	}
}

// natScript makes a plain Amazon Linux pass packets on. Nobody can log in.
const natScript = `#!/bin/bash
set -eu
dnf install -y iptables-services
echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/90-nat.conf
sysctl -p /etc/sysctl.d/90-nat.conf
out=$(ip -o -4 route show to default | awk '{print $5; exit}')
iptables -t nat -A POSTROUTING -o "$out" -j MASQUERADE
iptables -F FORWARD
service iptables save
systemctl enable --now iptables
`

// natImage is a public parameter of AWS's: today's Amazon Linux 2023.
const natImage = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

// image adds a parameter that CloudFormation looks up in Parameter Store for
// each change set: a newer image is a change that the plan shows.
func (s *district) image(id, description, path string) any {
	if s.Parameters == nil {
		s.Parameters = map[string]parameter{}
	}
	s.Parameters[id] = parameter{Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Description: description, Default: path}
	return ref(id)
}

// natInstance is the cheap way: one machine without key or role, which only the
// network itself reaches.
func (s *district) natInstance() {
	s.Resources["NATSecurityGroup"] = resource{Type: "AWS::EC2::SecurityGroup", Properties: map[string]any{
		"GroupDescription": "bcn: from the network to the internet", "VpcId": ref("VPC"), "Tags": s.named("NAT"),
		"SecurityGroupIngress": []any{map[string]any{"Description": "the network", "IpProtocol": "-1", "CidrIp": s.District.CIDR}},
	}}
	s.Resources["NATLaunchTemplate"] = resource{Type: "AWS::EC2::LaunchTemplate", Properties: map[string]any{
		"TagSpecifications": tagged("launch-template", s.named("NAT")),
		"LaunchTemplateData": map[string]any{
			"ImageId": s.image("NATImage", "Amazon Linux of today", natImage), "InstanceType": "t4g.nano",
			"MetadataOptions": metadataOptions(), "BlockDeviceMappings": encryptedDisk(8),
			"UserData":          map[string]any{"Fn::Base64": natScript},
			"TagSpecifications": append(tagged("instance", s.named("NAT")), tagged("volume", s.named("NAT"))...),
			"NetworkInterfaces": []any{map[string]any{
				"DeviceIndex": 0, "AssociatePublicIpAddress": true, "DeleteOnTermination": true,
				"SubnetId": ref("PublicSubnet1"), "Groups": []any{getAtt("NATSecurityGroup", "GroupId")},
			}},
		},
	}}
	s.Resources["NATInstance"] = resource{Type: "AWS::EC2::Instance", DependsOn: []string{"PublicRoute"}, Properties: map[string]any{
		"LaunchTemplate": map[string]any{
			"LaunchTemplateId": ref("NATLaunchTemplate"), "Version": getAtt("NATLaunchTemplate", "LatestVersionNumber"),
		},
		"SourceDestCheck": false, "Tags": s.named("NAT"),
	}}
	s.route("PrivateRoute1", "PrivateRouteTable1", "InstanceId", "NATInstance")
	s.route("PrivateRoute2", "PrivateRouteTable2", "InstanceId", "NATInstance")
}

// tagged are the tags of what a launch template makes.
func tagged(kind string, tags []tag) []any {
	return []any{map[string]any{"ResourceType": kind, "Tags": tags}}
}

// metadataOptions let only version 2 of the instance metadata service answer,
// and only to the machine itself.
func metadataOptions() map[string]any {
	return map[string]any{"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}
}

// encryptedDisk is the root disk of Amazon Linux, in GiB.
func encryptedDisk(size int) []any {
	return []any{map[string]any{"DeviceName": "/dev/xvda", "Ebs": map[string]any{
		"VolumeType": "gp3", "VolumeSize": size, "Encrypted": true, "DeleteOnTermination": true,
	}}}
}
