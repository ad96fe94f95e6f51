package aws

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// group is a security group.
type group struct {
	id, name, description, vpc string
	ingress, egress            []Rule
	tags                       map[string]string
}

// Rule lets something in or out of a security group: exactly one of CIDR and
// Group says what.
type Rule struct {
	ID          string // sgr-...
	Protocol    string // tcp, udp, icmp, or -1 for all
	From, To    int    // ports; both -1 for all
	CIDR        string // IPv4 or IPv6
	Group       string // another security group, or the same
	Description string
}

// same says whether two rules are one to EC2, which looks at all but the
// description.
func (r Rule) same(o Rule) bool {
	return r.Protocol == o.Protocol && r.From == o.From && r.To == o.To && r.CIDR == o.CIDR && r.Group == o.Group
}

// covers says whether the rule is about the TCP port.
func (r Rule) covers(port int) bool {
	return r.Protocol == "-1" || r.Protocol == "tcp" && (r.From == -1 || r.From <= port && port <= r.To)
}

// SecurityGroup is what others may know of a security group.
type SecurityGroup struct {
	ID, VPC         string
	Ingress, Egress []Rule
}

// SecurityGroup finds a group by its id, in any region.
func (a *Account) SecurityGroup(id string) (SecurityGroup, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g, _, ok := a.group(id)
	if !ok {
		return SecurityGroup{}, false
	}
	return SecurityGroup{ID: g.id, VPC: g.vpc, Ingress: slices.Clone(g.ingress), Egress: slices.Clone(g.egress)}, true
}

// group finds a group and its region; the caller holds mu. Ids are unique in
// the account.
func (a *Account) group(id string) (*group, string, bool) {
	for name, r := range a.regions {
		if g, ok := r.groups[id]; ok {
			return g, name, true
		}
	}
	return nil, "", false
}

func noSuchGroup(id string) *wire.Error {
	return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}

// makeGroup stores a security group with EC2's usual egress, everything to
// everywhere, which CloudFormation takes away where the template says otherwise.
func (a *Account) makeGroup(region, name, description, vpcID string, tags map[string]string) (*group, error) {
	switch {
	case name == "" || len(name) > 255 || strings.HasPrefix(name, "sg-"):
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid.", name)
	case description == "" || len(description) > 255 || strings.ContainsAny(description, "<>\n'\""):
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.", description)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.in(region)
	if _, ok := r.vpcs[vpcID]; !ok {
		return nil, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", vpcID)
	}
	for _, g := range r.groups {
		if g.vpc == vpcID && g.name == name {
			return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, vpcID)
		}
	}
	g := &group{id: "sg-0" + random(16, lowerHex), name: name, description: description, vpc: vpcID, tags: tags}
	g.egress = []Rule{{ID: "sgr-0" + random(16, lowerHex), Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"}}
	r.groups[g.id] = g
	return g, nil
}

// addRule checks a rule and puts it in; it answers the rule's id.
func (a *Account) addRule(groupID string, in bool, rule Rule) (string, error) {
	if err := checkRule(rule); err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	g, _, ok := a.group(groupID)
	if !ok {
		return "", noSuchGroup(groupID)
	}
	if rule.Group != "" {
		source, _, ok := a.group(rule.Group)
		if !ok || source.vpc != g.vpc {
			return "", noSuchGroup(rule.Group)
		}
	}
	rules := g.rules(in)
	if slices.ContainsFunc(*rules, rule.same) {
		return "", wire.Errorf("InvalidPermission.Duplicate", "the specified rule already exists in group %s", groupID)
	}
	rule.ID = "sgr-0" + random(16, lowerHex)
	*rules = append(slices.Clone(*rules), rule)
	return rule.ID, nil
}

func (g *group) rules(in bool) *[]Rule {
	if in {
		return &g.ingress
	}
	return &g.egress
}

func checkRule(r Rule) error {
	if (r.CIDR == "") == (r.Group == "") {
		return wire.Errorf("InvalidParameterValue", "Exactly one of CIDR and source security group must be specified")
	}
	if r.CIDR != "" {
		p, err := netip.ParsePrefix(r.CIDR)
		if err != nil || p.Masked() != p {
			return wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", r.CIDR)
		}
	}
	switch r.Protocol {
	case "-1":
		return nil
	case "tcp", "udp":
		if r.From < 0 || r.To > 65535 || r.From > r.To {
			return wire.Errorf("InvalidParameterValue", "Invalid value for portRange: %d-%d", r.From, r.To)
		}
		return nil
	case "icmp", "icmpv6":
		return nil
	}
	return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", r.Protocol)
}

// dropRule takes a rule out by its id; one that is not there is no error.
func (a *Account) dropRule(groupID string, in bool, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if g, _, ok := a.group(groupID); ok {
		rules := g.rules(in)
		*rules = slices.DeleteFunc(slices.Clone(*rules), func(r Rule) bool { return r.ID == id })
	}
}

// deleteGroup refuses while another group's rules name it. What is in the group
// is not asked: in a template it comes after the group, so it is gone before.
func (a *Account) deleteGroup(id string) error {
	dependent := wire.Errorf("DependencyViolation", "resource %s has a dependent object", id)
	a.mu.Lock()
	defer a.mu.Unlock()
	g, region, ok := a.group(id)
	if !ok {
		return noSuchGroup(id)
	}
	for _, other := range a.in(region).groups {
		if other != g && slices.ContainsFunc(append(slices.Clone(other.ingress), other.egress...), func(r Rule) bool { return r.Group == id }) {
			return dependent
		}
	}
	delete(a.in(region).groups, id)
	return nil
}

func (a *Account) groupRows(region string) kind {
	k := kind{param: "GroupId", filter: "group-id", notFound: "InvalidGroup.NotFound", message: "The security group '%s' does not exist"}
	store := a.in(region).groups
	for _, id := range sortedKeys(store) {
		g := store[id]
		k.rows = append(k.rows, row{
			out: map[string]any{
				"groupId": id, "groupName": g.name, "groupDescription": g.description, "vpcId": g.vpc, "ownerId": a.ID,
				"securityGroupArn": groupARN(a.ID, region, id), "tagSet": tagList(g.tags, "key", "value"),
				"ipPermissions": a.permissions(g.ingress), "ipPermissionsEgress": a.permissions(g.egress),
			},
			filters: tagged(map[string][]string{
				"group-id": {id}, "group-name": {g.name}, "vpc-id": {g.vpc}, "owner-id": {a.ID}, "description": {g.description},
			}, g.tags),
		})
	}
	return k
}

func groupARN(account, region, id string) string {
	return "arn:aws:ec2:" + region + ":" + account + ":security-group/" + id
}

// permissions groups rules by protocol and ports, as Describe shows them.
func (a *Account) permissions(rules []Rule) []any {
	type ports struct {
		protocol string
		from, to int
	}
	var order []ports
	found := map[ports]map[string]any{}
	for _, r := range rules {
		p := ports{r.Protocol, r.From, r.To}
		m, ok := found[p]
		if !ok {
			m = map[string]any{"ipProtocol": r.Protocol, "ipRanges": []any{}, "ipv6Ranges": []any{}, "groups": []any{}, "prefixListIds": []any{}}
			if r.Protocol != "-1" {
				m["fromPort"], m["toPort"] = r.From, r.To
			}
			found[p], order = m, append(order, p)
		}
		set, entry := "ipRanges", map[string]any{"cidrIp": r.CIDR}
		if r.Group != "" {
			set, entry = "groups", map[string]any{"groupId": r.Group, "userId": a.ID}
		} else if strings.Contains(r.CIDR, ":") {
			set, entry = "ipv6Ranges", map[string]any{"cidrIpv6": r.CIDR}
		}
		if r.Description != "" {
			entry["description"] = r.Description
		}
		m[set] = append(list(m, set), entry)
	}
	out := make([]any, len(order))
	for i, p := range order {
		out[i] = found[p]
	}
	return out
}

// ruleOf reads a rule as CloudFormation writes it. Ports that are not given
// are all ports.
func ruleOf(p map[string]any) (Rule, error) {
	r := Rule{
		Protocol: strings.ToLower(text(p, "IpProtocol")), Description: text(p, "Description"),
		CIDR: text(p, "CidrIp") + text(p, "CidrIpv6"), Group: text(p, "SourceSecurityGroupId") + text(p, "DestinationSecurityGroupId"),
		From: -1, To: -1,
	}
	switch r.Protocol {
	case "6":
		r.Protocol = "tcp"
	case "17":
		r.Protocol = "udp"
	}
	for name, at := range map[string]*int{"FromPort": &r.From, "ToPort": &r.To} {
		if s := text(p, name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				return r, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for %s", s, name)
			}
			*at = n
		}
	}
	return r, nil
}

// text reads a leaf of a template, where a number may be written as one.
func text(m map[string]any, key string) string {
	if m[key] == nil {
		return ""
	}
	return scalar(m[key])
}
