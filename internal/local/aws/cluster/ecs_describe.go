package cluster

import (
	"cmp"
	"time"
)

func (t *task) subnets() []string {
	return t.network.node("awsvpcConfiguration").strs("subnets")
}

// describe is a task as DescribeTasks shows it.
func (t *task) describe(withTags bool) map[string]any {
	d := tree{
		"taskArn": t.arn, "clusterArn": t.cluster.arn, "taskDefinitionArn": t.def.arn, "group": t.group,
		"lastStatus": t.status, "desiredStatus": t.desired, "launchType": t.launchType, "platformFamily": "Linux",
		"cpu": cmp.Or(t.overrides.str("cpu"), t.def.spec.str("cpu")), "memory": cmp.Or(t.overrides.str("memory"), t.def.spec.str("memory")),
		"createdAt": t.created, "version": t.version, "enableExecuteCommand": t.exec, "tags": []any{},
		"healthStatus": t.health(), "attachments": t.attachments(), "attributes": []any{},
		"overrides": t.described(),
	}
	if t.provider != "" {
		d["capacityProviderName"] = t.provider
	}
	if t.on != nil {
		d["containerInstanceArn"] = t.on.arn
	} else if t.launchType != ec2 {
		d["platformVersion"] = "1.4.0"
	}
	if withTags {
		d["tags"] = tagsOut(t.tags, "key", "value")
	}
	d.put("startedBy", t.startedBy).put("stopCode", t.stopCode).put("stoppedReason", t.stopReason)
	if !t.ready.IsZero() {
		d["connectivity"], d["connectivityAt"] = "CONNECTED", t.ready
	}
	for key, at := range map[string]time.Time{
		"pullStartedAt": t.pullStart, "pullStoppedAt": t.pullStop, "startedAt": t.startedAt,
		"stoppingAt": t.stopping, "executionStoppedAt": t.executionStop, "stoppedAt": t.stoppedAt,
	} {
		if !at.IsZero() {
			d[key] = at
		}
	}
	containers := []any{}
	for _, k := range t.containers {
		containers = append(containers, t.describeContainer(k))
	}
	d["containers"] = containers
	return d
}

// runtimeID is Fargate's name of a container.
func (t *task) runtimeID(k *container) string { return t.id + "-" + k.id[:10] }

func (t *task) containerARN(k *container) string {
	return t.at.arn("ecs", "container/"+t.cluster.name+"/"+t.id+"/"+k.id)
}

func (t *task) described() map[string]any {
	o := tree{"containerOverrides": []any{}, "inferenceAcceleratorOverrides": []any{}}
	for k, v := range t.overrides {
		o[k] = v
	}
	return o
}

func (t *task) describeContainer(k *container) map[string]any {
	d := tree{
		"containerArn": t.containerARN(k), "taskArn": t.arn,
		"name": k.name, "image": k.spec.str("image"), "lastStatus": k.status, "healthStatus": k.health,
		"networkBindings": []any{}, "networkInterfaces": []any{}, "cpu": k.spec.str("cpu"),
	}
	if k.digest != "" {
		d["imageDigest"] = k.digest
		d["runtimeId"] = t.runtimeID(k)
		d["networkInterfaces"] = []any{map[string]any{"attachmentId": t.eni, "privateIpv4Address": t.ip}}
	}
	if k.exited {
		d["exitCode"] = k.code
	}
	if agent := t.execAgent(k); agent != "" {
		x := map[string]any{"name": "ExecuteCommandAgent", "lastStatus": agent}
		if !k.entered.IsZero() {
			x["lastStartedAt"] = k.entered
		}
		d["managedAgents"] = []any{x}
	}
	return d.put("reason", k.reason).put("memory", k.spec.str("memory"))
}

// health is the sum of the containers' own health checks.
func (t *task) health() string {
	worst := "UNKNOWN"
	for _, k := range t.containers {
		switch {
		case !k.spec.has("healthCheck"):
		case k.health == "UNHEALTHY":
			return "UNHEALTHY"
		case k.health == "HEALTHY" && worst == "UNKNOWN":
			worst = "HEALTHY"
		}
	}
	return worst
}

func (t *task) attachments() []any {
	status := "ATTACHED"
	switch t.status {
	case "PROVISIONING":
		status = "PRECREATED"
	case stopped:
		status = "DELETED"
	}
	details := []any{}
	for i, kv := range [][2]string{{"subnetId", first(t.subnets())}, {"networkInterfaceId", t.eni}, {"privateIPv4Address", t.ip}} {
		if i == 0 || status != "PRECREATED" {
			details = append(details, map[string]any{"name": kv[0], "value": kv[1]})
		}
	}
	return []any{map[string]any{
		"id": t.eni, "type": "ElasticNetworkInterface", "status": status, "details": details,
	}}
}

func first[T any](l []T) T {
	var none T
	if len(l) == 0 {
		return none
	}
	return l[0]
}
