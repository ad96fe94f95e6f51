package apply_test

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/deploy"
)

// Drift is looked for in the bot's own role.
func TestDriftReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan, status := w.deploy(t, "2", "v1", w.endpoint(t))
	if status != "CREATE_COMPLETE" {
		w.explain(t, plan.StackID)
		t.Fatal(status)
	}
	stacks := []string{"heritage-hello", "hello", "endpoint-main", "nowhere"}
	look := func() deploy.DriftReport {
		t.Helper()
		r, err := w.Drift(t.Context(), w.target, stacks)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := look(); len(r.Resources) != 0 || len(r.Unchecked) != 0 || strings.Join(r.Stacks, " ") != "heritage-hello hello endpoint-main" {
		t.Fatalf("as it was made: %+v", r)
	}
	resources, err := w.client.For(w.target).Resources(t.Context(), "hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resources {
		if r.Type == "AWS::ECS::Service" {
			w.beside(t, "ecs", "UpdateService", map[string]any{
				"cluster": "default", "service": r.PhysicalID, "desiredCount": 3, "enableExecuteCommand": r.LogicalID != "web",
			})
		}
	}
	w.eventually(t, "CloudTrail knows who it was", func() bool {
		r := look()
		return len(r.Resources) > 0 && r.Resources[0].Last != nil
	})
	r := look()
	for _, d := range r.Resources {
		if d.Stack != "hello" || d.Deleted || len(d.Properties) != 1 || d.Last == nil || d.Last.Action != "UpdateService" || d.Last.By != "arn:aws:iam::123456789012:root" {
			t.Errorf("%+v", d)
		}
	}
	if p := r.Resources[0].Properties[0]; p.Path != "/EnableExecuteCommand" || p.Expected == p.Actual || p.Hidden {
		t.Errorf("%+v", p)
	}
}

func TestAStackThatWaitsForItsFirstChangeSetHasNoDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.propose(t, "bcn-7-1", groups(t, "mine", 1, 7))
	report, err := w.Drift(t.Context(), w.target, []string{"mine"})
	if err != nil || len(report.Stacks)+len(report.Resources)+len(report.Unchecked) != 0 {
		t.Errorf("%+v %v", report, err)
	}
}
