// Package wire is the border between the front of the local AWS, which speaks
// HTTP, and the services behind it, which know no protocol: a Call goes in, a
// tree of values or an Error comes out.
package wire

import (
	"context"
	"fmt"
	"time"
)

// Principal is who calls, as the access key told.
type Principal struct {
	Account        string
	ARN            string // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, or the account's root
	UserID         string // AROA...:SESSION
	RoleARN        string // empty for the administrator
	SessionName    string
	SourceIdentity string
	Administrator  bool // an access key that the local AWS did not issue
}

// Call is one request to a service.
type Call struct {
	Service   string // sts, cloudformation, ecs, ...
	Action    string // DescribeStacks
	Region    string
	Account   string
	Host      string // where the caller reached the local AWS, host:port; "" for calls from within
	Principal Principal
	// Params are the parameters as a tree: map[string]any, []any, string, bool,
	// float64. The query protocols' flattened names are unflattened by the
	// front, all their leaves being strings.
	Params map[string]any
	Now    time.Time
	// Authorize answers nil where the principal's policies (the role's and the
	// session's) allow the IAM action on the resource ARN, else an AccessDenied
	// Error. keys are the condition keys beyond the global ones, such as
	// "cloudformation:RoleArn".
	Authorize func(action, resource string, keys map[string][]string) error
	// AuthorizeAs does the same in the name of a role, as CloudFormation does
	// with RoleARN for each resource's actions.
	AuthorizeAs func(roleARN, action, resource string, keys map[string][]string) error
}

// Handler answers a Call with a tree: map[string]any, []any, string, bool,
// int, float64, time.Time; the front writes it in the service's protocol.
type Handler func(ctx context.Context, c *Call) (any, error)

// Error is what AWS answers: a code that the SDK recognises and a sentence.
type Error struct {
	Code    string
	Message string
	Status  int // HTTP status; 0 means 400
	// Header is what the answer says in HTTP headers besides, such as S3's
	// X-Amz-Bucket-Region.
	Header map[string]string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Clock tells the time and moves by itself; tests and `bot dev` may shift it.
type Clock interface {
	Now() time.Time
	// After calls back once, d later by this clock, and answers how to stop it.
	After(d time.Duration, f func()) (stop func())
}

// Resource is a CloudFormation resource type's life: the engine calls it in
// dependency order and polls Ready until the resource is stable or failed.
// A provider checks with the Authorize of its context that the caller (or the
// stack's RoleARN) may do what the type's handler does.
type Resource interface {
	// Create makes the resource and answers its physical id (what Ref gives)
	// and its attributes (what Fn::GetAtt gives).
	Create(ctx context.Context, r Request) (id string, attrs map[string]string, err error)
	// Update changes it in place; the engine replaces (Create, then Delete)
	// where the schema says that a changed property needs replacement.
	Update(ctx context.Context, id string, r Request) (attrs map[string]string, err error)
	// Delete removes it; a resource that is not there is no error.
	Delete(ctx context.Context, id string, r Request) error
	// Ready answers true once the resource is stable, false while it is not,
	// and an error whose text is the ResourceStatusReason when it failed.
	Ready(ctx context.Context, id string, r Request) (bool, error)
}

// Vanishing is a Resource whose deletion takes time: after Delete the engine
// polls Gone, which answers as Ready does. Others are gone when Delete returns.
type Vanishing interface {
	Gone(ctx context.Context, id string, r Request) (bool, error)
}

// Readable is a Resource whose properties can be read back, for the detection
// of drift.
type Readable interface {
	// Read answers the properties as they are now, in the template's shape:
	// those that can be read, whatever the template says; nil where the type
	// cannot be read at all. there is false where it is gone.
	Read(ctx context.Context, id string, r Request) (properties map[string]any, there bool, err error)
}

// Named is a Resource whose physical name may be taken by somebody else's:
// early validation asks before anything is made.
type Named interface {
	// Taken answers the name that the properties ask for, where one of the type
	// has it already.
	Taken(ctx context.Context, r Request) (name string, taken bool)
}

// Request is what a Resource is given.
type Request struct {
	Account, Region string
	StackID         string
	StackName       string
	LogicalID       string
	Properties      map[string]any // intrinsic functions resolved
	Old             map[string]any // on Update: the properties before
	// Tags are the stack's, the resource's own Tags property over them, and
	// those that CloudFormation adds (aws:cloudformation:...); nil where the
	// type cannot be tagged.
	Tags      map[string]string
	Now       time.Time
	Authorize func(action, resource string, keys map[string][]string) error
}
