package deploy

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// PluginEdit sets a plugin of a district with exactly these settings, or takes
// it out.
type PluginEdit struct {
	Name     string
	Settings map[string]string `json:",omitempty"`
	Unset    bool              `json:",omitempty"`
}

// describePlugin checks what can be seen before there is a plan. It is asked
// once more right before the change begins.
func (s *Service) describePlugin(d bcn.District, edit PluginEdit) error {
	if edit.Unset {
		if pluginOf(d, edit.Name) < 0 {
			return bcn.E(bcn.CodeUnknownName, "what", "plugin", "name", edit.Name)
		}
		return nil
	}
	p, err := render.Plugins().Find(edit.Name)
	if err != nil {
		return err
	}
	if err := render.CheckPlugin(d, p); err != nil {
		return err
	}
	return p.Check(d, edit.Settings)
}

func pluginOf(d bcn.District, name string) int {
	return slices.IndexFunc(d.Plugins, func(p bcn.Plugin) bool { return p.Name == name })
}

// planPlugin plans a district's other plugins: the image is pinned now, so
// that what was approved is what runs, and what the settings refer to must be
// there. Nothing changes in AWS before the next deploys, but with a plugin for
// machines the district's own stack.
func (s *Service) planPlugin(ctx context.Context, c Claimed) (bcn.Plan, error) {
	edit := *c.Wish.Edit.Plugin
	before, err := s.district(ctx, c.Wish.Edit.Name)
	if err != nil {
		return bcn.Plan{}, err
	}
	after := before
	after.Plugins = slices.DeleteFunc(slices.Clone(before.Plugins), func(p bcn.Plugin) bool { return p.Name == edit.Name })
	if !edit.Unset {
		set, err := s.pinned(ctx, s.Target(c.Change, before), edit)
		if err != nil {
			return bcn.Plan{}, err
		}
		after.Plugins = append(after.Plugins, set)
		slices.SortFunc(after.Plugins, func(a, b bcn.Plugin) int { return strings.Compare(a.Name, b.Name) })
	}
	lines := pluginLines(before, after, edit.Name)
	if len(lines) == 0 {
		return bcn.Plan{}, bcn.E(bcn.CodeNoChange)
	}
	if p, err := render.Plugins().Find(edit.Name); err == nil && p.Machines != nil {
		return s.proposeDistrict(ctx, c, after, append(lines, bcn.Line{
			Mark: bcn.MarkNote, What: "the machines are exchanged one by one; what runs on each moves first",
		}))
	}
	tenants, err := s.pickUp(ctx, before.Name)
	if err != nil {
		return bcn.Plan{}, err
	}
	record, err := json.Marshal(after)
	return bcn.Plan{District: after, Record: record, Lines: append(lines, tenants...)}, err
}

// pinned checks what a plugin needs, and pins its image.
func (s *Service) pinned(ctx context.Context, t bcn.Target, edit PluginEdit) (bcn.Plugin, error) {
	p, err := render.Plugins().Find(edit.Name)
	if err != nil {
		return bcn.Plugin{}, err
	}
	missing, err := s.References.Missing(ctx, t, p.References(edit.Settings))
	if err != nil {
		return bcn.Plugin{}, err
	}
	if len(missing) > 0 {
		return bcn.Plugin{}, bcn.E(bcn.CodeMissingSecret, "names", refNames(missing))
	}
	name, tag := p.Wanted(edit.Settings)
	digest, err := s.Images.Resolve(ctx, t, name, tag, "")
	return bcn.Plugin{Name: p.Name, Image: name + "@" + digest, Settings: edit.Settings}, err
}

// pluginLines say what becomes of a plugin, setting by setting. References are
// no secrets, and nothing else is among them.
func pluginLines(before, after bcn.District, name string) []bcn.Line {
	values := func(d bcn.District) map[string]string {
		i := pluginOf(d, name)
		if i < 0 {
			return nil
		}
		out := map[string]string{"": d.Plugins[i].Image}
		maps.Copy(out, d.Plugins[i].Settings)
		return out
	}
	old, now := values(before), values(after)
	both := maps.Clone(old)
	if both == nil {
		both = map[string]string{}
	}
	maps.Copy(both, now)
	var out []bcn.Line
	for _, key := range slices.Sorted(maps.Keys(both)) {
		from, had := old[key]
		to, has := now[key]
		what := "plugin " + name + ": " + key + "="
		if key == "" {
			what = "plugin " + name + ": runs "
		}
		switch {
		case had && has && from == to:
		case !had:
			out = append(out, bcn.Line{Mark: bcn.MarkAdded, What: what + to})
		case !has:
			out = append(out, bcn.Line{Mark: bcn.MarkRemoved, What: what + from})
		default:
			out = append(out, bcn.Line{Mark: bcn.MarkChanged, What: what + from + " → " + to})
		}
	}
	return out
}

// pickUp says who will meet the change, and when.
func (s *Service) pickUp(ctx context.Context, district string) ([]bcn.Line, error) {
	all, err := s.Store.Heritages(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, h := range all {
		if h.District == district {
			names = append(names, h.App+" "+h.Env)
		}
	}
	if len(names) == 0 {
		return []bcn.Line{{Mark: bcn.MarkNote, What: "no app lives in the district yet"}}, nil
	}
	slices.Sort(names)
	return []bcn.Line{{Mark: bcn.MarkNote, What: "picked up with the next deploy of: " + strings.Join(names, ", ")}}, nil
}

// pluginNames are the plugins of a district, for a line of a plan.
func pluginNames(d bcn.District) []bcn.Line {
	if len(d.Plugins) == 0 {
		return nil
	}
	var names []string
	for _, p := range d.Plugins {
		names = append(names, p.Name)
	}
	return []bcn.Line{{Mark: bcn.MarkNote, What: "with the district's plugins: " + strings.Join(names, ", ")}}
}
