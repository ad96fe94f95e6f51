package render

import (
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// count answers how many tasks the template asks for, and nil where it says
// nothing: ECS then starts a new service with one task and keeps the live
// count of one that runs, whatever it is by the time the plan is executed
// (AWS::ECS::Service, DesiredCount). What people scaled wins over the file;
// where the count follows the load, neither says anything.
func (s *source) count(m manifest.Service) *int {
	set, scaled := s.Overlay.Counts[m.Name]
	if m.AutoScaling != nil {
		if scaled {
			s.warnCount(CountAutoScaled, m, set)
		}
		return nil
	}
	if !scaled {
		return m.DesiredCount
	}
	if m.DesiredCount != nil && *m.DesiredCount != set {
		s.warnCount(OverlayCount, m, set)
	}
	return &set
}

func (s *source) warnCount(id string, m manifest.Service, set int) {
	params := map[string]string{"service": m.Name, "count": strconv.Itoa(set)}
	if m.DesiredCount != nil {
		params["file"] = strconv.Itoa(*m.DesiredCount)
	}
	s.findings = append(s.findings, bcn.Finding{ID: id, Level: bcn.Warn, Where: s.where(m.At), Params: params})
}

// scale adds what keeps the service's count between its bounds: one scalable
// target, and a policy per target value. Application Auto Scaling acts by its
// service-linked role.
func (s *source) scale(t *template, m manifest.Service, ends joined) error {
	a, id := m.AutoScaling, LogicalID(m.Name)
	if a == nil {
		return nil
	}
	target := id + "ScalableTarget"
	if err := t.add(target, resource{Type: "AWS::ApplicationAutoScaling::ScalableTarget", Properties: scalableTarget{
		MinCapacity: a.Min, MaxCapacity: a.Max, ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount",
		ResourceId: resourceOf(id),
	}}); err != nil {
		return err
	}
	policy := func(name string, value int, metric metric) error {
		if value == 0 {
			return nil
		}
		return t.add(id+name+"Policy", resource{Type: "AWS::ApplicationAutoScaling::ScalingPolicy", Properties: scalingPolicy{
			PolicyName: strings.ToLower(name), PolicyType: "TargetTrackingScaling", ScalingTargetId: ref(target),
			TargetTrackingScalingPolicyConfiguration: targetTracking{TargetValue: value, PredefinedMetricSpecification: metric},
		}})
	}
	if err := policy("CPU", a.CPU, metric{PredefinedMetricType: "ECSServiceAverageCPUUtilization"}); err != nil {
		return err
	}
	if err := policy("Memory", a.Memory, metric{PredefinedMetricType: "ECSServiceAverageMemoryUtilization"}); err != nil {
		return err
	}
	for _, b := range ends.balanced {
		if a.Requests != 0 && balancerName(b.endpoint.LoadBalancer) == "" {
			return bcn.E(bcn.CodeUnavailable, "what", "endpoint "+b.endpoint.Name)
		}
		if err := policy("Requests"+LogicalID(b.endpoint.Name), a.Requests, metric{
			PredefinedMetricType: "ALBRequestCountPerTarget",
			ResourceLabel:        join("/", balancerName(b.endpoint.LoadBalancer), getAtt(b.target, "TargetGroupFullName")),
		}); err != nil {
			return err
		}
	}
	return nil
}

// resourceOf is how Application Auto Scaling knows a service,
// service/CLUSTER/NAME: the end of its ARN, which Ref answers. By Fn::GetAtt
// each change of the service would be said to replace what scales it.
func resourceOf(id string) any {
	return map[string][]any{"Fn::Select": {5, map[string][]any{"Fn::Split": {":", ref(id)}}}}
}

// balancerName is how CloudWatch knows a load balancer, app/NAME/ID: the end
// of its ARN (Application Auto Scaling API, PredefinedMetricSpecification).
func balancerName(arn string) string {
	_, name, _ := strings.Cut(arn, ":loadbalancer/")
	return name
}
