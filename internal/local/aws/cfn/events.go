package cfn

import (
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

const stackType = "AWS::CloudFormation::Stack"

// the kinds of operations, as DescribeEvents names them.
const (
	opCreate    = "CREATE_STACK"
	opUpdate    = "UPDATE_STACK"
	opDelete    = "DELETE_STACK"
	opRollback  = "ROLLBACK"
	opContinue  = "CONTINUE_ROLLBACK"
	opChangeSet = "CREATE_CHANGESET"
)

// event is one line of a stack's history.
type event struct {
	id                string
	at                time.Time
	op                *operation
	opID, opKind      string
	logical, physical string
	typ               string
	status, reason    string
	properties        string // JSON
	path, check       string // of an early validation error: where and ValidationName
}

// record appends an event; times of one stack never repeat, so that their
// order and the ids made of them are certain.
func (e *Engine) record(op *operation, ev event) {
	s := op.stack
	ev.at, ev.op = e.now(), op
	if n := len(s.events); n > 0 && !ev.at.After(s.events[n-1].at) {
		ev.at = s.events[n-1].at.Add(time.Millisecond)
	}
	ev.opID, ev.opKind = op.id, op.kind
	if op.rolledBack != "" {
		ev.opID, ev.opKind = op.rolledBack, opRollback
	}
	ev.id = fmt.Sprintf("%s-%s-%s", ev.logical, ev.status, ev.at.Format("2006-01-02T15:04:05.000Z"))
	if ev.typ == stackType {
		ev.id = newUUID()
	}
	s.events = append(s.events, ev)
}

// describeStackEvents answers a stack's events, newest first.
func (e *Engine) describeStackEvents(c *wire.Call) (any, error) {
	s, err := e.readable(c, str(c, "StackName"), "Stack [%s] does not exist")
	if err != nil {
		return nil, err
	}
	all := make([]any, 0, len(s.events))
	for i := len(s.events) - 1; i >= 0; i-- {
		all = append(all, s.events[i].tree(s))
	}
	return e.paged(c, "StackEvents", all)
}

func (ev event) tree(s *stack) map[string]any {
	m := map[string]any{
		"EventId": ev.id, "StackId": s.id, "StackName": s.name, "OperationId": ev.opID, "LogicalResourceId": ev.logical,
		"PhysicalResourceId": ev.physical, "ResourceType": ev.typ, "ResourceStatus": ev.status, "Timestamp": ev.at,
	}
	put(m, "ResourceStatusReason", ev.reason)
	put(m, "ResourceProperties", ev.properties)
	put(m, "ClientRequestToken", ev.op.token)
	return m
}

// put adds a member that has a value.
func put(m map[string]any, name, value string) {
	if value != "" {
		m[name] = value
	}
}

// describeEvents answers events by stack, change set or operation, newest
// first; those of early validation are found nowhere else.
func (e *Engine) describeEvents(c *wire.Call) (any, error) {
	setName, opID, stackName := str(c, "ChangeSetName"), str(c, "OperationId"), str(c, "StackName")
	var ops []*operation
	var s *stack
	var err error
	switch {
	case setName != "":
		cs, err := e.findChangeSet(c)
		if err != nil {
			return nil, err
		}
		s, ops = cs.stack, []*operation{cs.operation}
	case opID != "":
		if s, ops, err = e.findOperation(c, opID); err != nil {
			return nil, err
		}
	case stackName != "":
		if s, err = e.readable(c, stackName, "Stack [%s] does not exist"); err != nil {
			return nil, err
		}
		ops = append(ops, s.ops...)
		for _, cs := range s.changeSets {
			ops = append(ops, cs.operation)
		}
	default:
		return nil, invalid("One of ChangeSetName, OperationId or StackName must be specified")
	}
	filter, _ := c.Params["Filters"].(map[string]any)
	onlyFailed := filter["FailedEvents"] == true || filter["FailedEvents"] == "true"
	return e.paged(c, "OperationEvents", operationEvents(s, ops, opID, onlyFailed))
}

// findOperation looks for an operation, or the rollback of one, by its id.
func (e *Engine) findOperation(c *wire.Call, id string) (*stack, []*operation, error) {
	for _, s := range e.at(c).order {
		for _, op := range s.ops {
			if op.id == id || op.rolledBack == id {
				return s, []*operation{op}, allow(c, s, s.name, nil)
			}
		}
		for _, cs := range s.changeSets {
			if cs.operation.id == id {
				return s, []*operation{cs.operation}, allow(c, s, s.name, nil)
			}
		}
	}
	if err := allow(c, nil, "*", nil); err != nil {
		return nil, nil, err
	}
	return nil, nil, invalid("Operation [%s] does not exist", id)
}

// operationEvents are the events of operations, newest first. With an id only
// those that carry it.
func operationEvents(s *stack, ops []*operation, id string, onlyFailed bool) []any {
	var all []event
	wanted := map[*operation]bool{}
	for _, op := range ops {
		wanted[op] = true
		if op.kind == opChangeSet {
			all = append(all, op.changeSetEvents()...)
		}
	}
	for _, ev := range s.events {
		if wanted[ev.op] {
			all = append(all, ev)
		}
	}
	sortByTime(all)
	out := make([]any, 0, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		ev := all[i]
		if (id == "" || ev.opID == id) && (!onlyFailed || strings.HasSuffix(ev.status, "FAILED")) {
			out = append(out, ev.operationTree(s))
		}
	}
	return out
}

// operationTree is the event in the shape of DescribeEvents.
func (ev event) operationTree(s *stack) map[string]any {
	m := map[string]any{
		"EventId": ev.id, "StackId": s.id, "OperationId": ev.opID, "OperationType": ev.opKind, "Timestamp": ev.at,
		"LogicalResourceId": ev.logical, "PhysicalResourceId": ev.physical, "ResourceType": ev.typ,
	}
	put(m, "ClientRequestToken", ev.op.token)
	put(m, "ResourceProperties", ev.properties)
	switch {
	case ev.typ == stackType:
		m["EventType"], m["OperationStatus"], m["StartTime"] = "STACK_EVENT", "IN_PROGRESS", ev.op.started
		if strings.HasSuffix(ev.status, "FAILED") {
			m["OperationStatus"], m["EndTime"] = "FAILED", ev.at
		} else if strings.HasSuffix(ev.status, "_COMPLETE") {
			m["OperationStatus"], m["EndTime"] = "SUCCEEDED", ev.at
		}
	case ev.path != "":
		m["EventType"], m["ValidationName"], m["ValidationStatus"] = "VALIDATION_ERROR", ev.check, "FAILED"
		m["ValidationFailureMode"], m["ValidationPath"], m["ValidationStatusReason"] = "FAIL", ev.path, ev.reason
		return m
	case strings.HasSuffix(ev.status, "_FAILED"):
		m["EventType"] = "PROVISIONING_ERROR"
	default:
		m["EventType"] = "PROGRESS_EVENT"
	}
	if ev.opKind != opChangeSet {
		m["ResourceStatus"] = ev.status
		put(m, "ResourceStatusReason", ev.reason)
	}
	return m
}

// changeSetEvents are the beginning, the validation errors and the end of a
// change set's creation; DescribeStackEvents does not show them.
func (op *operation) changeSetEvents() []event {
	s := op.stack
	frame := event{op: op, opID: op.id, opKind: op.kind, logical: s.name, physical: s.id, typ: stackType}
	begin, end := frame, frame
	begin.id, begin.at, begin.status = op.id+"-begin", op.started, "CREATE_IN_PROGRESS"
	out := append([]event{begin}, op.validation...)
	if op.finished {
		end.id, end.at, end.status = op.id+"-end", op.ended, op.changeSet.status
		out = append(out, end)
	}
	return out
}
