package cluster

import (
	"reflect"
	"regexp"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var serviceName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// createService is CreateService in the API's member names.
func (c *Cluster) createService(at site, in tree, tags map[string]string) (*service, error) {
	name, home := in.str("serviceName"), clusterARN(at, in.str("cluster"))
	arn := serviceARN(at, tail(home, "cluster"), name)
	keys := withRequestTags(map[string][]string{"ecs:cluster": {home}}, tags)
	if err := at.allow("ecs:CreateService", arn, keys); err != nil {
		return nil, err
	}
	if err := allowTagging(at, arn, "CreateService", tags); err != nil {
		return nil, err
	}
	k, err := c.clusterOf(at, in.str("cluster"))
	if err != nil {
		return nil, err
	}
	if !serviceName.MatchString(name) {
		return nil, wire.Errorf("InvalidParameterException", "Invalid identifier: Identifier must contain only letters, numbers, hyphens and underscores.")
	}
	if old := c.services[arn]; old != nil && old.status == "ACTIVE" {
		return nil, wire.Errorf("InvalidParameterException", "Creation of service was not idempotent.")
	} else if old != nil && old.status == "DRAINING" {
		return nil, wire.Errorf("InvalidParameterException", "Unable to Start a service that is still Draining.")
	}
	s := &service{
		arn: arn, name: name, at: at, cluster: k, status: "ACTIVE", tags: tags, by: at.principal, created: c.now,
		minimum: 100, maximum: 200, desired: 1, launchType: "EC2", breaker: breaker{kind: "BOUNDED_PERCENT", value: 50}, platform: "1.4.0", propagate: "NONE",
	}
	s.at.authorize = nil
	if in.has("launchType") {
		s.launchType = in.str("launchType")
	}
	for _, p := range in.items("capacityProviderStrategy") {
		if p.str("capacityProvider") == "FARGATE" || p.str("capacityProvider") == "FARGATE_SPOT" {
			s.launchType = "FARGATE"
		}
	}
	if s.provider, err = c.placeOf(k, in); err != nil {
		return nil, err
	}
	if _, err := c.change(at, s, in); err != nil {
		return nil, err
	}
	c.services[arn] = s
	c.deploy(s)
	return s, nil
}

// updateService is UpdateService: what is not in the call stays. Something
// that tasks are made of makes a new deployment, a count does not.
func (c *Cluster) updateService(at site, s *service, in tree) error {
	if s.status != "ACTIVE" {
		return wire.Errorf("ServiceNotActiveException", "Service was not ACTIVE.")
	}
	next := *s
	next.tripped = false
	replace, err := c.change(at, &next, in)
	if err != nil {
		return err
	}
	*s = next
	if replace || in.flag("forceNewDeployment", false) {
		c.deploy(s)
		return nil
	}
	s.history[0].desired = s.desired
	s.steady = false
	c.kick(s, c.speed.Scheduler)
	return nil
}

// change reads a call over a service; replace tells whether its tasks must be
// made anew.
func (c *Cluster) change(at site, s *service, in tree) (replace bool, err error) {
	before := *s
	if in.has("taskDefinition") || s.def == nil {
		if s.def, err = c.runnable(at, in.str("taskDefinition")); err != nil {
			return false, err
		}
	}
	if in.has("desiredCount") {
		if s.desired = in.num("desiredCount", -1); s.desired < 0 || s.desired > maxDesired {
			return false, wire.Errorf("InvalidParameterException", "desiredCount must not be negative or greater than %d", maxDesired)
		}
	}
	if in.has("networkConfiguration") {
		s.network = asTree(normal(in["networkConfiguration"]))
	}
	if in.has("loadBalancers") {
		s.balancing = nil
		for _, lb := range in.items("loadBalancers") {
			s.balancing = append(s.balancing, readBinding(lb))
		}
	}
	if err := s.configure(in); err != nil {
		return false, err
	}
	s.grace = in.num("healthCheckGracePeriodSeconds", s.grace)
	s.exec = in.flag("enableExecuteCommand", s.exec)
	if in.has("propagateTags") {
		s.propagate = in.str("propagateTags")
	}
	if err := c.checkService(at, s, in); err != nil {
		return false, err
	}
	same := before.def == s.def && reflect.DeepEqual(before.network, s.network) && reflect.DeepEqual(before.balancing, s.balancing)
	return !same, nil
}

func (c *Cluster) checkService(at site, s *service, in tree) error {
	if t := in.node("deploymentController").str("type"); t != "" && t != "ECS" {
		return wire.Errorf("InvalidParameterException", "the local AWS has no deployment controller %s", t)
	}
	if err := c.checkLaunch(s.def, s.launchType, s.network); err != nil {
		return err
	}
	if !s.shifts.rolling() && len(s.balancing) == 0 {
		return wire.Errorf("InvalidParameterException", "the local AWS shifts the traffic of load balancers alone")
	}
	for _, b := range s.balancing {
		if err := c.checkBinding(s, b); err != nil {
			return err
		}
		if err := c.checkShifted(at, s, b, in.has("loadBalancers")); err != nil {
			return err
		}
	}
	return nil
}

// maxDesired is ECS's quota of tasks per service.
const maxDesired = 5000

// checkLaunch is what RunTask and services share: where and in which network
// tasks of a definition may run.
func (c *Cluster) checkLaunch(def *taskDef, launchType string, network tree) error {
	compatible := false
	for _, r := range def.spec.strs("requiresCompatibilities") {
		compatible = compatible || r == "FARGATE"
	}
	if launchType == "FARGATE" && !compatible {
		return wire.Errorf("InvalidParameterException", "Task definition does not support launch_type FARGATE.")
	}
	vpc := network.node("awsvpcConfiguration")
	if def.spec.str("networkMode") != "awsvpc" {
		return nil
	}
	if len(vpc.strs("subnets")) == 0 {
		return wire.Errorf("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	home := ""
	for _, id := range vpc.strs("subnets") {
		in, _, ok := c.network.Subnet(id)
		if !ok {
			return wire.Errorf("InvalidParameterException", "Error retrieving subnet information for [%s]: The subnet ID '%s' does not exist (ErrorCode: InvalidSubnetID.NotFound)", id, id)
		}
		home = in
	}
	for _, id := range vpc.strs("securityGroups") {
		in, ok := c.network.SecurityGroup(id)
		if !ok {
			return wire.Errorf("InvalidParameterException", "Error retrieving security group information for [%s]: The security group '%s' does not exist (ErrorCode: InvalidGroup.NotFound)", id, id)
		}
		if in != home {
			return wire.Errorf("InvalidParameterException", "Security group %s does not appear to belong to the same VPC as the input subnets.", id)
		}
	}
	return nil
}

func (c *Cluster) checkBinding(s *service, b binding) error {
	g := c.targets[b.group]
	if g == nil {
		return wire.Errorf("InvalidParameterException", "Unable to find target group with ARN %s.", b.group)
	}
	if len(c.balancersOf(b.group)) == 0 {
		return wire.Errorf("InvalidParameterException", "The target group with targetGroupArn %s does not have an associated load balancer.", b.group)
	}
	if s.def.spec.str("networkMode") == "awsvpc" && g.spec.str("TargetType") != "ip" {
		return wire.Errorf("InvalidParameterException", "The provided target group %s has target type %s, which is incompatible with the awsvpc network mode specified in the task definition.", b.group, g.spec.str("TargetType"))
	}
	cd := s.def.container(b.container)
	if cd == nil {
		return wire.Errorf("InvalidParameterException", "The container %s does not exist in the task definition.", b.container)
	}
	if !(&container{spec: cd}).listens(b.port) {
		return wire.Errorf("InvalidParameterException", "The container %s did not have a container port %d defined.", b.container, b.port)
	}
	return nil
}

// drain ends a service: no tasks any more, then INACTIVE.
func (c *Cluster) drain(s *service) {
	if s.status != "ACTIVE" {
		return
	}
	s.status, s.desired = "DRAINING", 0
	s.history[0].finish(c.now, "STOPPED", "Service deployment stopped because the service was deleted.")
	c.kick(s, c.speed.Scheduler)
}
