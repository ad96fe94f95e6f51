package cluster

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// scalableProvider is AWS::ApplicationAutoScaling::ScalableTarget.
func (c *Cluster) scalableProvider() *provider {
	put := func(at site, r wire.Request) (*scaled, error) {
		if err := at.allow("application-autoscaling:DescribeScalableTargets", "*", nil); err != nil {
			return nil, err
		}
		return c.registerScaled(at, tree(r.Properties), stackTags(r))
	}
	return &provider{
		c:    c,
		read: c.readScaled,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			if c.scaledAt(at, tree(r.Properties).str("ResourceId")) != nil {
				return "", nil, wire.Errorf("AlreadyExists", "%s already exists", tree(r.Properties).str("ResourceId"))
			}
			x, err := put(at, r)
			if err != nil {
				return "", nil, err
			}
			return x.ref(), map[string]string{"Id": x.ref()}, nil
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			_, err := put(at, r)
			return map[string]string{"Id": id}, err
		},
		remove: func(at site, id string, _ wire.Request) error {
			resource, _, _ := strings.Cut(id, "|")
			return c.deregisterScaled(at, resource)
		},
	}
}

// policyProvider is AWS::ApplicationAutoScaling::ScalingPolicy.
func (c *Cluster) policyProvider() *provider {
	return &provider{
		c:    c,
		read: c.readPolicy,
		create: func(at site, r wire.Request) (string, map[string]string, error) {
			p, err := c.putPolicy(at, tree(r.Properties))
			if err != nil {
				return "", nil, err
			}
			return p.arn, map[string]string{"Arn": p.arn}, nil
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			_, err := c.putPolicy(at, tree(r.Properties))
			return map[string]string{"Arn": id}, err
		},
		remove: func(at site, id string, _ wire.Request) error { return c.deletePolicy(at, id) },
	}
}
