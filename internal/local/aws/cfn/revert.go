package cfn

import (
	"maps"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// revertDrift is the one DeploymentMode: the change set compares the template
// with what is there, not with the template before (User Guide, "Using
// drift-aware change sets").
const revertDrift = "REVERT_DRIFT"

// checkMode holds DeploymentMode against what it is for: there is nothing to
// compare with of a stack that is yet to be made.
func checkMode(mode, kind string) error {
	if mode != "" && kind != "UPDATE" {
		return invalid("DeploymentMode %s is only valid when the ChangeSetType is UPDATE", mode)
	}
	return oneOf("deploymentMode", mode, revertDrift)
}

// live is a resource as it was found when a drift-aware change set was made.
type live struct {
	res    *resource // with the properties that it has; nil: it is gone
	status string    // IN_SYNC, MODIFIED, DELETED, NOT_CHECKED
}

// readLive reads each resource of the stack with the credentials that the change
// set runs with. What a template leaves out may be anything, and a type that
// cannot be read is taken as its stack made it, as in drift detection.
func (e *Engine) readLive(s *stack, ask func(string, string, map[string][]string) error) (map[string]live, error) {
	out := map[string]live{}
	for _, logical := range s.logicalIDs() {
		r := s.resources[logical]
		one := live{res: r, status: notChecked}
		if reader, ok := e.opt.Providers[r.typ].(wire.Readable); ok && r.id != "" {
			actual, there, err := reader.Read(e.ctx, r.id, e.reading(s, r, ask))
			switch {
			case err != nil:
				return nil, err
			case !there:
				one = live{status: removed}
			case actual != nil:
				one = r.asFound(actual)
			}
		}
		out[logical] = one
	}
	return out, nil
}

// asFound is the resource with the properties that differ as they are.
func (r *resource) asFound(actual map[string]any) live {
	found := *r
	found.props, found.shown = maps.Clone(r.props), maps.Clone(r.shown)
	status := inSync
	for k, want := range r.props {
		got, told := actual[k]
		if !told || len(differences("/"+k, want, got)) == 0 {
			continue
		}
		status, found.props[k] = modified, visible(want, got)
		if found.shown != nil {
			found.shown[k] = found.props[k]
		}
	}
	found.props = schema.Coerce(r.typ, found.props)
	return live{res: &found, status: status}
}

// standing answers what a resource of the template is compared with: what is
// there for a drift-aware change set, else what the stack made. nil: nothing.
func (d *desired) standing(s *stack, logical string) *resource {
	if one, ok := d.live[logical]; ok {
		return one.res
	}
	return s.resources[logical]
}

// synced says that only the stack's memory of a resource changes: what is there
// is what the template says, and not what the stack had made.
func (d *desired) synced(s *stack, logical string, props map[string]any) bool {
	one, ok := d.live[logical]
	return ok && one.status == modified && len(changedProperties(s.resources[logical].props, props)) > 0
}

// mode is what DescribeChangeSet says of the resource's drift.
func (c *change) mode(m map[string]any) {
	if c.drift == "" {
		return
	}
	m["ResourceDriftStatus"] = c.drift
	list, _ := m["Details"].([]any)
	for _, one := range list {
		detail, _ := one.(map[string]any)
		if target, ok := detail["Target"].(map[string]any); ok && target["Attribute"] == "Properties" {
			target["BeforeValueFrom"], target["AfterValueFrom"] = "ACTUAL_STATE", "TEMPLATE"
		}
	}
}
