package cluster_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRolloutsHoldTheirBounds plays random updates of a service and looks each
// second: never more tasks than maximumPercent allows, in healthy rollouts
// never fewer good ones than minimumHealthyPercent wants, and each deployment
// ends COMPLETED or FAILED.
func TestRolloutsHoldTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		desired := rapid.IntRange(0, 6).Draw(r, "desired")
		minimum := rapid.SampledFrom([]int{0, 50, 100}).Draw(r, "minimum")
		maximum := rapid.SampledFrom([]int{150, 200, 300}).Draw(r, "maximum")
		upper, lower := desired*maximum/100, (desired*minimum+99)/100
		if desired > 0 && upper <= lower {
			upper, maximum = desired*2, 200 // else it could not move, as on AWS
		}
		withLB := rapid.Bool().Draw(r, "balanced")
		more := m{"DesiredCount": float64(desired), "DeploymentConfiguration": m{
			"MinimumHealthyPercent": float64(minimum), "MaximumPercent": float64(maximum),
			"DeploymentCircuitBreaker": m{"Enable": true, "Rollback": rapid.Bool().Draw(r, "rollback")},
		}}
		if withLB {
			e := w.endpoint()
			w.advance(2 * time.Minute)
			more["LoadBalancers"] = l{m{"TargetGroupArn": e.group, "ContainerName": "web", "ContainerPort": 3000.0}}
		}
		arn, _ := w.create(serviceType, "Web", serviceProps(w.definition("v1"), more))
		w.steady(arn)
		updates := rapid.IntRange(1, 5).Draw(r, "updates")
		for n := range updates {
			last := n == updates-1
			tag := rapid.SampledFrom([]string{"v1", "v2", "crash", "unpullable"}).Draw(r, "tag")
			w.update(arn, serviceProps(w.definition(tag), more))
			patience := rapid.SampledFrom([]int{20, 60, 3600}).Draw(r, "patience") // the next update may come in between
			if last {
				patience = 3600
			}
			for i := 0; i < patience; i++ {
				s := w.describe(arn)
				active := count(s, "runningCount") + count(s, "pendingCount")
				if active > upper {
					r.Fatalf("%d tasks, at most %d are allowed", active, upper)
				}
				if run := count(s, "runningCount"); run < lower {
					r.Fatalf("%d tasks run, at least %d must", run, lower)
				}
				if primary(s)["rolloutState"] != "IN_PROGRESS" {
					break
				}
				if i == 3599 {
					r.Fatalf("not over after an hour: %v", s)
				}
				w.advance(time.Second)
			}
		}
	})
}
