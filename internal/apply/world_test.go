package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/registry"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
)

const owner = "installation-1"

// world is a local AWS with the sample in it, reached over HTTP by the SDK, as
// the sample's own roles: what they do not allow, fails here.
type world struct {
	*apply.Apply
	aws    *aws.Server
	client *awsx.AWS
	target bcn.Target
}

// quick is a speed at which a rollout takes a fraction of a second.
func quick() cluster.Speed {
	const step = 5 * time.Millisecond
	return cluster.Speed{
		Scheduler: step, Provision: step, Pull: step, Activate: step, Stop: step, Deprovision: step,
		Settle: 4 * step, LoadBalancer: step, Health: 0.002,
	}
}

func newWorld(t testing.TB, change ...func(*aws.Options)) *world {
	t.Helper()
	o := aws.Options{Sample: true, Speed: quick(), ChangeSetTime: 5 * time.Millisecond, Poll: 5 * time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	server, err := aws.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := awsx.New(t.Context(), awsx.Options{
		Isolated: true, Endpoint: server.URL(), MaxBackoff: 5 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{aws: server, client: client, target: sampleTarget()}
	w.Apply = apply.New(client, apply.Options{Poll: 5 * time.Millisecond, Settle: 2 * time.Second})
	return w
}

func sampleTarget() bcn.Target {
	in := roles.Input{District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion}
	return bcn.Target{
		ExternalID: owner, Session: "bcn-7", Identity: "dana",
		District: bcn.District{
			Name: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion, Role: in.BotRoleARN(), CFNRole: in.CFNRoleARN(),
			VPC: "vpc-0a11ce00000000001", CIDR: "10.0.0.0/16", Cluster: "default",
			Subnets:        []string{"subnet-0a11ce00000000001", "subnet-0a11ce00000000002"},
			PublicSubnets:  []string{"subnet-0a11ce00000000101", "subnet-0a11ce00000000102"},
			SecurityGroups: []string{"sg-0a11ce00000000001"}, Bucket: aws.SampleBucket(aws.DefaultAccount),
			Environments: []string{"production", "staging"},
		},
	}
}

// groups is a proposal of n log groups, which CloudFormation makes at once.
func groups(t testing.TB, stack string, n, retention int) bcn.Proposal {
	t.Helper()
	resources := map[string]any{}
	for i := range n {
		resources[fmt.Sprintf("Group%03d", i)] = map[string]any{"Type": "AWS::Logs::LogGroup", "Properties": map[string]any{
			"LogGroupName": fmt.Sprintf("Barcelona/default/%s-%03d", stack, i), "RetentionInDays": retention,
		}}
	}
	body, err := json.Marshal(map[string]any{
		"Resources": resources,
		"Outputs":   map[string]any{"First": map[string]any{"Value": map[string]any{"Ref": "Group000"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return bcn.Proposal{Name: stack, Template: body, Tags: []bcn.Tag{{Key: roles.InstallationTag, Value: owner}}}
}

// propose makes a change set that must succeed.
func (w *world) propose(t testing.TB, name string, p bcn.Proposal) bcn.StackPlan {
	t.Helper()
	plan, err := w.Propose(t.Context(), w.target, name, p, owner)
	if err != nil {
		t.Fatalf("propose %s: %v", name, err)
	}
	return plan
}

// run executes a plan and waits for the stack's end.
func (w *world) run(t testing.TB, plan bcn.StackPlan) string {
	t.Helper()
	if err := w.Execute(t.Context(), w.target, plan, "token-"+plan.Name+plan.TemplateSHA256[:8]); err != nil {
		t.Fatalf("execute %s: %v", plan.Name, err)
	}
	return w.end(t, plan)
}

// end waits until the stack is no longer in progress, and answers its status.
func (w *world) end(t testing.TB, plan bcn.StackPlan) string {
	t.Helper()
	return w.until(t, plan, func(status string) bool {
		return len(status) < 12 || status[len(status)-12:] != "_IN_PROGRESS"
	})
}

// until polls the stack until its status is as wanted.
func (w *world) until(t testing.TB, plan bcn.StackPlan, ok func(string) bool) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	status, err := backoff.Retry(ctx, func() (string, error) {
		list, err := w.Statuses(ctx, w.target, []string{plan.StackID})
		if err != nil {
			return "", backoff.Permanent(err)
		}
		if !ok(list[0].Status) {
			return "", errors.New("still " + list[0].Status)
		}
		return list[0].Status, nil
	}, backoff.WithBackOff(backoff.NewConstantBackOff(5*time.Millisecond)))
	if err != nil {
		t.Fatalf("stack %s: %v", plan.Name, err)
	}
	return status
}

func wantCode(t testing.TB, err error, want bcn.Code) {
	t.Helper()
	if got := bcn.CodeOf(err); got != want {
		t.Fatalf("code %q, want %q: %v", got, want, err)
	}
}

// rendered is what bcn makes of the sample app's environment with an image.
func (w *world) rendered(t testing.TB, env, tag string, endpoints map[string]bcn.Endpoint) []bcn.Proposal {
	t.Helper()
	raw, err := os.ReadFile("../../examples/hello/barcelona.yml")
	if err != nil {
		t.Fatal(err)
	}
	file, problems := manifest.Parse("barcelona.yml", raw)
	if file == nil {
		t.Fatal(problems)
	}
	h, problem := file.Environment(env)
	if problem != nil {
		t.Fatal(problem)
	}
	digest, err := registry.New(w.client, registry.Options{}).Resolve(t.Context(), w.target, h.ImageName, tag, "")
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := render.Heritage(render.Input{
		Heritage: h, App: "hello", Env: env, District: w.target.District, Endpoints: endpoints,
		Digest: digest, Installation: owner, Tags: map[string]string{"cost-center": "web"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
