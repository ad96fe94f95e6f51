package render

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/plugin"
)

// The ways in which tasks reach the internet.
const (
	NATNone     = "none"                     // they have public addresses
	NATInstance = "instance"                 // one small machine
	NATGateway  = "managed_gateway"          // one gateway for both zones
	NATMultiAZ  = "managed_gateway_multi_az" // one gateway in each zone
)

// NATTypes are the ways, the cheapest first.
func NATTypes() []string { return []string{NATNone, NATInstance, NATGateway, NATMultiAZ} }

// What tasks of a district can run on.
const (
	LaunchFargate = "fargate"
	LaunchEC2     = "ec2" // machines of the district; Fargate is there, too
)

// Outputs of a district's stack, named after the fields of bcn.District.
const (
	OutputVPC            = "VPC"
	OutputCluster        = "Cluster"
	OutputPrivateSubnets = "PrivateSubnets" // joined by commas
	OutputPublicSubnets  = "PublicSubnets"  // joined by commas
	OutputTaskGroup      = "TaskSecurityGroup"
	OutputBucket         = "Bucket"

	OutputCapacityProvider = "CapacityProvider" // only with machines
)

// DistrictStack is the name of a district's stack.
func DistrictStack(name string) string { return "barcelona-" + name }

// FlowLogGroup is where the network's flow logs go. No heritage can be called
// so.
func FlowLogGroup(district string) string { return "Barcelona/" + district + "/vpc/flow-logs" }

// BucketName is the bucket that is made with a district; roles.DefaultBucket.
func BucketName(d bcn.District) string { return "bcn-" + d.Name + "-" + d.Account + "-" + d.Region }

// DefaultCIDR is a network of its own for each name, so that two districts can
// usually be joined later.
func DefaultCIDR(district string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(district)) // never fails
	return fmt.Sprintf("10.%d.0.0/16", h.Sum32()%256)
}

// DefaultNetwork fills in what was not said: Fargate behind one NAT gateway,
// and where there are machines, what they are.
func DefaultNetwork(n bcn.Network) bcn.Network {
	n.NAT, n.Launch = cmp.Or(n.NAT, NATGateway), cmp.Or(n.Launch, LaunchFargate)
	if n.Launch == LaunchEC2 {
		n.InstanceType, n.Size = cmp.Or(n.InstanceType, DefaultInstanceType), cmp.Or(n.Size, DefaultSize)
	}
	return n
}

// DistrictInput is all that a district's stack is made of. Of District only
// what was asked for is read, not what its outputs told.
type DistrictInput struct {
	District     bcn.District
	Installation string
	Tags         map[string]string // of bot.yaml
	// Plugins are those that the district's may be of; nil: Plugins().
	Plugins plugin.Table
}

// district is the input with what follows from it.
type district struct {
	DistrictInput
	*template
	tags    []tag
	subnets [4]string // CIDRs: public 1 and 2, private 1 and 2
	boots   []string  // what plugins install on machines
}

// District renders a network over two zones with an ECS cluster, and what the
// district's other stacks need. Errors carry codes: bad_name, reserved_name,
// district_invalid, plugin_machines, unknown_name (a plugin).
func District(in DistrictInput) (bcn.Proposal, error) {
	d := in.District
	subnets, err := CheckDistrict(d)
	if err != nil {
		return bcn.Proposal{}, err
	}
	s := &district{
		DistrictInput: in, subnets: subnets, template: newTemplate("bcn: network and cluster of the district " + d.Name),
		tags: tags(in.Tags, map[string]string{TagInstallation: in.Installation, TagDistrict: d.Name}),
	}
	s.network()
	s.routes()
	s.nat()
	s.flowLogs()
	s.pluginLogs()
	s.bucket()
	s.cluster()
	s.Outputs = map[string]output{
		OutputVPC:            {"Id of the network", ref("VPC")},
		OutputCluster:        {"Name of the cluster", ref("Cluster")},
		OutputPrivateSubnets: {"Subnets without a way in from the internet", join(",", ref("PrivateSubnet1"), ref("PrivateSubnet2"))},
		OutputPublicSubnets:  {"Subnets with one", join(",", ref("PublicSubnet1"), ref("PublicSubnet2"))},
		OutputTaskGroup:      {"Security group of every task", getAtt("TaskSecurityGroup", "GroupId")},
		OutputBucket:         {"Templates and access logs", ref("Bucket")},
	}
	if err := s.machines(); err != nil {
		return bcn.Proposal{}, err
	}
	return propose(DistrictStack(d.Name), s.template, []string{"CAPABILITY_NAMED_IAM"}, s.tags)
}

// FillDistrict copies a complete stack's outputs into the district.
func FillDistrict(d bcn.District, outputs map[string]string) bcn.District {
	list := func(key string) []string { return strings.Split(outputs[key], ",") }
	d.VPC, d.Cluster, d.Bucket = outputs[OutputVPC], outputs[OutputCluster], outputs[OutputBucket]
	d.PublicSubnets, d.Subnets = list(OutputPublicSubnets), list(OutputPrivateSubnets)
	d.SecurityGroups, d.CapacityProvider = []string{outputs[OutputTaskGroup]}, outputs[OutputCapacityProvider]
	d.AssignPublicIP = d.Network.NAT == NATNone
	if d.AssignPublicIP { // a public address is of use only where there is a gateway
		d.Subnets = d.PublicSubnets
	}
	return d
}

// CheckDistrict holds what a district must be before anything is rendered. It
// answers the CIDRs of the subnets: public 1 and 2, private 1 and 2.
func CheckDistrict(d bcn.District) (subnets [4]string, err error) {
	invalid := func(format string, args ...any) error {
		return bcn.E(bcn.CodeDistrictInvalid, "problems", fmt.Sprintf(format, args...))
	}
	if err := CheckName(d.Name, maxMadeDistrict); err != nil {
		return subnets, err
	}
	if strings.ToLower(d.Name) != d.Name {
		return subnets, bcn.E(bcn.CodeBadName, "name", d.Name, "rule", "lower case: the bucket is called after it")
	}
	n := d.Network
	switch {
	case n == nil:
		return subnets, bcn.E(bcn.CodeAdopted, "name", d.Name)
	case !slices.Contains(NATTypes(), n.NAT):
		return subnets, invalid("--nat: %s is none of %s", n.NAT, strings.Join(NATTypes(), ", "))
	case n.Launch != LaunchFargate && n.Launch != LaunchEC2:
		return subnets, invalid("--launch: %s is neither fargate nor ec2", n.Launch)
	}
	if err := checkMachines(*n); err != nil {
		return subnets, err
	}
	return splitNetwork(d.CIDR)
}

// maxMadeDistrict keeps the bucket's name, bcn-{district}-{account}-{region},
// within S3's 63 characters for every region.
const maxMadeDistrict = 20

// splitNetwork cuts a network of private addresses into four equal parts.
func splitNetwork(cidr string) (out [4]string, err error) {
	invalid := func(rule string) error {
		return bcn.E(bcn.CodeDistrictInvalid, "problems", "--cidr: "+cidr+": "+rule)
	}
	p, err := netip.ParsePrefix(cidr)
	if err != nil || p.Masked() != p || !p.Addr().Is4() {
		return out, invalid("is no network such as 10.1.0.0/16")
	}
	if p.Bits() < 16 || p.Bits() > 24 {
		return out, invalid("from /16 to /24")
	}
	carrier := netip.MustParsePrefix("100.64.0.0/10")
	if !p.Addr().IsPrivate() && !carrier.Contains(p.Addr()) {
		return out, invalid("private addresses only: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10")
	}
	if p.Overlaps(netip.MustParsePrefix("172.17.0.0/16")) {
		return out, invalid("Docker has 172.17.0.0/16 for itself")
	}
	a := p.Addr().As4()
	start := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	size := uint32(1) << (32 - p.Bits() - 2)
	for i := range out {
		v := start + uint32(i)*size
		out[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), p.Bits()+2).String()
	}
	return out, nil
}
