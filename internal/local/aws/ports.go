package aws

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// What the cluster asks the account. None of these calls the cluster back.
var (
	_ cluster.Network = networkPort{}
	_ cluster.Roles   = rolesPort{}
	_ cluster.Secrets = secretsPort{}
)

type networkPort struct{ account *Account }

// Admits looks at both ends: the target's groups let the source in, and the
// source's groups let it out.
func (n networkPort) Admits(groups []string, port int, from cluster.Source) bool {
	n.account.mu.Lock()
	defer n.account.mu.Unlock()
	return n.account.letsIn(groups, port, from) && n.account.letsOut(from.Groups, port, groups)
}

func (a *Account) letsIn(groups []string, port int, from cluster.Source) bool {
	for _, id := range groups {
		g, region, ok := a.group(id)
		if !ok {
			continue
		}
		for _, r := range g.ingress {
			if !r.covers(port) {
				continue
			}
			if r.Group != "" && slices.Contains(from.Groups, r.Group) || r.CIDR != "" && a.holds(region, r.CIDR, from.Subnets) {
				return true
			}
		}
	}
	return false
}

// holds says whether the CIDR contains one of the subnets.
func (a *Account) holds(region, cidr string, subnets []string) bool {
	outer, err := netip.ParsePrefix(cidr)
	if err != nil {
		return false
	}
	for _, id := range subnets {
		s, ok := a.in(region).subnets[id]
		if !ok {
			continue
		}
		inner, err := netip.ParsePrefix(s.cidr)
		if err == nil && inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr()) {
			return true
		}
	}
	return false
}

// letsOut says whether one of the source's groups has an egress rule for the
// port. A rule by CIDR is believed: the target's address is not known here.
func (a *Account) letsOut(sources []string, port int, targets []string) bool {
	for _, id := range sources {
		g, _, ok := a.group(id)
		if !ok {
			continue
		}
		for _, r := range g.egress {
			if r.covers(port) && (r.CIDR != "" || slices.Contains(targets, r.Group)) {
				return true
			}
		}
	}
	return false
}

func (n networkPort) Subnet(id string) (vpc, zone string, ok bool) {
	n.account.mu.Lock()
	defer n.account.mu.Unlock()
	for _, r := range n.account.regions {
		if s, found := r.subnets[id]; found {
			return s.vpc, s.zone, true
		}
	}
	return "", "", false
}

func (n networkPort) SecurityGroup(id string) (vpc string, ok bool) {
	g, ok := n.account.SecurityGroup(id)
	return g.VPC, ok
}

// The images of today: Amazon Linux 2023 for Arm, and ECS's for both kinds of
// processors.
const (
	plainImage  = "ami-0a11ce00000000001"
	ecsImage    = "ami-0a11ce00000000002"
	ecsArmImage = "ami-0a11ce00000000003"
)

// publicImages are AWS's own public parameters, as far as they are known here
// (ECS Developer Guide, "Retrieving Amazon ECS-optimized Linux AMI metadata").
func publicImages() map[string]string {
	return map[string]string{
		"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64":        plainImage,
		"/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id":       ecsImage,
		"/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id": ecsArmImage,
	}
}

// parameterValue answers what a parameter of a template stands for. AWS's own
// public parameters name images of today.
func (a *Account) parameterValue(region, name string) (string, bool) {
	if image, public := publicImages()[name]; public {
		return image, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.in(region).parameters[name]
	if !ok || p.kind == "SecureString" {
		return "", false
	}
	return p.value, true
}

type rolesPort struct{ account *Account }

func (p rolesPort) Trusts(roleARN, service string) error { return p.account.Trusts(roleARN, service) }

// Allows asks for a role in the hands of a service: no session policy.
func (p rolesPort) Allows(region, roleARN, action, resource string, keys map[string][]string) error {
	a := p.account
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.roleByARN(roleARN)
	if !ok {
		return noSuchRole(roleARN)
	}
	ses := &session{role: r.name, roleID: r.id, name: "service", issued: a.clock.Now()}
	return a.decide(a.principal(ses, r), r, ses, region, action, resource, keys)
}

type secretsPort struct{ account *Account }

func (s secretsPort) Parameter(region, name string) bool {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	_, ok := s.account.in(region).parameters[name]
	return ok
}

func (s secretsPort) ParameterKey(region, name string) (arn string, use map[string][]string) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	p, ok := s.account.in(region).parameters[name]
	if !ok {
		return "", nil
	}
	return s.account.customerKey(region, p.keyID), s.account.parameterUse(region, name)
}

func (s secretsPort) Secret(arn string) bool {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	found, ok := s.find(arn)
	return ok && found.deleted.IsZero()
}

func (s secretsPort) SecretKey(arn string) (key string, use map[string][]string) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	found, ok := s.find(arn)
	if !ok {
		return "", nil
	}
	region := strings.SplitN(arn, ":", 6)[3]
	return s.account.customerKey(region, found.keyID), secretUse(region, found.arn)
}

// find is the secret of an ARN; the caller holds the account's lock.
func (s secretsPort) find(arn string) (*secret, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return nil, false
	}
	return s.account.findSecret(parts[3], arn)
}
