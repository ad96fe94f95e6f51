package cfn

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"
)

// stack is one stack and all that happened to it.
type stack struct {
	place
	region *region
	name   string
	id     string // ARN

	status, reason            string
	created, updated, deleted time.Time
	settings
	outputs   []output
	imports   []string // export names that it uses
	resources map[string]*resource

	changeSetID string // the last that was executed
	changeSets  []*changeSet
	ops         []*operation // oldest first; the last may be running
	events      []event      // oldest first
	protected   bool         // termination protection
	orphans     []*resource  // what a failed operation left undeleted
	noRollback  bool
	detections  []*detection // of drift, oldest first
}

// settings are what a request brings and an update replaces as a whole.
type settings struct {
	template     *template
	parameters   []parameterValue
	values       map[string]any // the parameters' typed values
	tags         []tag
	capabilities []string
	roleARN      string
	notify       []string
}

type tag struct{ key, value string }

type parameterValue struct {
	key, value string
	resolved   string // of a name in Parameter Store: the value that it had
}

type output struct{ key, value, description, export string }

// resource is a resource as it is, or as it is being made. A change makes a
// new one, so that a rollback finds the old one untouched.
type resource struct {
	logical string
	typ     string
	id      string // physical id, what Ref gives; empty until the provider answered
	attrs   map[string]string
	props   map[string]any // resolved, as the provider got them
	shown   map[string]any // props with secrets masked, nil where there are none
	tags    map[string]string
	def     definition // as the template has it
	deps    []string   // logical ids that it needs

	status, reason string
	updated        time.Time
	adoptedBy      *operation // that took it in; it is deleted by no rollback of that
	drift          *drift     // nil: not checked since it was made
}

// change set states that more than one file names.
const (
	setPending   = "CREATE_PENDING"
	setCreating  = "CREATE_IN_PROGRESS"
	setComplete  = "CREATE_COMPLETE"
	setFailed    = "FAILED"
	unavailable  = "UNAVAILABLE"
	available    = "AVAILABLE"
	executing    = "EXECUTE_IN_PROGRESS"
	executed     = "EXECUTE_COMPLETE"
	executeFail  = "EXECUTE_FAILED"
	obsolete     = "OBSOLETE"
	emptyMessage = "The submitted information didn't contain changes. Submit different information to create a change set."
)

// changeSet is a proposal to change a stack.
type changeSet struct {
	name, id    string
	stack       *stack
	kind        string // CREATE, UPDATE
	description string
	token       string // ClientToken of its creation
	want        *desired
	onFailure   string // OnStackFailure, empty if not given
	skipChecks  bool   // DisableValidation
	mode        string // DeploymentMode, empty if not given
	authorize   func(action, resource string, keys map[string][]string) error
	created     time.Time

	status, reason, execution string
	changes                   []change
	executeToken              string
	operation                 *operation // CREATE_CHANGESET
	stop                      func()     // of its timer
}

// tagMap is the tags as resources get them.
func tagMap(tags []tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.key] = t.value
	}
	return out
}

// ids of the stack's resources, in order.
func (s *stack) logicalIDs() []string { return slices.Sorted(maps.Keys(s.resources)) }

// running is the operation in progress, nil if none.
func (s *stack) running() *operation {
	if n := len(s.ops); n > 0 && !s.ops[n-1].finished {
		return s.ops[n-1]
	}
	return nil
}

// newUUID is a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
