package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

const (
	account = "123456789012"
	region  = "eu-west-1"
	host    = account + ".dkr.ecr." + region + ".amazonaws.com/"
	role    = "arn:aws:iam::" + account + ":role/bcn/main/"
)

// world is what surrounds the cluster: one VPC with two subnets, whose groups
// let each other in as a test says; roles that exist unless refused.
type world struct {
	*cluster.Cluster
	t        *testing.T
	clock    *wire.ManualClock
	admitted map[string]bool // "to<-from"
	denied   map[string]bool // action, for everyone
	distrust bool
	missing  map[string]bool   // parameters
	keyOf    map[string]string // ARN of the customer's key, by parameter or secret
	asked    []string          // "action resource"
	keys     map[string]map[string][]string
	handlers map[string]wire.Handler
}

func (w *world) Admits(groups []string, _ int, from cluster.Source) bool {
	for _, g := range groups {
		for _, f := range from.Groups {
			if w.admitted[g+"<-"+f] {
				return true
			}
		}
	}
	return false
}

func (w *world) Subnet(id string) (vpc, zone string, ok bool) {
	return "vpc-1", strings.TrimPrefix(id, "subnet-"), strings.HasPrefix(id, "subnet-")
}

func (w *world) SecurityGroup(id string) (string, bool) {
	return "vpc-1", strings.HasPrefix(id, "sg-")
}

func (w *world) Trusts(role, _ string) error {
	if w.distrust {
		return errors.New(role + " is not trusted")
	}
	return nil
}

func (w *world) Allows(_, _, action, _ string, _ map[string][]string) error {
	if w.denied["role:"+action] {
		return errors.New(action + " is denied")
	}
	return nil
}

func (w *world) Parameter(_, name string) bool { return !w.missing[name] }
func (w *world) Secret(arn string) bool        { return !w.missing[arn] }
func (w *world) ParameterKey(_, name string) (string, map[string][]string) {
	return w.keyOf[name], map[string][]string{"kms:ViaService": {"ssm.us-east-1.amazonaws.com"}}
}

func (w *world) SecretKey(arn string) (string, map[string][]string) {
	return w.keyOf[arn], map[string][]string{"kms:ViaService": {"secretsmanager.us-east-1.amazonaws.com"}}
}

func (w *world) advance(d time.Duration)         { w.clock.Advance(d) }
func (w *world) fail(format string, args ...any) { w.t.Helper(); w.t.Fatalf(format, args...) }
func (w *world) wait(limit time.Duration, f func() bool) time.Duration {
	w.t.Helper()
	for at := time.Duration(0); at <= limit; at += time.Second {
		if f() {
			return at
		}
		w.advance(time.Second)
	}
	w.fail("not within %s", limit)
	return limit
}

func (w *world) authorize(action, resource string, keys map[string][]string) error {
	w.asked = append(w.asked, action+" "+resource)
	w.keys[action] = keys
	if w.denied[action] {
		return wire.Errorf("AccessDeniedException", "User is not authorized to perform: %s on resource: %s", action, resource)
	}
	return nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, clock: wire.NewManualClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)),
		admitted: map[string]bool{"sg-task<-sg-lb": true}, denied: map[string]bool{}, missing: map[string]bool{}, keyOf: map[string]string{},
		keys: map[string]map[string][]string{},
	}
	w.Cluster = cluster.New(cluster.Options{Clock: w.clock, Network: w, Roles: w, Secrets: w})
	w.handlers = w.Handlers()
	t.Cleanup(w.Close)
	w.PutCluster(account, region, "main", map[string]string{"bcn": "x"})
	w.PutImage("hello", "v1", cluster.Image{Behaviour: cluster.Healthy("v1 listens")})
	w.PutImage("hello", "v2", cluster.Image{Behaviour: cluster.Healthy("v2 listens")})
	w.PutImage("hello", "crash", cluster.Image{Behaviour: cluster.Exits(3, 2*time.Second, "boom")})
	w.PutImage("hello", "sick", cluster.Image{Behaviour: cluster.NeverHealthy(503, "cannot reach the database")})
	w.PutImage("hello", "unpullable", cluster.Image{Behaviour: cluster.CannotPull("no space left on device")})
	return w
}

// try makes a call and answers what came.
func (w *world) try(service, action string, in m) (m, error) {
	out, err := w.handlers[service](context.Background(), &wire.Call{
		Service: service, Action: action, Region: region, Account: account, Params: in,
		Now: w.clock.Now(), Authorize: w.authorize,
	})
	if err != nil {
		return nil, err
	}
	answer, ok := out.(m)
	if !ok {
		w.fail("%s answered a %T", action, out)
	}
	return answer, nil
}

func (w *world) call(service, action string, in m) m {
	w.t.Helper()
	out, err := w.try(service, action, in)
	if err != nil {
		w.fail("%s: %v", action, err)
	}
	return out
}

func (w *world) refused(code, text, service, action string, in m) {
	w.t.Helper()
	_, err := w.try(service, action, in)
	w.isError(err, code, text)
}

func (w *world) isError(err error, code, text string) {
	w.t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
		w.fail("got %v, want %s with %q", err, code, text)
	}
}

func (w *world) request(logical string, props m) wire.Request {
	return wire.Request{
		Account: account, Region: region, StackID: "arn:aws:cloudformation:x", StackName: "hello", LogicalID: logical,
		Properties: props, Tags: map[string]string{"bcn": "x"}, Now: w.clock.Now(), Authorize: w.authorize,
	}
}

// create makes a resource as CloudFormation does, without waiting for it.
func (w *world) create(kind, logical string, props m) (string, map[string]string) {
	w.t.Helper()
	id, attrs, err := w.Providers()[kind].Create(context.Background(), w.request(logical, props))
	if err != nil {
		w.fail("create %s: %v", logical, err)
	}
	return id, attrs
}

func (w *world) update(id string, props m) {
	w.t.Helper()
	if _, err := w.Providers()[serviceType].Update(context.Background(), id, w.request("Web", props)); err != nil {
		w.fail("update %s: %v", id, err)
	}
}

func (w *world) ready(kind, id string) (bool, error) {
	return w.Providers()[kind].Ready(context.Background(), id, w.request("x", nil))
}

const serviceType = "AWS::ECS::Service"

// definition makes a revision of the family hello-web that runs an image tag.
func (w *world) definition(tag string) string {
	w.t.Helper()
	id, _ := w.create("AWS::ECS::TaskDefinition", "Web", definitionProps(tag))
	return id
}

func definitionProps(tag string) m {
	return m{
		"Family": "hello-web", "NetworkMode": "awsvpc", "RequiresCompatibilities": l{"FARGATE"},
		"Cpu": "256", "Memory": "512", "ExecutionRoleArn": role + "execution", "TaskRoleArn": role + "task",
		"ContainerDefinitions": l{m{
			"Name": "web", "Image": host + "hello:" + tag, "PortMappings": l{m{"ContainerPort": 3000.0}},
		}},
	}
}

func serviceProps(definition string, more m) m {
	p := m{
		"Cluster": "main", "TaskDefinition": definition, "LaunchType": "FARGATE", "DesiredCount": 2.0,
		"NetworkConfiguration": m{"AwsvpcConfiguration": m{
			"Subnets": l{"subnet-a", "subnet-b"}, "SecurityGroups": l{"sg-task"}, "AssignPublicIp": "ENABLED",
		}},
		"DeploymentConfiguration": m{
			"MinimumHealthyPercent": 100.0, "MaximumPercent": 200.0,
			"DeploymentCircuitBreaker": m{"Enable": true, "Rollback": false},
		},
	}
	for k, v := range more {
		p[k] = v
	}
	return p
}

func (w *world) describe(arn string) m {
	w.t.Helper()
	out := w.call("ecs", "DescribeServices", m{"cluster": "main", "services": l{arn}, "include": l{"TAGS"}})
	services := list(out, "services")
	if len(services) != 1 {
		w.fail("services: %v", out)
	}
	return item(services, 0)
}

func primary(service m) m { return item(list(service, "deployments"), 0) }

func (w *world) steady(arn string) time.Duration {
	w.t.Helper()
	return w.wait(20*time.Minute, func() bool {
		ok, err := w.ready(serviceType, arn)
		if err != nil {
			w.fail("ready: %v", err)
		}
		return ok
	})
}

func messages(service m) string {
	var b strings.Builder
	for _, e := range list(service, "events") {
		fmt.Fprintln(&b, as[m](e)["message"])
	}
	return b.String()
}

// stoppedTasks describes a service's tasks that were told to stop.
func (w *world) stoppedTasks(name string) []m {
	w.t.Helper()
	arns := list(w.call("ecs", "ListTasks", m{"cluster": "main", "serviceName": name, "desiredStatus": "STOPPED"}), "taskArns")
	if len(arns) == 0 {
		return nil
	}
	var out []m
	for _, t := range list(w.call("ecs", "DescribeTasks", m{"cluster": "main", "tasks": arns}), "tasks") {
		out = append(out, as[m](t))
	}
	return out
}
