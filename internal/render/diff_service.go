package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

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
	d.options(in, was, s)
	d.listeners(in, was.Listeners, s.Listeners)
}

// options are the keys that few services have: a line where one comes, goes or
// changes.
func (d *differ) options(in string, was, s manifest.Service) {
	before, now := optionsOf(was), optionsOf(s)
	for i, o := range now {
		from := before[i].value
		switch {
		case from == o.value:
		case from == "":
			d.add(bcn.MarkAdded, "%s: %s: %s", in, o.key, o.value)
		case o.value == "":
			d.add(bcn.MarkRemoved, "%s: %s: %s", in, o.key, from)
		default:
			d.changed(in+": "+o.key, from, o.value)
		}
	}
}

// usualGrace is what stands where no health_check_grace_period is written.
const usualGrace = 60 // seconds

// option is a key and its value in words; "" is what a service has that does
// not write the key.
type option struct {
	key, value string
}

func optionsOf(s manifest.Service) []option {
	return []option{
		{"entrypoint", quoted(s.EntryPoint)},
		{"desired_count", countOf(s)},
		{"auto_scaling", scalingOf(s.AutoScaling)},
		{"deployment", rolloutOf(s.Deployment)},
		{"health_check_grace_period", unless(s.GracePeriod, usualGrace, " s")},
		{"stop_timeout", unless(s.StopTimeout, 0, " s")},
		{"ulimits", listOf(s.Ulimits, func(u manifest.Ulimit) string { return fmt.Sprintf("%s %d/%d", u.Name, u.Soft, u.Hard) })},
		{"volumes", listOf(s.Volumes, volumeOf)},
		{"launch", launchOf(s.Launch)},
		{"public", publicOf(s)},
	}
}

func quoted(words []string) string {
	return strings.Join(quotedList(words), " ")
}

func quotedList(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if w == "" || strings.ContainsAny(w, " \t\n\"'\\") {
			out[i] = strconv.Quote(w)
		}
	}
	return out
}

func countOf(s manifest.Service) string {
	if s.DesiredCount == nil {
		return ""
	}
	return strconv.Itoa(*s.DesiredCount)
}

func publicOf(s manifest.Service) string {
	if s.Public == nil {
		return ""
	}
	return strconv.FormatBool(*s.Public)
}

func scalingOf(a *manifest.AutoScaling) string {
	if a == nil {
		return ""
	}
	out := fmt.Sprintf("%d to %d tasks", a.Min, a.Max)
	for _, t := range []struct {
		value int
		words string
	}{{a.CPU, ", cpu %d %%"}, {a.Memory, ", memory %d %%"}, {a.Requests, ", %d requests per task and minute"}} {
		if t.value != 0 {
			out += fmt.Sprintf(t.words, t.value)
		}
	}
	return out
}

func rolloutOf(d manifest.Deployment) string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if d.MaximumPercent != 0 && (d.MinimumPercent != manifest.DefaultMinimumPercent || d.MaximumPercent != manifest.DefaultMaximumPercent) {
		add("rolling: %d %% to %d %%", d.MinimumPercent, d.MaximumPercent)
	}
	switch d.Strategy {
	case manifest.BlueGreen:
		add("blue_green")
	case manifest.Canary:
		add("canary: %d %%, the rest after %d min", d.CanaryPercent, d.CanaryBake)
	case manifest.Linear:
		add("linear: %d %% every %d min", d.StepPercent, d.StepBake)
	}
	if d.Pause > 0 {
		add("waits %d min for a person", d.Pause)
	}
	if !d.Rolling() {
		add("old tasks stay %d min", d.Bake)
	}
	if len(d.Alarms) > 0 {
		add("alarms %s", strings.Join(d.Alarms, ", "))
	}
	return strings.Join(out, ", ")
}

func volumeOf(v manifest.Volume) string {
	out := v.Name + " at " + v.Path
	if v.EFS != nil {
		out += " from " + v.EFS.FileSystem + v.EFS.Root
		if v.EFS.AccessPoint != "" {
			out += " by " + v.EFS.AccessPoint
		}
	}
	if v.ReadOnly {
		out += ", read only"
	}
	return out
}

// listOf writes a list whose order means nothing.
func listOf[T any](list []T, words func(T) string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = words(v)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func unless(n, usual int, unit string) string {
	if n == usual {
		return ""
	}
	return strconv.Itoa(n) + unit
}

// launchOf is what tasks run on, where that is not the usual.
func launchOf(launch string) string {
	if launch == manifest.LaunchFargate {
		return ""
	}
	return launch
}
