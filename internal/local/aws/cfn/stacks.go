package cfn

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func asWire(err error, target **wire.Error) bool { return errors.As(err, target) }

// newStack makes a stack that nobody knows yet.
func (e *Engine) newStack(c *wire.Call, name string) *stack {
	return &stack{
		place: place{c.Account, c.Region}, region: e.at(c), name: name, created: e.now(), resources: map[string]*resource{},
		id: fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%s", c.Region, c.Account, name, newUUID()),
	}
}

func (e *Engine) register(s *stack) {
	r := s.region
	r.live[s.name], r.known[s.id] = s, s
	r.order = append(r.order, s)
}

// executeChangeSet starts what a change set proposes. A repetition with the
// same ClientRequestToken answers as the first did.
func (e *Engine) executeChangeSet(c *wire.Call) (any, error) {
	token := str(c, "ClientRequestToken")
	if err := first(matches("clientRequestToken", token, tokenPattern, 128), unsupported(c, "")); err != nil {
		return nil, err
	}
	cs, err := e.findChangeSet(c)
	if err != nil {
		return nil, err
	}
	s := cs.stack
	noRollback, given := flag(c, "DisableRollback")
	switch {
	case cs.executeToken != "" && cs.executeToken == token:
		return map[string]any{}, nil
	case cs.execution != available:
		return nil, wire.Errorf("InvalidChangeSetStatus", "ChangeSet [%s] cannot be executed in its current %s", cs.id, cs.stands())
	case given && cs.onFailure != "":
		return nil, invalid("DisableRollback cannot be specified when OnStackFailure was specified on the change set")
	case cs.kind == "UPDATE" && !updatable(s.status), cs.kind == "CREATE" && s.status != "REVIEW_IN_PROGRESS":
		return nil, notUpdatable(s)
	}
	onFailure := cs.onFailure
	if onFailure == "" {
		onFailure = afterFailure(noRollback)
	}
	cs.execution, cs.executeToken, s.changeSetID = executing, token, cs.id
	e.dropChangeSets(s, func(other *changeSet) bool { return other != cs })
	e.deploy(c, s, &operation{token: token, changeSet: cs, want: cs.want, onFailure: onFailure})
	return map[string]any{}, nil
}

// stands is where a change set is, as the refusal to execute it says it.
func (cs *changeSet) stands() string {
	if cs.status != setComplete {
		return "status of [" + cs.status + "]"
	}
	return "execution status of [" + cs.execution + "]"
}

// deploy starts the creation or update of a stack.
func (e *Engine) deploy(c *wire.Call, s *stack, op *operation) {
	fresh := s.status == "" || s.status == "REVIEW_IN_PROGRESS"
	op.kind, op.authorize = opUpdate, asOperation(c, op.want.roleARN)
	op.tasks = forwardTasks(op.want)
	status := "UPDATE_IN_PROGRESS"
	if fresh {
		op.kind, status = opCreate, "CREATE_IN_PROGRESS"
	}
	s.noRollback = op.onFailure == "DO_NOTHING"
	if !fresh || op.changeSet != nil {
		s.updated = e.now()
	}
	e.begin(s, op)
	if fresh {
		s.settings = op.want.settings
	}
	s.roleARN = op.want.roleARN
	e.setStatus(op, status, "User Initiated")
}

func (e *Engine) createStack(c *wire.Call) (any, error) {
	name, token := str(c, "StackName"), str(c, "ClientRequestToken")
	tags, tagErr := tagsOf(c)
	onFailure, err := onFailureOf(c)
	err = first(required("stackName", name), matches("stackName", name, changeSetPattern, 128), err, tagErr,
		unsupported(c, "CREATE"), matches("clientRequestToken", token, tokenPattern, 128))
	if err != nil {
		return nil, err
	}
	s := e.find(c, name)
	if err := first(allow(c, s, name, requestKeys(c, tags)), e.passRole(c, str(c, "RoleARN"))); err != nil {
		return nil, err
	}
	switch {
	case s != nil && token != "" && len(s.ops) > 0 && s.ops[0].token == token:
		return map[string]any{"StackId": s.id}, nil
	case s != nil && s.status != "REVIEW_IN_PROGRESS":
		return nil, wire.Errorf("AlreadyExistsException", "Stack [%s] already exists", name)
	}
	isNew := s == nil
	if isNew {
		s = e.newStack(c, name)
	}
	op, err := e.direct(c, s)
	if err != nil {
		return nil, err
	}
	if isNew {
		e.register(s)
	}
	op.onFailure = onFailure
	s.protected, _ = flag(c, "EnableTerminationProtection")
	e.makeObsolete(s)
	e.deploy(c, s, op)
	return map[string]any{"StackId": s.id, "OperationId": op.id}, nil
}

// onFailureOf reads what CreateStack does when the creation fails, which it
// takes in one of two spellings.
func onFailureOf(c *wire.Call) (string, error) {
	said := str(c, "OnFailure")
	keep, given := flag(c, "DisableRollback")
	switch {
	case given && said != "":
		return "", invalid("You can specify either DisableRollback or OnFailure, but not both.")
	case said != "":
		return said, oneOf("onFailure", said, "DO_NOTHING", "ROLLBACK", "DELETE")
	}
	return afterFailure(keep), nil
}

// afterFailure is DisableRollback in the words of OnFailure.
func afterFailure(disableRollback bool) string {
	if disableRollback {
		return "DO_NOTHING"
	}
	return "ROLLBACK"
}

// direct plans a creation or update without a change set.
func (e *Engine) direct(c *wire.Call, s *stack) (*operation, error) {
	set, err := e.settingsOf(c, s)
	if err != nil {
		return nil, err
	}
	want, err := e.plan(s, set)
	if err != nil {
		return nil, err
	}
	return &operation{token: str(c, "ClientRequestToken"), want: want}, s.sameTypes(want)
}

// makeObsolete: change sets of a stack that was changed without them.
func (e *Engine) makeObsolete(s *stack) {
	for _, cs := range s.changeSets {
		e.stopChangeSet(cs)
		if cs.execution == available || cs.execution == unavailable {
			cs.execution = obsolete
		}
	}
}

func (e *Engine) updateStack(c *wire.Call) (any, error) {
	name := str(c, "StackName")
	err := first(required("stackName", name), matches("stackName", name, stackPattern, 2048), unsupported(c, "UPDATE"),
		matches("clientRequestToken", str(c, "ClientRequestToken"), tokenPattern, 128))
	tags, tagErr := tagsOf(c)
	if err := first(err, tagErr); err != nil {
		return nil, err
	}
	s := e.find(c, name)
	if err := first(allow(c, s, nameOfStack(name), requestKeys(c, tags)), e.passRole(c, str(c, "RoleARN"))); err != nil {
		return nil, err
	}
	switch {
	case s == nil:
		return nil, invalid("Stack [%s] does not exist", name)
	case !updatable(s.status):
		return nil, notUpdatable(s)
	}
	op, err := e.direct(c, s)
	if err != nil {
		return nil, err
	}
	if _, changed, _ := e.changes(s, op.want); !changed {
		return nil, invalid("No updates are to be performed.")
	}
	noRollback, _ := flag(c, "DisableRollback")
	op.onFailure = afterFailure(noRollback)
	e.makeObsolete(s)
	e.deploy(c, s, op)
	return map[string]any{"StackId": s.id, "OperationId": op.id}, nil
}

// cancelUpdateStack turns a running update back.
func (e *Engine) cancelUpdateStack(c *wire.Call) (any, error) {
	name := str(c, "StackName")
	s, err := e.readable(c, name, "Stack [%s] does not exist")
	if err != nil {
		return nil, err
	}
	op := s.running()
	if s.status != "UPDATE_IN_PROGRESS" || op == nil {
		return nil, invalid("CancelUpdateStack cannot be called from current stack status")
	}
	op.onFailure = "ROLLBACK"
	e.fail(op, "User Initiated")
	return map[string]any{}, nil
}

// deleteStack deletes a stack; one that is not there is no error.
func (e *Engine) deleteStack(c *wire.Call) (any, error) {
	name, token := str(c, "StackName"), str(c, "ClientRequestToken")
	err := first(required("stackName", name), matches("stackName", name, stackPattern, 2048), matches("clientRequestToken", token, tokenPattern, 128), unsupported(c, ""))
	if err != nil {
		return nil, err
	}
	s := e.find(c, name)
	if err := first(allow(c, s, nameOfStack(name), requestKeys(c, nil)), e.passRole(c, str(c, "RoleARN"))); err != nil {
		return nil, err
	}
	retain := list(c, "RetainResources")
	switch {
	case s == nil || !s.deleted.IsZero() || s.status == "DELETE_IN_PROGRESS":
		return map[string]any{}, nil
	case s.protected:
		return nil, invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", s.name)
	case len(retain) > 0 && s.status != "DELETE_FAILED":
		return nil, invalid("RetainResources can only be specified for stacks in the DELETE_FAILED state")
	}
	if op := s.running(); op != nil && s.status != "CREATE_IN_PROGRESS" && s.status != "ROLLBACK_IN_PROGRESS" {
		return nil, invalid("Stack [%s] cannot be deleted while in status %s", s.name, s.status)
	} else if op != nil {
		e.abandon(op)
	}
	if s.inUse() {
		return map[string]any{}, nil
	}
	role := cmp.Or(str(c, "RoleARN"), s.roleARN)
	op := &operation{kind: opDelete, token: token, retained: retain, authorize: asOperation(c, role)}
	e.begin(s, op)
	e.remove(op, "DELETE", "User Initiated")
	return map[string]any{}, nil
}

// inUse reports whether another stack uses an export, and notes it as the
// reason why the stack was not deleted.
func (s *stack) inUse() bool {
	for _, o := range s.outputs {
		if users := s.region.importers(o.export); slices.ContainsFunc(users, func(u string) bool { return u != s.name }) {
			s.reason = fmt.Sprintf("Delete canceled. Cannot delete export %s as it is in use by %s.", o.export, users[0])
			return true
		}
	}
	return false
}

// abandon ends an operation that a deletion overtakes.
func (e *Engine) abandon(op *operation) {
	for _, t := range op.tasks {
		if t.state == running && t.verb != deletes {
			t.state = cancelled
			e.mark(op, t, t.base()+"_FAILED", "Resource creation cancelled")
		}
	}
	op.finished, op.ended, op.result = true, e.now(), "FAILED"
	op.stop()
	if op.changeSet != nil {
		op.changeSet.execution = executeFail
	}
}
