package deploy

import (
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// laidOver is a heritage with what chat changed on top of it, for comparing
// two of them. It is not what is rendered.
func laidOver(h *manifest.Heritage, o bcn.Overlay) *manifest.Heritage {
	if h == nil {
		return nil
	}
	out := *h
	out.Environment = slices.Clone(h.Environment)
	for _, name := range slices.Sorted(maps.Keys(o.Env)) {
		value := o.Env[name]
		set := manifest.Variable{Name: name, Value: &value}
		if i := slices.IndexFunc(out.Environment, func(v manifest.Variable) bool { return v.Name == name }); i >= 0 {
			out.Environment[i] = set
		} else {
			out.Environment = append(out.Environment, set)
		}
	}
	out.Services = slices.Clone(h.Services)
	for i, svc := range out.Services {
		if n, ok := o.Counts[svc.Name]; ok {
			out.Services[i].DesiredCount = &n
		}
	}
	return &out
}

// restarted says whose tasks start anew though nothing of them changes.
func restarted(old, now bcn.Overlay) []bcn.Line {
	var out []bcn.Line
	for _, name := range slices.Sorted(maps.Keys(now.Restarts)) {
		switch {
		case now.Restarts[name] == old.Restarts[name]:
		case name == "":
			out = append(out, bcn.Line{Mark: bcn.MarkChanged, What: "all services: new tasks"})
		default:
			out = append(out, bcn.Line{Mark: bcn.MarkChanged, What: "service " + name + ": new tasks"})
		}
	}
	return out
}

func serviceNames(h *manifest.Heritage) []string {
	var out []string
	for _, svc := range h.Services {
		out = append(out, svc.Name)
	}
	return out
}

// serviceOf answers a service of the heritage.
func serviceOf(h *manifest.Heritage, name string) (manifest.Service, error) {
	if h != nil {
		for _, svc := range h.Services {
			if svc.Name == name {
				return svc, nil
			}
		}
	}
	var known []string
	if h != nil {
		known = serviceNames(h)
	}
	return manifest.Service{}, bcn.E(bcn.CodeUnknownName, "what", "service", "name", name, "known", strings.Join(known, ", "))
}
