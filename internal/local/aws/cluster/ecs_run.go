package cluster

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// maxOverrides is how long overrides may be as JSON, in characters (ECS API
// reference, RunTask).
const maxOverrides = 8192

var (
	startedByForm = regexp.MustCompile(`^[A-Za-z0-9_/-]{0,128}$`)
	tokenForm     = regexp.MustCompile(`^[\x21-\x7e]{0,64}$`)
)

// checkRun refuses what RunTask refuses.
func (c *Cluster) checkRun(at site, k *ecsCluster, def *taskDef, in tree, tags map[string]string) error {
	if err := checkRunInput(in); err != nil {
		return err
	}
	if err := checkTags(tags); err != nil {
		return err
	}
	spec := maps.Clone(def.spec)
	for _, key := range []string{"taskRoleArn", "executionRoleArn"} {
		spec.put(key, in.node("overrides").str(key))
	}
	if err := passRoles(at, spec); err != nil {
		return err
	}
	for _, key := range []string{"taskRoleArn", "executionRoleArn"} {
		if role := spec.str(key); role != "" && c.roles.Trusts(role, tasksService) != nil {
			return wire.Errorf("ClientException", "%s", unassumable(role))
		}
	}
	if in.flag("enableExecuteCommand", false) && spec.str("taskRoleArn") == "" {
		return wire.Errorf("InvalidParameterException", "The task couldn't be started because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.")
	}
	for _, o := range in.node("overrides").items("containerOverrides") {
		if def.container(o.str("name")) == nil {
			return wire.Errorf("InvalidParameterException", "Override for container named %s is not a container in the TaskDefinition.", o.str("name"))
		}
	}
	launch := launchOf(in)
	if launch == ec2 && !in.has("capacityProviderStrategy") && len(c.instancesOf(k)) == 0 {
		return wire.Errorf("InvalidParameterException", "No Container Instances were found in your cluster.")
	}
	if err := checkSizes(def, in.node("overrides"), launch); err != nil {
		return err
	}
	return c.checkLaunch(def, launch, in.node("networkConfiguration"))
}

// launchOf is where a call wants its tasks to run: EC2 unless it says FARGATE,
// itself or by its capacity provider.
func launchOf(in tree) string {
	for _, p := range in.items("capacityProviderStrategy") {
		if name := p.str("capacityProvider"); name == "FARGATE" || name == "FARGATE_SPOT" {
			return "FARGATE"
		}
	}
	if in.str("launchType") == "FARGATE" {
		return "FARGATE"
	}
	return ec2
}

// checkSizes refuses sizes that Fargate does not have, or that do not hold
// what a container wants.
func checkSizes(def *taskDef, overrides tree, launch string) error {
	size := maps.Clone(def.spec)
	for _, key := range []string{"cpu", "memory"} {
		size.put(key, overrides.str(key))
	}
	cpu, memory := unit(size.str("cpu"), "vcpu"), unit(size.str("memory"), "gb")
	if launch == "FARGATE" && !fargateOK(cpu, memory) {
		return wire.Errorf("InvalidParameterException", "No Fargate configuration exists for given values: %d CPU, %d memory.", cpu, memory)
	}
	for _, o := range overrides.items("containerOverrides") {
		if memory > 0 && o.num("memory", 0) > memory || cpu > 0 && o.num("cpu", 0) > cpu {
			return wire.Errorf("InvalidParameterException", "The override of container %s is larger than the task.", o.str("name"))
		}
	}
	return nil
}

// checkRunInput looks at the members of a RunTask by themselves.
func checkRunInput(in tree) error {
	invalid := func(format string, args ...any) error {
		return wire.Errorf("InvalidParameterException", format, args...)
	}
	overrides, err := json.Marshal(in.node("overrides"))
	switch propagate := in.str("propagateTags"); {
	case in.num("count", 1) < 1 || in.num("count", 1) > maxRun:
		return invalid("Count should be between 1 and %d.", maxRun)
	case !startedByForm.MatchString(in.str("startedBy")):
		return invalid("startedBy must be at most 128 letters, numbers, hyphens, forward slashes and underscores")
	case !tokenForm.MatchString(in.str("clientToken")):
		return invalid("clientToken must be at most 64 characters in the range of 33-126")
	case propagate == "SERVICE":
		return invalid("PropagateTags SERVICE is not supported when running a task")
	case !slices.Contains([]string{"", "TASK_DEFINITION", "NONE"}, propagate):
		return invalid("Invalid value for propagateTags: %s", propagate)
	case err != nil || len(overrides) > maxOverrides:
		return invalid("Container Overrides length must be at most %d", maxOverrides)
	case in.has("launchType") && len(in.items("capacityProviderStrategy")) > 0:
		return invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	}
	return nil
}

// checkList refuses what ListTasks refuses. startedBy stands alone, except for
// the desired status (aws-sdk-go-v2 issue 1893).
func checkList(in tree) error {
	if !slices.Contains([]string{"", running, "PENDING", stopped}, in.str("desiredStatus")) {
		return wire.Errorf("InvalidParameterException", "Invalid desiredStatus: %s", in.str("desiredStatus"))
	}
	for _, other := range []string{"family", "serviceName", "launchType", "containerInstance"} {
		if in.str("startedBy") != "" && in.has(other) {
			return wire.Errorf("InvalidParameterException", "cannot specify startedBy with other arguments")
		}
	}
	return nil
}
