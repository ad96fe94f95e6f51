package render

import (
	"fmt"
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
	d.heritage(old, now)
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
			d.options("service "+s.Name, manifest.Service{GracePeriod: usualGrace}, s)
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
