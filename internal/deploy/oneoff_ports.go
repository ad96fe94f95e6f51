package deploy

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Tasks starts and follows one-off tasks. internal/apply implements it. Errors
// carry bcn codes: access_denied, aws_refused, unavailable (try again).
type Tasks interface {
	// Definition reads which task definition a heritage's base stack has for
	// one-off tasks; ErrNone where it has none.
	Definition(ctx context.Context, t bcn.Target, h bcn.Heritage) (TaskDefinition, error)
	// Start starts one task in the district's network and answers its ARN. The
	// same name never starts a second one while ECS remembers the token.
	Start(ctx context.Context, t bcn.Target, o TaskOrder) (arn string, err error)
	// Find looks for the task of an order, running or stopped: the one with its
	// name that is of its definition and has its command. ErrNone where there is
	// none, whoever else uses the name.
	Find(ctx context.Context, t bcn.Target, o TaskOrder) (arn string, err error)
	// Started lists the tasks that run of a definition's family, in any of its
	// revisions, and whose name begins with the prefix.
	Started(ctx context.Context, t bcn.Target, definition, prefix string) (arns []string, err error)
	// Look reads one task; ErrNone where ECS does not know it (any more).
	Look(ctx context.Context, t bcn.Target, arn string) (TaskState, error)
	// Stop stops a task; one that is stopped or gone is no error.
	Stop(ctx context.Context, t bcn.Target, arn, reason string) error
	// Tail reads a task's last log lines, oldest first, at most limit, each
	// bounded; none where it never wrote.
	Tail(ctx context.Context, t bcn.Target, arn string, limit int) ([]string, error)
}

// TaskDefinition is what one-off tasks are started from.
type TaskDefinition struct {
	ARN       string
	Container string // whose command is overridden
	Digest    string // sha256:... of its image
}

// TaskOrder is a one-off task to be started.
type TaskOrder struct {
	Definition, Container string
	Command               []string
	Env                   map[string]string // beside the definition's
	CPU                   int               // units; 0: the least that has the memory
	Memory                int               // MiB
	Name                  string            // startedBy and idempotency token
	Owner                 string            // the installation's tag
}

// TaskState is where a task stands.
type TaskState struct {
	Started  *time.Time // when it ran
	Stopped  bool
	ExitCode *int
	Reason   string // why it stopped, in ECS's words
}

// oneoffWhy is the code of a one-off that did not end well.
func (r running) oneoffWhy() (bcn.Code, map[string]string) {
	o := r.Oneoff
	params := map[string]string{"what": r.oneoffOf(), "command": clipped(r.plan.Oneoff.Line(), 200)}
	if o.Why == bcn.CodeOneoffTimedOut {
		params["after"] = r.plan.Oneoff.Timeout.String()
		return o.Why, params
	}
	params["exit"], params["why"] = "", clipped(o.Reason, 500)
	if o.ExitCode != nil {
		params["exit"] = strconv.Itoa(*o.ExitCode)
	}
	return bcn.CodeOneoffFailed, params
}

func clipped(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "..."
	}
	return s
}

// assuming says that ECS could not take on a role (ECS API, RunTask,
// ClientException "ECS was unable to assume the role ...").
func assuming(e *bcn.Error) bool {
	return e.Code == bcn.CodeAWSRefused && strings.Contains(e.Params["why"], "unable to assume")
}

// refusalText is what AWS said when it did not take the call.
func refusalText(e *bcn.Error) string {
	if why := e.Params["why"]; why != "" {
		return why
	}
	return strings.TrimSpace(string(e.Code) + " " + e.Params["action"])
}
