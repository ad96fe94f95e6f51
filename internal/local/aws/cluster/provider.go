package cluster

import (
	"context"
	"errors"
	"math/big"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// provider is a CloudFormation resource type as functions that run under the
// cluster's lock.
type provider struct {
	c      *Cluster
	create func(at site, r wire.Request) (id string, attrs map[string]string, err error)
	update func(at site, id string, r wire.Request) (map[string]string, error)
	remove func(at site, id string, r wire.Request) error
	ready  func(at site, id string, r wire.Request) (bool, error) // nil: at once
	gone   func(at site, id string, r wire.Request) bool          // nil: at once
	taken  func(at site, in tree) (name string, taken bool)       // nil: never
	read   func(at site, id string, in tree) (tree, error)        // nil: not at all; errGone: it is gone
}

// Providers are the resource types that the cluster gives to CloudFormation.
// Each is also wire.Vanishing, which tells after Delete whether the resource
// has really gone; a service drains first.
func (c *Cluster) Providers() map[string]wire.Resource {
	return map[string]wire.Resource{
		"AWS::ECS::Cluster":                                c.clusterProvider(),
		"AWS::ECS::ClusterCapacityProviderAssociations":    c.capacityProvider(),
		"AWS::ElasticLoadBalancingV2::ListenerCertificate": c.certificatesProvider(),
		"AWS::ECS::Service":                                c.serviceProvider(),
		"AWS::ECS::CapacityProvider":                       c.capacityPlaces(),
		"AWS::AutoScaling::AutoScalingGroup":               c.groupOfMachines(),
		"AWS::ECS::TaskDefinition":                         c.definitionProvider(),
		"AWS::ElasticLoadBalancingV2::LoadBalancer":        c.balancerProvider(),
		"AWS::ElasticLoadBalancingV2::Listener":            c.listenerProvider(),
		"AWS::ElasticLoadBalancingV2::ListenerRule":        c.ruleProvider(),
		"AWS::ElasticLoadBalancingV2::TargetGroup":         c.groupProvider(),
		"AWS::Logs::LogGroup":                              c.logGroupProvider(),
		"AWS::ApplicationAutoScaling::ScalableTarget":      c.scalableProvider(),
		"AWS::ApplicationAutoScaling::ScalingPolicy":       c.policyProvider(),
	}
}

var (
	_ wire.Resource  = (*provider)(nil)
	_ wire.Vanishing = (*provider)(nil)
	_ wire.Named     = (*provider)(nil)
	_ wire.Readable  = (*provider)(nil)
)

// Create makes the resource.
func (p *provider) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	unlock, err := p.c.enter()
	if err != nil {
		return "", nil, err
	}
	defer unlock()
	return p.create(siteOfStack(r), r)
}

// Taken tells whether there is one of that name.
func (p *provider) Taken(_ context.Context, r wire.Request) (name string, taken bool) {
	unlock, err := p.c.enter()
	if err != nil || p.taken == nil {
		if err == nil {
			unlock()
		}
		return "", false
	}
	defer unlock()
	return p.taken(siteOfStack(r), r.Properties)
}

// Update changes it in place.
func (p *provider) Update(_ context.Context, id string, r wire.Request) (map[string]string, error) {
	unlock, err := p.c.enter()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return p.update(siteOfStack(r), id, r)
}

// Delete removes it, or begins to; Gone tells when it is done.
func (p *provider) Delete(_ context.Context, id string, r wire.Request) error {
	unlock, err := p.c.enter()
	if err != nil {
		return err
	}
	defer unlock()
	return p.remove(siteOfStack(r), id, r)
}

// Ready tells whether it is stable.
func (p *provider) Ready(_ context.Context, id string, r wire.Request) (bool, error) {
	unlock, err := p.c.enter()
	if err != nil {
		return false, err
	}
	defer unlock()
	if p.ready == nil {
		return true, nil
	}
	return p.ready(siteOfStack(r), id, r)
}

// Gone tells whether a deleted resource has gone.
func (p *provider) Gone(_ context.Context, id string, r wire.Request) (bool, error) {
	unlock, err := p.c.enter()
	if err != nil {
		return false, err
	}
	defer unlock()
	return p.gone == nil || p.gone(siteOfStack(r), id, r), nil
}

// errGone says that a resource that is to be read is gone.
var errGone = errors.New("gone")

// Read answers the properties as they are.
func (p *provider) Read(_ context.Context, id string, r wire.Request) (map[string]any, bool, error) {
	unlock, err := p.c.enter()
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	if p.read == nil {
		return nil, true, nil
	}
	props, err := p.read(siteOfStack(r), id, r.Properties)
	if errors.Is(err, errGone) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	out, _ := snapshot(props).(map[string]any)
	return out, true, nil
}

// suffixLength is how many characters CloudFormation puts behind a name that
// it makes.
const suffixLength = 12

// generated is a name of CloudFormation's making, {stack}-{logical id}-{suffix},
// its first two parts shortened where it would be longer than limit.
func (c *Cluster) generated(r wire.Request, limit int) string {
	n, _ := new(big.Int).SetString(c.id(), 16)
	suffix := "000000000000" + n.Text(62)
	suffix = suffix[len(suffix)-suffixLength:]
	stack, logical := r.StackName, r.LogicalID
	room := limit - suffixLength - 2
	if len(stack)+len(logical) > room {
		logical = logical[:min(len(logical), max(room/2, room-len(stack)))]
		stack = stack[:min(len(stack), room-len(logical))]
	}
	return stack + "-" + logical + "-" + suffix
}

// handlerFailure is the reason of a resource that failed to stabilise, in the
// words of CloudFormation's resource handlers.
type handlerFailure struct{ message, token, code string }

func (f *handlerFailure) Error() string {
	return `Resource handler returned message: "` + f.message + `" (RequestToken: ` + f.token + `, HandlerErrorCode: ` + f.code + `)`
}
