package aws

import (
	"encoding/base64"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// machinesPort is EC2 as Auto Scaling uses it.
type machinesPort struct{ account *Account }

var _ cluster.Machines = machinesPort{}

// templateData is what a launch template says; the caller holds mu.
func (a *Account) templateData(region, id string) (map[string]any, *thing) {
	t := a.in(region).things[id]
	if t == nil || t.typ != typeTemplate {
		return nil, nil
	}
	data, _ := t.props["LaunchTemplateData"].(map[string]any)
	return data, t
}

// MayStart implements cluster.Machines: EC2's own permissions, for the machine
// and everything that it is made of, and what Auto Scaling finds out when it
// starts one (Auto Scaling User Guide, "Launch template permissions").
func (p machinesPort) MayStart(q wire.Request) error {
	a, id := p.account, text(launchTemplateOf(q.Properties), "LaunchTemplateId")
	a.mu.Lock()
	data, t := a.templateData(q.Region, id)
	held := a.profileOf(data)
	a.mu.Unlock()
	if t == nil {
		return wire.Errorf("ValidationError", "You must use a valid fully-formed launch template. The specified launch template, with template ID %s, does not exist.", id)
	}
	keys := tagKeys("aws:RequestTag/", specified(data, "instance"))
	maps.Copy(keys, networkType{account: a, kind: "instance"}.instanceKeys(q))
	if err := q.Authorize("ec2:RunInstances", ec2ARN(q, "instance", "*"), keys); err != nil {
		return err
	}
	keys["ec2:CreateAction"] = []string{"RunInstances"}
	if err := q.Authorize("ec2:CreateTags", ec2ARN(q, "instance", "*"), keys); err != nil {
		return err
	}
	if err := mayLaunch(a)(q); err != nil {
		return err
	}
	for _, subnet := range ids(q.Properties["VPCZoneIdentifier"]) {
		if err := q.Authorize("ec2:RunInstances", ec2ARN(q, "subnet", subnet), a.networkKeys(q.Region, subnet)); err != nil {
			return err
		}
	}
	if held == nil {
		return wire.Errorf("ValidationError", "You must use a valid fully-formed launch template. Value (%s) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN", profileARN(data))
	}
	if err := q.Authorize("iam:PassRole", held.role, map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}); err != nil {
		return err
	}
	return p.fits(q, data)
}

// fits: subnets that are there, an image for the machine's processor.
func (p machinesPort) fits(q wire.Request, data map[string]any) error {
	a := p.account
	a.mu.Lock()
	defer a.mu.Unlock()
	subnets := ids(q.Properties["VPCZoneIdentifier"])
	for _, id := range subnets {
		if a.in(q.Region).subnets[id] == nil {
			return wire.Errorf("ValidationError", "The subnet ID '%s' does not exist", id)
		}
	}
	if len(subnets) == 0 {
		return wire.Errorf("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
	}
	kind := text(data, "InstanceType")
	if _, ok := sizeOf(kind); !ok {
		return wire.Errorf("ValidationError", "You must use a valid fully-formed launch template. Invalid value '%s' for InstanceType.", kind)
	}
	image, arm := text(data, "ImageId"), armType(kind)
	if armImage := image == ecsArmImage || image == plainImage; armImage != arm {
		return wire.Errorf("ValidationError", "You must use a valid fully-formed launch template. The architecture of the specified instance type %s does not match that of the AMI %s.", kind, image)
	}
	return nil
}

// specified are the tags that a launch template puts on a kind of resource.
func specified(data map[string]any, kind string) map[string]string {
	out := map[string]string{}
	for _, e := range list(data, "TagSpecifications") {
		if m, _ := e.(map[string]any); m["ResourceType"] == kind {
			maps.Copy(out, tagsOf(list(m, "Tags")))
		}
	}
	return out
}

func profileARN(data map[string]any) string {
	m, _ := data["IamInstanceProfile"].(map[string]any)
	return text(m, "Arn")
}

// profileOf is the instance profile of a launch template; the caller holds mu.
func (a *Account) profileOf(data map[string]any) *profile {
	for _, p := range a.profiles {
		if p.arn == profileARN(data) {
			return p
		}
	}
	return nil
}

// clusterForm is how the agent of ECS is told its cluster.
var clusterForm = regexp.MustCompile(`(?m)^ECS_CLUSTER=([A-Za-z0-9_-]+)$`)

// Kind implements cluster.Machines.
func (p machinesPort) Kind(region, template string) (cluster.Machine, error) {
	p.account.mu.Lock()
	defer p.account.mu.Unlock()
	return p.kind(region, template)
}

func (p machinesPort) kind(region, template string) (cluster.Machine, error) {
	data, t := p.account.templateData(region, template)
	if t == nil {
		return cluster.Machine{}, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.")
	}
	m, _ := sizeOf(text(data, "InstanceType"))
	if held := p.account.profileOf(data); held != nil {
		m.Role = held.role
	}
	script, err := base64.StdEncoding.DecodeString(text(data, "UserData"))
	if err != nil {
		return m, wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	m.Cluster = "default"
	if found := clusterForm.FindSubmatch(script); found != nil {
		m.Cluster = string(found[1])
	}
	return m, nil
}

// Start implements cluster.Machines.
func (p machinesPort) Start(region, template, subnet string, tags map[string]string) (cluster.Machine, error) {
	a := p.account
	a.mu.Lock()
	defer a.mu.Unlock()
	m, err := p.kind(region, template)
	if err != nil {
		return m, err
	}
	r := a.in(region)
	in := r.subnets[subnet]
	if in == nil {
		return m, noSuch("Subnet", subnet)
	}
	data, _ := a.templateData(region, template)
	all := specified(data, "instance")
	maps.Copy(all, tags)
	m.ID = "i-0" + random(16, lowerHex)
	r.things[m.ID] = &thing{id: m.ID, typ: typeInstance, tags: all, attrs: map[string]string{
		"InstanceId": m.ID, "SubnetId": subnet, "VpcId": in.vpc, "role": m.Role,
	}}
	return m, nil
}

// End implements cluster.Machines.
func (p machinesPort) End(region, id string) {
	p.account.mu.Lock()
	defer p.account.mu.Unlock()
	delete(p.account.in(region).things, id)
}

// managedMachines are the machines whose role lets the agent of Systems Manager
// register them, with which Session Manager reaches them.
func (a *Account) managedMachines(region string) []sessions.Node {
	a.mu.Lock()
	machines := a.in(region).machines()
	a.mu.Unlock()
	var out []sessions.Node
	for _, t := range machines {
		role, arn := t.attrs["role"], "arn:aws:ec2:"+region+":"+a.ID+":instance/"+t.id
		allowed := role != ""
		for _, action := range []string{"ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel"} {
			allowed = allowed && rolesPort{a}.Allows(region, role, action, arn, nil) == nil
		}
		if allowed {
			out = append(out, sessions.Node{ID: t.id, Region: region, Name: t.tags["Name"], Address: "10.0.0.1", Tags: t.tags})
		}
	}
	return out
}

func armType(kind string) bool {
	class, _, _ := strings.Cut(kind, ".")
	return strings.HasSuffix(class, "g")
}

// sizeOf is what a type of machine brings to a cluster. The agent registers
// less memory than the machine has: the system keeps some (ECS Developer Guide,
// "Reserving Amazon ECS Linux container instance memory"). Of interfaces it has
// as many as EC2 gives it (EC2 User Guide, "Maximum IP addresses per network
// interface").
func sizeOf(kind string) (cluster.Machine, bool) {
	class, size, _ := strings.Cut(kind, ".")
	var m cluster.Machine
	gib := map[string]int{"t": 4, "c": 2, "m": 4, "r": 8}[class[:min(1, len(class))]]
	switch {
	case gib == 0:
		return m, false
	case size == "small" && class[0] == 't':
		m = cluster.Machine{CPU: 2048, Memory: 2048, Interfaces: 3}
	case size == "medium" && class[0] == 't':
		m = cluster.Machine{CPU: 2048, Memory: 4096, Interfaces: 3}
	case size == "medium":
		m = cluster.Machine{CPU: 1024, Memory: gib * 1024, Interfaces: 2}
	case size == "large":
		m = cluster.Machine{CPU: 2048, Memory: gib * 2048, Interfaces: 3}
	case size == "xlarge":
		m = cluster.Machine{CPU: 4096, Memory: gib * 4096, Interfaces: 4}
	default:
		n, err := strconv.Atoi(strings.TrimSuffix(size, "xlarge"))
		if err != nil || n < 2 || !strings.HasSuffix(size, "xlarge") {
			return m, false
		}
		interfaces := 8
		if n == 2 {
			interfaces = 4
		} else if n > 12 {
			interfaces = 15
		}
		m = cluster.Machine{CPU: n * 4096, Memory: n * gib * 4096, Interfaces: interfaces}
	}
	m.Memory -= m.Memory / 16
	return m, true
}
