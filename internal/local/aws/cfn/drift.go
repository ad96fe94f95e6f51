package cfn

import (
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// What drift detection says of a resource, of a stack, and of itself
// (API reference, StackResourceDrift and DescribeStackDriftDetectionStatus).
const (
	inSync      = "IN_SYNC"
	modified    = "MODIFIED"
	removed     = "DELETED"
	drifted     = "DRIFTED"
	notChecked  = "NOT_CHECKED"
	detecting   = "DETECTION_IN_PROGRESS"
	detected    = "DETECTION_COMPLETE"
	undetected  = "DETECTION_FAILED"
	maxDriftIDs = 200 // LogicalResourceIds of DetectStackDrift
)

// detection is one drift detection of a stack.
type detection struct {
	id             string
	only           []string // logical ids; none: all
	status, reason string
	result         string // IN_SYNC, DRIFTED; empty while it runs
	count          int    // of resources that drifted
	at             time.Time
}

// drift is what was found of one resource.
type drift struct {
	status           string
	at               time.Time
	expected, actual map[string]any
	differences      []difference
}

// detectStackDrift starts a detection. It reads each resource in the caller's
// name (User Guide, "Detect unmanaged configuration changes to stacks and
// resources with drift detection": permissions).
func (e *Engine) detectStackDrift(c *wire.Call) (any, error) {
	s, err := e.driftable(c)
	if err != nil {
		return nil, err
	}
	only := list(c, "LogicalResourceIds")
	if len(only) > maxDriftIDs {
		return nil, invalid("1 validation error detected: Value at 'logicalResourceIds' failed to satisfy constraint: Member must have length less than or equal to %d", maxDriftIDs)
	}
	for _, logical := range only {
		if s.resources[logical] == nil {
			return nil, invalid("Resource %s does not exist for stack %s", logical, s.name)
		}
	}
	if n := len(s.detections); n > 0 && s.detections[n-1].status == detecting {
		return nil, invalid("Drift detection is already in progress for stack [%s]", s.id)
	}
	d := &detection{id: newUUID(), only: only, status: detecting, at: e.now()}
	s.detections = append(s.detections, d)
	ask := c.Authorize
	e.later(e.opt.Poll, func() { e.detect(s, d, ask) })
	return map[string]any{"StackDriftDetectionId": d.id}, nil
}

// driftable finds a stack whose drift the caller may detect.
func (e *Engine) driftable(c *wire.Call) (*stack, error) {
	name := str(c, "StackName")
	s, err := e.readable(c, name, "Stack [%s] does not exist")
	if err != nil {
		return nil, err
	}
	for action, resource := range map[string]string{
		"cloudformation:DetectStackResourceDrift": s.id, "cloudformation:BatchDescribeTypeConfigurations": "*",
	} {
		if err := authorize(c, action, resource, nil); err != nil {
			return nil, err
		}
	}
	if !slices.Contains([]string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"}, s.status) {
		return nil, invalid("Drift detection cannot be performed on stack [%s] in its current status %s", s.name, s.status)
	}
	return s, nil
}

// detect looks at a stack's resources. One that cannot be read leaves the
// others as they were found.
func (e *Engine) detect(s *stack, d *detection, ask func(string, string, map[string][]string) error) {
	d.at = e.now()
	for _, logical := range s.logicalIDs() {
		r := s.resources[logical]
		if len(d.only) > 0 && !slices.Contains(d.only, logical) {
			continue
		}
		if err := e.compare(s, r, ask); err != nil {
			d.status = undetected
			d.reason += "Failed to detect drift on resource [" + logical + "]: " + reasonOf(err) + " "
		}
		if r.drift != nil && r.drift.status != inSync {
			d.count++
		}
	}
	d.result = inSync
	if d.count > 0 {
		d.result = drifted
	}
	if d.status == detecting {
		d.status = detected
	}
}

// compare reads one resource and notes how it differs from what the stack made
// of it. A type that cannot be read stays unchecked.
func (e *Engine) compare(s *stack, r *resource, ask func(string, string, map[string][]string) error) error {
	reader, ok := e.opt.Providers[r.typ].(wire.Readable)
	if !ok || r.id == "" {
		return nil
	}
	actual, there, err := reader.Read(e.ctx, r.id, e.reading(s, r, ask))
	switch {
	case err != nil:
		return err
	case there && actual == nil:
		return nil
	}
	found := &drift{status: inSync, at: e.now(), expected: map[string]any{}, actual: map[string]any{}}
	r.drift = found
	if !there {
		found.status, found.expected = removed, r.shownProps()
		return nil
	}
	for k, want := range r.shownProps() {
		if canonical(want) != canonical(r.props[k]) {
			continue // holds a NoEcho parameter, which is not shown
		}
		if got, told := actual[k]; told {
			found.expected[k], found.actual[k] = want, visible(want, got)
			found.differences = append(found.differences, differences("/"+k, want, got)...)
		}
	}
	slices.SortStableFunc(found.differences, byPath)
	if len(found.differences) > 0 {
		found.status = modified
	}
	return nil
}

// reading asks a provider for what a resource is, in somebody's name.
func (e *Engine) reading(s *stack, r *resource, ask func(string, string, map[string][]string) error) wire.Request {
	return wire.Request{
		Account: s.account, Region: s.place.region, StackID: s.id, StackName: s.name, LogicalID: r.logical,
		Properties: clone(r.props), Now: e.now(), Authorize: ask,
	}
}

func (e *Engine) describeDetection(c *wire.Call) (any, error) {
	if err := authorize(c, "cloudformation:DescribeStackDriftDetectionStatus", "*", nil); err != nil {
		return nil, err
	}
	id := str(c, "StackDriftDetectionId")
	for _, s := range e.at(c).order {
		for _, d := range s.detections {
			if d.id != id {
				continue
			}
			m := map[string]any{"StackId": s.id, "StackDriftDetectionId": d.id, "DetectionStatus": d.status, "Timestamp": d.at}
			put(m, "DetectionStatusReason", d.reason)
			put(m, "StackDriftStatus", d.result)
			if d.status != detecting {
				m["DriftedStackResourceCount"] = d.count
			}
			return m, nil
		}
	}
	return nil, invalid("Drift detection with id %s does not exist", id)
}

// describeDrifts answers what the last detection of each resource found.
func (e *Engine) describeDrifts(c *wire.Call) (any, error) {
	s, err := e.readable(c, str(c, "StackName"), "Stack [%s] does not exist")
	if err != nil {
		return nil, err
	}
	filter := list(c, "StackResourceDriftStatusFilters")
	for _, status := range filter {
		if err := oneOf("stackResourceDriftStatusFilters", status, inSync, modified, removed, notChecked); err != nil {
			return nil, err
		}
	}
	var all []any
	for _, logical := range s.logicalIDs() {
		r := s.resources[logical]
		if r.drift != nil && (len(filter) == 0 || slices.Contains(filter, r.drift.status)) {
			all = append(all, r.driftTree(s))
		}
	}
	return e.paged(c, "StackResourceDrifts", all)
}

// detectResourceDrift looks at one resource at once.
func (e *Engine) detectResourceDrift(c *wire.Call) (any, error) {
	s, err := e.driftable(c)
	if err != nil {
		return nil, err
	}
	r := s.resources[str(c, "LogicalResourceId")]
	if r == nil {
		return nil, invalid("Resource %s does not exist for stack %s", str(c, "LogicalResourceId"), s.name)
	}
	if err := e.compare(s, r, c.Authorize); err != nil {
		return nil, err
	}
	if r.drift == nil {
		return nil, invalid("Drift detection is not supported for resource type %s", r.typ)
	}
	return map[string]any{"StackResourceDrift": r.driftTree(s)}, nil
}

func (r *resource) driftTree(s *stack) map[string]any {
	m := map[string]any{
		"StackId": s.id, "LogicalResourceId": r.logical, "PhysicalResourceId": r.id, "ResourceType": r.typ,
		"StackResourceDriftStatus": r.drift.status, "Timestamp": r.drift.at, "ExpectedProperties": canonical(r.drift.expected),
	}
	if r.drift.status != removed {
		m["ActualProperties"] = canonical(r.drift.actual)
	}
	trees := []any{}
	for _, d := range r.drift.differences {
		trees = append(trees, map[string]any{
			"PropertyPath": d.path, "ExpectedValue": d.expected, "ActualValue": d.actual, "DifferenceType": d.kind,
		})
	}
	m["PropertyDifferences"] = trees
	return m
}

// driftInformation is a stack's drift as DescribeStacks shows it.
func (s *stack) driftInformation() map[string]any {
	for _, d := range slices.Backward(s.detections) {
		if d.result != "" {
			return map[string]any{"StackDriftStatus": d.result, "LastCheckTimestamp": d.at}
		}
	}
	return map[string]any{"StackDriftStatus": notChecked}
}

// driftInformation is a resource's drift as lists of resources show it.
func (r *resource) driftInformation() map[string]any {
	if r.drift == nil {
		return map[string]any{"StackResourceDriftStatus": notChecked}
	}
	return map[string]any{"StackResourceDriftStatus": r.drift.status, "LastCheckTimestamp": r.drift.at}
}
