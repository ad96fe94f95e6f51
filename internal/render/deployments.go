package render

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// deployment is how a new version takes the old one's place.
//
// Of a rolling deployment CloudFormation alone rolls back: were ECS to roll back
// too, the stack would be complete on the old image. Where traffic is shifted
// ECS takes it back at once, since the old tasks are still there; the
// deployment then ends as rolled back, for which CloudFormation fails the update
// and finds the service as it was. The circuit breaker is of rolling deployments
// alone (ECS API reference, DeploymentCircuitBreaker).
func deployment(d manifest.Deployment) deploymentConfiguration {
	out := deploymentConfiguration{
		Strategy: strings.ToUpper(orRolling(d.Strategy)), MinimumHealthyPercent: d.MinimumPercent, MaximumPercent: d.MaximumPercent,
		DeploymentCircuitBreaker: circuitBreaker{Enable: d.Rolling()},
		Alarms:                   deploymentAlarms{AlarmNames: append([]string{}, d.Alarms...), Enable: len(d.Alarms) > 0},
		LifecycleHooks:           []lifecycleHook{},
	}
	if d.Rolling() {
		return out
	}
	out.Alarms.Rollback = out.Alarms.Enable
	out.BakeTimeInMinutes = &d.Bake
	switch d.Strategy {
	case manifest.Canary:
		out.CanaryConfiguration = &canaryShift{d.CanaryPercent, d.CanaryBake}
	case manifest.Linear:
		out.LinearConfiguration = &linearShifts{d.StepPercent, d.StepBake}
	}
	if d.Pause > 0 {
		out.LifecycleHooks = append(out.LifecycleHooks, lifecycleHook{
			TargetType: "PAUSE", LifecycleStages: []string{"PRE_PRODUCTION_TRAFFIC_SHIFT"},
			TimeoutConfiguration: hookTimeout{Action: "ROLLBACK", TimeoutInMinutes: d.Pause},
		})
	}
	return out
}

func orRolling(strategy string) string {
	if strategy == "" {
		return manifest.Rolling
	}
	return strategy
}
