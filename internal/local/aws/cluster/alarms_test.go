package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

// guarded is a service whose deployments an alarm guards, in its first version.
func (w *world) guarded(rollback bool) (arn string, props m) {
	w.t.Helper()
	props = serviceProps(w.definition("v1"), m{"DeploymentConfiguration": m{
		"MinimumHealthyPercent": 100.0, "MaximumPercent": 200.0, "Strategy": "ROLLING",
		"Alarms": m{"AlarmNames": l{"errors"}, "Enable": true, "Rollback": rollback},
	}})
	arn, _ = w.create(serviceType, "Web", props)
	w.steady(arn)
	return arn, props
}

func TestAlarmsGuardDeployments(t *testing.T) {
	t.Parallel()
	t.Run("one that rings fails the deployment in progress, and with it the stack's update", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, props := w.guarded(false)
		props["TaskDefinition"] = w.definition("v2")
		w.update(arn, props)
		w.advance(10 * time.Second)
		w.PutAlarm(region, "errors", true)
		w.advance(time.Minute)
		_, err := w.ready(serviceType, arn)
		if err == nil || !strings.Contains(err.Error(), "ECS Deployment Alarm was triggered") {
			t.Error(err)
		}
		if s := w.describe(arn); primary(s)["rolloutState"] != "FAILED" || !strings.Contains(messages(s), "deployment failed: alarm detected.") {
			t.Error(primary(s), messages(s))
		}
	})
	t.Run("with rollback the service returns to what it ran", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, props := w.guarded(true)
		before := props["TaskDefinition"]
		props["TaskDefinition"] = w.definition("v2")
		w.update(arn, props)
		w.PutAlarm(region, "errors", true)
		w.advance(10 * time.Minute)
		if s := w.describe(arn); s["taskDefinition"] != before {
			t.Error(s["taskDefinition"], messages(s))
		}
	})
	t.Run("one that rings beside no deployment, or elsewhere, changes nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		arn, props := w.guarded(false)
		w.PutAlarm(region, "errors", true)
		w.PutAlarm("eu-west-1", "errors", true)
		w.advance(time.Minute)
		w.PutAlarm(region, "errors", false)
		props["TaskDefinition"] = w.definition("v2")
		w.update(arn, props)
		w.steady(arn)
		conf := node(w.describe(arn), "deploymentConfiguration")
		if names := list(node(conf, "alarms"), "alarmNames"); len(names) != 1 || names[0] != "errors" {
			t.Error(conf)
		}
	})
	for name, conf := range map[string]m{
		"alarms without names": {"Alarms": m{"AlarmNames": l{}, "Enable": true, "Rollback": false}}, "a strategy that is not here": {"Strategy": "PURPLE"},
	} {
		t.Run(name+" are refused", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, _, err := w.Providers()[serviceType].Create(context.Background(), w.request("Web", serviceProps(w.definition("v1"), m{"DeploymentConfiguration": conf})))
			w.isError(err, "InvalidParameterException", "")
		})
	}
}
