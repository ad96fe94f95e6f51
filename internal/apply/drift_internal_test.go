package apply

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestWhatIsDrift(t *testing.T) {
	t.Parallel()
	const service, rule, task = "AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ECS::TaskDefinition"
	for name, c := range map[string]struct {
		kind, path string
		is, hidden bool
	}{
		"a count that is said is one":    {service, "/DesiredCount", true, false},
		"a weight is none":               {rule, "/Actions/0/ForwardConfig/TargetGroups/1/Weight", false, false},
		"another target is one":          {rule, "/Actions/0/ForwardConfig/TargetGroups/1/TargetGroupArn", true, false},
		"a weight of something else is":  {service, "/CapacityProviderStrategy/0/Weight", true, false},
		"a flag is one":                  {service, "/EnableExecuteCommand", true, false},
		"variables are not shown":        {task, "/ContainerDefinitions/0/Environment/0/Value", true, true},
		"nor containers as a whole":      {task, "/ContainerDefinitions", true, true},
		"nor what a schedule is to run":  {"AWS::Scheduler::Schedule", "/Target/Input", true, true},
		"a schedule's time is":           {"AWS::Scheduler::Schedule", "/ScheduleExpression", true, false},
		"nor environments of other kind": {"AWS::Lambda::Function", "/Environment/Variables/X", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, is := drifted("s", awsx.Drifted{Type: c.kind, LogicalID: "R", Differences: []awsx.Difference{{Path: c.path, Expected: "old hush", Actual: strings.Repeat("x", 500)}}})
			if is != c.is {
				t.Fatalf("%+v", d)
			}
			if !is {
				return
			}
			p := d.Properties[0]
			if p.Hidden != c.hidden || c.hidden && p.Expected+p.Actual != "" || len(p.Actual) > 130 {
				t.Errorf("%+v", p)
			}
		})
	}
	if _, is := drifted("s", awsx.Drifted{Deleted: true}); !is {
		t.Error("what is gone is drift")
	}
}

func TestWhoChangedIt(t *testing.T) {
	t.Parallel()
	target := bcn.Target{District: bcn.District{CFNRole: "arn:aws:iam::1:role/bcn-default-cloudformation"}}
	d := awsx.Drifted{Type: "AWS::ECS::Service", PhysicalID: "arn:aws:ecs:us-east-1:1:service/default/hello-web-abc123"}
	for name, c := range map[string]struct {
		write awsx.Write
		is    bool
	}{
		"by the whole id":            {awsx.Write{Request: `{"service":"arn:aws:ecs:us-east-1:1:service/default/hello-web-abc123"}`}, true},
		"by its name":                {awsx.Write{Request: `{"service":"hello-web-abc123"}`}, true},
		"another of a similar name":  {awsx.Write{Request: `{"service":"hello-web-abc1234"}`}, false},
		"CloudFormation as its role": {awsx.Write{Request: `{"service":"hello-web-abc123"}`, ARN: "arn:aws:sts::1:assumed-role/bcn-default-cloudformation/AWSCloudFormation"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := about(c.write, d) && !byStack(c.write, target); got != c.is {
				t.Error(got)
			}
		})
	}
	if about(awsx.Write{Request: `{"name":"web"}`}, awsx.Drifted{PhysicalID: "web/web"}) || about(awsx.Write{}, awsx.Drifted{}) {
		t.Error("a common word stands for nothing")
	}
	for kind, want := range map[string]string{
		"AWS::ECS::Service": "ecs.amazonaws.com", "AWS::ElasticLoadBalancingV2::Listener": "elasticloadbalancing.amazonaws.com",
		"AWS::ApplicationAutoScaling::ScalableTarget": "application-autoscaling.amazonaws.com", "AWS::IAM::Role": "iam.amazonaws.com",
	} {
		if got := eventSource(kind); got != want {
			t.Errorf("%s: %s", kind, got)
		}
	}
}
