package cluster

import (
	"maps"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) clusterProvider() *provider {
	return &provider{
		c:    c,
		read: c.readCluster,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			in, tags := asTree(lowerKeys(r.Properties)), stackTags(r)
			name := in.str("clusterName")
			if name == "" {
				name = c.generated(r, 255)
			}
			arn := clusterARN(at, name)
			if err := at.allow("ecs:CreateCluster", arn, withRequestTags(map[string][]string{}, tags)); err != nil {
				return "", nil, err
			}
			if err := allowTagging(at, arn, "CreateCluster", tags); err != nil {
				return "", nil, err
			}
			if k := c.clusters[arn]; k != nil && !k.inactive {
				return "", nil, wire.Errorf("AlreadyExists", "%s already exists", name)
			}
			c.addCluster(at, name, in, tags)
			return name, map[string]string{"Arn": arn}, nil
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			k, err := c.clusterOf(at, id)
			if err != nil {
				return nil, err
			}
			if err := at.allow("ecs:UpdateCluster", k.arn, keysOf(k.tags, "ecs")); err != nil {
				return nil, err
			}
			k.spec, k.tags = asTree(lowerKeys(r.Properties)), stackTags(r)
			return map[string]string{"Arn": k.arn}, nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			k := c.clusters[clusterARN(at, id)]
			if k == nil || k.inactive {
				return nil
			}
			if err := at.allow("ecs:DeleteCluster", k.arn, keysOf(k.tags, "ecs")); err != nil {
				return err
			}
			return c.removeCluster(k)
		},
	}
}

func (c *Cluster) removeCluster(k *ecsCluster) error {
	for _, s := range c.services {
		if s.cluster == k && s.status == "ACTIVE" {
			return wire.Errorf("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
		}
	}
	for _, t := range c.tasks {
		if t.cluster == k && t.status != stopped {
			return wire.Errorf("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
		}
	}
	if len(c.instancesOf(k)) > 0 {
		return wire.Errorf("ClusterContainsContainerInstancesException", "The Cluster cannot be deleted while Container Instances are active or draining.")
	}
	k.inactive = true
	return nil
}

func (c *Cluster) definitionProvider() *provider {
	return &provider{
		c:    c,
		read: c.readDefinition,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			spec := normalSpec(asTree(lowerKeys(r.Properties)))
			if spec.str("family") == "" {
				spec["family"] = c.generated(r, 255)
			}
			d, err := c.register(at, spec, stackTags(r))
			if err != nil {
				return "", nil, err
			}
			return d.arn, map[string]string{"TaskDefinitionArn": d.arn}, nil
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			d := c.definition(at, id)
			if d == nil {
				return nil, wire.Errorf("ClientException", "Unable to describe task definition.")
			}
			if err := at.allow("ecs:TagResource", d.arn, withRequestTags(keysOf(d.tags, "ecs"), stackTags(r))); err != nil {
				return nil, err
			}
			d.tags = stackTags(r)
			return map[string]string{"TaskDefinitionArn": d.arn}, nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			if err := at.allow("ecs:DeregisterTaskDefinition", "*", nil); err != nil {
				return err
			}
			if d := c.definition(at, id); d != nil {
				c.deregister(d)
			}
			return nil
		},
	}
}

func (c *Cluster) serviceProvider() *provider {
	return &provider{
		c:    c,
		read: c.readService,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			in := serviceInput(r)
			if in.str("serviceName") == "" {
				in["serviceName"] = c.generated(r, 255)
			}
			s, err := c.createService(at, in, stackTags(r))
			if err != nil {
				return "", nil, err
			}
			return s.arn, s.attributes(), nil
		},
		update: c.updateFromStack,
		remove: func(at site, id string, _ wire.Request) error {
			s := c.services[id]
			if s == nil {
				return nil
			}
			if err := at.allow("ecs:DeleteService", s.arn, clusterKeys(s.cluster.arn, s.tags)); err != nil {
				return err
			}
			c.drain(s)
			return nil
		},
		ready: c.steadyForStack,
		gone: func(_ site, id string, _ wire.Request) bool {
			s := c.services[id]
			return s == nil || s.status == "INACTIVE"
		},
	}
}

func (s *service) attributes() map[string]string {
	return map[string]string{"Name": s.name, "ServiceArn": s.arn}
}

// serviceInput is a template's service in the API's words.
func serviceInput(r wire.Request) tree {
	in := asTree(lowerKeys(r.Properties))
	if f := in.node("forceNewDeployment"); f != nil {
		in["forceNewDeployment"] = f.flag("enableForceNewDeployment", false)
	}
	return in
}

// updateFromStack passes on what the template says; a service whose template
// stopped naming something keeps it, as with UpdateService, except for lists.
func (c *Cluster) updateFromStack(at site, id string, r wire.Request) (map[string]string, error) {
	s := c.services[id]
	if s == nil {
		return nil, wire.Errorf("ServiceNotFoundException", "Service not found.")
	}
	if err := at.allow("ecs:UpdateService", s.arn, clusterKeys(s.cluster.arn, s.tags)); err != nil {
		return nil, err
	}
	in := serviceInput(r)
	if _, had := r.Old["LoadBalancers"]; had && !in.has("loadBalancers") {
		in["loadBalancers"] = []any{}
	}
	tags := stackTags(r)
	if !maps.Equal(tags, s.tags) {
		if err := at.allow("ecs:TagResource", s.arn, withRequestTags(clusterKeys(s.cluster.arn, s.tags), tags)); err != nil {
			return nil, err
		}
	}
	if err := c.updateService(at, s, in); err != nil {
		return nil, err
	}
	s.tags = tags
	return s.attributes(), nil
}

// steadyForStack is how CloudFormation waits for a service.
func (c *Cluster) steadyForStack(at site, id string, _ wire.Request) (bool, error) {
	s := c.services[id]
	if s == nil {
		return false, wire.Errorf("ServiceNotFoundException", "Service not found.")
	}
	if err := at.allow("ecs:DescribeServices", s.arn, clusterKeys(s.cluster.arn, s.tags)); err != nil {
		return false, err
	}
	if s.tripped {
		return false, &handlerFailure{
			message: "Error occurred during operation '" + s.failure + "'.",
			token:   c.uuid(), code: "GeneralServiceException",
		}
	}
	run, pend := c.count(s, nil)
	return len(s.deployments) == 1 && s.primary().state == "COMPLETED" && run == s.desired && pend == 0, nil
}
