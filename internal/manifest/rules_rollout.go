package manifest

import (
	"fmt"
	"math"
	"strings"
)

// number answers a whole number, or def where none is written.
func (n *node) number(def int64) int64 {
	if n == nil {
		return def
	}
	if i, ok := n.value.(int64); ok {
		return i
	}
	return def
}

// checkCounts checks how many tasks a service has, and what moves the number.
func (p *parser) checkCounts(s *node, path string) {
	scaling := s.get("auto_scaling")
	if scaling == nil {
		return
	}
	path += ".auto_scaling"
	if desired := s.get("desired_count"); desired != nil {
		p.atKey(desired, strings.TrimSuffix(path, "auto_scaling")+"desired_count",
			"desired_count and auto_scaling exclude each other", "auto_scaling sets the count itself")
	}
	least, most := scaling.get("min_count"), scaling.get("max_count")
	if least != nil && most != nil && least.number(0) > most.number(math.MaxInt64) {
		p.at(least, path+".min_count", fmt.Sprintf("min_count %d is more than max_count %d", least.number(0), most.number(0)), "")
	}
	requests := scaling.get("requests")
	if requests == nil {
		return
	}
	// Its metric is that of one target group (Application Auto Scaling,
	// PredefinedMetricSpecification).
	if n := len(s.get("listeners").list()); n != 1 {
		p.atKey(requests, path+".requests", fmt.Sprintf("requests are counted at one listener, and the service has %d", n), "scale by cpu or memory")
	}
}

func strategyOf(s *node) string {
	if strategy := s.get("deployment").get("strategy").str(); strategy != "" {
		return strategy
	}
	return Rolling
}

// checkDeployment checks that a strategy has what it needs and no more.
func (p *parser) checkDeployment(s *node, path string) {
	joined := len(s.get("listeners").list()) > 0
	if grace := s.get("health_check_grace_period"); grace != nil && !joined {
		p.warn(grace, path+".health_check_grace_period", "a service without listeners has no health checks that could wait", "")
	}
	d := s.get("deployment")
	if d == nil {
		return
	}
	path += ".deployment"
	strategy := strategyOf(s)
	p.checkStrategyKeys(d, strategy, path)
	switch strategy {
	case Rolling:
		p.checkPercents(s, d, path)
	case BlueGreen, Canary, Linear:
		p.checkShifting(s, d, strategy, path)
	}
}

// checkPercents finds a service whose tasks ECS could never replace: none may
// be stopped, and none started besides.
func (p *parser) checkPercents(s, d *node, path string) {
	least, most := d.get("minimum_percent").number(100), d.get("maximum_percent").number(200)
	count := max(s.get("desired_count").number(0), s.get("auto_scaling").get("min_count").number(0), 1)
	healthy, all := (count*least+99)/100, count*most/100
	at := d.get("maximum_percent")
	if at == nil || most < 100 || healthy < count || all > count {
		return
	}
	p.at(at, path+".maximum_percent", fmt.Sprintf("no task could be replaced: of %d, %d must stay healthy and no more than %d may run", count, healthy, all),
		"lower minimum_percent or raise maximum_percent")
}
