package deploy

import (
	"context"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// deleted is the status of a stack that is gone.
const deleted = "DELETE_COMPLETE"

// deleteFailed is the status of a stack, or a resource, that could not be
// deleted; what CloudFormation had deleted before stays deleted.
const deleteFailed = "DELETE_FAILED"

// deleting follows the deletion of a stack to its end. The status of before it
// began is told as long as CloudFormation has not moved: one that had failed to
// be deleted earlier only counts with an event of this deletion.
func (s *Service) deleting(ctx context.Context, r running, sp bcn.StackPlan, f Follow) (time.Duration, error) {
	failed := f.Status == deleteFailed && slices.ContainsFunc(r.events, func(e StackEvent) bool {
		return e.PhysicalID == sp.StackID && e.Status == deleteFailed
	})
	switch {
	case f.Status == deleted:
		return s.move(ctx, Move{From: r.Claimed, Step: r.Change.Step + 1, Again: time.Millisecond, Notes: s.eventNotes(r)})
	case failed:
		code, params := r.why()
		return s.finish(ctx, r, bcn.EventFail, code, params)
	default:
		return s.report(ctx, r)
	}
}
