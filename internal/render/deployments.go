package render

import (
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// deploymentOf is how a new version takes the old one's place.
//
// CloudFormation alone rolls back: were ECS to roll back too, the stack would
// be complete on the old image.
func deploymentOf(m manifest.Service) (deploymentConfiguration, error) {
	d := m.Deployment
	out := deploymentConfiguration{MinimumHealthyPercent: d.MinimumPercent, MaximumPercent: d.MaximumPercent}
	if len(d.Alarms) > 0 {
		out.Alarms = &deploymentAlarms{AlarmNames: d.Alarms, Enable: true}
	}
	if !d.Rolling() {
		return out, bcn.E(bcn.CodeNotYet, "verb", "deployment: "+d.Strategy)
	}
	out.DeploymentCircuitBreaker = &circuitBreaker{Enable: true}
	return out, nil
}
