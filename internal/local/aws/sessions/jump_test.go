package sessions_test

import (
	"fmt"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// waitUntil is the command of a task of a grant's own.
func waitUntil(end time.Time) []string {
	return []string{"sh", "-c", fmt.Sprintf(
		`trap 'exit 0' TERM INT; while [ "$(date +%%s)" -lt %d ]; do sleep 1 & wait $!; done`, end.Unix())}
}

// TestAClockThatJumps moves a clock that runs, 30 seconds off the machine's,
// over the end of a task, a session, a schedule and a policy.
func TestAClockThatJumps(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{30 * time.Second, -30 * time.Second} {
		t.Run(off.String()+" off", func(t *testing.T) {
			t.Parallel()
			w := newECSAt(t, wire.NewShiftedClock(off))
			w.document(t, ten, content("10", "10"))
			w.Sessions().PutNode(sessionsNode(node, "production"))
			end := w.Now().Add(10 * time.Minute).Truncate(time.Second)
			own := w.running(t, wish{role: "enterable", exec: true, command: waitUntil(end)})
			live := w.running(t, wish{role: "enterable", exec: true})
			_, err := scheduler.NewFromConfig(w.as()).CreateSchedule(t.Context(), stopAt(end.Add(time.Minute), w.stopper(t, mayStop), live))
			wantCode(t, err, "")
			in := w.open(t, w.as())
			shell := plugintest.Start(t, plugintest.Options{
				Path: plugintest.Build(t), Response: answer(in.SessionId, in.StreamUrl, in.TokenValue), Target: node, Endpoint: w.URL(),
			})
			shell.Expect(t, "$ ")
			_, err = w.enter(t, w.as(), own, asIs)
			wantCode(t, err, "")

			wantCode(t, w.Advance(end.Sub(w.Now())-2*time.Second), "")
			if desired, _ := w.taskNow(t, own); desired != "RUNNING" {
				t.Fatal("the task has ended early")
			}
			wantCode(t, w.Advance(2*time.Minute), "")
			shell.Expect(t, "maximum duration")
			shell.ExpectEnd(t)
			if n := len(w.listed(t, "Active")); n != 0 {
				t.Fatalf("%d active sessions", n)
			}
			for _, x := range w.listed(t, "History") {
				// The node's began a minute after the task's end was set.
				if late := x.EndDate.Sub(end); late < -2*time.Second || late > 62*time.Second {
					t.Errorf("session %s ended %s after the end", *x.SessionId, late)
				}
			}
			out, err := ecs.NewFromConfig(w.as()).DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: awssdk.String("default"), Tasks: []string{own}})
			wantCode(t, err, "")
			if x := out.Tasks[0]; *x.LastStatus != "STOPPED" || *x.Containers[0].ExitCode != 0 || x.StoppingAt.Sub(end).Abs() > time.Second {
				t.Errorf("the task is %s since %s, want %s", *x.LastStatus, x.StoppingAt, end)
			}
			if desired, reason := w.taskNow(t, live); desired != "STOPPED" || reason != "grant 7 is over" {
				t.Errorf("%s: %s", desired, reason)
			}
			_, err = ssm.NewFromConfig(w.as()).StartSession(t.Context(), &ssm.StartSessionInput{Target: awssdk.String(node)})
			wantCode(t, err, "")
		})
	}
}
