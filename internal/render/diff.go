package render

import (
	"fmt"
	"sort"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// Diff says for people what a release changes: lines for the card, and a
// unified diff of both manifests with their defaults written out. old is nil
// for the first release. Environment values are in neither.
func Diff(old, now *manifest.Heritage, oldDigest, newDigest string) (lines []bcn.Line, unified string) {
	if old == nil {
		old = &manifest.Heritage{}
	}
	d := differ{}
	if oldDigest != newDigest && oldDigest != "" {
		d.changed("image", short(old.ImageName, oldDigest), short(now.ImageName, newDigest))
	} else if old.ImageName != now.ImageName && old.ImageName != "" {
		d.changed("image", old.ImageName, now.ImageName)
	}
	d.services(old.Services, now.Services)
	d.environment(old.Environment, now.Environment)
	before, after := normal(old, nil), normal(now, old)
	return d.lines, udiff.Unified("deployed", "planned", before, after)
}

// differ collects lines.
type differ struct {
	lines []bcn.Line
}

func (d *differ) add(mark bcn.LineMark, format string, args ...any) {
	d.lines = append(d.lines, bcn.Line{Mark: mark, What: fmt.Sprintf(format, args...)})
}

func (d *differ) changed(what, from, to string) {
	if from != to {
		d.add(bcn.MarkChanged, "%s: %s → %s", what, from, to)
	}
}

func (d *differ) services(old, now []manifest.Service) {
	before := map[string]manifest.Service{}
	for _, s := range old {
		before[s.Name] = s
	}
	kept := map[string]bool{}
	for _, s := range now {
		kept[s.Name] = true
		was, ok := before[s.Name]
		if !ok {
			d.add(bcn.MarkAdded, "service %s: %s, cpu %s, memory %d%s", s.Name, kindOf(s), cpuOf(s), s.Memory, execOf(s))
			d.listeners("service "+s.Name, nil, s.Listeners)
			continue
		}
		d.service(was, s)
	}
	for _, s := range old {
		if !kept[s.Name] {
			d.add(bcn.MarkRemoved, "service %s", s.Name)
		}
	}
}

func (d *differ) service(was, s manifest.Service) {
	in := "service " + s.Name
	d.changed(in+": type", kindOf(was), kindOf(s))
	d.changed(in+": command", was.Command, s.Command)
	d.changed(in+": cpu", cpuOf(was), cpuOf(s))
	d.changed(in+": memory", fmt.Sprint(was.Memory), fmt.Sprint(s.Memory))
	d.changed(in+": exec", fmt.Sprint(was.Exec), fmt.Sprint(s.Exec))
	if was.Web() || s.Web() {
		d.changed(in+": port", fmt.Sprint(was.Port), fmt.Sprint(s.Port))
		d.changed(in+": force_ssl", fmt.Sprint(was.ForceSSL), fmt.Sprint(s.ForceSSL))
	}
	d.listeners(in, was.Listeners, s.Listeners)
}

func (d *differ) listeners(in string, old, now []manifest.Listener) {
	before := map[string]manifest.Listener{}
	for _, l := range old {
		before[l.Endpoint] = l
	}
	kept := map[string]bool{}
	for _, l := range now {
		kept[l.Endpoint] = true
		at := in + ": endpoint " + l.Endpoint
		was, ok := before[l.Endpoint]
		if !ok {
			d.add(bcn.MarkAdded, "%s: priority %d, %s", at, l.Priority, conditions(l))
			continue
		}
		d.changed(at+": priority", fmt.Sprint(was.Priority), fmt.Sprint(l.Priority))
		d.changed(at+": rule", conditions(was), conditions(l))
		d.changed(at+": health check", health(was), health(l))
	}
	for _, l := range old {
		if !kept[l.Endpoint] {
			d.add(bcn.MarkRemoved, "%s: endpoint %s", in, l.Endpoint)
		}
	}
}

func (d *differ) environment(old, now manifest.Variables) {
	before := map[string]manifest.Variable{}
	for _, v := range old {
		before[v.Name] = v
	}
	kept := map[string]bool{}
	for _, v := range now {
		kept[v.Name] = true
		was, ok := before[v.Name]
		switch {
		case !ok:
			d.add(bcn.MarkAdded, "environment %s", v.Name)
		case origin(was) != origin(v):
			d.changed("environment "+v.Name, origin(was), origin(v))
		case v.Value != nil && *v.Value != *was.Value:
			d.add(bcn.MarkChanged, "environment %s", v.Name)
		}
	}
	for _, v := range old {
		if !kept[v.Name] {
			d.add(bcn.MarkRemoved, "environment %s", v.Name)
		}
	}
}

// origin says where a variable's value comes from; a plain value is not told.
func origin(v manifest.Variable) string {
	switch {
	case v.SSMPath != "":
		return "ssm_path " + v.SSMPath
	case v.ValueFrom != "":
		return "value_from " + v.ValueFrom
	default:
		return "a value"
	}
}

func kindOf(s manifest.Service) string {
	if s.Web() {
		return "web"
	}
	return "worker"
}

func cpuOf(s manifest.Service) string {
	if s.CPU == 0 {
		return "as needed"
	}
	return fmt.Sprint(s.CPU)
}

// execOf says that people may be let into a new service's tasks.
func execOf(s manifest.Service) string {
	if s.Exec {
		return ", exec"
	}
	return ""
}

func conditions(l manifest.Listener) string {
	var out []string
	for _, c := range l.Conditions {
		out = append(out, c.Type+" "+c.Value)
	}
	return strings.Join(out, " and ")
}

func health(l manifest.Listener) string {
	return fmt.Sprintf("%s every %d s, timeout %d s, %d good, %d bad",
		l.HealthPath, l.Interval, l.Timeout, l.HealthyThreshold, l.UnhealthyThreshold)
}

// short writes an image with the first digits of its digest.
func short(image, digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return image + "@" + hex[:min(12, len(hex))]
}

// normal writes a heritage as sorted lines, values masked; those that differ
// from old's say so, so that the diff shows them.
func normal(h, old *manifest.Heritage) string {
	if h.Name == "" {
		return ""
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("name: %s", h.Name)
	line("image_name: %s", h.ImageName)
	before := map[string]string{}
	if old != nil {
		for _, v := range old.Environment {
			if v.Value != nil {
				before[v.Name] = *v.Value
			}
		}
	}
	line("environment:")
	for _, v := range h.Environment {
		what := origin(v)
		if was, ok := before[v.Name]; ok && v.Value != nil && *v.Value != was {
			what = "another value"
		}
		line("  %s: %s", v.Name, what)
	}
	line("services:")
	services := append([]manifest.Service(nil), h.Services...)
	sort.Slice(services, func(i, j int) bool { return services[i].Name < services[j].Name })
	for _, s := range services {
		normalService(line, s)
	}
	return b.String()
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
	listeners := append([]manifest.Listener(nil), s.Listeners...)
	sort.Slice(listeners, func(i, j int) bool { return listeners[i].Endpoint < listeners[j].Endpoint })
	for _, l := range listeners {
		line("    listener %s:", l.Endpoint)
		line("      rule_priority: %d", l.Priority)
		line("      rule: %s", conditions(l))
		line("      health_check: %s", health(l))
	}
}
