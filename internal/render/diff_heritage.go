package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// heritage says what changes beside services and environment.
func (d *differ) heritage(old, now *manifest.Heritage) {
	d.named("before_deploy", one(beforeOf(old.BeforeDeploy)), one(beforeOf(now.BeforeDeploy)))
	d.named("scheduled task ", tasksOf(old), tasksOf(now))
	d.named("run_env ", old.RunEnv, now.RunEnv)
	d.named("repository ", repositoriesOf(old), repositoriesOf(now))
	d.named("task_role: ", permissionsOf(old), permissionsOf(now))
	d.named("launch", one(launchOf(old.Launch)), one(launchOf(now.Launch)))
	d.named("kms_key", one(old.KMSKey), one(now.KMSKey))
}

// named compares things that have names: what comes and goes, and what is
// another. Values of run_env are never told, as those of the environment.
func (d *differ) named(what string, old, now map[string]string) {
	silent := what == "run_env "
	for _, name := range slices.Sorted(maps.Keys(now)) {
		was, there := old[name]
		switch {
		case there && was == now[name]:
		case silent && there:
			d.add(bcn.MarkChanged, "%s%s", what, name)
		case there:
			d.changed(what+name, was, now[name])
		case silent || now[name] == "":
			d.add(bcn.MarkAdded, "%s%s", what, name)
		default:
			d.add(bcn.MarkAdded, "%s%s: %s", what, name, now[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, kept := now[name]; !kept {
			d.add(bcn.MarkRemoved, "%s%s", what, name)
		}
	}
}

// one is a thing of which there is one at most.
func one(value string) map[string]string {
	if value == "" {
		return nil
	}
	return map[string]string{"": value}
}

func beforeOf(b *manifest.BeforeDeploy) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%s, cpu %s, memory %d, timeout %s", b.Command, cpuOf(manifest.Service{CPU: b.CPU}), b.Memory, b.Timeout)
}

func tasksOf(h *manifest.Heritage) map[string]string {
	out := map[string]string{}
	for _, t := range h.ScheduledTasks {
		state := ""
		if !t.Enabled {
			state = ", disabled"
		}
		out[t.Name] = fmt.Sprintf("%s %s: %s, cpu %d, memory %d%s", t.Schedule, t.Timezone, quoted(t.Command), t.CPU, t.Memory, state)
	}
	return out
}

func repositoriesOf(h *manifest.Heritage) map[string]string {
	out := map[string]string{}
	for _, r := range h.Repositories {
		out[r.Name] = r.Credentials
	}
	return out
}

// permissionsOf are the rights one by one, so that a line is one right.
func permissionsOf(h *manifest.Heritage) map[string]string {
	out := map[string]string{}
	for _, p := range h.TaskRole {
		for _, action := range p.Actions {
			for _, resource := range p.Resources {
				out[action+" on "+resource] = ""
			}
		}
	}
	return out
}

func (d *differ) environment(old, now manifest.Variables) {
	before := map[string]manifest.Variable{}
	for _, v := range old {
		before[variable(v)] = v
	}
	kept := map[string]bool{}
	for _, v := range now {
		name := variable(v)
		kept[name] = true
		was, ok := before[name]
		switch {
		case !ok:
			d.add(bcn.MarkAdded, "environment %s%s", name, atRuntime(v))
		case origin(was) != origin(v):
			d.changed("environment "+name, origin(was), origin(v))
		case v.Value != nil && *v.Value != *was.Value:
			d.add(bcn.MarkChanged, "environment %s", name)
		}
	}
	for _, v := range old {
		if !kept[variable(v)] {
			d.add(bcn.MarkRemoved, "environment %s", variable(v))
		}
	}
}

// variable is how a variable is told: by its name, or by the path whose
// parameters it brings in.
func variable(v manifest.Variable) string {
	if v.SSMPrefix != "" {
		return "ssm_prefix " + v.SSMPrefix
	}
	return v.Name
}

// origin says where a variable's value comes from; a plain value is not told.
func origin(v manifest.Variable) string {
	switch {
	case v.SSMPath != "":
		return "ssm_path " + v.SSMPath + atRuntime(v)
	case v.ValueFrom != "":
		return "value_from " + v.ValueFrom + atRuntime(v)
	case v.SSMPrefix != "":
		return "all of " + strings.TrimSuffix(v.SSMPrefix, "/") + atRuntime(v)
	default:
		return "a value"
	}
}

// atRuntime says that the app's own code may read the secret too.
func atRuntime(v manifest.Variable) string {
	if v.ReadAtRuntime {
		return ", read at run time"
	}
	return ""
}
