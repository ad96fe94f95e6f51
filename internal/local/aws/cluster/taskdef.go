package cluster

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// family is a task definition's name with all its revisions.
type family struct {
	name      string
	revisions []*taskDef // revision n at n-1; a revision is never used again
}

type taskDef struct {
	arn          string
	family       string
	revision     int
	spec         tree // as registered, in the API's member names
	tags         map[string]string
	active       bool
	registered   time.Time
	deregistered time.Time
	by           string
}

func (d *taskDef) container(name string) tree {
	for _, cd := range d.spec.items("containerDefinitions") {
		if cd.str("name") == name {
			return cd
		}
	}
	return nil
}

var familyName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// checkTaskDefinition refuses what RegisterTaskDefinition refuses.
func checkTaskDefinition(spec tree) error {
	if !familyName.MatchString(spec.str("family")) {
		return wire.Errorf("ClientException", "Family should not be empty, contain only letters, numbers, hyphens and underscores, and be at most 255 characters.")
	}
	containers := spec.items("containerDefinitions")
	if len(containers) == 0 {
		return wire.Errorf("ClientException", "Container list cannot be empty.")
	}
	names := map[string]bool{}
	essential := false
	for _, cd := range containers {
		name := cd.str("name")
		switch {
		case !familyName.MatchString(name):
			return wire.Errorf("ClientException", "Container name is invalid: %s", name)
		case names[name]:
			return wire.Errorf("ClientException", "Container names must be unique: %s", name)
		case cd.str("image") == "":
			return wire.Errorf("ClientException", "Container.image should not be null or empty.")
		}
		names[name] = true
		essential = essential || cd.flag("essential", true)
		if err := checkContainer(cd); err != nil {
			return err
		}
	}
	if !essential {
		return wire.Errorf("ClientException", "At least one container should be essential.")
	}
	if err := checkVolumes(spec); err != nil {
		return err
	}
	if slices.Contains(spec.strs("requiresCompatibilities"), "FARGATE") {
		return checkFargate(spec)
	}
	return nil
}

func checkContainer(cd tree) error {
	seen := map[string]bool{}
	for _, list := range []string{"environment", "secrets"} {
		for _, e := range cd.items(list) {
			if n := e.str("name"); n == "" || seen[list+n] {
				return wire.Errorf("ClientException", "The %s names must be unique and not empty: %s", list, n)
			}
			seen[list+e.str("name")] = true
		}
	}
	for _, e := range cd.items("secrets") {
		if seen["environment"+e.str("name")] {
			return wire.Errorf("ClientException", "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", e.str("name"))
		}
	}
	if cd.has("healthCheck") && len(cd.node("healthCheck").strs("command")) == 0 {
		return wire.Errorf("ClientException", "Health check command cannot be empty.")
	}
	if err := checkUlimits(cd); err != nil {
		return err
	}
	if cd.num("stopTimeout", 1) < 0 {
		return wire.Errorf("ClientException", "Stop timeout must not be negative.")
	}
	if from := cd.node("repositoryCredentials").str("credentialsParameter"); cd.has("repositoryCredentials") && from == "" {
		return wire.Errorf("ClientException", "repositoryCredentials.credentialsParameter should not be null or empty.")
	}
	log := cd.node("logConfiguration")
	if log.str("logDriver") == "awslogs" {
		for _, o := range []string{"awslogs-group", "awslogs-region"} {
			if log.node("options").str(o) == "" {
				return wire.Errorf("ClientException", "Log driver awslogs requires options: %s", o)
			}
		}
		if log.node("options").str("awslogs-stream-prefix") == "" {
			return wire.Errorf("ClientException", "When using awslogs with launch type FARGATE, awslogs-stream-prefix is required.")
		}
	}
	return nil
}

// passRoles asks for iam:PassRole on the roles of a task definition.
func passRoles(at site, spec tree) error {
	for _, key := range []string{"taskRoleArn", "executionRoleArn"} {
		role := spec.str(key)
		if role == "" {
			continue
		}
		if !strings.HasPrefix(role, "arn:aws:iam::") {
			return wire.Errorf("ClientException", "Role is not valid")
		}
		keys := map[string][]string{"iam:PassedToService": {tasksService}}
		if err := at.allow("iam:PassRole", role, keys); err != nil {
			return err
		}
	}
	return nil
}

func familyKey(at site, name string) string { return at.region + "/" + name }

// register makes the next revision.
func (c *Cluster) register(at site, spec tree, tags map[string]string) (*taskDef, error) {
	key := familyKey(at, spec.str("family"))
	next := 1
	if f := c.families[key]; f != nil {
		next = len(f.revisions) + 1
	}
	arn := at.arn("ecs", fmt.Sprintf("task-definition/%s:%d", spec.str("family"), next))
	if err := at.allow("ecs:RegisterTaskDefinition", arn, withRequestTags(map[string][]string{}, tags)); err != nil {
		return nil, err
	}
	if err := allowTagging(at, arn, "RegisterTaskDefinition", tags); err != nil {
		return nil, err
	}
	if err := passRoles(at, spec); err != nil {
		return nil, err
	}
	if err := checkTaskDefinition(spec); err != nil {
		return nil, err
	}
	f := c.families[key]
	if f == nil {
		f = &family{name: spec.str("family")}
		c.families[key] = f
	}
	d := &taskDef{
		arn: arn, family: f.name, revision: next, spec: spec, tags: tags,
		active: true, registered: c.now, by: at.principal,
	}
	f.revisions = append(f.revisions, d)
	return d, nil
}

// allowTagging asks for ecs:TagResource, which ECS wants of who creates with tags.
func allowTagging(at site, arn, create string, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	return at.allow("ecs:TagResource", arn, withRequestTags(map[string][]string{"ecs:CreateAction": {create}}, tags))
}

// definition finds family, family:revision or an ARN; without a revision the
// newest active one.
func (c *Cluster) definition(at site, ref string) *taskDef {
	if _, rest, found := strings.Cut(ref, ":task-definition/"); found {
		if !strings.HasPrefix(ref, at.arn("ecs", "task-definition/")) {
			return nil
		}
		ref = rest
	}
	name, rev, found := strings.Cut(ref, ":")
	f := c.families[familyKey(at, name)]
	if f == nil {
		return nil
	}
	if found {
		n, err := strconv.Atoi(rev)
		if err != nil || n < 1 || n > len(f.revisions) {
			return nil
		}
		return f.revisions[n-1]
	}
	for _, d := range slices.Backward(f.revisions) {
		if d.active {
			return d
		}
	}
	return nil
}

// runnable finds a definition that new tasks may be made of.
func (c *Cluster) runnable(at site, ref string) (*taskDef, error) {
	d := c.definition(at, ref)
	if d == nil {
		return nil, wire.Errorf("ClientException", "TaskDefinition not found.")
	}
	if !d.active {
		return nil, wire.Errorf("ClientException", "TaskDefinition is inactive")
	}
	return d, nil
}

func (d *taskDef) describe() tree {
	t := maps.Clone(d.spec)
	delete(t, "tags")
	t["taskDefinitionArn"], t["revision"], t["status"] = d.arn, d.revision, "ACTIVE"
	t["registeredAt"] = d.registered
	if !d.active {
		t["status"], t["deregisteredAt"] = "INACTIVE", d.deregistered
	}
	t["compatibilities"] = []any{"EC2", "FARGATE"}
	for _, list := range []string{"volumes", "placementConstraints"} {
		if !t.has(list) {
			t[list] = []any{}
		}
	}
	return t.put("registeredBy", d.by)
}

func (c *Cluster) registerTaskDefinition(at site, in tree) (tree, error) {
	tags := tagsIn(in, "tags")
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	d, err := c.register(at, normalSpec(in), tags)
	if err != nil {
		return nil, err
	}
	return tree{"taskDefinition": plain(d.describe()), "tags": tagsOut(d.tags, "key", "value")}, nil
}

func (c *Cluster) describeTaskDefinition(at site, in tree) (tree, error) {
	if err := at.allow("ecs:DescribeTaskDefinition", "*", nil); err != nil {
		return nil, err
	}
	d := c.definition(at, in.str("taskDefinition"))
	if d == nil {
		return nil, wire.Errorf("ClientException", "Unable to describe task definition.")
	}
	out := tree{"taskDefinition": plain(d.describe())}
	if slices.Contains(in.strs("include"), "TAGS") {
		out["tags"] = tagsOut(d.tags, "key", "value")
	}
	return out, nil
}

func (c *Cluster) deregisterTaskDefinition(at site, in tree) (tree, error) {
	if err := at.allow("ecs:DeregisterTaskDefinition", "*", nil); err != nil {
		return nil, err
	}
	if !strings.Contains(in.str("taskDefinition"), ":") {
		return nil, wire.Errorf("ClientException", "The task definition must have a revision: %s", in.str("taskDefinition"))
	}
	d := c.definition(at, in.str("taskDefinition"))
	if d == nil {
		return nil, wire.Errorf("ClientException", "The specified task definition does not exist. Specify a valid account, family, revision and try again.")
	}
	c.deregister(d)
	return tree{"taskDefinition": plain(d.describe())}, nil
}

func (c *Cluster) deregister(d *taskDef) {
	if d.active {
		d.active, d.deregistered = false, c.now
	}
}

func (c *Cluster) listTaskDefinitions(at site, in tree) (tree, error) {
	if err := at.allow("ecs:ListTaskDefinitions", "*", nil); err != nil {
		return nil, err
	}
	prefix, want := in.str("familyPrefix"), in.str("status") != "INACTIVE"
	arns := []string{}
	for _, key := range slices.Sorted(maps.Keys(c.families)) {
		if !strings.HasPrefix(key, familyKey(at, "")) {
			continue
		}
		for _, d := range c.families[key].revisions {
			if d.active == want && (prefix == "" || d.family == prefix) {
				arns = append(arns, d.arn)
			}
		}
	}
	if in.str("sort") == "DESC" {
		slices.Reverse(arns)
	}
	part, next, err := page(arns, in.str("nextToken"), in.num("maxResults", 100), "definitions "+prefix)
	if err != nil {
		return nil, err
	}
	return tree{"taskDefinitionArns": anys(part)}.put("nextToken", next), nil
}
