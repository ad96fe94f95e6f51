package deploy

import (
	"cmp"
	"context"
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// machinesOf is the network with the machines that it would have. Without them
// it has neither type nor size.
func machinesOf(n bcn.Network, edit Edit) bcn.Network {
	n.Launch = cmp.Or(edit.Launch, n.Launch)
	n.InstanceType, n.Size = cmp.Or(edit.InstanceType, n.InstanceType), cmp.Or(edit.Size, n.Size)
	if n.Launch == render.LaunchFargate {
		n.InstanceType, n.Size = edit.InstanceType, edit.Size // which is refused, should it be there
	}
	return render.DefaultNetwork(n)
}

// machinesText says which machines there are, and how many.
func machinesText(n bcn.Network) string {
	if n.Launch != render.LaunchEC2 {
		return ""
	}
	return fmt.Sprintf("%d × %s, at most %d", n.Size, n.InstanceType, render.MostMachines(n.Size))
}

// machineLines say what a new district's tasks can run on beside Fargate.
func machineLines(d bcn.District) []bcn.Line {
	if d.Network.Launch != render.LaunchEC2 {
		return nil
	}
	return []bcn.Line{{Mark: bcn.MarkAdded, What: "machines: " + machinesText(*d.Network)}}
}

// resident is an app whose last release runs on machines.
type resident struct {
	heritage bcn.Heritage
	what     string // the services and scheduled tasks
}

func (r resident) String() string { return r.heritage.App + " " + r.heritage.Env + " (" + r.what + ")" }

// describeMachines refuses to take machines away on which something runs, and
// with them plugins that need some.
func (s *Service) describeMachines(ctx context.Context, before, after bcn.District) error {
	if before.Network == nil || before.Network.Launch != render.LaunchEC2 || after.Network.Launch == render.LaunchEC2 {
		return nil
	}
	all, err := s.Store.Deployed(ctx, before.Name)
	if err != nil {
		return err
	}
	for _, set := range before.Plugins {
		if p, err := render.Plugins().Find(set.Name); err == nil && p.Machines != nil {
			return bcn.E(bcn.CodeInUse, "name", "the machines of "+before.Name, "by", "the plugin "+p.Name)
		}
	}
	var on []resident
	for _, d := range all {
		if what := onMachines(d); what != "" {
			on = append(on, resident{d.Heritage, what})
		}
	}
	return stillUsed("the machines of "+before.Name, on)
}

// onMachines names the first thing of a release that runs on machines. A file
// that can no longer be read has nothing that is known.
func onMachines(d Deployed) string {
	f, problems := manifest.Parse("release", d.Manifest)
	if manifest.Failed(problems) {
		return ""
	}
	h, problem := f.Environment(d.Heritage.Env)
	if problem != nil {
		return ""
	}
	return usesMachines(h)
}

// usesMachines names the first service or scheduled task that is to run on
// machines.
func usesMachines(h *manifest.Heritage) string {
	for _, service := range h.Services {
		if service.Launch == manifest.LaunchEC2 {
			return service.Name
		}
	}
	if h.Launch == manifest.LaunchEC2 && len(h.ScheduledTasks) > 0 {
		return h.ScheduledTasks[0].Name
	}
	return ""
}

// placeable refuses a file that wants machines where an adopted cluster has
// none. Of a district that bcn made this is known without asking.
func (s *Service) placeable(ctx context.Context, t bcn.Target, d deployment) error {
	if t.District.Made() || usesMachines(d.manifest) == "" {
		return nil
	}
	n, err := s.Districts.Machines(ctx, t)
	if err != nil || n > 0 {
		return err
	}
	return render.NoMachines(d.manifest, d.file.Name, t.District)
}
