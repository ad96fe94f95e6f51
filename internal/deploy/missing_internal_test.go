package deploy

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

func TestARunThatDoesNotBegin(t *testing.T) {
	t.Parallel()
	noon := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *time.Time { v := noon.Add(d); return &v }
	name := render.ScheduleName("hello", "report")
	task := func(expression string) FileTask {
		return FileTask{
			Heritage: bcn.Heritage{Name: "hello"}, Since: noon.Add(-24 * time.Hour),
			Task: manifest.ScheduledTask{Name: "report", Schedule: expression, Enabled: true},
		}
	}
	daily := task("cron(0 12 * * ? *)")
	off, young := daily, daily
	off.Task.Enabled, young.Since = false, noon.Add(time.Minute)
	for _, c := range []struct {
		name string
		task FileTask
		runs []bcn.ScheduledRun
		now  time.Duration // after noon
		due  time.Duration // after noon; -1: nothing is missing
	}{
		{"is told once EventBridge Scheduler has given up", daily, nil, 20 * time.Minute, 0},
		{"is not told while it still tries", daily, nil, 19 * time.Minute, -1},
		{"is not told once ECS could have forgotten it", daily, nil, 51 * time.Minute, -1},
		{"once, at a time", task("at(2027-01-01T12:00:00)"), nil, 30 * time.Minute, 0},
		{"the newest of several", task("cron(0/5 * * * ? *)"), nil, 31 * time.Minute, 10 * time.Minute},
		{"not one that runs", daily, []bcn.ScheduledRun{{Name: name, StartedAt: at(time.Second)}}, 30 * time.Minute, -1},
		{"not one that waits for room", daily, []bcn.ScheduledRun{{Name: name}}, 30 * time.Minute, -1},
		{"not one that ended", daily, []bcn.ScheduledRun{{Name: name, StartedAt: at(time.Second), EndedAt: *at(time.Minute)}}, 30 * time.Minute, -1},
		{"not one that ended without having begun", daily, []bcn.ScheduledRun{{Name: name, EndedAt: *at(time.Minute)}}, 30 * time.Minute, -1},
		{"not by AWS's clock being a little behind", daily, []bcn.ScheduledRun{{Name: name, StartedAt: at(-time.Second)}}, 30 * time.Minute, -1},
		{"though the one before still runs", daily, []bcn.ScheduledRun{{Name: name, StartedAt: at(-time.Hour)}}, 30 * time.Minute, 0},
		{"though another one ran", daily, []bcn.ScheduledRun{{Name: name + "-other", StartedAt: at(0)}}, 30 * time.Minute, 0},
		{"not one that is switched off", off, nil, 30 * time.Minute, -1},
		{"not one that was released later", young, nil, 30 * time.Minute, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := missingRuns(noon.Add(c.now), []FileTask{c.task}, c.runs)
			switch {
			case c.due < 0 && len(got) != 0:
				t.Errorf("%+v", got)
			case c.due >= 0 && (len(got) != 1 || !got[0].EndedAt.Equal(noon.Add(c.due)) || !got[0].Missing() || !got[0].Failed() || got[0].Heritage != "hello" || got[0].Name != "report"):
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestARunOfARateThatDoesNotBegin(t *testing.T) {
	t.Parallel()
	noon := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	name := render.ScheduleName("hello", "report")
	run := func(began time.Duration) bcn.ScheduledRun {
		at := noon.Add(began)
		return bcn.ScheduledRun{Name: name, StartedAt: &at, EndedAt: at.Add(time.Second)}
	}
	last := func(r bcn.ScheduledRun) *bcn.ScheduledRun { return &r }
	missed := bcn.MissingRun("hello", "report", noon)
	for _, c := range []struct {
		name  string
		rate  string
		since time.Duration // the release, after noon
		last  *bcn.ScheduledRun
		runs  []bcn.ScheduledRun
		now   time.Duration
		due   time.Duration // -1: nothing is missing
	}{
		{"after the run that was seen last", "rate(1 hour)", -24 * time.Hour, last(run(0)), nil, 81 * time.Minute, time.Hour},
		{"not while AWS still tries", "rate(1 hour)", -24 * time.Hour, last(run(0)), nil, 79 * time.Minute, -1},
		{"not where it began", "rate(1 hour)", -24 * time.Hour, last(run(0)), []bcn.ScheduledRun{run(62 * time.Minute)}, 81 * time.Minute, -1},
		{"not where it began early, for the one before was late", "rate(1 hour)", -24 * time.Hour, last(run(0)), []bcn.ScheduledRun{run(47 * time.Minute)}, 81 * time.Minute, -1},
		{"not where one waits for room", "rate(1 hour)", -24 * time.Hour, last(run(0)), []bcn.ScheduledRun{{Name: name}}, 81 * time.Minute, -1},
		{"not once ECS could have forgotten it", "rate(6 hours)", -24 * time.Hour, last(run(0)), nil, 6*time.Hour + 40*time.Minute, -1},
		{"the next one, after one that was missing", "rate(1 hour)", -24 * time.Hour, &missed, nil, 85 * time.Minute, time.Hour},
		{"the newest, after bcn did not look for a while", "rate(1 hour)", -24 * time.Hour, last(run(-5 * time.Hour)), nil, 25 * time.Minute, 0},
		{"the first, after the release", "rate(1 hour)", 0, nil, nil, 81 * time.Minute, time.Hour},
		{"not where the first began at any time since", "rate(1 hour)", 0, nil, []bcn.ScheduledRun{run(time.Minute)}, 75 * time.Minute, -1},
		{"a release counts anew", "rate(1 hour)", 30 * time.Minute, last(run(0)), nil, 85 * time.Minute, -1},
		{"a short one", "rate(5 minutes)", -24 * time.Hour, last(run(0)), nil, 31 * time.Minute, 10 * time.Minute},
		{"not a short one that runs", "rate(5 minutes)", -24 * time.Hour, last(run(0)), []bcn.ScheduledRun{run(5 * time.Minute), run(10 * time.Minute), run(15 * time.Minute)}, 31 * time.Minute, -1},
		{"not another task's", "rate(1 hour)", -24 * time.Hour, last(run(0)), []bcn.ScheduledRun{{Name: name + "-other"}}, 81 * time.Minute, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := FileTask{
				Heritage: bcn.Heritage{Name: "hello"}, Since: noon.Add(c.since), Last: c.last,
				Task: manifest.ScheduledTask{Name: "report", Schedule: c.rate, Enabled: true},
			}
			got := missingRuns(noon.Add(c.now), []FileTask{f}, c.runs)
			switch {
			case c.due < 0 && len(got) != 0:
				t.Errorf("%+v", got)
			case c.due >= 0 && (len(got) != 1 || !got[0].EndedAt.Equal(noon.Add(c.due)) || !got[0].Missing()):
				t.Errorf("%+v, want %s", got, noon.Add(c.due))
			}
		})
	}
}
