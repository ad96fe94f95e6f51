package apply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/registry"
	"github.com/bcn-bot/bcn/internal/render"
)

// complete is a file with what only issue 5's keys bring.
const complete = `environments:
  production:
    name: hello
    image_name: 123456789012.dkr.ecr.us-east-1.amazonaws.com/hello
    environment:
      - ssm_prefix: hello/
    scheduled_tasks:
      - {name: report, schedule: "rate(1 hour)", command: bin/report daily}
      - {name: nightly, schedule: "cron(0 3 * * ? *)", timezone: Asia/Tokyo, command: [exit, "0"], enabled: false}
    services:
      - name: worker
        command: bundle exec sidekiq
        cpu: 256
        memory: 512
        stop_timeout: 60
        ulimits: [{name: nofile, soft: 1024, hard: 4096}]
        volumes:
          - {name: scratch, path: /scratch}
          - {name: data, path: /data, read_only: true, efs: {file_system: fs-0123456789abcdef0}}
        auto_scaling: {min_count: 2, max_count: 4, cpu: 60, memory: 70}
`

func TestTheCompleteFileRollsOutWithTheRolesThatIAMPrints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.key(t, "hello")
	w.write(t, "/barcelona/default/hello/database_url", "alias/hello")
	file, problems := manifest.Parse("barcelona.yml", []byte(complete))
	if file == nil {
		t.Fatal(problems)
	}
	h, problem := file.Environment("production")
	if problem != nil {
		t.Fatal(problem)
	}
	digest, err := registry.New(w.client, registry.Options{}).Resolve(t.Context(), w.target, h.ImageName, "v2", "")
	if err != nil {
		t.Fatal(err)
	}
	in := render.Input{
		Heritage: h, App: "hello", Env: "production", District: w.target.District, Digest: digest, Installation: owner,
		Parameters: map[string][]string{},
	}
	const prefix = "/barcelona/default/hello/"
	if in.Parameters[prefix], err = w.Below(t.Context(), w.target, prefix); err != nil {
		t.Fatal(err)
	}
	var refs []bcn.SecretRef
	for _, name := range in.Parameters[prefix] {
		refs = append(refs, bcn.SecretRef{Name: name, From: name})
	}
	if in.Keys, err = w.Keys(t.Context(), w.target, refs); err != nil || !slices.Equal(in.Keys, []string{arn}) {
		t.Fatal(in.Keys, err)
	}
	list, findings, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err, findings)
	}
	for i, p := range list {
		plan := w.propose(t, "bcn-2-"+string(rune('1'+i)), p)
		if status := w.run(t, plan); status != "CREATE_COMPLETE" {
			w.explain(t, plan.StackID)
			t.Fatal(p.Name, status)
		}
	}
	w.schedulesRun(t)
	w.scaledOut(t)
}

// schedulesRun waits for the task of the rate, which starts at once.
func (w *world) schedulesRun(t *testing.T) {
	t.Helper()
	name := render.ScheduleName("hello", "report")
	w.eventually(t, "the scheduled task ends well", func() bool {
		if err := w.aws.Sessions().ScheduleFailure("us-east-1", name); err != nil {
			t.Fatal(err)
		}
		arns, _ := w.beside(t, "ecs", "ListTasks", map[string]any{"cluster": "default", "family": "hello-schedule", "desiredStatus": "STOPPED"})["taskArns"].([]any)
		if len(arns) != 1 {
			return false
		}
		tasks, err := w.client.For(w.target).Tasks(t.Context(), "default", []string{fmt.Sprint(arns[0])})
		if err != nil {
			t.Fatal(err)
		}
		task := tasks[0]
		code := task.Containers[0].ExitCode
		return task.Group == name && task.Status == "STOPPED" && code != nil && *code == 0 && task.Code == "EssentialContainerExited"
	})
	off := w.beside(t, "scheduler", "GetSchedule", map[string]any{"Name": render.ScheduleName("hello", "nightly")})
	if off["State"] != "DISABLED" || off["ScheduleExpressionTimezone"] != "Asia/Tokyo" {
		t.Errorf("%v", off)
	}
}

// scaledOut waits until the least count runs.
func (w *world) scaledOut(t *testing.T) {
	t.Helper()
	w.eventually(t, "two workers run", func() bool {
		list, err := w.Rollouts(t.Context(), w.target, "hello")
		if err != nil {
			t.Fatal(err)
		}
		return len(list) == 1 && strings.HasPrefix(list[0].ECSName, "hello-") && list[0].Running == 2
	})
}

// eventually polls until something holds.
func (w *world) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal("not seen: " + what)
		}
		timer := time.NewTimer(5 * time.Millisecond)
		<-timer.C
	}
}
