package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// MaxPolicy is how long a session policy may be, in characters (STS API
// reference, AssumeRole, Policy).
const MaxPolicy = 2048

// SizeError is a session policy that STS would not take.
type SizeError struct{ Size int } // characters

// Error says how long it is.
func (e *SizeError) Error() string {
	return fmt.Sprintf("a session policy of %d characters, STS takes %d", e.Size, MaxPolicy)
}

// ErrEnd is an end that no policy can be written for, or that has passed.
var ErrEnd = errors.New("not an end of a grant")

type document struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Effect      string     `json:"Effect"`
	Action      []string   `json:"Action"`
	Resource    []string   `json:"Resource,omitempty"`
	NotResource []string   `json:"NotResource,omitempty"`
	Condition   conditions `json:"Condition,omitempty"`
}

// conditions are operators, each with its keys and values.
type conditions map[string]map[string]string

// until adds the end to other conditions. IAM compares with its own clock, at
// every call.
func until(end string, others conditions) conditions {
	out := conditions{"DateLessThan": {"aws:CurrentTime": end}}
	for operator, keys := range others {
		out[operator] = keys
	}
	return out
}

// Policy writes the session policy of a grant: the one target, until the end,
// which is cut to the second. Errors: ErrTarget, ErrEnd, *SizeError.
func Policy(t Target, end time.Time) ([]byte, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if y := end.UTC().Year(); y < 2000 || y > 9999 {
		return nil, fmt.Errorf("%w: the year %d", ErrEnd, y)
	}
	stamp := end.UTC().Truncate(time.Second).Format(time.RFC3339)
	list := sessionStatements(t, stamp)
	if t.Tasks() {
		list = execStatements(t, stamp)
	}
	if t.Key != "" {
		// Who starts a session needs it, where sessions are encrypted (Systems
		// Manager User Guide, "Turn on KMS key encryption of session data").
		list = append(list, statement{
			Effect: "Allow", Action: []string{"kms:GenerateDataKey"}, Resource: []string{t.Key}, Condition: until(stamp, nil),
		})
	}
	out, err := json.Marshal(document{Version: "2012-10-17", Statement: list})
	if err != nil {
		return nil, fmt.Errorf("write a session policy: %w", err)
	}
	return sized(out)
}

func sized(policy []byte) ([]byte, error) {
	if len(policy) > MaxPolicy {
		return nil, &SizeError{Size: len(policy)}
	}
	return policy, nil
}

// execStatements allow ECS Exec on the one container. A session that is
// started on the task's ARN past ECS Exec would escape its log, so that
// StartSession is denied by name (ECS Developer Guide, "Limiting access to the
// Start Session action").
func execStatements(t Target, end string) []statement {
	return []statement{
		{
			Effect: "Allow", Action: []string{"ecs:ExecuteCommand"}, Resource: []string{t.arn("ecs", "cluster/"+t.Cluster), t.ARN()},
			Condition: until(end, conditions{"StringEquals": {"ecs:container-name": t.Container}}),
		},
		{Effect: "Deny", Action: []string{"ssm:StartSession"}, Resource: []string{"*"}},
	}
}

// sessionStatements allow sessions on the one node with the one document, and
// what belongs to the sessions that were started under the grant's name. The
// document check is on every statement that allows StartSession, as AWS asks
// (Systems Manager User Guide, "Enforce a session document permission check").
func sessionStatements(t Target, end string) []statement {
	both := []string{t.ARN(), t.arn("ssm", "document/"+t.Document())}
	return []statement{
		{
			Effect: "Allow", Action: []string{"ssm:StartSession"}, Resource: both,
			Condition: until(end, conditions{"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}),
		},
		{
			Effect: "Allow", Action: []string{"ssm:ResumeSession", "ssm:TerminateSession"}, Resource: []string{t.arn("ssm", "session/*")},
			Condition: until(end, conditions{"StringEquals": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}}),
		},
		{
			// Plugins from 1.2.764 on sign the data channel.
			Effect: "Allow", Action: []string{"ssmmessages:OpenDataChannel"}, Resource: []string{t.arn("ssm", "session/${aws:userid}-*")},
			Condition: until(end, nil),
		},
		{Effect: "Deny", Action: []string{"ssm:StartSession"}, NotResource: both},
	}
}
