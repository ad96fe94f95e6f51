package cluster

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// maxRun is how many tasks RunTask starts at most.
const maxRun = 10

func (c *Cluster) runTask(at site, in tree) (tree, error) {
	home := clusterARN(at, in.str("cluster"))
	tags := tagsIn(in, "tags")
	def := c.definition(at, in.str("taskDefinition"))
	arn := at.arn("ecs", "task-definition/"+tail(in.str("taskDefinition"), "task-definition"))
	defTags := map[string]string{}
	if def != nil {
		arn, defTags = def.arn, def.tags
	}
	if err := at.allow("ecs:RunTask", arn, withRequestTags(clusterKeys(home, defTags), tags)); err != nil {
		return nil, err
	}
	if err := allowTagging(at, at.arn("ecs", "task/"+tail(home, "cluster")+"/*"), "RunTask", tags); err != nil {
		return nil, err
	}
	k, err := c.clusterOf(at, in.str("cluster"))
	if err != nil {
		return nil, err
	}
	if def, err = c.runnable(at, in.str("taskDefinition")); err != nil {
		return nil, err
	}
	if err := c.checkRun(at, k, def, in, tags); err != nil {
		return nil, err
	}
	provider, err := c.placeOf(k, in)
	if err != nil {
		return nil, err
	}
	if launchOf(in) == ec2 && provider == "" {
		if i, short := c.place(k, def, ""); i == nil {
			return unplacedRun(k, first(c.instancesOf(k)), short), nil
		}
	}
	made, err := c.runOnce(at, k, def, in, tags)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range made {
		out = append(out, t.describe(true))
	}
	return tree{"tasks": out, "failures": []any{}}, nil
}

// runOnce starts tasks, or answers those that the same client token started.
func (c *Cluster) runOnce(at site, k *ecsCluster, def *taskDef, in tree, tags map[string]string) ([]*task, error) {
	token := in.str("clientToken")
	key := k.arn + "\x00" + token
	if before := c.started[key]; token != "" && slices.ContainsFunc(before, c.remembers) {
		if before[0].def != def || before[0].request != requestOf(in) {
			return nil, wire.Errorf("ConflictException", "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a different RunTask request.")
		}
		return before, nil
	}
	group := in.str("group")
	if group == "" {
		group = "family:" + def.family
	}
	taskTags := map[string]string{}
	if in.str("propagateTags") == "TASK_DEFINITION" {
		maps.Copy(taskTags, def.tags)
	}
	maps.Copy(taskTags, tags)
	var made []*task
	launch := launchOf(in)
	provider, err := c.placeOf(k, in)
	if err != nil {
		return nil, err
	}
	for range in.num("count", 1) {
		var on *instance
		var short string
		if launch == ec2 {
			if on, short = c.place(k, def, provider); on == nil && provider == "" {
				break // as many as there is room for
			}
		}
		t := c.newTask(&task{
			at: at, cluster: k, def: def, group: group, startedBy: in.str("startedBy"), launchType: launch, on: on, provider: provider,
			network: in.node("networkConfiguration"), overrides: in.node("overrides"),
			exec: in.flag("enableExecuteCommand", false), tags: taskTags, request: requestOf(in),
		})
		made = append(made, t)
		if launch == ec2 && on == nil {
			c.await(t, cmp.Or(short, "EMPTY CAPACITY PROVIDER"))
			c.grow(provider, k.at, def)
		}
	}
	if token != "" {
		c.started[key] = made
		c.after(clientTokenLife, func() { c.forgetToken(key, made) })
	}
	return made, nil
}

// clientTokenLife is how long RunTask knows a client token at most; it forgets
// it with the tasks (Amazon ECS API Reference, "Ensuring idempotency").
const clientTokenLife = 24 * time.Hour

func (c *Cluster) remembers(t *task) bool { return c.tasks[t.arn] == t }

// forgetToken takes a token off, unless it has been used again since.
func (c *Cluster) forgetToken(key string, made []*task) {
	if now := c.started[key]; len(now) > 0 && now[0] == made[0] {
		delete(c.started, key)
	}
}

// requestOf tells requests apart: the same client token is for the same
// parameters (Amazon ECS API Reference, "Ensuring idempotency").
func requestOf(in tree) string {
	b, _ := json.Marshal(in) //nolint:errchkjson // a request that was read as JSON
	return string(b)
}

// taskFor authorizes an action on a task and finds it.
func (c *Cluster) taskFor(at site, clusterRef, ref, action string) (*task, error) {
	home := clusterARN(at, clusterRef)
	arn := ref
	if !strings.HasPrefix(ref, "arn:") {
		arn = at.arn("ecs", "task/"+tail(home, "cluster")+"/"+ref)
	}
	t := c.tasks[arn]
	tags := map[string]string{}
	if t != nil {
		tags = t.tags
	}
	if err := at.allow(action, arn, clusterKeys(home, tags)); err != nil {
		return nil, err
	}
	if _, err := c.clusterOf(at, clusterRef); err != nil {
		return nil, err
	}
	if t == nil || t.cluster.arn != home {
		return nil, wire.Errorf("InvalidParameterException", "The referenced task was not found.")
	}
	return t, nil
}

func (c *Cluster) stopTask(at site, in tree) (tree, error) {
	t, err := c.taskFor(at, in.str("cluster"), in.str("task"), "ecs:StopTask")
	if err != nil {
		return nil, err
	}
	reason := in.str("reason")
	if len(reason) > 1024 {
		return nil, wire.Errorf("InvalidParameterException", "The reason must be at most 1024 characters.")
	}
	if reason == "" {
		reason = "Task stopped by user"
	}
	c.end(t, "UserInitiated", reason)
	return tree{"task": t.describe(true)}, nil
}

func (c *Cluster) listTasks(at site, in tree) (tree, error) {
	home := clusterARN(at, in.str("cluster"))
	if err := at.allow("ecs:ListTasks", "*", map[string][]string{"ecs:cluster": {home}}); err != nil {
		return nil, err
	}
	k, err := c.clusterOf(at, in.str("cluster"))
	if err != nil {
		return nil, err
	}
	if err := checkList(in); err != nil {
		return nil, err
	}
	if name := in.str("serviceName"); name != "" && c.services[serviceARN(at, k.name, name)] == nil {
		return nil, wire.Errorf("ServiceNotFoundException", "Service not found.")
	}
	var found []*task
	for _, t := range c.tasks {
		if t.cluster == k && t.listed(in) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, oldestFirst)
	limit := in.num("maxResults", 100)
	if limit < 1 || limit > 100 {
		return nil, wire.Errorf("InvalidParameterException", "maxResults must be between 1 and 100")
	}
	part, next, err := page(found, in.str("nextToken"), limit, "tasks "+k.arn)
	if err != nil {
		return nil, err
	}
	arns := make([]any, len(part))
	for i, t := range part {
		arns[i] = t.arn
	}
	return tree{"taskArns": arns}.put("nextToken", next), nil
}

// listed applies the filters of ListTasks; without desiredStatus only tasks
// that are to run are listed.
func (t *task) listed(in tree) bool {
	want := in.str("desiredStatus")
	if want == "" {
		want = running
	}
	name := tail(in.str("serviceName"), "service")
	name = name[strings.LastIndex(name, "/")+1:]
	return t.desired == want &&
		(name == "" || t.svc != nil && t.svc.name == name) &&
		(!in.has("startedBy") || t.startedBy == in.str("startedBy")) &&
		(!in.has("family") || t.def.family == in.str("family")) &&
		(!in.has("launchType") || t.launchType == in.str("launchType"))
}

// maxTasks is how many tasks DescribeTasks takes.
const maxTasks = 100

func (c *Cluster) describeTasks(at site, in tree) (tree, error) {
	refs := in.strs("tasks")
	if len(refs) == 0 || len(refs) > maxTasks {
		return nil, wire.Errorf("InvalidParameterException", "Tasks must be between 1 and %d.", maxTasks)
	}
	found, failures := []any{}, []any{}
	for _, ref := range refs {
		t, err := c.taskFor(at, in.str("cluster"), ref, "ecs:DescribeTasks")
		if coded(err, "InvalidParameterException") {
			arn := ref
			if !strings.HasPrefix(ref, "arn:") {
				arn = at.arn("ecs", "task/"+tail(clusterARN(at, in.str("cluster")), "cluster")+"/"+ref)
			}
			failures = append(failures, map[string]any{"arn": arn, "reason": "MISSING"})
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, t.describe(slices.Contains(in.strs("include"), "TAGS")))
	}
	return tree{"tasks": found, "failures": failures}, nil
}
