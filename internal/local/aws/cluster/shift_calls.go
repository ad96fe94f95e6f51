package cluster

import (
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// deploymentFor authorizes an action on a service deployment and finds it.
func (c *Cluster) deploymentFor(at site, arn, action string) (*service, *rollout, error) {
	s, r := c.rolloutOf(arn)
	tags := map[string]string{}
	if s != nil {
		tags = s.tags
	}
	if err := at.allow("ecs:"+action, arn, keysOf(tags, "ecs")); err != nil {
		return nil, nil, err
	}
	if r == nil {
		return nil, nil, wire.Errorf("ServiceDeploymentNotFoundException", "The specified service deployment was not found.")
	}
	return s, r, nil
}

// stopServiceDeployment takes a deployment in progress back (API reference,
// StopServiceDeployment: ROLLBACK is the only type).
func (c *Cluster) stopServiceDeployment(at site, in tree) (tree, error) {
	s, r, err := c.deploymentFor(at, in.str("serviceDeploymentArn"), "StopServiceDeployment")
	if err != nil {
		return nil, err
	}
	if kind := in.str("stopType"); kind != "" && kind != "ROLLBACK" {
		return nil, wire.Errorf("InvalidParameterException", "Invalid stop type: %s", kind)
	}
	switch r.status {
	case "IN_PROGRESS":
		c.undo(s, "a request to stop it.")
	case "ROLLBACK_IN_PROGRESS":
	default:
		return nil, wire.Errorf("ConflictException", "The service deployment is in the state %s and cannot be stopped.", r.status)
	}
	return tree{"serviceDeploymentArn": r.arn}, nil
}

// continueServiceDeployment ends a pause.
func (c *Cluster) continueServiceDeployment(at site, in tree) (tree, error) {
	s, r, err := c.deploymentFor(at, in.str("serviceDeploymentArn"), "ContinueServiceDeployment")
	if err != nil {
		return nil, err
	}
	sh := r.dep.shift
	if sh == nil || sh.hook == nil || sh.hook.id != in.str("hookId") {
		return nil, wire.Errorf("InvalidParameterException", "The hook %s was not found.", in.str("hookId"))
	}
	if sh.hook.status != awaiting || r.status != "IN_PROGRESS" || s.primary() != r.dep {
		return nil, wire.Errorf("ConflictException", "The hook %s is not awaiting an action.", in.str("hookId"))
	}
	switch in.str("action") {
	case "", "CONTINUE":
		sh.hook.status = "SUCCEEDED"
		c.move(s, r.dep)
	case "ROLLBACK":
		c.undo(s, "a request to roll back at a pause lifecycle hook.")
	default:
		return nil, wire.Errorf("InvalidParameterException", "Invalid action: %s", in.str("action"))
	}
	return tree{"serviceDeploymentArn": r.arn}, nil
}

// describeShift adds what a deployment that shifts traffic shows.
func (c *Cluster) describeShift(s *service, r *rollout, d tree) {
	if len(s.alarms.names) > 0 {
		status := "MONITORING"
		switch {
		case !s.alarms.enable:
			status = "DISABLED"
		case r.dep.alarmed:
			status = "TRIGGERED"
		case !r.finished.IsZero():
			status = "MONITORING_COMPLETE"
		}
		d["alarms"] = map[string]any{"alarmNames": anys(s.alarms.names), "status": status}
	}
	sh := r.dep.shift
	if sh == nil {
		return
	}
	if r.finished.IsZero() {
		d["lifecycleStage"] = sh.stage
	}
	if target := d.node("targetServiceRevision"); target != nil {
		target["requestedProductionTrafficWeight"] = float64(sh.percent)
	}
	if h := sh.hook; h != nil {
		d["lifecycleHookDetails"] = []any{map[string]any{
			"hookId": h.id, "targetType": "PAUSE", "status": h.status, "expiresAt": h.expires, "timeoutAction": h.action,
		}}
	}
}
