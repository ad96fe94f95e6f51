package render

import (
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// deployment is how a new version takes the old one's place.
//
// CloudFormation alone rolls back: were ECS to roll back too, the stack would
// be complete on the old image.
//
// The strategies that shift traffic are refused, as in the manifest. They let ECS rewrite the
// weights of listener rules that CloudFormation also writes, and a rule that
// went back to the template's weights would send all traffic to a target group
// without tasks.
func (s *source) deployment(m manifest.Service) (deploymentConfiguration, error) {
	d := m.Deployment
	if !d.Rolling() {
		return deploymentConfiguration{}, bcn.E(bcn.CodeManifest, "file", s.File, "problems",
			fmt.Sprintf("%s: the deployment of %s: bcn does not apply the strategy %s (use rolling)", s.where(m.At), m.Name, d.Strategy))
	}
	out := deploymentConfiguration{
		MinimumHealthyPercent: d.MinimumPercent, MaximumPercent: d.MaximumPercent,
		DeploymentCircuitBreaker: &circuitBreaker{Enable: true},
	}
	if len(d.Alarms) > 0 {
		out.Alarms = &deploymentAlarms{AlarmNames: d.Alarms, Enable: true}
	}
	return out, nil
}
