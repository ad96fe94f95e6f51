package cfn

import "github.com/bcn-bot/bcn/internal/local/aws/wire"

// adopts answers the name of what is there already and would be taken into the
// stack instead of being made: with ImportExistingResources a resource of a
// custom name that its template retains, and that no stack has (API reference,
// CreateChangeSet; user guide, "Import AWS resources automatically").
func (e *Engine) adopts(s *stack, want *desired, logical string, props map[string]any) (string, bool) {
	def := want.template.resources[logical]
	named, ok := e.opt.Providers[def.typ].(wire.Named)
	if !want.imports || !ok || (def.deletion != "Retain" && def.deletion != "RetainExceptOnCreate") {
		return "", false
	}
	name, there := named.Taken(e.ctx, wire.Request{
		Account: s.account, Region: s.place.region, StackID: s.id, StackName: s.name, LogicalID: logical,
		Properties: clone(props), Now: e.now(),
	})
	if !there {
		return "", false
	}
	for _, other := range s.region.live {
		for _, r := range other.resources {
			if r.typ == def.typ && r.id == name {
				return "", false
			}
		}
	}
	return name, true
}

// startImport takes a resource in as it is, and brings it to what the template
// says. A rollback lets it go again, and deletes nothing.
func (e *Engine) startImport(op *operation, t *task, id string) {
	t.verb, t.res.id, t.res.adoptedBy = imports, id, op
	op.stack.resources[t.logical] = t.res
	e.mark(op, t, "IMPORT_IN_PROGRESS", "Resource import started.")
	if err := e.check(op, t, "Update"); err != nil {
		e.taskFailed(op, t, err)
		return
	}
	attrs, err := e.opt.Providers[t.res.typ].Update(e.ctx, id, e.request(op, t))
	if err != nil {
		e.taskFailed(op, t, err)
		return
	}
	t.res.attrs, t.state = attrs, running
}
