package cluster

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Occupied says whether tasks or load balancers have a network interface in a
// subnet, or one with a security group, by its id: EC2 deletes neither then.
func (c *Cluster) Occupied(id string) bool {
	unlock, err := c.enter()
	if err != nil {
		return false
	}
	defer unlock()
	for _, t := range c.tasks {
		v := t.network.node("awsvpcConfiguration")
		if t.status != stopped && (slices.Contains(v.strs("subnets"), id) || slices.Contains(v.strs("securityGroups"), id)) {
			return true
		}
	}
	for _, lb := range c.balancers {
		if slices.Contains(lb.subnets, id) || slices.Contains(lb.groups, id) {
			return true
		}
	}
	return false
}

// certificatesProvider is AWS::ElasticLoadBalancingV2::ListenerCertificate:
// certificates that a listener has beside its default one.
func (c *Cluster) certificatesProvider() *provider {
	arns := func(in tree) []string {
		var out []string
		for _, m := range in.items("Certificates") {
			out = append(out, m.str("CertificateArn"))
		}
		return out
	}
	change := func(at site, in, was tree) error {
		l := c.listeners[in.str("ListenerArn")]
		if l == nil {
			return wire.Errorf("ListenerNotFound", "Listener '%s' not found", in.str("ListenerArn"))
		}
		if l.spec.str("Protocol") != "HTTPS" {
			return wire.Errorf("ValidationError", "Certificates can only be added to HTTPS listeners")
		}
		want, had := arns(in), arns(was)
		for _, x := range []struct {
			action string
			needed bool
		}{
			{"AddListenerCertificates", slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(had, s) })},
			{"RemoveListenerCertificates", slices.ContainsFunc(had, func(s string) bool { return !slices.Contains(want, s) })},
		} {
			if x.needed {
				if err := allowELB(at, x.action, l.arn, l.tags, nil); err != nil {
					return err
				}
			}
		}
		rest := slices.DeleteFunc(slices.Clone(l.more), func(s string) bool { return slices.Contains(had, s) })
		if len(rest)+len(want) > maxMoreCertificates {
			return wire.Errorf("TooManyCertificates", "The maximum number of certificates has been reached")
		}
		l.more = slices.Concat(rest, want)
		return nil
	}
	return &provider{
		c: c,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			id := r.StackName + "-" + r.LogicalID + "-" + c.id()[:12]
			return id, map[string]string{"Id": id}, change(at, tree(r.Properties), nil)
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			return map[string]string{"Id": id}, change(at, tree(r.Properties), tree(r.Old))
		},
		remove: func(at site, _ string, r wire.Request) error {
			in := tree(r.Properties)
			if c.listeners[in.str("ListenerArn")] == nil {
				return nil
			}
			return change(at, tree{"ListenerArn": in.str("ListenerArn")}, in)
		},
	}
}

// maxMoreCertificates is how many a load balancer has beside the default ones.
const maxMoreCertificates = 25

// capacityProvider is AWS::ECS::ClusterCapacityProviderAssociations.
func (c *Cluster) capacityProvider() *provider {
	put := func(at site, in tree) error {
		k, err := c.clusterOf(at, in.str("Cluster"))
		if err != nil {
			return err
		}
		if err := at.allow("ecs:PutClusterCapacityProviders", k.arn, clusterKeys(k.arn, k.tags)); err != nil {
			return err
		}
		known := in.strs("CapacityProviders")
		for _, s := range c.services {
			if s.cluster == k && s.status == "ACTIVE" && s.provider != "" && !slices.Contains(known, s.provider) {
				return wire.Errorf("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.")
			}
		}
		for _, name := range known {
			if name != "FARGATE" && name != "FARGATE_SPOT" && c.providers[providerARN(at, name)] == nil {
				return wire.Errorf("InvalidParameterException", "The specified capacity provider %s was not found.", name)
			}
		}
		for _, m := range in.items("DefaultCapacityProviderStrategy") {
			if !slices.Contains(known, m.str("CapacityProvider")) {
				return wire.Errorf("InvalidParameterException", "The specified capacity provider strategy contains a capacity provider that is not associated with the cluster.")
			}
		}
		k.spec = asTree(normal(map[string]any(k.spec)))
		k.spec["capacityProviders"] = anys(known)
		return nil
	}
	return &provider{
		c: c,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			in := tree(r.Properties)
			return in.str("Cluster"), nil, put(at, in)
		},
		update: func(at site, _ string, r wire.Request) (map[string]string, error) {
			return nil, put(at, tree(r.Properties))
		},
		remove: func(at site, id string, _ wire.Request) error {
			if _, err := c.clusterOf(at, id); err != nil {
				return nil //nolint:nilerr // a cluster that is gone has none left
			}
			return put(at, tree{"Cluster": id})
		},
	}
}
