package cfn

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

type state int

const (
	waiting state = iota
	running
	done
	failed
	cancelled
)

// verb is what a task does to its resource.
type verb int

const (
	makes    verb = iota // forward; becomes changes, replaces or nothing at its turn
	changes              // updates in place
	replaces             // makes a new one, the old being deleted in the end
	restores             // updates back
	imports              // takes in what is there already
	deletes
)

// task is one resource's part in a phase.
type task struct {
	logical string
	verb    verb
	after   []string
	state   state
	res     *resource // what it makes, or works on
	old     *resource // what was there before
	began   bool      // a provider was asked
}

// forwardTasks ask for every resource of the template.
func forwardTasks(d *desired) []*task {
	tasks := make([]*task, len(d.active))
	for i, logical := range d.active {
		tasks[i] = &task{logical: logical, after: d.deps[logical]}
	}
	return tasks
}

// deletions delete resources, each after those that need it.
func deletions(rs []*resource) []*task {
	tasks := make([]*task, 0, len(rs))
	for _, r := range rs {
		t := &task{logical: r.logical, verb: deletes, res: r}
		for _, other := range rs {
			if slices.Contains(other.deps, r.logical) {
				t.after = append(t.after, other.logical)
			}
		}
		tasks = append(tasks, t)
	}
	slices.SortFunc(tasks, func(a, b *task) int { return strings.Compare(a.logical, b.logical) })
	return tasks
}

// start begins a task whose turn has come.
func (e *Engine) start(op *operation, t *task) {
	switch t.verb {
	case deletes:
		e.startDelete(op, t)
	case restores:
		e.startUpdate(op, t, "UPDATE_IN_PROGRESS")
	default:
		e.startForward(op, t)
	}
}

// startForward decides, now that what it needs is there, whether a resource is
// made, changed, replaced or left as it is.
func (e *Engine) startForward(op *operation, t *task) {
	s, def := op.stack, op.want.template.resources[t.logical]
	old := op.want.standing(s, t.logical)
	if old != nil && old.id == "" {
		old = nil // its creation had failed and was left so
	}
	res := &resource{logical: t.logical, typ: def.typ, def: def, deps: op.want.deps[t.logical]}
	t.res, t.old = res, old
	sc := e.liveScope(s, op.want)
	props, err := op.want.resolve(sc, t.logical)
	res.props, res.shown = props, op.want.masked(sc, t.logical, props)
	res.tags = resourceTags(s, op.want.tags, res)
	switch {
	case err != nil:
		e.mark(op, t, startStatus(old), "")
		e.taskFailed(op, t, err)
	case old == nil:
		if id, there := e.adopts(s, op.want, t.logical, props); there {
			e.startImport(op, t, id)
			return
		}
		e.startCreate(op, t, "")
	case same(old, res):
		res.id, res.attrs, res.status, res.updated = old.id, old.attrs, old.status, old.updated
		s.resources[t.logical] = res
		t.state = done
	case needsReplacement(old, res):
		t.verb = replaces
		e.startCreate(op, t, "Requested update requires the creation of a new physical resource; hence creating one.")
	default:
		t.verb = changes
		res.id, res.attrs = old.id, old.attrs
		e.startUpdate(op, t, "UPDATE_IN_PROGRESS")
	}
}

func startStatus(old *resource) string {
	if old == nil {
		return "CREATE_IN_PROGRESS"
	}
	return "UPDATE_IN_PROGRESS"
}

// same reports whether nothing is to be done for a resource.
func same(a, b *resource) bool {
	return !strings.HasSuffix(a.status, "_FAILED") && canonical(a.props) == canonical(b.props) && maps.Equal(a.tags, b.tags)
}

// needsReplacement asks the schema about every property that differs.
func needsReplacement(old, now *resource) bool {
	return slices.ContainsFunc(changedProperties(old.props, now.props), func(p string) bool {
		return schema.Replaces(now.typ, p)
	})
}

func changedProperties(a, b map[string]any) []string {
	names := maps.Clone(a)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, b)
	var out []string
	for _, p := range slices.Sorted(maps.Keys(names)) {
		if !reflect.DeepEqual(a[p], b[p]) {
			out = append(out, p)
		}
	}
	return out
}

func (e *Engine) startCreate(op *operation, t *task, reason string) {
	op.stack.resources[t.logical] = t.res
	status := startStatus(t.old)
	if t.old != nil {
		t.res.id = t.old.id // shown until the new one has its own
	}
	e.mark(op, t, status, reason)
	t.res.id = ""
	if err := e.check(op, t, "Create"); err != nil {
		e.taskFailed(op, t, err)
		return
	}
	id, attrs, err := e.opt.Providers[t.res.typ].Create(e.ctx, e.request(op, t))
	t.res.id, t.res.attrs, t.began = id, attrs, true
	if err != nil {
		e.taskFailed(op, t, err)
		return
	}
	t.state = running
	e.mark(op, t, status, "Resource creation Initiated")
}

func (e *Engine) startUpdate(op *operation, t *task, status string) {
	op.stack.resources[t.logical] = t.res
	e.mark(op, t, status, "")
	if err := e.check(op, t, "Update"); err != nil {
		e.taskFailed(op, t, err)
		return
	}
	t.began = true
	attrs, err := e.opt.Providers[t.res.typ].Update(e.ctx, t.res.id, e.request(op, t))
	if err != nil {
		e.taskFailed(op, t, err)
		return
	}
	if attrs != nil {
		t.res.attrs = attrs
	}
	t.state = running
}

func (e *Engine) startDelete(op *operation, t *task) {
	switch {
	case op.keeps(t):
		t.state = done
		e.mark(op, t, "DELETE_SKIPPED", "")
		e.forget(op, t)
		return
	case t.res.id == "":
		t.state = done
		e.mark(op, t, "DELETE_COMPLETE", "")
		e.forget(op, t)
		return
	}
	e.mark(op, t, "DELETE_IN_PROGRESS", "")
	err := e.fault(op, t, "Delete")
	if err == nil {
		err = e.opt.Providers[t.res.typ].Delete(e.ctx, t.res.id, e.request(op, t))
	}
	if err != nil {
		e.taskFailed(op, t, err)
		return
	}
	t.state = running
}

// keeps decides by the policies whether a resource outlives its stack: the new
// definition's UpdateReplacePolicy where it was replaced, else its own
// DeletionPolicy. What a replacement had made is never kept when it is undone.
func (op *operation) keeps(t *task) bool {
	now := op.stack.resources[t.logical]
	replaced := now != nil && now != t.res
	undone := op.phase == undoCleaning || op.ending == "ROLLBACK_COMPLETE"
	switch {
	case slices.Contains(op.retained, t.logical), t.res.adoptedBy == op:
		return true
	case replaced:
		return op.phase == cleaning && now.def.replace == "Retain"
	case t.res.def.deletion == "RetainExceptOnCreate":
		return !undone
	default:
		return t.res.def.deletion == "Retain"
	}
}

// forget takes a deleted resource off the stack.
func (e *Engine) forget(op *operation, t *task) {
	if op.stack.resources[t.logical] == t.res {
		delete(op.stack.resources, t.logical)
	}
}

// poll asks whether a running task's resource is stable.
func (e *Engine) poll(op *operation, t *task) {
	p := e.opt.Providers[t.res.typ]
	var ready bool
	var err error
	if t.verb == deletes {
		ready = true
		if v, ok := p.(wire.Vanishing); ok {
			ready, err = v.Gone(e.ctx, t.res.id, e.request(op, t))
		}
	} else {
		ready, err = p.Ready(e.ctx, t.res.id, e.request(op, t))
	}
	switch {
	case err != nil:
		e.taskFailed(op, t, err)
	case ready:
		t.state = done
		e.mark(op, t, t.base()+"_COMPLETE", "")
		if t.verb == deletes {
			e.forget(op, t)
		}
	}
}

func (e *Engine) taskFailed(op *operation, t *task, err error) {
	t.state = failed
	e.mark(op, t, t.base()+"_FAILED", reasonOf(err))
}

// base is the first word of the statuses that a task gives its resource.
func (t *task) base() string {
	switch {
	case t.verb == deletes:
		return "DELETE"
	case t.verb == imports:
		return "IMPORT"
	case t.verb == makes && t.old == nil:
		return "CREATE"
	default:
		return "UPDATE"
	}
}

// mark gives the task's resource a status and tells it in an event.
func (e *Engine) mark(op *operation, t *task, status, reason string) {
	r := t.res
	r.status, r.reason, r.updated = status, reason, e.now()
	e.record(op, event{logical: r.logical, physical: r.id, typ: r.typ, status: status, reason: reason, properties: canonical(r.shownProps())})
}

func (e *Engine) fault(op *operation, t *task, what string) error {
	if e.opt.Fault == nil {
		return nil
	}
	back := op.phase == undoing || op.phase == undoCleaning || (op.phase == removing && op.kind == opCreate)
	return e.opt.Fault(Step{op.stack.name, t.logical, t.res.typ, what, back})
}

// check looks at the resolved properties, as a resource's handler does first.
func (e *Engine) check(op *operation, t *task, what string) error {
	if err := e.fault(op, t, what); err != nil {
		return err
	}
	if op.phase != forward {
		return nil
	}
	if problems := schema.Shape(t.res.typ, t.res.props); len(problems) > 0 {
		lines := make([]string, len(problems))
		for i, p := range problems {
			lines[i] = "#" + p.Path + ": " + p.Message
		}
		//nolint:staticcheck // in CloudFormation's words
		return fmt.Errorf("Properties validation failed for resource %s with message:\n%s", t.logical, strings.Join(lines, "\n"))
	}
	if problems := schema.Rules(t.res.typ, t.res.props); len(problems) > 0 {
		return wire.Errorf("InvalidRequest", "%s", problems[0].Message)
	}
	return nil
}
