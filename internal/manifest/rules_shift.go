package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// maxWait is how many minutes a deployment may wait. CloudFormation waits no
// more than 36 hours for a service (AWS::ECS::Service, DeploymentConfiguration,
// BakeTimeInMinutes), in which its tasks start, too.
const maxWait = 24 * 60

// strategyKey is a key of a deployment that not all strategies have.
type strategyKey struct {
	key     string
	of      []string
	neutral int64 // what it may say anyway
}

func strategyKeys() []strategyKey {
	shifting := []string{BlueGreen, Canary, Linear}
	return []strategyKey{
		{"minimum_percent", []string{Rolling}, DefaultMinimumPercent},
		{"maximum_percent", []string{Rolling}, DefaultMaximumPercent},
		{"pause", shifting, 0},
		{"bake_time", shifting, 0},
		{"canary_percent", []string{Canary}, 0},
		{"canary_bake", []string{Canary}, 0},
		{"step_percent", []string{Linear}, 0},
		{"step_bake", []string{Linear}, 0},
	}
}

// checkStrategyKeys refuses what the strategy would not read.
func (p *parser) checkStrategyKeys(d *node, strategy, path string) {
	if !slices.Contains([]string{Rolling, BlueGreen, Canary, Linear}, strategy) {
		return // it is refused already
	}
	for _, k := range strategyKeys() {
		at := d.get(k.key)
		if at == nil || slices.Contains(k.of, strategy) || at.number(-1) == k.neutral {
			continue
		}
		p.atKey(at, path+"."+k.key, fmt.Sprintf("%s is of the strategy %s, not of %s", k.key, strings.Join(k.of, ", "), strategy), "")
	}
}

// checkShifting checks what ECS shifts: the one listener rule of a service
// (AWS::ECS::Service, AdvancedConfiguration, ProductionListenerRule).
func (p *parser) checkShifting(s, d *node, strategy, path string) {
	if n := len(s.get("listeners").list()); n != 1 {
		p.at(d.get("strategy"), path+".strategy",
			fmt.Sprintf("the strategy %s shifts the traffic of one listener, and the service has %d", strategy, n), "use rolling")
	}
	// Its metric is that of one target group, and ECS fills two in turn.
	if requests := s.get("auto_scaling").get("requests"); requests != nil {
		p.atKey(requests, strings.TrimSuffix(path, "deployment")+"auto_scaling.requests",
			"requests are counted at one target group, and the strategy "+strategy+" has two", "scale by cpu or memory")
	}
	var filled Deployment
	filled.Strategy = strategy
	for key, v := range map[string]*int{
		"pause": &filled.Pause, "bake_time": &filled.Bake, "canary_percent": &filled.CanaryPercent,
		"canary_bake": &filled.CanaryBake, "step_percent": &filled.StepPercent, "step_bake": &filled.StepBake,
	} {
		*v = int(d.get(key).number(0))
	}
	filled.fill(d)
	if filled.StepPercent < 1 && strategy == Linear {
		return // it is refused already
	}
	if n := filled.Waits(); n > maxWait {
		p.at(d, path, fmt.Sprintf("the deployment could wait for %d minutes in all, and may for %d", n, maxWait), "lower pause or the bake times")
	}
}
