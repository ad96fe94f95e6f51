package cfn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fail ends the forward phase before its time: what still runs is cancelled,
// and the stack goes back to what it was unless it was told otherwise. cause
// is why, where it is no resource's failure.
func (e *Engine) fail(op *operation, cause string) {
	for _, t := range op.tasks {
		if t.state == running {
			t.state = cancelled
			what := "Resource update cancelled"
			if t.base() == "CREATE" {
				what = "Resource creation cancelled"
			}
			e.mark(op, t, t.base()+"_FAILED", what)
		}
	}
	if cause == "" {
		cause = op.failures()
	}
	create := op.kind == opCreate
	op.rolledBack = newUUID()
	switch {
	case op.onFailure == "DO_NOTHING":
		op.rolledBack = ""
		op.leave()
		e.finish(op, map[bool]string{true: "CREATE_FAILED", false: "UPDATE_FAILED"}[create], cause, false)
	case create && op.onFailure == "DELETE":
		e.remove(op, "DELETE", cause+suffix(cause, "Delete requested by user."))
	case create:
		e.remove(op, "ROLLBACK", cause+suffix(cause, "Rollback requested by user."))
	default:
		e.setStatus(op, "UPDATE_ROLLBACK_IN_PROGRESS", cause)
		e.undo(op)
	}
}

// leave keeps a failed update as it stands: a replacement that was made counts,
// one that was not leaves the old resource in place.
func (op *operation) leave() {
	s := op.stack
	for _, t := range op.tasks {
		switch {
		case t.verb != replaces:
		case t.res.id == "":
			t.old.status, t.old.reason = t.res.status, t.res.reason
			s.resources[t.logical] = t.old
		default:
			s.orphans = append(s.orphans, t.old)
		}
	}
}

func suffix(cause, text string) string {
	if cause == "User Initiated" {
		return ""
	}
	if strings.HasSuffix(cause, " ") {
		return text
	}
	return ". " + text
}

// failures names the resources that failed, cancelled ones too.
func (op *operation) failures() string {
	byVerb := map[string][]string{}
	for _, t := range op.tasks {
		if t.state == failed || t.state == cancelled {
			word := map[string]string{"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "IMPORT": "import"}[t.base()]
			byVerb[word] = append(byVerb[word], t.logical)
		}
	}
	var out strings.Builder
	for _, word := range slices.Sorted(maps.Keys(byVerb)) {
		slices.Sort(byVerb[word])
		fmt.Fprintf(&out, "The following resource(s) failed to %s: [%s]. ", word, strings.Join(byVerb[word], ", "))
	}
	return out.String()
}

// remove turns to deleting everything that the stack has. how is DELETE or
// ROLLBACK, the first word of the statuses that follow.
func (e *Engine) remove(op *operation, how, reason string) {
	s := op.stack
	op.phase, op.ending = removing, how+"_COMPLETE"
	all := slices.Collect(maps.Values(s.resources))
	for _, r := range s.orphans {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	s.orphans = nil
	op.tasks = deletions(all)
	e.setStatus(op, how+"_IN_PROGRESS", reason)
}

// undo turns to restoring what a failed update has touched: what it changed is
// changed back, what it replaced is taken up again, what it made is deleted
// when that is done.
func (e *Engine) undo(op *operation) {
	tasks := op.tasks
	op.phase, op.tasks, op.garbage = undoing, nil, nil
	for _, t := range tasks {
		switch {
		case t.res == nil: // its turn never came
		case t.old == nil:
			op.garbage = append(op.garbage, t.res)
		case t.verb == changes && t.began:
			op.tasks = append(op.tasks, &task{logical: t.logical, verb: restores, after: t.old.deps, res: t.old, old: t.res})
		default:
			e.takeBack(op, t)
		}
	}
}

// takeBack makes the old resource the stack's again where the provider needs
// not be asked.
func (e *Engine) takeBack(op *operation, t *task) {
	op.stack.resources[t.logical] = t.old
	if t.verb == replaces && t.res.id != "" {
		op.garbage = append(op.garbage, t.res)
	}
	if t.state == done && t.verb == makes {
		return // it was never touched
	}
	e.mark(op, &task{logical: t.logical, res: t.old}, "UPDATE_COMPLETE", "")
}
