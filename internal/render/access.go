package render

import (
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// What a grant's own task is started with: RunTask of the task definition that
// the base stack answers as this output, with HoldUntil as the command of this
// container.
const (
	AccessContainer  = "access"
	AccessTaskOutput = "AccessTaskDefinition"
)

// HoldPattern is a regular expression whose group finds, in the script of
// HoldUntil, the Unix second at which it ends.
const HoldPattern = `while \[ "\$\(date \+%s\)" -lt (-?[0-9]+) \]`

// accessStop is how long, in seconds, ECS waits between TERM and KILL when a
// grant's own task is stopped, the least that Fargate takes (ECS API,
// ContainerDefinition, stopTimeout). HoldUntil ends on TERM at once; what
// somebody started in the shell is not waited for.
const accessStop = 2

// HoldUntil is the shell script that a grant's own task runs as its main
// process. It exits 0 at end, rounded down to the second, by the container's
// own clock, and at once on TERM or INT. With its essential container the task
// ends, and all that was started in it.
//
// The clock is read anew each second: a host that was paused ends the task when
// it goes on, where one long sleep would go on sleeping. Where date is missing
// or fails, so does the comparison, and the task ends at once.
//
// It holds for who leaves it alone. Sessions of ECS Exec are root and may stop
// this process or put another date in its place, so that somebody else must
// stop the task at its end too, and see it stopped.
//
// The image must have /bin/sh, sleep, and a date that knows %s, as GNU's and
// BusyBox's do. ECS brings the agent of ECS Exec; for the logging of sessions
// the image must also have script and cat (ECS Developer Guide, "Logging and
// auditing using ECS Exec").
func HoldUntil(end time.Time) string {
	return fmt.Sprintf(`trap 'exit 0' TERM INT; while [ "$(date +%%s)" -lt %d ]; do sleep 1 & wait $!; done`, end.Unix())
}

// accessTask is the definition of a grant's own task: the one-off's, made so
// that only the bot decides what its main process is and when it ends.
//
// RunTask can override a command, but no entry point, so that the image's own
// is replaced here; without an override the task ends at once. The init
// process hands signals on and reaps what sessions leave behind, and the file
// system stays writable, because the agent of ECS Exec writes to it (ECS
// Developer Guide, "Considerations for using ECS Exec").
func (s *source) accessTask() taskDefinition {
	t := s.ownTask(AccessContainer, 0, manifest.DefaultMemory)
	c := &t.ContainerDefinitions[0]
	c.EntryPoint = []string{"/bin/sh", "-c"}
	c.Command = []string{"exit 0"}
	c.LinuxParameters = &linuxParameters{InitProcessEnabled: true}
	c.StopTimeout = accessStop
	return t
}

// execStatements lets the agent of ECS Exec, which acts as the task's role,
// reach Session Manager (ECS Developer Guide, "Task IAM role": ECS Exec). The
// actions know no resources (Service Authorization Reference, Amazon Message
// Gateway Service). Nobody enters by them: who may call ExecuteCommand decides.
func execStatements() []statement {
	return []statement{{
		Effect: "Allow", Resource: []string{"*"},
		Action: []string{
			"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
			"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
		},
	}}
}
