package deploy

import (
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// narrows warns of what the version that runs loses while it still runs: the
// base stack is brought to the new file before the services are. The rights are
// not kept on for the rollout's time: a role would be wider than any file says
// until somebody deploys once more, and the base of a release would not be what
// its file renders to, which is what a rollback and a repair go by.
func (d *deployment) narrows() {
	if d.before == nil {
		return
	}
	if gone := d.goneReferences(); len(gone) > 0 {
		d.warnings = append(d.warnings, bcn.Finding{ID: "references_go", Level: bcn.Warn, Params: map[string]string{"names": strings.Join(gone, ", ")}})
	}
	if gone := goneActions(d.before, d.manifest); len(gone) > 0 {
		d.warnings = append(d.warnings, bcn.Finding{ID: "task_role_goes", Level: bcn.Warn, Params: map[string]string{"actions": strings.Join(gone, ", ")}})
	}
	if len(d.before.ScheduledTasks) > 0 && len(d.manifest.ScheduledTasks) == 0 {
		d.warnings = append(d.warnings, bcn.Finding{ID: "schedule_role_goes", Level: bcn.Warn})
	}
}

// goneReferences are those that the running version has and the new file lacks,
// by the names in the running version's file.
func (d *deployment) goneReferences() []string {
	refs := func(h *manifest.Heritage) []bcn.SecretRef {
		own, foreign, refused := render.References(h, d.district, d.bound.App, nil)
		return slices.Concat(own, foreign, refused) // whose they are says nothing here
	}
	now := map[string]bool{}
	for _, r := range refs(d.manifest) {
		now[r.From] = true
	}
	var gone []string
	for _, r := range refs(d.before) {
		if !now[r.From] && !slices.Contains(gone, r.Name) {
			gone = append(gone, r.Name)
		}
	}
	return gone
}

// goneActions are those that task_role gave on something, and gives on it no
// longer.
func goneActions(before, now *manifest.Heritage) []string {
	type on struct{ action, resource string }
	given := func(h *manifest.Heritage) []on {
		var out []on
		for _, p := range h.TaskRole {
			for _, a := range p.Actions {
				for _, r := range p.Resources {
					out = append(out, on{strings.ToLower(a), r})
				}
			}
		}
		return out
	}
	still := given(now)
	var gone []string
	for _, g := range given(before) {
		if !slices.Contains(still, g) && !slices.Contains(gone, g.action) {
			gone = append(gone, g.action)
		}
	}
	return gone
}
