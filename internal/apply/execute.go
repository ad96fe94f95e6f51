package apply

import (
	"context"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Execute implements deploy.Stacks.
func (a *Apply) Execute(ctx context.Context, t bcn.Target, p bcn.StackPlan, token string) error {
	s := a.aws.For(t)
	err := s.ExecuteChangeSet(ctx, p.Name, p.ChangeSet, token, p.Create)
	switch {
	case err == nil:
		return nil
	case gone(err):
		return a.ranBefore(ctx, s, p, token)
	case awsx.CodeOf(err) == "InvalidChangeSetStatus", awsx.CodeOf(err) == "InvalidChangeSetStatusException",
		awsx.CodeOf(err) == "TokenAlreadyExistsException", awsx.CodeOf(err) == "ValidationError":
		return a.notExecuted(ctx, s, p, token, err)
	}
	return err
}

// notExecuted tells apart why a change set cannot be executed: it was already,
// it is stale, or its stack is at work.
func (a *Apply) notExecuted(ctx context.Context, s *awsx.Session, p bcn.StackPlan, token string, err error) error {
	set, setErr := s.ChangeSet(ctx, p.Name, p.ChangeSet)
	if gone(setErr) {
		return a.ranBefore(ctx, s, p, token)
	}
	if setErr != nil {
		return setErr
	}
	switch {
	case strings.HasPrefix(set.Execution, "EXECUTE_"):
		return nil // begun; the stack tells how it went
	case set.Execution != "AVAILABLE":
		return moved(p.Name + ": the change set is " + set.Execution)
	}
	stack, stackErr := s.Stack(ctx, set.StackID)
	if stackErr == nil && (modeOf(stack.Status) == busy || modeOf(stack.Status) == broken) {
		return refusal(stack, s.Region())
	}
	return err
}

// ranBefore answers nil where the change set is gone because it was executed:
// the stack names it as its last, or its events carry the token.
func (a *Apply) ranBefore(ctx context.Context, s *awsx.Session, p bcn.StackPlan, token string) error {
	id := p.StackID
	if id == "" {
		id = p.Name
	}
	stack, err := s.Stack(ctx, id)
	if err != nil && !gone(err) {
		return err
	}
	if err == nil && stack.ChangeSetID == p.ChangeSet && stack.Status != "REVIEW_IN_PROGRESS" {
		return nil
	}
	if p.StackID != "" && token != "" {
		ran, err := a.ranWith(ctx, s, p.StackID, token)
		if err != nil || ran {
			return err
		}
	}
	return moved(p.Name + ": the change set is gone")
}

// ranWith looks for the token in the newest page of the stack's events.
func (a *Apply) ranWith(ctx context.Context, s *awsx.Session, stackID, token string) (bool, error) {
	ran := false
	err := s.StackEvents(ctx, stackID, func(page []awsx.Event) bool {
		for _, e := range page {
			ran = ran || e.Token == token
		}
		return false
	})
	if gone(err) {
		return false, nil
	}
	return ran, err
}

// Outputs implements deploy.Stacks.
func (a *Apply) Outputs(ctx context.Context, t bcn.Target, stack string) (map[string]string, error) {
	s := a.aws.For(t)
	v, err := s.Stack(ctx, stack)
	if err != nil {
		return nil, err
	}
	if modeOf(v.Status) != update {
		return nil, refusal(v, s.Region())
	}
	return v.Outputs, nil
}
