package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// groupOfMachines is AWS::AutoScaling::AutoScalingGroup, of a launch template.
// Its actions are those of the handler's permissions in the type's published
// schema; a rolling update adds those of CloudFormation's own.
func (c *Cluster) groupOfMachines() *provider {
	find := func(at site, name string) *machineGroup { return c.machineGroups[groupID(at, name)] }
	return &provider{
		c: c,
		taken: func(at site, in tree) (string, bool) {
			return in.str("AutoScalingGroupName"), find(at, in.str("AutoScalingGroupName")) != nil
		},
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			in := tree(r.Properties)
			name := in.str("AutoScalingGroupName")
			if name == "" {
				name = c.generated(r, 255)
			}
			g := &machineGroup{arn: at.arn("autoscaling", "autoScalingGroup:"+c.uuid()+":autoScalingGroupName/"+name), name: name, at: at}
			g.at.authorize = nil
			if err := c.readMachines(at, g, r, "CreateAutoScalingGroup"); err != nil {
				return "", nil, err
			}
			if find(at, name) != nil {
				return "", nil, wire.Errorf("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
			}
			c.machineGroups[groupID(at, name)] = g
			c.fill(g)
			return name, map[string]string{"AutoScalingGroupARN": g.arn}, nil
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			g := find(at, id)
			if g == nil {
				return nil, wire.Errorf("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup %s not found", id)
			}
			next := *g
			if err := c.readMachines(at, &next, r, "UpdateAutoScalingGroup"); err != nil {
				return nil, err
			}
			if next.template != g.template || next.version != g.version {
				for _, action := range []string{"SuspendProcesses", "ResumeProcesses", "TerminateInstanceInAutoScalingGroup"} {
					if err := at.allow("autoscaling:"+action, groupID(at, id), keysOf(g.tags, "autoscaling")); err != nil {
						return nil, err
					}
				}
			}
			*g = next
			c.fill(g)
			c.roll(g)
			c.shrink(g)
			return map[string]string{"AutoScalingGroupARN": g.arn}, nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			g := find(at, id)
			if g == nil {
				return nil
			}
			if err := at.allow("autoscaling:DeleteAutoScalingGroup", groupID(at, id), keysOf(g.tags, "autoscaling")); err != nil {
				return err
			}
			g.closing = true
			for _, m := range slices.Clone(g.machines) {
				c.dropMachine(g, m)
			}
			delete(c.machineGroups, groupID(at, id))
			return nil
		},
		ready: func(at site, id string, _ wire.Request) (bool, error) {
			g := find(at, id)
			if g == nil {
				return false, wire.Errorf("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup %s not found", id)
			}
			return !slices.ContainsFunc(g.machines, func(m *groupMachine) bool { return !m.running || m.leaving || m.version != g.version }), nil
		},
	}
}

// readMachines reads a template's properties over a group, and asks for what they
// need.
func (c *Cluster) readMachines(at site, g *machineGroup, r wire.Request, action string) error {
	in, tags := tree(r.Properties), map[string]string{}
	launched := map[string]string{}
	for _, t := range in.items("Tags") {
		tags[t.str("Key")] = t.str("Value")
		if !t.has("PropagateAtLaunch") {
			return wire.Errorf("ValidationError", "PropagateAtLaunch is required for the tag %s", t.str("Key"))
		}
		if t.flag("PropagateAtLaunch", false) {
			launched[t.str("Key")] = t.str("Value")
		}
	}
	if err := at.allow("autoscaling:"+action, groupID(at, g.name), withRequestTags(keysOf(g.tags, "autoscaling"), tags)); err != nil {
		return err
	}
	if !maps.Equal(tags, g.tags) {
		if err := at.allow("autoscaling:CreateOrUpdateTags", groupID(at, g.name), withRequestTags(keysOf(g.tags, "autoscaling"), tags)); err != nil {
			return err
		}
	}
	low, high := in.num("MinSize", -1), in.num("MaxSize", -1)
	if low < 0 || high < low {
		return wire.Errorf("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", high, low)
	}
	if err := c.machines.MayStart(r); err != nil {
		return err
	}
	from := in.node("LaunchTemplate")
	g.low, g.high, g.tags, g.launched = low, high, tags, launched
	g.desired = min(max(in.num("DesiredCapacity", g.desired), low), high)
	g.template, g.version = from.str("LaunchTemplateId"), from.str("Version")
	g.subnets, g.protected = in.strs("VPCZoneIdentifier"), in.flag("NewInstancesProtectedFromScaleIn", false)
	return nil
}

// shrink lets machines go that are more than the group may have.
func (c *Cluster) shrink(g *machineGroup) {
	if extra := g.staying(); len(extra) > g.high {
		for _, m := range extra[g.high:] {
			c.leave(g, m)
		}
	}
}

// capacityPlace is a capacity provider: what makes an auto scaling group as
// large as tasks need.
type capacityPlace struct {
	arn, name string
	group     *machineGroup
	spec      tree
	tags      map[string]string
}

func providerARN(at site, name string) string { return at.arn("ecs", "capacity-provider/"+name) }

func (p *capacityPlace) scaling() bool {
	return p.spec.node("ManagedScaling").str("Status") == "ENABLED"
}

// capacityPlaces is AWS::ECS::CapacityProvider.
func (c *Cluster) capacityPlaces() *provider {
	return &provider{
		c: c,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			in, tags := tree(r.Properties), stackTags(r)
			p := &capacityPlace{arn: providerARN(at, in.str("Name")), name: in.str("Name"), tags: tags}
			if err := at.allow("ecs:CreateCapacityProvider", p.arn, withRequestTags(map[string][]string{}, tags)); err != nil {
				return "", nil, err
			}
			if err := allowTagging(at, p.arn, "CreateCapacityProvider", tags); err != nil {
				return "", nil, err
			}
			if err := c.readPlace(at, p, in); err != nil {
				return "", nil, err
			}
			if c.providers[p.arn] != nil {
				return "", nil, wire.Errorf("AlreadyExists", "A capacity provider with the name %s already exists", p.name)
			}
			c.providers[p.arn] = p
			return p.name, nil, nil
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			p := c.providers[providerARN(at, id)]
			if p == nil {
				return nil, wire.Errorf("ClientException", "The specified capacity provider %s was not found.", id)
			}
			if err := at.allow("ecs:UpdateCapacityProvider", p.arn, keysOf(p.tags, "ecs")); err != nil {
				return nil, err
			}
			return nil, c.readPlace(at, p, tree(r.Properties))
		},
		remove: func(at site, id string, _ wire.Request) error {
			p := c.providers[providerARN(at, id)]
			if p == nil {
				return nil
			}
			if err := at.allow("ecs:DeleteCapacityProvider", p.arn, keysOf(p.tags, "ecs")); err != nil {
				return err
			}
			for _, k := range c.clusters {
				if !k.inactive && slices.Contains(k.spec.strs("capacityProviders"), id) {
					return wire.Errorf("ClientException", "The capacity provider cannot be deleted because it is associated with cluster: %s. Remove the capacity provider from the cluster and try again.", k.name)
				}
			}
			delete(c.providers, p.arn)
			return nil
		},
	}
}

// readPlace holds what CreateCapacityProvider refuses (Amazon ECS API
// Reference, AutoScalingGroupProvider).
func (c *Cluster) readPlace(at site, p *capacityPlace, in tree) error {
	spec := in.node("AutoScalingGroupProvider")
	name := spec.str("AutoScalingGroupArn")
	if _, rest, ok := strings.Cut(name, "autoScalingGroupName/"); ok {
		name = rest
	}
	g := c.machineGroups[groupID(at, name)]
	switch {
	case strings.HasPrefix(p.name, "aws") || strings.HasPrefix(p.name, "ecs") || strings.HasPrefix(p.name, "fargate"):
		return wire.Errorf("ClientException", "The specified capacity provider name is invalid. Up to 255 characters are allowed, and the name cannot be prefixed with aws, ecs, or fargate.")
	case g == nil:
		return wire.Errorf("ClientException", "The specified Auto Scaling group ARN is not valid. Specify a valid Auto Scaling group ARN and try again.")
	case spec.str("ManagedTerminationProtection") == "ENABLED" && spec.node("ManagedScaling").str("Status") != "ENABLED":
		return wire.Errorf("ClientException", "The managed termination protection setting for the capacity provider is invalid. Managed scaling must be enabled.")
	case spec.str("ManagedTerminationProtection") == "ENABLED" && !g.protected:
		return wire.Errorf("ClientException", "The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled.")
	}
	if err := at.allow("autoscaling:CreateOrUpdateTags", groupID(at, name), keysOf(g.tags, "autoscaling")); err != nil {
		return err
	}
	p.spec, p.group = spec, g
	return nil
}

// placeOf is the capacity provider that a call names, where it is one of
// machines; it must belong to the cluster.
func (c *Cluster) placeOf(k *ecsCluster, in tree) (string, error) {
	for _, p := range in.items("capacityProviderStrategy") {
		name := p.str("capacityProvider")
		if name == "FARGATE" || name == "FARGATE_SPOT" {
			continue
		}
		if !slices.Contains(k.spec.strs("capacityProviders"), name) {
			return "", wire.Errorf("InvalidParameterException", "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.")
		}
		return name, nil
	}
	return "", nil
}
