package cluster

import (
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

const (
	rollingStrategy = "ROLLING"
	blueGreen       = "BLUE_GREEN"
	canary          = "CANARY"
	linear          = "LINEAR"

	// shifterService is the service principal that the role in an
	// advancedConfiguration must trust.
	shifterService = "ecs.amazonaws.com"

	maxBake  = 1440  // minutes (ECS API reference, CanaryConfiguration)
	maxPause = 20160 // minutes (ECS API reference, DeploymentLifecycleHookTimeoutConfiguration)
)

// shifts is how a service's deployments shift traffic. Times are minutes.
type shifts struct {
	strategy string
	bake     int
	canary   int // per cent
	step     int // per cent
	between  int // two shifts
	pauses   []pauseHook
}

// pauseHook is a lifecycle hook that waits for ContinueServiceDeployment.
type pauseHook struct {
	stages  []string
	timeout int    // minutes
	action  string // ROLLBACK, CONTINUE
}

func (x shifts) rolling() bool { return x.strategy == "" || x.strategy == rollingStrategy }

// targets are the per cent of the traffic that the new tasks have after each
// shift.
func (x shifts) targets() []int {
	switch x.strategy {
	case canary:
		return []int{x.canary, 100}
	case linear:
		var out []int
		for at := x.step; at < 100; at += x.step {
			out = append(out, at)
		}
		return append(out, 100)
	}
	return []int{100}
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}

// read takes over what a deployment configuration says of a strategy; what it
// leaves out of one that it names has its default.
func (x *shifts) read(conf tree) error {
	if !conf.has("strategy") {
		if x.strategy == "" {
			x.strategy = rollingStrategy
		}
		return nil
	}
	next := shifts{strategy: conf.str("strategy"), bake: conf.num("bakeTimeInMinutes", 0)}
	c, l := conf.node("canaryConfiguration"), conf.node("linearConfiguration")
	switch next.strategy {
	case rollingStrategy:
	case blueGreen:
		if !conf.has("bakeTimeInMinutes") {
			return invalid("bakeTimeInMinutes must be specified for the deployment strategy BLUE_GREEN.")
		}
	case canary:
		next.canary, next.between = c.num("canaryPercent", 5), c.num("canaryBakeTimeInMinutes", 10)
	case linear:
		next.step, next.between = l.num("stepPercent", 10), l.num("stepBakeTimeInMinutes", 6)
	default:
		return invalid("Invalid deployment strategy: %s", next.strategy)
	}
	if c != nil && next.strategy != canary || l != nil && next.strategy != linear {
		return invalid("The canary and linear configurations are only valid with their deployment strategy.")
	}
	if next.strategy != rollingStrategy && conf.node("deploymentCircuitBreaker").flag("enable", false) {
		return invalid("The deployment circuit breaker is only supported for the deployment strategy ROLLING.")
	}
	if err := next.bounds(); err != nil {
		return err
	}
	for _, h := range conf.items("lifecycleHooks") {
		p, err := readHook(h)
		if err != nil {
			return err
		}
		next.pauses = append(next.pauses, p)
	}
	*x = next
	return nil
}

// bounds are what the API reference says of CanaryConfiguration and
// LinearConfiguration.
func (x shifts) bounds() error {
	switch {
	case x.strategy == canary && (x.canary < 1 || x.canary > 100), x.strategy == linear && (x.step < 3 || x.step > 100):
		return invalid("The percentage of a traffic shift is out of range.")
	case x.bake < 0 || x.bake > maxBake || x.between < 0 || x.between > maxBake:
		return invalid("A bake time must be between 0 and %d minutes.", maxBake)
	}
	return nil
}

// readHook reads a lifecycle hook; there are no Lambda functions here.
func readHook(h tree) (pauseHook, error) {
	t := h.node("timeoutConfiguration")
	p := pauseHook{stages: h.strs("lifecycleStages"), timeout: t.num("timeoutInMinutes", maxBake), action: "ROLLBACK"}
	if t.has("action") {
		p.action = t.str("action")
	}
	switch {
	case h.str("targetType") != "PAUSE":
		return p, invalid("the local AWS has no lifecycle hooks of the type %s", h.str("targetType"))
	case len(p.stages) == 0:
		return p, invalid("lifecycleStages must not be empty.")
	case slices.Contains(p.stages, "TEST_TRAFFIC_SHIFT") || slices.Contains(p.stages, "PRODUCTION_TRAFFIC_SHIFT"):
		return p, invalid("PAUSE hooks cannot be configured at the stages TEST_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT.")
	case slices.ContainsFunc(p.stages, func(s string) bool { return s != preShift }):
		return p, invalid("the local AWS pauses at %s alone", preShift)
	case p.timeout < 1 || p.timeout > maxPause:
		return p, invalid("timeoutInMinutes must be between 1 and %d.", maxPause)
	case p.action != "ROLLBACK" && p.action != "CONTINUE":
		return p, invalid("Invalid timeout action: %s", p.action)
	}
	return p, nil
}

// describe adds to a deployment configuration.
func (x shifts) describe(out map[string]any) {
	out["strategy"] = x.strategy
	hooks := []any{}
	for _, p := range x.pauses {
		hooks = append(hooks, map[string]any{
			"targetType": "PAUSE", "lifecycleStages": anys(p.stages),
			"timeoutConfiguration": map[string]any{"timeoutInMinutes": p.timeout, "action": p.action},
		})
	}
	out["lifecycleHooks"] = hooks
	if x.rolling() {
		return
	}
	out["bakeTimeInMinutes"] = x.bake
	switch x.strategy {
	case canary:
		out["canaryConfiguration"] = map[string]any{"canaryPercent": x.canary, "canaryBakeTimeInMinutes": x.between}
	case linear:
		out["linearConfiguration"] = map[string]any{"stepPercent": x.step, "stepBakeTimeInMinutes": x.between}
	}
}

// readBinding reads what joins a container's port to a load balancer.
func readBinding(lb tree) binding {
	a := lb.node("advancedConfiguration")
	return binding{
		group: lb.str("targetGroupArn"), container: lb.str("containerName"), port: lb.num("containerPort", 0),
		second: a.str("alternateTargetGroupArn"), rule: a.str("productionListenerRule"), role: a.str("roleArn"),
	}
}

func (b binding) describe() map[string]any {
	out := tree{"targetGroupArn": b.group, "containerName": b.container, "containerPort": b.port}
	if b.second != "" {
		out["advancedConfiguration"] = plain(tree{
			"alternateTargetGroupArn": b.second, "productionListenerRule": b.rule, "roleArn": b.role,
		})
	}
	return out
}

// checkShifted checks what traffic is shifted with (ECS Developer Guide,
// "Application Load Balancer resources for blue/green, linear, and canary
// deployments").
func (c *Cluster) checkShifted(at site, s *service, b binding, given bool) error {
	if s.shifts.rolling() {
		return nil
	}
	if b.second == "" || b.rule == "" || b.role == "" {
		return invalid("advancedConfiguration with alternateTargetGroupArn, productionListenerRule and roleArn must be specified for the deployment strategy %s.", s.shifts.strategy)
	}
	if given {
		keys := map[string][]string{"iam:PassedToService": {shifterService}}
		if err := at.allow("iam:PassRole", b.role, keys); err != nil {
			return err
		}
	}
	r := c.rules[b.rule]
	if r == nil {
		return invalid("Unable to find listener rule with ARN %s.", b.rule)
	}
	to := forwards(r.spec.items("Actions"))
	if c.targets[b.second] == nil || !slices.Contains(to, b.group) || !slices.Contains(to, b.second) {
		return invalid("The listener rule %s does not forward to both target groups.", b.rule)
	}
	if err := c.roles.Trusts(b.role, shifterService); err != nil {
		return invalid("Unable to assume role %s. Please verify that it has the proper trust relationship.", b.role)
	}
	return nil
}

// mayShift says why the infrastructure role cannot shift traffic; empty where it
// can.
func (c *Cluster) mayShift(s *service, action string) string {
	for _, b := range s.balancing {
		arns := map[string]map[string]string{}
		if action == "ModifyRule" {
			arns[b.rule] = c.rules[b.rule].tagged()
		} else {
			arns[b.group], arns[b.second] = c.targets[b.group].tagged(), c.targets[b.second].tagged()
		}
		for arn, tags := range arns {
			if c.roles.Allows(s.at.region, b.role, "elasticloadbalancing:"+action, arn, keysOf(tags, "elasticloadbalancing")) != nil {
				return "the role " + b.role[strings.LastIndex(b.role, "/")+1:] + " is not authorized to perform: elasticloadbalancing:" + action + " on resource: " + arn
			}
		}
	}
	return ""
}

func (r *rule) tagged() map[string]string {
	if r == nil {
		return nil
	}
	return r.tags
}

func (g *targetGroup) tagged() map[string]string {
	if g == nil {
		return nil
	}
	return g.tags
}
