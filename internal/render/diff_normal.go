package render

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// normal writes a heritage as sorted lines, values masked; those that differ
// from old's say so, so that the diff shows them.
func normal(h, old *manifest.Heritage) string {
	if h.Name == "" {
		return ""
	}
	if old == nil {
		old = &manifest.Heritage{}
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("name: %s", h.Name)
	line("image_name: %s", h.ImageName)
	if h.BeforeDeploy != nil {
		line("before_deploy: %s", beforeOf(h.BeforeDeploy))
	}
	if launch := launchOf(h.Launch); launch != "" {
		line("launch: %s", launch)
	}
	if h.KMSKey != "" {
		line("kms_key: %s", h.KMSKey)
	}
	before := map[string]string{}
	for _, v := range old.Environment {
		if v.Value != nil {
			before[v.Name] = *v.Value
		}
	}
	line("environment:")
	for _, v := range h.Environment {
		if v.Value != nil {
			line("  %s: %s", v.Name, masked(before, v.Name, *v.Value))
		} else {
			line("  %s: %s", variable(v), origin(v))
		}
	}
	section(line, "run_env", h.RunEnv, func(name, value string) string { return masked(old.RunEnv, name, value) })
	section(line, "repositories", repositoriesOf(h), told)
	section(line, "task_role", permissionsOf(h), told)
	line("services:")
	services := append([]manifest.Service(nil), h.Services...)
	sort.Slice(services, func(i, j int) bool { return services[i].Name < services[j].Name })
	for _, s := range services {
		normalService(line, s)
	}
	section(line, "scheduled_tasks", tasksOf(h), told)
	return b.String()
}

// masked says of a value only whether it is another.
func masked(before map[string]string, name, value string) string {
	if was, ok := before[name]; ok && value != was {
		return "another value"
	}
	return "a value"
}

func told(_, value string) string { return value }

func section(line func(string, ...any), key string, values map[string]string, words func(name, value string) string) {
	if len(values) > 0 {
		line("%s:", key)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if said := words(name, values[name]); said != "" {
			line("  %s: %s", name, said)
		} else {
			line("  %s", name)
		}
	}
}

func normalService(line func(string, ...any), s manifest.Service) {
	line("  %s:", s.Name)
	line("    service_type: %s", s.ServiceType)
	line("    command: %q", s.Command)
	line("    cpu: %s", cpuOf(s))
	line("    memory: %d", s.Memory)
	line("    exec: %t", s.Exec)
	if s.Web() {
		line("    web_container_port: %d", s.Port)
		line("    force_ssl: %t", s.ForceSSL)
	}
	for _, o := range optionsOf(s) {
		if o.value != "" {
			line("    %s: %s", o.key, o.value)
		}
	}
	listeners := append([]manifest.Listener(nil), s.Listeners...)
	sort.Slice(listeners, func(i, j int) bool { return listeners[i].Endpoint < listeners[j].Endpoint })
	for _, l := range listeners {
		line("    listener %s:", l.Endpoint)
		line("      rule_priority: %d", l.Priority)
		line("      rule: %s", conditions(l))
		line("      health_check: %s", health(l))
	}
}
