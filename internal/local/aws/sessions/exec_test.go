package sessions_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

const (
	tasksTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	channels   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":[
		"ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel","ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"]}]}`
	nothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":"ecs:DescribeTasks"}]}`
)

// newECS is a world with the sample's network and cluster and an image that
// runs for ever.
func newECS(t *testing.T) *world {
	t.Helper()
	return newECSAt(t, wire.NewManualClock(start))
}

func newECSAt(t *testing.T, at clock) *world {
	t.Helper()
	w := newAccountAt(t, at, true)
	w.Cluster().PutImage("docker.io/library/shell", "1", cluster.Image{Behaviour: cluster.Healthy()})
	for name, policy := range map[string]string{"enterable": channels, "mute": nothing} {
		w.taskRole(t, name, policy)
	}
	return w
}

func (w *world) taskRole(t *testing.T, name, policy string) {
	t.Helper()
	c := iam.NewFromConfig(w.as())
	_, err := c.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: awssdk.String(tasksTrust)})
	wantCode(t, err, "")
	_, err = c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: awssdk.String("inline"), PolicyDocument: &policy})
	wantCode(t, err, "")
}

// wish is a task to run.
type wish struct {
	role       string
	exec       bool
	command    []string
	containers []string
}

// run starts a task of one container and answers its ARN.
func (w *world) run(t *testing.T, o wish) (string, error) {
	t.Helper()
	c := ecs.NewFromConfig(w.as())
	if o.containers == nil {
		o.containers = []string{"main"}
	}
	def := &ecs.RegisterTaskDefinitionInput{
		Family: awssdk.String("console"), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: awssdk.String("256"), Memory: awssdk.String("512"),
		RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
	}
	for _, name := range o.containers {
		def.ContainerDefinitions = append(def.ContainerDefinitions, ecstypes.ContainerDefinition{
			Name: &name, Image: awssdk.String("shell:1"), Command: o.command,
		})
	}
	if o.role != "" {
		def.TaskRoleArn = awssdk.String("arn:aws:iam::123456789012:role/" + o.role)
	}
	made, err := c.RegisterTaskDefinition(t.Context(), def)
	wantCode(t, err, "")
	in := &ecs.RunTaskInput{
		TaskDefinition: made.TaskDefinition.TaskDefinitionArn, Cluster: awssdk.String("default"), LaunchType: ecstypes.LaunchTypeFargate,
		EnableExecuteCommand: o.exec,
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: []string{"subnet-0a11ce00000000001"}, SecurityGroups: []string{"sg-0a11ce00000000001"},
		}},
	}
	if len(o.command) > 0 {
		in.Overrides = &ecstypes.TaskOverride{ContainerOverrides: []ecstypes.ContainerOverride{{Name: &o.containers[0], Command: o.command}}}
	}
	out, err := c.RunTask(t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.Tasks[0].TaskArn, nil
}

// running starts a task and waits until its agent runs.
func (w *world) running(t *testing.T, o wish) string {
	t.Helper()
	arn, err := w.run(t, o)
	wantCode(t, err, "")
	w.clock.Advance(30 * time.Second)
	return arn
}

func (w *world) enter(t *testing.T, c awssdk.Config, task string, change func(*ecs.ExecuteCommandInput)) (*ecs.ExecuteCommandOutput, error) {
	t.Helper()
	in := &ecs.ExecuteCommandInput{
		Cluster: awssdk.String("default"), Task: &task, Container: awssdk.String("main"), Command: awssdk.String("/bin/sh"), Interactive: true,
	}
	change(in)
	return ecs.NewFromConfig(c).ExecuteCommand(t.Context(), in)
}

func asIs(*ecs.ExecuteCommandInput) {}

func TestExecuteCommand(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	for _, c := range []struct {
		name   string
		task   wish
		change func(*ecs.ExecuteCommandInput)
		want   string
	}{
		{"a running task with exec on is entered", wish{role: "enterable", exec: true}, asIs, ""},
		{"the only container need not be named", wish{role: "enterable", exec: true}, func(in *ecs.ExecuteCommandInput) { in.Container = nil }, ""},
		{"exec off", wish{role: "enterable"}, asIs, "InvalidParameterException"},
		{"a task role that may not reach Session Manager", wish{role: "mute", exec: true}, asIs, "TargetNotConnectedException"},
		{"a container that is not there", wish{role: "enterable", exec: true}, func(in *ecs.ExecuteCommandInput) { in.Container = s("web") }, "InvalidParameterException"},
		{"one of several containers must be named", wish{role: "enterable", exec: true, containers: []string{"main", "side"}}, func(in *ecs.ExecuteCommandInput) { in.Container = nil }, "InvalidParameterException"},
		{"not interactive", wish{role: "enterable", exec: true}, func(in *ecs.ExecuteCommandInput) { in.Interactive = false }, "InvalidParameterException"},
		{"another task", wish{role: "enterable", exec: true}, func(in *ecs.ExecuteCommandInput) { in.Task = s("0123") }, "InvalidParameterException"},
		{"another cluster", wish{role: "enterable", exec: true}, func(in *ecs.ExecuteCommandInput) { in.Cluster = s("other") }, "ClusterNotFoundException"},
		{"a task that has ended", wish{role: "enterable", exec: true, command: []string{"true"}}, asIs, "InvalidParameterException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newECS(t)
			_, err := w.enter(t, w.as(), w.running(t, c.task), c.change)
			wantCode(t, err, c.want)
		})
	}
	t.Run("exec needs a task role", func(t *testing.T) {
		t.Parallel()
		_, err := newECS(t).run(t, wish{exec: true})
		wantCode(t, err, "InvalidParameterException")
	})
	t.Run("the agent is shown, and nobody gets in before it runs", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		arn, err := w.run(t, wish{role: "enterable", exec: true})
		wantCode(t, err, "")
		agent := func() string {
			out, err := ecs.NewFromConfig(w.as()).DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: s("default"), Tasks: []string{arn}})
			wantCode(t, err, "")
			return *out.Tasks[0].Containers[0].ManagedAgents[0].LastStatus
		}
		if got := agent(); got != "PENDING" {
			t.Fatalf("the agent is %s", got)
		}
		_, err = w.enter(t, w.as(), arn, asIs)
		wantCode(t, err, "InvalidParameterException")
		w.clock.Advance(30 * time.Second)
		if got := agent(); got != "RUNNING" {
			t.Fatalf("the agent is %s", got)
		}
	})
}

func TestWhoMayEnter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, container string
		policy          func(task string) string
		want            string
	}{
		{"the cluster, the task and the container", "main", execPolicy, ""},
		{"another container", "side", execPolicy, "AccessDeniedException"},
		{"no container", "", execPolicy, "AccessDeniedException"},
		{"the task without the cluster", "main", func(task string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:ExecuteCommand","Resource":"` + task + `"}]}`
		}, "AccessDeniedException"},
		{"another task", "main", func(task string) string { return execPolicy(task + "0") }, "AccessDeniedException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newECS(t)
			task := w.running(t, wish{role: "enterable", exec: true, containers: []string{"main", "side"}})
			creds := w.assume(t, "access", broad, "grant-7", c.policy(task))
			_, err := w.enter(t, w.as(creds), task, func(in *ecs.ExecuteCommandInput) {
				in.Container = nil
				if c.container != "" {
					in.Container = &c.container
				}
			})
			wantCode(t, err, c.want)
		})
	}
	t.Run("a minute after its end a grant enters nothing", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		task := w.running(t, wish{role: "enterable", exec: true})
		creds := w.assume(t, "access", broad, "grant-7", execPolicy(task))
		w.clock.Advance(11 * time.Minute)
		_, err := w.enter(t, w.as(creds), task, asIs)
		wantCode(t, err, "AccessDeniedException")
	})
	t.Run("a denial of StartSession on tasks holds for who may start anything else", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		out, err := w.enter(t, w.as(), w.running(t, wish{role: "enterable", exec: true}), asIs)
		wantCode(t, err, "")
		target := w.listed(t, ssmtypes.SessionStateActive)[0].Target
		_, err = ssm.NewFromConfig(w.as(w.assume(t, "access", broad, "dana", ""))).StartSession(t.Context(), &ssm.StartSessionInput{Target: target})
		wantCode(t, err, "AccessDeniedException")
		_, err = ssm.NewFromConfig(w.as()).StartSession(t.Context(), &ssm.StartSessionInput{Target: target})
		wantCode(t, err, "")
		if !strings.HasPrefix(*out.Session.SessionId, "ecs-execute-command-") {
			t.Fatal(*out.Session.SessionId)
		}
	})
}

// execPolicy is the session policy of a grant of one container.
func execPolicy(task string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:ExecuteCommand",
		"Resource":["arn:aws:ecs:us-east-1:123456789012:cluster/default","` + task + `"],
		"Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"},"StringEquals":{"ecs:container-name":"main"}}},
		{"Effect":"Deny","Action":"ssm:StartSession","Resource":"*"}]}`
}

// untilTen is the command of a task of a grant's own, which ends at 10:10:00.
const untilTen = `trap 'exit 0' TERM INT; while [ "$(date +%s)" -lt 1795255800 ]; do sleep 1 & wait $!; done`

// homeOf is the directory of a shell.
func homeOf(t *testing.T, p *plugintest.Plugin) string {
	t.Helper()
	p.Type(t, "echo at=$HOME=\n")
	p.Expect(t, "\nat=/")
	p.Expect(t, "=\r\n")
	_, rest, _ := strings.Cut(p.Output(), "\nat=")
	home, _, _ := strings.Cut(rest, "=")
	return home
}

func TestRealPluginInTask(t *testing.T) {
	t.Parallel()
	path := plugintest.Build(t)
	shell := func(t *testing.T, w *world, task string) (*plugintest.Plugin, string) {
		t.Helper()
		creds := w.assume(t, "access", broad, "grant-7", execPolicy(task))
		out, err := w.enter(t, w.as(creds), task, asIs)
		wantCode(t, err, "")
		p := plugintest.Start(t, plugintest.Options{
			Path: path, Response: answer(out.Session.SessionId, out.Session.StreamUrl, out.Session.TokenValue),
			Target: *w.listed(t, "Active")[0].Target, Endpoint: w.URL(), Keys: keys(creds),
		})
		p.Expect(t, "$ ")
		p.Type(t, "echo sum=$((40+2))\n")
		p.Expect(t, "sum=42\r\n")
		return p, *out.Session.SessionId
	}
	t.Run("a shell in a task is cut off when the task is stopped", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		task := w.running(t, wish{role: "enterable", exec: true})
		p, _ := shell(t, w, task)
		_, err := ecs.NewFromConfig(w.as()).StopTask(t.Context(), &ecs.StopTaskInput{Cluster: awssdk.String("default"), Task: &task})
		wantCode(t, err, "")
		w.clock.Advance(30 * time.Second)
		p.Expect(t, "The container has stopped.")
		p.ExpectEnd(t)
	})
	t.Run("a shell in a task of the grant's own ends with the task's main process", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		p, _ := shell(t, w, w.running(t, wish{role: "enterable", exec: true, command: []string{"sleep", "600"}}))
		w.clock.Advance(9 * time.Minute)
		p.Type(t, "echo still$((1+1))here\n")
		p.Expect(t, "still2here\r\n")
		w.clock.Advance(2 * time.Minute)
		p.ExpectEnd(t)
		if n := len(w.listed(t, "Active")); n != 0 {
			t.Fatalf("%d active sessions", n)
		}
	})
	t.Run("a task of the grant's own ends at its time with all its shells", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		task := w.running(t, wish{role: "enterable", exec: true, command: []string{"sh", "-c", untilTen}})
		first, _ := shell(t, w, task)
		second, _ := shell(t, w, task)
		home := homeOf(t, first)
		w.clock.Advance(start.Add(10*time.Minute - time.Second).Sub(w.clock.Now()))
		first.Type(t, "echo still$((1+1))here\n")
		first.Expect(t, "still2here\r\n")
		w.clock.Advance(2 * time.Second)
		for _, p := range []*plugintest.Plugin{first, second} {
			p.Expect(t, "The container has stopped.")
			p.ExpectEnd(t)
		}
		if n := len(w.listed(t, "Active")); n != 0 {
			t.Fatalf("%d active sessions", n)
		}
		for _, x := range w.listed(t, "History") {
			if x.Status != ssmtypes.SessionStatusTerminated {
				t.Fatalf("%+v", x)
			}
		}
		w.Sessions().Close() // waits for the shells, which must be dead for it
		if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("the shell's home is there still: %v", err)
		}
	})
	t.Run("a task of the grant's own is stopped at once, with its shells", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		task := w.running(t, wish{role: "enterable", exec: true, command: []string{"sh", "-c", untilTen}})
		p, _ := shell(t, w, task)
		_, err := ecs.NewFromConfig(w.as()).StopTask(t.Context(), &ecs.StopTaskInput{Cluster: awssdk.String("default"), Task: &task})
		wantCode(t, err, "")
		w.clock.Advance(time.Second)
		p.Expect(t, "The container has stopped.")
		p.ExpectEnd(t)
	})
	t.Run("a shell in a task is cut off when it is terminated", func(t *testing.T) {
		t.Parallel()
		w := newECS(t)
		p, id := shell(t, w, w.running(t, wish{role: "enterable", exec: true}))
		w.terminate(t, id)
		p.ExpectEnd(t)
	})
}
