package render_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/render"
)

func TestScheduleNames(t *testing.T) {
	t.Parallel()
	if got := render.ScheduleName("hello", "report"); got != "bcn-hello-report-2a63979aaec3" {
		t.Error(got)
	}
	if one := render.ScheduleName("shop", "staging-sync"); one == render.ScheduleName("shop-staging", "sync") {
		t.Errorf("two heritages have the schedule %s", one)
	}
	rapid.Check(t, func(t *rapid.T) {
		// Few characters, so that hyphens meet.
		heritage, task := rapid.StringMatching(`[aA][a-]{0,117}[ab]`), rapid.StringMatching(`[a-b][a-]{0,47}[a-b]`)
		h1, h2, t1, t2 := heritage.Draw(t, "one"), heritage.Draw(t, "other"), task.Draw(t, "a"), task.Draw(t, "b")
		one, other := render.ScheduleName(h1, t1), render.ScheduleName(h2, t2)
		// EventBridge Scheduler API, CreateSchedule: [0-9a-zA-Z-_.]+, 64 at most.
		if len(one) > 64 || strings.Trim(one, "abcdefghijklmnopqrstuvwxyzA0123456789-") != "" {
			t.Fatal(one)
		}
		if (h1 != h2 || t1 != t2) && strings.EqualFold(one, other) {
			t.Fatalf("%s of %s and %s of %s are both %s", t1, h1, t2, h2, one)
		}
	})
}

func TestRolesOfSchedulesEndAsTheBoundaryKnowsThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		heritage := rapid.StringMatching(`[a-z][a-z0-9-]{0,117}[a-z0-9]`).Draw(t, "heritage")
		if got := render.ScheduleRole("default", heritage); len(got) > 64 ||
			!strings.HasPrefix(got, "bcn-default-") || !strings.HasSuffix(got, "-schedule") {
			t.Fatal(got)
		}
		for _, role := range []string{render.TaskRole("default", heritage), render.ExecutionRole("default", heritage)} {
			if strings.HasSuffix(role, "-schedule") {
				t.Fatalf("%s has the rights of schedules", role)
			}
		}
	})
}

func TestSizesOfScheduledTasksAreSaid(t *testing.T) {
	t.Parallel()
	in := input(heritage(t, worker+`    scheduled_tasks:
      - { name: usual, schedule: rate(1 day), command: x }
      - { name: odd, schedule: rate(1 day), command: x, cpu: 300, memory: 700 }
`))
	_, findings, err := render.Heritage(in)
	if err != nil || len(findings) != 1 || findings[0].ID != render.FargateTaskSize || findings[0].Params["task"] != "odd" ||
		findings[0].Params["new_cpu"] != "512" || findings[0].Params["new_memory"] != "1024" {
		t.Errorf("%+v %v", findings, err)
	}
}

func TestATaskAndAServiceOfOneLogicalIDAreRefused(t *testing.T) {
	t.Parallel()
	in := input(heritage(t, worker+`      - { name: zother, command: x }
    scheduled_tasks:
      - { name: report, schedule: rate(1 day), command: x }
`))
	in.Heritage.Services[1].Name = "Schedulereport"
	if _, _, err := render.Heritage(in); err == nil || err.Error() != `name_taken by="another resource of the stack" name="SchedulereportTaskDefinition"` {
		t.Error(err)
	}
}
