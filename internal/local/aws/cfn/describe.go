package cfn

import (
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// find looks a stack up by name or id; deleted ones by id only.
func (e *Engine) find(c *wire.Call, nameOrID string) *stack {
	r := e.at(c)
	if strings.HasPrefix(nameOrID, "arn:") {
		return r.known[nameOrID]
	}
	return r.live[nameOrID]
}

// readable finds a stack that the caller may read. missing is the sentence for
// one that is not there.
func (e *Engine) readable(c *wire.Call, nameOrID, missing string) (*stack, error) {
	if err := first(required("stackName", nameOrID), matches("stackName", nameOrID, stackPattern, 2048)); err != nil {
		return nil, err
	}
	s := e.find(c, nameOrID)
	if err := allow(c, s, nameOfStack(nameOrID), nil); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, invalid(missing, nameOrID)
	}
	return s, nil
}

// nameOfStack is the name in an id, or the name itself.
func nameOfStack(nameOrID string) string {
	if parts := strings.Split(nameOrID, "/"); strings.HasPrefix(nameOrID, "arn:") && len(parts) == 3 {
		return parts[1]
	}
	return nameOrID
}

func (e *Engine) describeStacks(c *wire.Call) (any, error) {
	if name := str(c, "StackName"); name != "" {
		s, err := e.readable(c, name, "Stack with id %s does not exist")
		if err != nil {
			return nil, err
		}
		return map[string]any{"Stacks": []any{s.tree()}}, nil
	}
	if err := allow(c, nil, "*", nil); err != nil {
		return nil, err
	}
	var all []any
	for _, s := range slices.Backward(e.at(c).order) {
		if s.deleted.IsZero() {
			all = append(all, s.tree())
		}
	}
	return e.paged(c, "Stacks", all)
}

func (s *stack) tree() map[string]any {
	m := map[string]any{
		"StackId": s.id, "StackName": s.name, "StackStatus": s.status, "CreationTime": s.created,
		"DisableRollback": s.noRollback, "EnableTerminationProtection": s.protected,
		"NotificationARNs": anys(s.notify), "RollbackConfiguration": map[string]any{},
		"DriftInformation": s.driftInformation(),
		"Tags":             tagTrees(s.tags), "Capabilities": anys(s.capabilities), "LastOperations": s.lastOperations(),
	}
	put(m, "StackStatusReason", s.reason)
	put(m, "RoleARN", s.roleARN)
	put(m, "ChangeSetId", s.changeSetID)
	putTime(m, "LastUpdatedTime", s.updated)
	putTime(m, "DeletionTime", s.deleted)
	if s.template != nil {
		put(m, "Description", s.template.description)
		m["Parameters"] = shown(s.template, s.parameters)
	}
	var outputs []any
	for _, o := range s.outputs {
		t := map[string]any{"OutputKey": o.key, "OutputValue": o.value}
		put(t, "Description", o.description)
		put(t, "ExportName", o.export)
		outputs = append(outputs, t)
	}
	if outputs != nil {
		m["Outputs"] = outputs
	}
	return m
}

// lastOperations names the newest operation, and its rollback.
func (s *stack) lastOperations() []any {
	out := []any{}
	if n := len(s.ops); n > 0 {
		op := s.ops[n-1]
		out = append(out, map[string]any{"OperationId": op.id, "OperationType": op.kind})
		if op.rolledBack != "" {
			out = append(out, map[string]any{"OperationId": op.rolledBack, "OperationType": opRollback})
		}
	}
	return out
}

func tagTrees(tags []tag) []any {
	out := make([]any, len(tags))
	for i, t := range tags {
		out[i] = map[string]any{"Key": t.key, "Value": t.value}
	}
	return out
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func putTime(m map[string]any, name string, t time.Time) {
	if !t.IsZero() {
		m[name] = t
	}
}

func (e *Engine) listStacks(c *wire.Call) (any, error) {
	if err := allow(c, nil, "*", nil); err != nil {
		return nil, err
	}
	filter := list(c, "StackStatusFilter")
	var all []any
	for _, s := range slices.Backward(e.at(c).order) {
		if len(filter) > 0 && !slices.Contains(filter, s.status) {
			continue
		}
		m := map[string]any{
			"StackId": s.id, "StackName": s.name, "StackStatus": s.status, "CreationTime": s.created,
			"DriftInformation": s.driftInformation(),
		}
		put(m, "StackStatusReason", s.reason)
		putTime(m, "LastUpdatedTime", s.updated)
		putTime(m, "DeletionTime", s.deleted)
		if s.template != nil {
			put(m, "TemplateDescription", s.template.description)
		}
		all = append(all, m)
	}
	return e.paged(c, "StackSummaries", all)
}

func (e *Engine) listStackResources(c *wire.Call) (any, error) {
	s, err := e.readable(c, str(c, "StackName"), "Stack with id %s does not exist")
	if err != nil {
		return nil, err
	}
	var all []any
	for _, logical := range s.logicalIDs() {
		r := s.resources[logical]
		m := r.tree()
		m["LastUpdatedTimestamp"] = r.updated
		all = append(all, m)
	}
	return e.paged(c, "StackResourceSummaries", all)
}

func (e *Engine) describeStackResources(c *wire.Call) (any, error) {
	name, physical, logical := str(c, "StackName"), str(c, "PhysicalResourceId"), str(c, "LogicalResourceId")
	if name == "" {
		for _, s := range e.at(c).live {
			for _, r := range s.resources {
				if physical != "" && r.id == physical {
					name = s.id
				}
			}
		}
		if physical != "" && name == "" {
			return nil, first(allow(c, nil, "*", nil), invalid("Stack for %s does not exist", physical))
		}
	}
	s, err := e.readable(c, name, "Stack with id %s does not exist")
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, id := range s.logicalIDs() {
		if r := s.resources[id]; logical == "" || logical == id {
			m := r.tree()
			m["StackId"], m["StackName"], m["Timestamp"] = s.id, s.name, r.updated
			all = append(all, m)
		}
	}
	if logical != "" && len(all) == 0 {
		return nil, invalid("Resource %s does not exist for stack %s", logical, s.name)
	}
	return map[string]any{"StackResources": all}, nil
}

func (r *resource) tree() map[string]any {
	m := map[string]any{
		"LogicalResourceId": r.logical, "ResourceType": r.typ, "ResourceStatus": r.status,
		"DriftInformation": r.driftInformation(),
	}
	put(m, "PhysicalResourceId", r.id)
	put(m, "ResourceStatusReason", r.reason)
	return m
}

// getTemplate answers a stack's or a change set's template, byte for byte.
func (e *Engine) getTemplate(c *wire.Call) (any, error) {
	if err := oneOf("templateStage", str(c, "TemplateStage"), "Original", "Processed"); err != nil {
		return nil, err
	}
	var body string
	switch {
	case str(c, "StackName") == "" && str(c, "ChangeSetName") == "":
		return nil, invalid("StackName is required if ChangeSetName is not specified.")
	case str(c, "StackName") == "" && !strings.HasPrefix(str(c, "ChangeSetName"), "arn:"):
		return nil, invalid("StackName is a required parameter.")
	case str(c, "ChangeSetName") != "":
		cs, err := e.findChangeSet(c)
		if err != nil {
			return nil, err
		}
		body = cs.want.template.body
	default:
		s, err := e.readable(c, str(c, "StackName"), "Stack with id %s does not exist")
		if err != nil {
			return nil, err
		}
		if s.status == "REVIEW_IN_PROGRESS" || s.template == nil {
			return nil, invalid("Stack with id %s does not exist", str(c, "StackName"))
		}
		body = s.template.body
	}
	return map[string]any{"TemplateBody": body, "StagesAvailable": []any{"Original", "Processed"}}, nil
}
