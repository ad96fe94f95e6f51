package cluster_test

import (
	"strings"
	"testing"
	"time"
)

// untilTen waits, as a grant's own task does, until 2026-11-21T10:10:00Z.
const untilTen = `trap 'exit 0' TERM INT; while [ "$(date +%s)" -lt 1795255800 ]; do sleep 1 & wait $!; done`

// console runs a task of a definition whose container is changed, and waits
// until it runs.
func (w *world) console(change m, command ...any) any {
	w.t.Helper()
	p := definitionProps("v1")
	web := item(list(p, "ContainerDefinitions"), 0)
	for k, v := range change {
		web[k] = v
	}
	w.create("AWS::ECS::TaskDefinition", "Console", p)
	arn := item(list(w.call("ecs", "RunTask", w.oneOff(override(command...))), "tasks"), 0)["taskArn"]
	w.wait(time.Minute, func() bool { return w.task(arn)["lastStatus"] == "RUNNING" })
	return arn
}

func (w *world) container(arn any) m {
	w.t.Helper()
	return item(list(w.task(arn), "containers"), 0)
}

func TestTasksUntilATime(t *testing.T) {
	t.Parallel()
	entry := m{"EntryPoint": l{"/bin/sh", "-c"}, "LinuxParameters": m{"InitProcessEnabled": true}, "StopTimeout": 10.0}
	for name, x := range map[string]struct {
		change  m
		command []any
	}{
		"by an entry point":  {entry, []any{untilTen}},
		"by a shell":         {nil, []any{"sh", "-c", untilTen}},
		"by a shell's path":  {nil, []any{"/bin/sh", "-c", untilTen}},
		"with lines":         {entry, []any{strings.ReplaceAll(untilTen, "; ", "\n")}},
		"without quotes":     {entry, []any{strings.ReplaceAll(untilTen, `"`, "")}},
		"without a trap":     {entry, []any{strings.TrimPrefix(untilTen, "trap 'exit 0' TERM INT; ")}},
		"with an exit after": {entry, []any{untilTen + "; exit 0"}},
	} {
		t.Run("end at it by themselves "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			end := w.clock.Now().Add(10 * time.Minute)
			arn := w.console(x.change, x.command...)
			w.advance(end.Sub(w.clock.Now()) - time.Second)
			if k := w.container(arn); k["lastStatus"] != "RUNNING" {
				t.Fatal(k)
			}
			w.advance(time.Second)
			if k := w.container(arn); k["lastStatus"] != "STOPPED" || k["exitCode"] != 0 {
				t.Fatal(k)
			}
			w.advance(time.Minute)
			if task := w.task(arn); task["lastStatus"] != "STOPPED" || task["stopCode"] != "EssentialContainerExited" {
				t.Fatal(task)
			}
		})
	}
	t.Run("end at once where it has passed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.advance(11 * time.Minute)
		p := definitionProps("v1")
		w.create("AWS::ECS::TaskDefinition", "Console", p)
		arn := item(list(w.call("ecs", "RunTask", w.oneOff(override("sh", "-c", untilTen))), "tasks"), 0)["taskArn"]
		w.wait(time.Minute, func() bool { return w.task(arn)["lastStatus"] == "STOPPED" })
		if k := w.container(arn); k["exitCode"] != 0 {
			t.Fatal(k)
		}
	})
}

func TestHowTasksAreStopped(t *testing.T) {
	t.Parallel()
	initialised := m{"LinuxParameters": m{"InitProcessEnabled": true}}
	for name, x := range map[string]struct {
		change m
		script string
		after  time.Duration
		code   int
	}{
		"one that traps SIGTERM ends at once":                            {m{"StopTimeout": 60.0}, untilTen, 0, 0},
		"one that sleeps in its foreground notices a second later":       {nil, strings.Replace(untilTen, " & wait $!", "", 1), time.Second, 0},
		"one that sleeps longer is killed at the stop timeout":           {m{"StopTimeout": 5.0}, strings.Replace(untilTen, "1 & wait $!", "60", 1), 5 * time.Second, 137},
		"one without a trap is killed after 30 seconds":                  {nil, "sleep 600", 30 * time.Second, 137},
		"one without a trap is killed at its stop timeout":               {m{"StopTimeout": 7.0}, "sleep 600", 7 * time.Second, 137},
		"one without a trap below an init process ends with the signal":  {initialised, "sleep 600", 5 * time.Second, 143},
		"one that ignores SIGTERM is killed below an init process too":   {initialised, "trap '' TERM; sleep 600", 30 * time.Second, 137},
		"a program of an image ends with the signal":                     {nil, "", 5 * time.Second, 143},
		"one that ends by itself before it is killed keeps its own code": {nil, "sleep 9", 9 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var command []any
			if x.script != "" {
				command = []any{"sh", "-c", x.script}
			}
			arn := w.console(x.change, command...)
			w.call("ecs", "StopTask", m{"cluster": "main", "task": arn})
			if x.after > 0 {
				w.advance(x.after - time.Second)
				if k := w.container(arn); k["lastStatus"] != "RUNNING" {
					t.Fatal(k)
				}
				w.advance(time.Second)
			}
			if k := w.container(arn); k["lastStatus"] != "STOPPED" || k["exitCode"] != x.code {
				t.Fatal(k)
			}
			w.advance(time.Minute)
			if task := w.task(arn); task["lastStatus"] != "STOPPED" || task["stopCode"] != "UserInitiated" {
				t.Fatal(task)
			}
		})
	}
	t.Run("Fargate waits no longer than two minutes", func(t *testing.T) {
		t.Parallel()
		newWorld(t).refused("ClientException", "at most 120", "ecs", "RegisterTaskDefinition", registration(func(_, c m) { c["stopTimeout"] = 121.0 }))
	})
}

func TestWhatAnEntryPointRuns(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]any{"exit 3": 3, "true": 0, "false": 1, "sleep 4": 0, "echo hello": 0, "rake db:migrate": 0} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			arn := w.console(m{"EntryPoint": l{"/bin/sh", "-c"}}, script)
			w.wait(time.Minute, func() bool { return w.task(arn)["lastStatus"] == "STOPPED" })
			if k := w.container(arn); k["exitCode"] != want {
				t.Fatal(k)
			}
		})
	}
}

func TestWhatARequestBrings(t *testing.T) {
	t.Parallel()
	t.Run("the tags of a definition are the task's where that is asked for, its own over them", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.call("ecs", "RegisterTaskDefinition", registration(func(s, _ m) { s["tags"] = l{m{"key": "a", "value": "1"}, m{"key": "b", "value": "1"}} }))
		arn := item(list(w.call("ecs", "RunTask", w.oneOff(m{"propagateTags": "TASK_DEFINITION", "tags": l{m{"key": "b", "value": "2"}}})), "tasks"), 0)["taskArn"]
		tags := list(w.task(arn), "tags")
		if len(tags) != 2 || item(tags, 0)["value"] != "1" || item(tags, 1)["value"] != "2" {
			t.Fatal(tags)
		}
		arn = item(list(w.call("ecs", "RunTask", w.oneOff(nil)), "tasks"), 0)["taskArn"]
		if tags := list(w.task(arn), "tags"); len(tags) != 0 {
			t.Fatal(tags)
		}
	})
	t.Run("a client token is known for 24 hours, while its tasks can be seen", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.definition("v1")
		run := func(token string, more m) any {
			in := w.oneOff(more)
			in["clientToken"] = token
			return item(list(w.call("ecs", "RunTask", in), "tasks"), 0)["taskArn"]
		}
		long, short := run("long", nil), run("short", override("true"))
		w.advance(30 * time.Minute)
		if run("long", nil) != long || run("short", override("true")) != short {
			t.Fatal("started again")
		}
		w.advance(2 * time.Hour)
		if run("long", nil) != long || run("short", override("true")) == short {
			t.Fatal("the token of a task that is gone holds, or another does not")
		}
		w.advance(22 * time.Hour)
		if run("long", nil) == long {
			t.Fatal("held for longer than a day")
		}
	})
	t.Run("who started a task is its only filter, beside the desired status", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, other := range []string{"family", "launchType", "serviceName"} {
			w.refused("InvalidParameterException", "cannot specify startedBy with other arguments", "ecs", "ListTasks", m{"cluster": "main", "startedBy": "bcn-7", other: "x"})
		}
		w.refused("InvalidParameterException", "desiredStatus", "ecs", "ListTasks", m{"cluster": "main", "desiredStatus": "DEAD"})
	})
	t.Run("one of several definitions' containers ends the task, and the others with it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := definitionProps("v1")
		p["ContainerDefinitions"] = append(list(p, "ContainerDefinitions"), m{"Name": "side", "Image": host + "hello:v1"})
		w.create("AWS::ECS::TaskDefinition", "Console", p)
		arn := item(list(w.call("ecs", "RunTask", w.oneOff(override("sh", "-c", untilTen))), "tasks"), 0)["taskArn"]
		w.advance(11 * time.Minute)
		got := w.task(arn)
		if k := list(got, "containers"); got["lastStatus"] != "STOPPED" || item(k, 0)["exitCode"] != 0 || item(k, 1)["exitCode"] != 143 {
			t.Fatal(got)
		}
	})
}
