package apply

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// mode is what can be done with a stack in a status.
type mode int

const (
	unknown mode = iota
	create       // absent, or made by a change set that was not executed
	update       // complete
	busy         // CloudFormation is at work
	broken       // it takes no change set before somebody mends it
)

// modes is every status of a stack (CloudFormation API reference, Stack), and
// what Propose does with it.
func modes() map[string]mode {
	return map[string]mode{
		"":                         create, // not there
		"DELETE_COMPLETE":          create,
		"REVIEW_IN_PROGRESS":       create,
		"CREATE_COMPLETE":          update,
		"UPDATE_COMPLETE":          update,
		"UPDATE_ROLLBACK_COMPLETE": update,
		"IMPORT_COMPLETE":          update,
		"IMPORT_ROLLBACK_COMPLETE": update,

		"CREATE_IN_PROGRESS":                           busy,
		"DELETE_IN_PROGRESS":                           busy,
		"ROLLBACK_IN_PROGRESS":                         busy,
		"UPDATE_IN_PROGRESS":                           busy,
		"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":          busy,
		"UPDATE_ROLLBACK_IN_PROGRESS":                  busy,
		"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": busy,
		"IMPORT_IN_PROGRESS":                           busy,
		"IMPORT_ROLLBACK_IN_PROGRESS":                  busy,

		"CREATE_FAILED":          broken,
		"ROLLBACK_COMPLETE":      broken,
		"ROLLBACK_FAILED":        broken,
		"DELETE_FAILED":          broken,
		"UPDATE_FAILED":          broken,
		"UPDATE_ROLLBACK_FAILED": broken,
		"IMPORT_ROLLBACK_FAILED": broken,
	}
}

// modeOf answers what can be done with a stack; a status that is unknown here
// is taken for busy or broken by its name, never for complete.
func modeOf(status string) mode {
	if m, ok := modes()[status]; ok {
		return m
	}
	if strings.HasSuffix(status, "_IN_PROGRESS") {
		return busy
	}
	return broken
}

// refusal is the error for a stack that takes no change set now.
func refusal(s awsx.Stack, region string) error {
	if modeOf(s.Status) == busy {
		return bcn.E(bcn.CodeStackBusy, "stack", s.Name, "status", s.Status)
	}
	return bcn.E(bcn.CodeStackBroken, "stack", s.Name, "status", s.Status, "remedy", remedy(s, region))
}

// remedy is the command that brings a broken stack back to where it can be
// changed. A command is the same in every language.
func remedy(s awsx.Stack, region string) string {
	verb := "delete-stack"
	switch s.Status {
	case "UPDATE_ROLLBACK_FAILED":
		verb = "continue-update-rollback"
	case "UPDATE_FAILED":
		verb = "rollback-stack"
	}
	return "aws cloudformation " + verb + " --region " + region + " --stack-name " + s.Name
}
