package access

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/roles"
)

// Kind says what a grant opens.
type Kind string

// The kinds, as rules name them (DESIGN, section 8).
const (
	OwnTask  Kind = "access"          // a task of the grant's own, through ECS Exec
	LiveTask Kind = "access:live"     // a running task, through ECS Exec
	Instance Kind = "access:instance" // a managed node, through Session Manager
	Port     Kind = "access:port"     // a database's port, through a managed node
)

// ErrTarget is a target that names nothing, or more than one thing.
var ErrTarget = errors.New("not a target")

// Target is the one thing that a grant opens.
type Target struct {
	Kind     Kind   `json:"kind"`
	District string `json:"district"`
	Account  string `json:"account"` // 12 digits
	Region   string `json:"region"`

	// Of tasks.
	Cluster   string `json:"cluster,omitempty"`   // its name
	Task      string `json:"task,omitempty"`      // its id, not the ARN
	Container string `json:"container,omitempty"` // its name

	// Of nodes and ports.
	Node     string        `json:"node,omitempty"`     // i-... or mi-...
	Session  time.Duration `json:"session,omitempty"`  // how long a session may last; nodes only
	Database string        `json:"database,omitempty"` // its name in the district; ports only

	// Key is the ARN of the KMS key that the document or the cluster encrypts
	// sessions with; empty: none.
	Key string `json:"key,omitempty"`
}

// Tasks says whether the target is entered through ECS Exec.
func (t Target) Tasks() bool { return t.Kind == OwnTask || t.Kind == LiveTask }

// Role is the name of the role that is assumed for the target.
func (t Target) Role() string {
	switch t.Kind {
	case Instance:
		return roles.InstanceAccessRoleName(t.District)
	case Port:
		return roles.PortAccessRoleName(t.District)
	default:
		return roles.TaskAccessRoleName(t.District)
	}
}

// RoleARN is the ARN of that role.
func (t Target) RoleARN() string {
	return "arn:" + bcn.Partition(t.Region) + ":iam::" + t.Account + ":role/" + t.Role()
}

// Document is the name of the one session document that the target is opened
// with; empty for tasks, since ECS Exec has none.
func (t Target) Document() string {
	switch t.Kind {
	case Instance:
		return DocumentName(t.District, t.Session)
	case Port:
		return roles.PortDocumentName(t.District, t.Database)
	default:
		return ""
	}
}

// ARN is the ARN of the task or the node.
func (t Target) ARN() string {
	switch {
	case t.Tasks():
		return t.arn("ecs", "task/"+t.Cluster+"/"+t.Task)
	case len(t.Node) > 3 && t.Node[:3] == "mi-":
		return t.arn("ssm", "managed-instance/"+t.Node)
	default:
		return t.arn("ec2", "instance/"+t.Node)
	}
}

func (t Target) arn(service, rest string) string {
	return "arn:" + bcn.Partition(t.Region) + ":" + service + ":" + t.Region + ":" + t.Account + ":" + rest
}

// Check refuses what would make a policy mean something else: a part that is
// missing, belongs to another kind, or holds a wildcard.
func (t Target) Check() error {
	type field struct{ what, value, pattern string }
	fields := []field{
		{"district", t.District, `^[A-Za-z][A-Za-z0-9-]{0,40}$`},
		{"account", t.Account, `^[0-9]{12}$`},
		{"region", t.Region, `^[a-z]{2}(-[a-z]+)+-[0-9]$`},
		{"key", t.Key, `^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,128})?$`},
	}
	cluster, task, container, node, database := `^$`, `^$`, `^$`, `^$`, `^$`
	switch t.Kind {
	case OwnTask, LiveTask:
		cluster, task, container = `^[A-Za-z0-9_-]{1,255}$`, `^[0-9a-f-]{32,36}$`, `^[A-Za-z0-9_-]{1,255}$`
	case Instance:
		node = `^m?i-[0-9a-f]{8,17}$`
	case Port:
		node, database = `^m?i-[0-9a-f]{8,17}$`, `^[a-z][a-z0-9-]{0,40}$`
	default:
		return fmt.Errorf("%w: kind %q", ErrTarget, t.Kind)
	}
	fields = append(fields, field{"cluster", t.Cluster, cluster}, field{"task", t.Task, task},
		field{"container", t.Container, container}, field{"node", t.Node, node}, field{"database", t.Database, database})
	for _, f := range fields {
		if !regexp.MustCompile(f.pattern).MatchString(f.value) {
			return fmt.Errorf("%w: %s %q has not the form %s", ErrTarget, f.what, f.value, f.pattern)
		}
	}
	if _, err := Class(t.Session); (t.Kind == Instance) != (t.Session != 0) || t.Session != 0 && err != nil {
		return fmt.Errorf("%w: a session of %s", ErrTarget, t.Session)
	}
	return nil
}
