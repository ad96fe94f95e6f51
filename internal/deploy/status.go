package deploy

import "strings"

// stackOutcome is what a stack's status means for an operation of ours.
type stackOutcome int

const (
	stackRunning stackOutcome = iota
	stackDone
	stackUndone    // rolled back, or deleted after a failed creation
	stackUndoFails // the rollback itself failed
)

// outcomeOf reads a status of CloudFormation (API reference, Stack,
// StackStatus). Empty means that the operation has not been seen yet.
func outcomeOf(status string) stackOutcome {
	switch status {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE":
		return stackDone
	case "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_COMPLETE", "IMPORT_ROLLBACK_COMPLETE":
		return stackUndone
	case "UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED", "UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED":
		return stackUndoFails
	default:
		return stackRunning
	}
}

// rollingBack says that CloudFormation is undoing the operation.
func rollingBack(status string) bool {
	return strings.Contains(status, "ROLLBACK") && strings.HasSuffix(status, "_IN_PROGRESS") || status == "DELETE_IN_PROGRESS"
}

// cleaningUp says that an update is past the point where it can be cancelled.
func cleaningUp(status string) bool { return strings.Contains(status, "CLEANUP") }

// rootFailure answers the first event that tells why: a failure that is not
// only the echo of another.
func rootFailure(events []StackEvent) *StackEvent {
	for i, e := range events {
		if strings.HasSuffix(e.Status, "_FAILED") && e.Type != stackType && !echo(e.Reason) {
			return &events[i]
		}
	}
	return nil
}

const stackType = "AWS::CloudFormation::Stack"

// echo says that a resource was stopped because another failed.
func echo(reason string) bool {
	r := strings.ToLower(reason)
	return strings.HasPrefix(r, "resource creation cancelled") || strings.HasPrefix(r, "resource update cancelled")
}
