package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func serviceARN(at site, cluster, ref string) string {
	if strings.HasPrefix(ref, "arn:") {
		return ref
	}
	return at.arn("ecs", "service/"+cluster+"/"+ref)
}

// serviceFor authorizes an action on a service and finds it.
func (c *Cluster) serviceFor(at site, clusterRef, ref, action string) (*service, error) {
	home := clusterARN(at, clusterRef)
	arn := serviceARN(at, tail(home, "cluster"), ref)
	s := c.services[arn]
	tags := map[string]string{}
	if s != nil {
		tags = s.tags
	}
	if err := at.allow(action, arn, clusterKeys(home, tags)); err != nil {
		return nil, err
	}
	k, err := c.clusterOf(at, clusterRef)
	if err != nil {
		return nil, err
	}
	if s == nil || s.cluster != k {
		return nil, wire.Errorf("ServiceNotFoundException", "Service not found.")
	}
	return s, nil
}

func (c *Cluster) listServices(at site, in tree) (tree, error) {
	arn := clusterARN(at, in.str("cluster"))
	if err := at.allow("ecs:ListServices", "*", map[string][]string{"ecs:cluster": {arn}}); err != nil {
		return nil, err
	}
	k, err := c.clusterOf(at, in.str("cluster"))
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, a := range slices.Sorted(maps.Keys(c.services)) {
		s := c.services[a]
		if s.cluster == k && s.status != "INACTIVE" && (!in.has("launchType") || in.str("launchType") == s.launchType) {
			arns = append(arns, a)
		}
	}
	limit := in.num("maxResults", 10)
	if limit < 1 || limit > 100 {
		return nil, wire.Errorf("InvalidParameterException", "maxResults must be between 1 and 100")
	}
	part, next, err := page(arns, in.str("nextToken"), limit, "services "+k.arn)
	if err != nil {
		return nil, err
	}
	return tree{"serviceArns": anys(part)}.put("nextToken", next), nil
}

// maxServices is how many services DescribeServices takes.
const maxServices = 10

func (c *Cluster) describeServices(at site, in tree) (tree, error) {
	refs := in.strs("services")
	switch {
	case len(refs) == 0:
		return nil, wire.Errorf("InvalidParameterException", "Services cannot be empty.")
	case len(refs) > maxServices:
		return nil, wire.Errorf("InvalidParameterException", "Services cannot be more than %d.", maxServices)
	}
	found, failures := []any{}, []any{}
	for _, ref := range refs {
		s, err := c.serviceFor(at, in.str("cluster"), ref, "ecs:DescribeServices")
		if coded(err, "ServiceNotFoundException") {
			home := clusterARN(at, in.str("cluster"))
			failures = append(failures, map[string]any{"arn": serviceARN(at, tail(home, "cluster"), ref), "reason": "MISSING"})
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, c.describeService(s, slices.Contains(in.strs("include"), "TAGS")))
	}
	return tree{"services": found, "failures": failures}, nil
}

func (c *Cluster) describeService(s *service, withTags bool) map[string]any {
	run, pend := c.count(s, nil)
	d := tree{
		"serviceArn": s.arn, "serviceName": s.name, "clusterArn": s.cluster.arn, "status": s.status,
		"desiredCount": s.desired, "runningCount": run, "pendingCount": pend, "launchType": s.launchType,
		"platformVersion": s.platform, "platformFamily": "Linux", "taskDefinition": s.def.arn,
		"deploymentConfiguration": s.configuration(), "deploymentController": map[string]any{"type": "ECS"},
		"schedulingStrategy": "REPLICA", "createdAt": s.created, "createdBy": s.by,
		"enableECSManagedTags": false, "enableExecuteCommand": s.exec, "propagateTags": s.propagate,
		"healthCheckGracePeriodSeconds": s.grace, "networkConfiguration": map[string]any(s.network),
		"placementConstraints": []any{}, "placementStrategy": []any{}, "serviceRegistries": []any{},
		"availabilityZoneRebalancing": "DISABLED",
	}
	if s.provider != "" {
		delete(d, "launchType")
		d["capacityProviderStrategy"] = []any{map[string]any{"capacityProvider": s.provider, "weight": 1, "base": 0}}
	}
	balancing, deployments, events := []any{}, []any{}, []any{}
	for _, b := range s.balancing {
		balancing = append(balancing, b.describe())
	}
	for _, p := range s.deployments {
		deployments = append(deployments, c.describeDeployment(s, p))
	}
	for _, e := range s.events {
		events = append(events, map[string]any{"id": e.id, "createdAt": e.at, "message": e.text})
	}
	d["loadBalancers"], d["deployments"], d["events"] = balancing, deployments, events
	if r := s.history[0]; r.finished.IsZero() {
		d["currentServiceDeployment"] = r.arn
	}
	if withTags {
		d["tags"] = tagsOut(s.tags, "key", "value")
	}
	return d
}

func (s *service) configuration() map[string]any {
	out := map[string]any{
		"deploymentCircuitBreaker": s.breaker.describe(),
		"maximumPercent":           s.maximum, "minimumHealthyPercent": s.minimum,
	}
	s.shifts.describe(out)
	if len(s.alarms.names) > 0 {
		out["alarms"] = s.alarms.describe()
	}
	return out
}

func (c *Cluster) describeDeployment(s *service, d *deployment) map[string]any {
	run, pend := c.count(s, d)
	desired := s.desired
	if d != s.primary() {
		desired = run + pend // what the scheduler still keeps of an old deployment
	}
	return map[string]any{
		"id": d.id, "status": d.status, "taskDefinition": d.def.arn, "desiredCount": desired,
		"runningCount": run, "pendingCount": pend, "failedTasks": d.failed, "createdAt": d.created,
		"updatedAt": d.updated, "launchType": s.launchType, "platformVersion": s.platform, "platformFamily": "Linux",
		"networkConfiguration": map[string]any(d.network), "rolloutState": d.state, "rolloutStateReason": d.reason,
	}
}

// count is how many tasks run and how many are on their way, of a deployment
// or (nil) of the whole service.
func (c *Cluster) count(s *service, d *deployment) (run, pend int) {
	for _, t := range c.tasks {
		switch {
		case t.svc != s || d != nil && t.dep != d:
		case t.status == running:
			run++
		case t.pending():
			pend++
		}
	}
	return run, pend
}

func (c *Cluster) updateServiceCall(at site, in tree) (tree, error) {
	s, err := c.serviceFor(at, in.str("cluster"), in.str("service"), "ecs:UpdateService")
	if err != nil {
		return nil, err
	}
	if err := c.updateService(at, s, in); err != nil {
		return nil, err
	}
	return tree{"service": c.describeService(s, false)}, nil
}

// maxDeployments is how many ListServiceDeployments answers at once.
const maxDeployments = 100

func (c *Cluster) listServiceDeployments(at site, in tree) (tree, error) {
	s, err := c.serviceFor(at, in.str("cluster"), in.str("service"), "ecs:ListServiceDeployments")
	if err != nil {
		return nil, err
	}
	var list []*rollout
	for _, r := range s.history {
		if want := in.strs("status"); len(want) == 0 || slices.Contains(want, r.status) {
			list = append(list, r)
		}
	}
	part, next, err := page(list, in.str("nextToken"), min(in.num("maxResults", 20), maxDeployments), "deployments "+s.arn)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, r := range part {
		d := tree{
			"serviceDeploymentArn": r.arn, "serviceArn": s.arn, "clusterArn": s.cluster.arn, "startedAt": r.created,
			"createdAt": r.created, "targetServiceRevisionArn": r.revision, "status": r.status,
		}.put("statusReason", r.reason)
		if !r.finished.IsZero() {
			d["finishedAt"] = r.finished
		}
		out = append(out, plain(d))
	}
	return tree{"serviceDeployments": out}.put("nextToken", next), nil
}

func (c *Cluster) describeServiceDeployments(at site, in tree) (tree, error) {
	out, failures := []any{}, []any{}
	for _, arn := range in.strs("serviceDeploymentArns") {
		s, r := c.rolloutOf(arn)
		tags := map[string]string{}
		if s != nil {
			tags = s.tags
		}
		if err := at.allow("ecs:DescribeServiceDeployments", arn, keysOf(tags, "ecs")); err != nil {
			return nil, err
		}
		if r == nil {
			failures = append(failures, map[string]any{"arn": arn, "reason": "MISSING"})
			continue
		}
		out = append(out, c.describeRollout(s, r))
	}
	return tree{"serviceDeployments": out, "failures": failures}, nil
}

func (c *Cluster) rolloutOf(arn string) (*service, *rollout) {
	for _, s := range c.services {
		for _, r := range s.history {
			if r.arn == arn {
				return s, r
			}
		}
	}
	return nil, nil
}

func (c *Cluster) describeRollout(s *service, r *rollout) map[string]any {
	run, pend := c.count(s, r.dep)
	status := "DISABLED"
	switch {
	case s.breaker.enable && r.tripped:
		status = "TRIGGERED"
	case s.breaker.enable && r.finished.IsZero():
		status = "MONITORING"
	case s.breaker.enable:
		status = "MONITORING_COMPLETE"
	}
	d := tree{
		"serviceDeploymentArn": r.arn, "serviceArn": s.arn, "clusterArn": s.cluster.arn, "createdAt": r.created,
		"startedAt": r.created, "updatedAt": r.updated, "status": r.status,
		"sourceServiceRevisions": []any{},
		"targetServiceRevision": map[string]any{
			"arn": r.revision, "requestedTaskCount": r.desired, "runningTaskCount": run, "pendingTaskCount": pend,
		},
		"deploymentConfiguration":  s.configuration(),
		"deploymentCircuitBreaker": map[string]any{"status": status, "failureCount": r.dep.failed, "threshold": s.breaker.threshold(s.desired)},
	}.put("statusReason", r.reason)
	c.describeShift(s, r, d)
	if r.source != "" {
		d["sourceServiceRevisions"] = []any{map[string]any{"arn": r.source}}
	}
	if !r.finished.IsZero() {
		d["finishedAt"] = r.finished
	}
	if r.rollbackTo != "" {
		d["rollback"] = map[string]any{
			"reason": r.why, "serviceRevisionArn": r.rollbackTo,
		}
	}
	return d
}
