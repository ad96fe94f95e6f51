package cluster

import (
	"errors"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// ExecTarget is a container that ECS Exec can enter.
type ExecTarget struct {
	ClusterARN, TaskARN     string
	Container, ContainerARN string
	// ID is the target's name in Session Manager, ecs:CLUSTER_TASK_RUNTIME
	// (ECS Developer Guide, "Monitor Amazon ECS containers with ECS Exec").
	ID   string
	Tags map[string]string // the task's
	// LogGroup is where ECS Exec records sessions; "" where it does not.
	LogGroup string
}

// notEnabled is what ECS says of a task that cannot be entered.
const notEnabled = "The execute command failed because execute command was not enabled when the task was run or the execute command agent isn't running. Wait and try again or run a new task with execute command enabled and try again."

// Enter authorizes an ExecuteCommand and finds the container that it is for.
// ECS asks for the action on the cluster and on the task, and of the tags looks
// at those two only.
func (c *Cluster) Enter(call *wire.Call) (ExecTarget, error) {
	unlock, err := c.enter()
	if err != nil {
		return ExecTarget{}, err
	}
	defer unlock()
	at, in := siteOf(call), tree(call.Params)
	home := clusterARN(at, in.str("cluster"))
	if err := at.allow("ecs:ExecuteCommand", home, execKeys(home, in, c.clusterTags(home))); err != nil {
		return ExecTarget{}, err
	}
	t, err := c.taskFor(execSite(at, home, in), in.str("cluster"), in.str("task"), "ecs:ExecuteCommand")
	if err != nil {
		return ExecTarget{}, err
	}
	if in.str("command") == "" {
		return ExecTarget{}, wire.Errorf("InvalidParameterException", "Command cannot be empty.")
	}
	if !in.flag("interactive", false) {
		return ExecTarget{}, wire.Errorf("InvalidParameterException", "Interactive is the only mode supported currently.")
	}
	k, err := t.named(in.str("container"))
	if err != nil {
		return ExecTarget{}, err
	}
	if t.execAgent(k) != running {
		return ExecTarget{}, wire.Errorf("InvalidParameterException", "%s", notEnabled)
	}
	if !c.connected(t) {
		return ExecTarget{}, wire.Errorf("TargetNotConnectedException", "The execute command failed due to an internal error. Try again later.")
	}
	x := t.execTarget(k)
	x.LogGroup = c.execLog(t, k)
	return x, nil
}

// execLog is the group that ECS Exec writes a container's sessions to: its own
// of awslogs, unless the cluster's configuration says otherwise, and if the
// task's role may (ECS Developer Guide, "Log Amazon ECS Exec commands").
func (c *Cluster) execLog(t *task, k *container) string {
	group := ""
	if log := k.spec.node("logConfiguration"); log.str("logDriver") == "awslogs" {
		group = log.node("options").str("awslogs-group")
	}
	exec := t.cluster.spec.node("configuration").node("executeCommandConfiguration")
	switch exec.str("logging") {
	case "NONE":
		return ""
	case "OVERRIDE":
		group = exec.node("logConfiguration").str("cloudWatchLogGroupName")
	}
	if group == "" {
		return ""
	}
	arn := groupARN(site{account: t.at.account, region: t.at.region}, group) + ":*"
	for action, on := range map[string]string{
		"logs:DescribeLogGroups": "*", "logs:CreateLogStream": arn, "logs:DescribeLogStreams": arn, "logs:PutLogEvents": arn,
	} {
		if role := t.role(); role == "" || c.roles.Allows(t.at.region, role, action, on, nil) != nil {
			return ""
		}
	}
	return group
}

// role is what the task's programs act as; "" is nothing.
func (t *task) role() string {
	if role := t.overrides.str("taskRoleArn"); role != "" {
		return role
	}
	return t.def.spec.str("taskRoleArn")
}

// execKeys are the condition keys of ExecuteCommand. The container's name is
// there only where the caller said it.
func execKeys(home string, in tree, tags map[string]string) map[string][]string {
	keys := clusterKeys(home, tags)
	if name := in.str("container"); name != "" {
		keys["ecs:container-name"] = []string{name}
	}
	return keys
}

// execSite lets taskFor authorize with the keys of ExecuteCommand.
func execSite(at site, home string, in tree) site {
	allow := at.authorize
	if allow == nil {
		return at
	}
	at.authorize = func(action, resource string, keys map[string][]string) error {
		for k, v := range execKeys(home, in, nil) {
			keys[k] = v
		}
		return allow(action, resource, keys)
	}
	return at
}

func (c *Cluster) clusterTags(arn string) map[string]string {
	if k := c.clusters[arn]; k != nil {
		return k.tags
	}
	return nil
}

// named is the container that is named, or the only one.
func (t *task) named(name string) (*container, error) {
	if name == "" && len(t.containers) > 1 {
		return nil, wire.Errorf("InvalidParameterException", "A container name is required because the task has more than one container.")
	}
	if name == "" {
		return t.containers[0], nil
	}
	if k := t.container(name); k != nil {
		return k, nil
	}
	return nil, wire.Errorf("InvalidParameterException", "The container %s was not found in the task.", name)
}

func (t *task) execTarget(k *container) ExecTarget {
	return ExecTarget{
		ClusterARN: t.cluster.arn, TaskARN: t.arn, Container: k.name, ContainerARN: t.containerARN(k),
		ID: "ecs:" + t.cluster.name + "_" + t.id + "_" + t.runtimeID(k), Tags: t.tags,
	}
}

// execAgent is the state of the agent that ECS Exec puts into a container; ""
// where the task was started without it.
func (t *task) execAgent(k *container) string {
	switch {
	case !t.exec:
		return ""
	case k.status == stopped:
		return stopped
	case !k.entered.IsZero():
		return running
	}
	return "PENDING"
}

// connected says whether the agent may reach Session Manager: it acts as the
// task's role (ECS Developer Guide, "Task IAM role for ECS Exec").
func (c *Cluster) connected(t *task) bool {
	role := t.role()
	for _, action := range []string{"CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"} {
		if role == "" || c.roles.Allows(t.at.region, role, "ssmmessages:"+action, "*", nil) != nil {
			return false
		}
	}
	return true
}

// ExecTarget finds a container by its name in Session Manager. connected is
// false where its agent does not run or may not reach Session Manager; there is
// an error only where no such task is known.
func (c *Cluster) ExecTarget(region, id string) (target ExecTarget, connected bool, err error) {
	unlock, err := c.enter()
	if err != nil {
		return ExecTarget{}, false, err
	}
	defer unlock()
	for _, t := range c.tasks {
		for _, k := range t.containers {
			if x := t.execTarget(k); t.at.region == region && x.ID == id {
				return x, t.execAgent(k) == running && c.connected(t), nil
			}
		}
	}
	return ExecTarget{}, false, errors.New("no container is called " + id)
}

// Runs answers whether a task's container runs now.
func (c *Cluster) Runs(taskARN, container string) bool {
	unlock, err := c.enter()
	if err != nil {
		return false
	}
	defer unlock()
	t := c.tasks[taskARN]
	if t == nil {
		return false
	}
	k := t.container(container)
	return k != nil && k.status == running
}

// ExecTaskARN is the ARN of the task that a target ecs:CLUSTER_TASK_RUNTIME
// names, whether it is there or not; the cluster's name may hold underscores.
func ExecTaskARN(account, region, target string) (string, bool) {
	name, ok := strings.CutPrefix(target, "ecs:")
	parts := strings.Split(name, "_")
	if !ok || len(parts) < 3 {
		return "", false
	}
	n := len(parts)
	return "arn:aws:ecs:" + region + ":" + account + ":task/" + strings.Join(parts[:n-2], "_") + "/" + parts[n-2], true
}
