package cfn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/schema"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (e *Engine) createChangeSet(c *wire.Call) (any, error) {
	name, stackName, kind := str(c, "ChangeSetName"), str(c, "StackName"), str(c, "ChangeSetType")
	if kind == "" {
		kind = "UPDATE"
	}
	tags, tagErr := tagsOf(c)
	if err := first(checkRequest(c), tagErr, checkMode(str(c, "DeploymentMode"), kind), unsupported(c, kind)); err != nil {
		return nil, err
	}
	s := e.find(c, stackName)
	if err := first(allow(c, s, nameOfStack(stackName), requestKeys(c, tags)), e.passRole(c, str(c, "RoleARN"))); err != nil {
		return nil, err
	}
	if cs := s.changeSetNamed(name); cs != nil {
		if token := str(c, "ClientToken"); token != "" && token == cs.token {
			return cs.answer(), nil
		}
		return nil, wire.Errorf("AlreadyExistsException", "ChangeSet %s already exists", name)
	}
	if err := mayPropose(s, stackName, name, kind); err != nil {
		return nil, err
	}
	isNew := s == nil
	if isNew {
		s = e.newStack(c, stackName)
	}
	cs, err := e.propose(c, s, name, kind)
	if err != nil {
		return nil, err
	}
	if isNew {
		e.register(s)
		s.status, s.reason = "REVIEW_IN_PROGRESS", "User Initiated"
		e.record(cs.operation, event{logical: s.name, physical: s.id, typ: stackType, status: s.status, reason: s.reason})
	}
	s.changeSets = append(s.changeSets, cs)
	return cs.answer(), nil
}

// checkRequest holds the members of CreateChangeSet against the service model.
func checkRequest(c *wire.Call) error {
	name, stackName := str(c, "ChangeSetName"), str(c, "StackName")
	return first(
		required("changeSetName", name), matches("changeSetName", name, changeSetPattern, 128),
		required("stackName", stackName), matches("stackName", stackName, stackPattern, 2048), longName(stackName),
		oneOf("changeSetType", str(c, "ChangeSetType"), "IMPORT", "UPDATE", "CREATE"), matches("clientToken", str(c, "ClientToken"), `[\s\S]*`, 128),
		oneOf("onStackFailure", str(c, "OnStackFailure"), "DO_NOTHING", "ROLLBACK", "DELETE"),
	)
}

func longName(stackName string) error {
	if !strings.HasPrefix(stackName, "arn:") && len(stackName) > 128 {
		return invalid("1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: Member must have length less than or equal to 128", stackName)
	}
	return nil
}

// unsupported refuses what the local AWS does not do, by name.
func unsupported(c *wire.Call, kind string) error {
	if kind == "IMPORT" {
		return invalid("the local AWS does not import resources (ChangeSetType IMPORT)")
	}
	if str(c, "OnStackFailure") == "DELETE" && kind != "CREATE" {
		return invalid("OnStackFailure DELETE is only valid when the ChangeSetType is CREATE")
	}
	for _, p := range []string{"ResourceTypes", "ResourcesToImport", "IncludeNestedStacks", "DeploymentConfig", "StackPolicyBody", "StackPolicyURL", "RetainExceptOnCreate", "TimeoutInMinutes", "DeletionMode"} {
		if v, given := c.Params[p]; given && v != "" && v != "false" && v != false {
			return invalid("the local AWS does not have the parameter %s", p)
		}
	}
	return nil
}

// mayPropose: a CREATE change set is for a stack that is not there, or only
// under review; an UPDATE one for a stack that stands still.
func mayPropose(s *stack, stackName, name, kind string) error {
	switch {
	case kind == "CREATE" && s != nil && s.status != "REVIEW_IN_PROGRESS":
		return invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", stackName, name)
	case kind == "CREATE" && s == nil && strings.HasPrefix(stackName, "arn:"):
		return invalid("Stack [%s] does not exist", stackName)
	case kind == "UPDATE" && s == nil:
		return invalid("Stack [%s] does not exist", stackName)
	case kind == "UPDATE" && !updatable(s.status):
		return notUpdatable(s)
	}
	return nil
}

// propose checks all that a call's answer tells, and lets the rest take its
// moment.
func (e *Engine) propose(c *wire.Call, s *stack, name, kind string) (*changeSet, error) {
	set, err := e.settingsOf(c, s)
	if err != nil {
		return nil, err
	}
	want, err := e.plan(s, set)
	if err != nil {
		return nil, err
	}
	if err := s.sameTypes(want); err != nil {
		return nil, err
	}
	want.imports, _ = flag(c, "ImportExistingResources")
	cs := &changeSet{
		name: name, kind: kind, stack: s, description: str(c, "Description"), token: str(c, "ClientToken"), want: want,
		id:        fmt.Sprintf("arn:aws:cloudformation:%s:%s:changeSet/%s/%s", c.Region, c.Account, name, newUUID()),
		onFailure: str(c, "OnStackFailure"), created: e.now(), status: setPending, execution: unavailable,
	}
	cs.skipChecks, _ = flag(c, "DisableValidation")
	if cs.mode = str(c, "DeploymentMode"); cs.mode != "" {
		cs.authorize = asOperation(c, want.roleARN)
	}
	cs.operation = &operation{id: newUUID(), kind: opChangeSet, token: cs.token, stack: s, changeSet: cs, started: cs.created, result: "IN_PROGRESS"}
	cs.stop = e.later(e.opt.ChangeSetTime/2, func() {
		cs.status = setCreating
		cs.stop = e.later(e.opt.ChangeSetTime-e.opt.ChangeSetTime/2, func() { e.compute(cs) })
	})
	return cs, nil
}

// compute ends the creation of a change set: early validation, then what would
// change.
func (e *Engine) compute(cs *changeSet) {
	op := cs.operation
	op.finished, op.ended, op.result = true, e.now(), "SUCCEEDED"
	cs.status, cs.execution = setComplete, available
	if !cs.skipChecks {
		op.validation = e.earlyValidation(cs)
	}
	if cs.mode != "" {
		var err error
		if cs.want.live, err = e.readLive(cs.stack, cs.authorize); err != nil {
			cs.status, cs.execution, cs.reason, op.result = setFailed, unavailable, reasonOf(err), "FAILED"
			return
		}
	}
	if len(op.validation) == 0 {
		var changed bool
		cs.changes, changed, cs.reason = e.changes(cs.stack, cs.want)
		if !cs.skipChecks {
			op.validation = e.takenNames(cs)
		}
		if changed && len(op.validation) == 0 {
			return
		}
	}
	cs.reason = emptyMessage
	if len(op.validation) > 0 {
		cs.reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::" + hooks[op.validation[0].check] +
			"]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."
	}
	cs.changes, cs.status, cs.execution, op.result = nil, setFailed, unavailable, "FAILED"
}

// Early validation's checks by ValidationName, and the hooks that a change
// set's reason names for them ("Validate stack deployments" in the user guide).
const (
	propertyCheck = "PROPERTY_VALIDATION"
	nameCheck     = "NAME_CONFLICT_VALIDATION"
)

var hooks = map[string]string{propertyCheck: "PropertyValidation", nameCheck: "ResourceExistenceCheck"}

// takenNames finds the resources to be made whose names somebody has.
func (e *Engine) takenNames(cs *changeSet) []event {
	var out []event
	s := cs.stack
	for _, c := range cs.changes {
		named, ok := e.opt.Providers[c.typ].(wire.Named)
		if !ok || c.action != "Add" {
			continue
		}
		name, taken := named.Taken(e.ctx, wire.Request{
			Account: s.account, Region: s.place.region, StackID: s.id, StackName: s.name, LogicalID: c.logical,
			Properties: clone(c.after), Now: e.now(),
		})
		if taken {
			out = append(out, event{
				id: newUUID(), at: e.now(), op: cs.operation, opID: cs.operation.id, opKind: opChangeSet,
				logical: c.logical, typ: c.typ, status: "VALIDATION_FAILED", path: "/Resources/" + c.logical, check: nameCheck,
				reason: fmt.Sprintf("Resource of type '%s' with identifier '%s' already exists.", c.typ, name),
			})
		}
	}
	return out
}

// earlyValidation holds the template's properties against their schemas before
// anything is made.
func (e *Engine) earlyValidation(cs *changeSet) []event {
	var out []event
	for _, logical := range slices.Sorted(slices.Values(cs.want.active)) {
		def := cs.want.template.resources[logical]
		for _, p := range schema.Shape(def.typ, def.properties) {
			out = append(out, event{
				id: newUUID(), at: e.now(), op: cs.operation, opID: cs.operation.id, opKind: opChangeSet,
				logical: logical, typ: def.typ, status: "VALIDATION_FAILED", reason: p.Message,
				path: "/Resources/" + logical + "/Properties" + p.Path, check: propertyCheck,
			})
		}
	}
	return out
}

func (cs *changeSet) answer() map[string]any {
	return map[string]any{"Id": cs.id, "StackId": cs.stack.id}
}

func (s *stack) changeSetNamed(name string) *changeSet {
	if s == nil {
		return nil
	}
	for _, cs := range s.changeSets {
		if cs.name == name || cs.id == name {
			return cs
		}
	}
	return nil
}

// findChangeSet looks a change set up by its ARN, or by its name and stack's.
func (e *Engine) findChangeSet(c *wire.Call) (*changeSet, error) {
	name, stackName := str(c, "ChangeSetName"), str(c, "StackName")
	err := first(required("changeSetName", name), matches("changeSetName", name, setOrARNPattern, 1600), matches("stackName", stackName, stackPattern, 2048))
	if err != nil {
		return nil, err
	}
	s := e.find(c, stackName)
	byARN := strings.HasPrefix(name, "arn:")
	if byARN {
		for _, other := range e.at(c).order {
			if other.changeSetNamed(name) != nil {
				s = other
			}
		}
	}
	label := "*"
	if stackName != "" {
		label = nameOfStack(stackName)
	}
	if err := allow(c, s, label, requestKeys(c, nil)); err != nil {
		return nil, err
	}
	switch {
	case !byARN && stackName == "":
		return nil, invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
	case !byARN && s == nil:
		return nil, invalid("Stack [%s] does not exist", stackName)
	}
	if cs := s.changeSetNamed(name); cs != nil {
		return cs, nil
	}
	return nil, &wire.Error{Code: "ChangeSetNotFound", Message: fmt.Sprintf("ChangeSet [%s] does not exist", name), Status: 404}
}

func (e *Engine) deleteChangeSet(c *wire.Call) (any, error) {
	cs, err := e.findChangeSet(c)
	if err != nil {
		var gone *wire.Error
		if asWire(err, &gone) && gone.Code == "ChangeSetNotFound" {
			return map[string]any{}, nil // what is not there is deleted
		}
		return nil, err
	}
	if cs.status == setCreating || cs.status == setPending || cs.execution == executing {
		return nil, wire.Errorf("InvalidChangeSetStatus", "ChangeSet [%s] cannot be deleted in its current status of [%s] and execution status of [%s]", cs.id, cs.status, cs.execution)
	}
	e.dropChangeSets(cs.stack, func(other *changeSet) bool { return other == cs })
	return map[string]any{}, nil
}

// dropChangeSets deletes those that which names.
func (e *Engine) dropChangeSets(s *stack, which func(*changeSet) bool) {
	s.changeSets = slices.DeleteFunc(s.changeSets, func(cs *changeSet) bool {
		if which(cs) {
			e.stopChangeSet(cs)
			return true
		}
		return false
	})
}

func (e *Engine) stopChangeSet(cs *changeSet) {
	if cs.stop != nil {
		cs.stop()
	}
}

func (e *Engine) listChangeSets(c *wire.Call) (any, error) {
	s, err := e.readable(c, str(c, "StackName"), "Stack [%s] does not exist")
	if err != nil {
		return nil, err
	}
	var all []any
	for _, cs := range slices.Backward(s.changeSets) {
		all = append(all, cs.summary())
	}
	return e.paged(c, "Summaries", all)
}

func (cs *changeSet) summary() map[string]any {
	m := map[string]any{
		"ChangeSetId": cs.id, "ChangeSetName": cs.name, "StackId": cs.stack.id, "StackName": cs.stack.name,
		"Status": cs.status, "ExecutionStatus": cs.execution, "CreationTime": cs.created, "IncludeNestedStacks": false,
	}
	put(m, "StatusReason", cs.reason)
	put(m, "Description", cs.description)
	return m
}

func (e *Engine) describeChangeSet(c *wire.Call) (any, error) {
	cs, err := e.findChangeSet(c)
	if err != nil {
		return nil, err
	}
	values, _ := flag(c, "IncludePropertyValues")
	all := make([]any, len(cs.changes))
	for i := range cs.changes {
		all[i] = cs.changes[i].tree(values)
	}
	out, err := e.paged(c, "Changes", all)
	if err != nil {
		return nil, err
	}
	for k, v := range cs.summary() {
		out[k] = v
	}
	put(out, "OnStackFailure", cs.onFailure)
	put(out, "DeploymentMode", cs.mode)
	out["Parameters"] = shown(cs.want.template, cs.want.parameters)
	out["Tags"], out["Capabilities"] = tagTrees(cs.want.tags), anys(cs.want.capabilities)
	out["NotificationARNs"], out["RollbackConfiguration"] = anys(cs.want.notify), map[string]any{}
	return out, nil
}
