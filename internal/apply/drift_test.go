package apply_test

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// drifted detects a stack's drift as the account's administrator, one line for
// each difference.
func (w *world) drifted(t *testing.T, stack string) []string {
	t.Helper()
	s := w.client.For(bcn.Target{District: bcn.District{Region: "us-east-1"}})
	id, err := s.DetectDrift(t.Context(), stack)
	if err != nil {
		t.Fatal(err)
	}
	w.eventually(t, "the detection is over", func() bool {
		d, err := s.Detection(t.Context(), id)
		if err != nil || d.Failed != "" {
			t.Fatal(d, err)
		}
		return d.Over
	})
	list, err := s.Drifts(t.Context(), stack)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range list {
		if d.Deleted {
			out = append(out, d.LogicalID+" is gone")
		}
		for _, p := range d.Differences {
			out = append(out, d.LogicalID+" "+p.Path+" "+p.Kind+" "+p.Expected+" -> "+p.Actual)
		}
	}
	return out
}

func TestDriftOfWhatBcnRenders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan, status := w.deploy(t, "2", "v1", w.endpoint(t))
	if status != "CREATE_COMPLETE" {
		w.explain(t, plan.StackID)
		t.Fatal(status)
	}
	for _, stack := range []string{"endpoint-main", "heritage-hello", "hello", "bcn-roles-default"} {
		if list := w.drifted(t, stack); len(list) != 0 {
			t.Errorf("%s as it was made: %v", stack, list)
		}
	}
	resources, err := w.client.For(w.target).Resources(t.Context(), "hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resources {
		switch r.Type {
		case "AWS::ECS::Service":
			w.beside(t, "ecs", "UpdateService", map[string]any{"cluster": "default", "service": r.PhysicalID, "enableExecuteCommand": r.LogicalID != "web"})
		case "AWS::ElasticLoadBalancingV2::ListenerRule":
			w.beside(t, "elasticloadbalancing", "ModifyRule", map[string]any{"RuleArn": r.PhysicalID, "Conditions": []any{
				map[string]any{"Field": "path-pattern", "Values": []any{"/other"}},
			}})
		}
	}
	all := strings.Join(w.drifted(t, "hello"), "\n")
	for _, want := range []string{"web /EnableExecuteCommand NOT_EQUAL true -> false", "/Conditions/0/", " * -> /other"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
	var writes []awsx.Write
	w.eventually(t, "CloudTrail knows who it was", func() bool {
		writes, err = w.client.For(bcn.Target{District: bcn.District{Region: "us-east-1"}}).Writes(t.Context(), "ecs.amazonaws.com", w.aws.Now().AddDate(0, 0, -1))
		return err == nil && len(writes) > 0
	})
	for _, c := range writes {
		if c.Name != "UpdateService" || c.ARN != "arn:aws:iam::123456789012:root" || !strings.Contains(c.Request, ":service/default/hello-") {
			t.Errorf("%+v", c)
		}
	}
}
