package cfn

import (
	"cmp"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// continueUpdateRollback takes a rollback up again that had failed, without
// the resources that it is told to skip.
func (e *Engine) continueUpdateRollback(c *wire.Call) (any, error) {
	name, token := str(c, "StackName"), str(c, "ClientRequestToken")
	err := first(required("stackName", name), matches("stackName", name, stackPattern, 2048), matches("clientRequestToken", token, tokenPattern, 128))
	if err != nil {
		return nil, err
	}
	s := e.find(c, name)
	if err := first(allow(c, s, nameOfStack(name), requestKeys(c, nil)), e.passRole(c, str(c, "RoleARN"))); err != nil {
		return nil, err
	}
	switch {
	case s == nil:
		return nil, invalid("Stack [%s] does not exist", name)
	case s.status != "UPDATE_ROLLBACK_FAILED":
		return nil, invalid("Stack:%s is in %s state and can not continue update rollback", s.id, s.status)
	}
	role := cmp.Or(str(c, "RoleARN"), s.roleARN)
	op := &operation{kind: opContinue, token: token, phase: undoing, authorize: asOperation(c, role), garbage: s.orphans}
	if op.tasks, err = s.stuck(list(c, "ResourcesToSkip")); err != nil {
		return nil, err
	}
	s.orphans = nil
	e.begin(s, op)
	e.setStatus(op, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
	for _, t := range op.tasks {
		if t.state == done {
			e.mark(op, t, "UPDATE_COMPLETE", "")
		}
	}
	return map[string]any{}, nil
}

// stuck are the restorations that failed, to be tried again; those to skip
// count as done.
func (s *stack) stuck(skip []string) ([]*task, error) {
	var out []*task
	for _, t := range s.ops[len(s.ops)-1].tasks {
		if t.state != failed {
			continue
		}
		again := &task{logical: t.logical, verb: restores, after: t.after, res: t.res, old: t.old}
		if slices.Contains(skip, t.logical) {
			again.state = done
		}
		out = append(out, again)
	}
	for _, name := range skip {
		if !slices.ContainsFunc(out, func(t *task) bool { return t.logical == name }) {
			return nil, invalid("ResourcesToSkip can only name resources that failed to roll back: [%s]", name)
		}
	}
	return out, nil
}
