package cfn

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// phase is what an operation is doing; doc.go draws how they follow.
type phase int

const (
	forward      phase = iota // makes what the template asks for
	cleaning                  // deletes what an update replaced or dropped
	undoing                   // updates back what a failed update had changed
	undoCleaning              // deletes what a failed update had made
	removing                  // deletes all: a stack, or a failed creation's
)

// operation is one run of something on a stack, or the creation of a change
// set, with an id of its own as DescribeEvents groups them.
type operation struct {
	id, kind   string // kind: CREATE_STACK, UPDATE_STACK, ...
	token      string // ClientRequestToken, repeated in every event
	stack      *stack
	changeSet  *changeSet // the one it executes or creates, if any
	phase      phase
	want       *desired
	before     snapshot
	onFailure  string // ROLLBACK, DELETE, DO_NOTHING
	authorize  func(action, resource string, keys map[string][]string) error
	tasks      []*task
	garbage    []*resource // to delete in a cleaning phase
	retained   []string    // RetainResources
	ending     string      // of removing: DELETE_COMPLETE or ROLLBACK_COMPLETE
	result     string      // IN_PROGRESS, SUCCEEDED, FAILED
	started    time.Time
	ended      time.Time
	finished   bool
	stop       func()
	rolledBack string  // id of the rollback, an operation of its own to DescribeEvents
	validation []event // of a change set: early validation errors
}

// snapshot is what a rollback restores.
type snapshot struct {
	settings
	resources map[string]*resource
}

// begin starts an operation on a stack. Its first step comes one poll later.
func (e *Engine) begin(s *stack, op *operation) {
	op.id, op.stack, op.result, op.started = newUUID(), s, "IN_PROGRESS", e.now()
	op.before = snapshot{s.settings, make(map[string]*resource, len(s.resources))}
	for k, r := range s.resources {
		op.before.resources[k] = r
	}
	s.ops = append(s.ops, op)
	e.tick(op)
}

func (e *Engine) tick(op *operation) {
	op.stop = e.later(e.opt.Poll, func() {
		e.step(op)
		if !op.finished {
			e.tick(op)
		}
	})
}

// step asks what runs, then starts what may, then moves on when all is done.
func (e *Engine) step(op *operation) {
	for _, t := range op.tasks {
		if t.state == running {
			e.poll(op, t)
		}
	}
	if op.phase == forward && op.any(failed) {
		e.fail(op, "")
		return
	}
	for _, t := range op.tasks {
		if t.state == waiting && op.mayStart(t) {
			e.start(op, t)
		}
	}
	if !op.any(waiting) && !op.any(running) && (op.phase != forward || !op.any(failed)) {
		e.advance(op)
	}
}

func (op *operation) any(s state) bool {
	return slices.ContainsFunc(op.tasks, func(t *task) bool { return t.state == s })
}

// mayStart: what a task comes after has ended. A forward phase has failed by
// then where one of those did; a deletion goes on with what it can.
func (op *operation) mayStart(t *task) bool {
	for _, other := range op.tasks {
		if slices.Contains(t.after, other.logical) && other != t && (other.state == waiting || other.state == running) {
			return false
		}
	}
	return true
}

// advance ends a phase whose tasks have all ended.
func (e *Engine) advance(op *operation) {
	s := op.stack
	switch op.phase {
	case forward:
		e.forwardDone(op)
	case cleaning:
		s.noRollback = false
		e.finish(op, "UPDATE_COMPLETE", "", true)
	case undoing:
		if names := op.failedNames(); len(names) > 0 {
			s.orphans = append(s.orphans, op.garbage...)
			e.finish(op, "UPDATE_ROLLBACK_FAILED", fmt.Sprintf("The following resource(s) failed to update: [%s]. ", strings.Join(names, ", ")), false)
			return
		}
		e.setStatus(op, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "")
		op.phase, op.tasks = undoCleaning, deletions(op.garbage)
	case undoCleaning:
		e.finish(op, "UPDATE_ROLLBACK_COMPLETE", "", false)
	case removing:
		e.removed(op)
	}
}

// forwardDone makes the template the stack's own, or fails where its outputs
// cannot be.
func (e *Engine) forwardDone(op *operation) {
	s := op.stack
	outputs, imports, err := e.outputsOf(s, op.want)
	if err != nil {
		e.fail(op, reasonOf(err))
		return
	}
	s.outputs, s.imports, s.settings = outputs, imports, op.want.settings
	op.garbage = append(op.garbage, s.orphans...)
	s.orphans = nil
	for _, t := range op.tasks {
		if t.verb == replaces {
			op.garbage = append(op.garbage, t.old)
		}
	}
	if op.kind == opCreate {
		e.finish(op, "CREATE_COMPLETE", "", true)
		return
	}
	e.setStatus(op, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")
	for logical, r := range s.resources {
		if !slices.Contains(op.want.active, logical) {
			op.garbage = append(op.garbage, r)
			delete(s.resources, logical)
		}
	}
	op.phase, op.tasks = cleaning, deletions(op.garbage)
}

// removed ends the deletion of everything.
func (e *Engine) removed(op *operation) {
	s := op.stack
	names := op.failedNames()
	switch {
	case len(names) > 0:
		status := strings.Replace(op.ending, "COMPLETE", "FAILED", 1)
		e.finish(op, status, fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", strings.Join(names, ", ")), false)
	case op.ending == "DELETE_COMPLETE":
		e.finish(op, "DELETE_COMPLETE", "", op.kind == opDelete)
		e.bury(s)
	default:
		s.outputs = nil
		e.finish(op, op.ending, "", false)
	}
}

// bury takes a deleted stack's name away; by id it stays known.
func (e *Engine) bury(s *stack) {
	s.deleted = e.now()
	s.outputs, s.imports = nil, nil
	// One that was executed can still be described, by its ARN.
	e.dropChangeSets(s, func(cs *changeSet) bool { return cs.execution != executed && cs.execution != executeFail })
	if s.region.live[s.name] == s {
		delete(s.region.live, s.name)
	}
}

func (op *operation) failedNames() []string {
	var names []string
	for _, t := range op.tasks {
		if t.state == failed || t.state == cancelled {
			names = append(names, t.logical)
		}
	}
	slices.Sort(names)
	return names
}

// finish ends an operation in a status that stays.
func (e *Engine) finish(op *operation, status, reason string, well bool) {
	op.finished, op.ended, op.result = true, e.now(), "SUCCEEDED"
	if !well {
		op.result = "FAILED"
	}
	if op.stop != nil {
		op.stop()
	}
	if cs := op.changeSet; cs != nil && cs.execution == executing {
		cs.execution = executed
		if !well {
			cs.execution = executeFail
		}
	}
	e.setStatus(op, status, reason)
}

// setStatus moves the stack and tells it in an event.
func (e *Engine) setStatus(op *operation, status, reason string) {
	s := op.stack
	s.status, s.reason = status, reason
	e.record(op, event{logical: s.name, physical: s.id, typ: stackType, status: status, reason: reason})
}
