package apply

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cenkalti/backoff/v5"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/roles"
)

// maxBody is the size in bytes of a template that CreateChangeSet takes in its
// body (CloudFormation quotas). Larger ones go to the district's bucket.
const maxBody = 51_200

// prefix begins the names of bcn's change sets.
const prefix = "bcn-"

// Propose implements deploy.Stacks.
func (a *Apply) Propose(ctx context.Context, t bcn.Target, name string, p bcn.Proposal, owner string) (bcn.StackPlan, error) {
	s := a.aws.For(t)
	stack, err := a.look(ctx, s, p.Name, owner)
	if err != nil {
		return bcn.StackPlan{}, err
	}
	m := modeOf(stack.Status)
	if m != create && m != update {
		return bcn.StackPlan{}, refusal(stack, s.Region())
	}
	set, err := a.changeSet(ctx, s, t, name, p, m == create)
	if err != nil {
		return bcn.StackPlan{}, err
	}
	plan := bcn.StackPlan{Name: p.Name, StackID: set.StackID, Create: m == create, ChangeSet: set.ID}
	if set.Status == "FAILED" {
		return a.notMade(ctx, t, plan, set, p, stack)
	}
	plan, err = a.read(ctx, s, plan)
	if err != nil {
		return bcn.StackPlan{}, err
	}
	if plan.Repair != (p.Repair && m == update) {
		return bcn.StackPlan{}, bcn.E(bcn.CodeTampered, "what", name).Wrap(errors.New("CloudFormation has another deployment mode than was asked for"))
	}
	if !bytes.Equal(plan.Template, p.Template) {
		return bcn.StackPlan{}, bcn.E(bcn.CodeTampered, "what", name).Wrap(errors.New("CloudFormation holds another template than was sent"))
	}
	return plan, nil
}

// look describes the stack and makes sure that it is the owner's. A stack that
// is not there has no status.
func (a *Apply) look(ctx context.Context, s *awsx.Session, name, owner string) (awsx.Stack, error) {
	stack, err := a.leaving(ctx, s, name)
	switch {
	case gone(err):
		return awsx.Stack{Name: name}, nil
	case err != nil:
		return awsx.Stack{}, err
	case stack.Status == "REVIEW_IN_PROGRESS" && len(stack.Tags) == 0:
		return stack, a.reviewed(ctx, s, stack, owner)
	}
	return stack, ours(stack, owner)
}

// leaving describes the stack, and waits for the end of one that is on its way
// out without ever having had tags: it was under review, and Discard has just
// deleted it, which takes a moment.
func (a *Apply) leaving(ctx context.Context, s *awsx.Session, name string) (awsx.Stack, error) {
	stack, err := backoff.Retry(ctx, func() (awsx.Stack, error) {
		stack, err := s.Stack(ctx, name)
		if err != nil {
			return stack, backoff.Permanent(err)
		}
		if stack.Status == "DELETE_IN_PROGRESS" && len(stack.Tags) == 0 {
			return stack, errPending
		}
		return stack, nil
	}, backoff.WithBackOff(a.pauses()), backoff.WithMaxElapsedTime(a.o.Settle))
	if errors.Is(err, errPending) {
		return stack, refusal(stack, s.Region())
	}
	return stack, err
}

// reviewed tells whose a stack under review is: CloudFormation gives it no tags
// before its first change set is executed, but the change sets have them. One
// that holds none is nobody's, and has nothing in it.
func (a *Apply) reviewed(ctx context.Context, s *awsx.Session, stack awsx.Stack, owner string) error {
	foreign := bcn.E(bcn.CodeStackForeign, "stack", stack.Name)
	names, err := s.ChangeSets(ctx, stack.ID)
	if err != nil && !gone(err) {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) {
			return foreign
		}
		set, err := s.ChangeSet(ctx, stack.Name, name)
		if gone(err) {
			continue
		}
		if err != nil {
			return err
		}
		if ours(awsx.Stack{Name: stack.Name, Tags: set.Tags}, owner) != nil {
			return foreign
		}
	}
	return nil
}

// changeSet makes the change set, or finds the one of that name, and waits
// until CloudFormation has computed it.
func (a *Apply) changeSet(ctx context.Context, s *awsx.Session, t bcn.Target, name string, p bcn.Proposal, isNew bool) (awsx.ChangeSet, error) {
	n := awsx.NewChangeSet{
		Name: name, Stack: p.Name, Create: isNew, Template: p.Template, Capabilities: p.Capabilities,
		Tags: p.Tags, RoleARN: t.District.CFNRole,
		// A heritage that was deleted has left its log group.
		Import: isNew, Repair: p.Repair && !isNew,
	}
	if len(p.Template) > maxBody {
		d := t.District
		url, err := s.PutTemplate(ctx, d.Account, d.Bucket, "templates/"+sum(p.Template)+".json", p.Template)
		if err != nil {
			return awsx.ChangeSet{}, err
		}
		n.TemplateURL = url
	}
	id, err := a.settled(ctx, func() (string, error) {
		id, _, err := s.CreateChangeSet(ctx, n)
		return id, err
	})
	switch {
	case awsx.CodeOf(err) == "AlreadyExistsException":
		id = name // made by an earlier try: what is there is what is answered
	case awsx.Says(err, "ValidationError", "_IN_PROGRESS state"):
		return awsx.ChangeSet{}, a.becameBusy(ctx, s, p.Name, err)
	case err != nil:
		return awsx.ChangeSet{}, err
	}
	return a.computed(ctx, s, p.Name, id)
}

// becameBusy answers a stack that was free when it was looked at.
func (a *Apply) becameBusy(ctx context.Context, s *awsx.Session, name string, err error) error {
	stack, lookErr := s.Stack(ctx, name)
	if lookErr != nil || modeOf(stack.Status) != busy {
		return err
	}
	return refusal(stack, s.Region())
}

// settled repeats a call while it is refused because a role that was just made
// cannot be assumed yet: IAM takes up to a minute to tell all of AWS.
func (a *Apply) settled(ctx context.Context, call func() (string, error)) (string, error) {
	return backoff.Retry(ctx, func() (string, error) {
		out, err := call()
		if err != nil && !awsx.Says(err, "ValidationError", "cannot be assumed") {
			return out, backoff.Permanent(err)
		}
		return out, err
	}, backoff.WithBackOff(a.pauses()), backoff.WithMaxElapsedTime(a.o.Settle))
}

// errPending says that what is waited for has not happened yet.
var errPending = errors.New("CloudFormation is not done yet")

// computed waits until a change set is complete or failed, within ctx.
func (a *Apply) computed(ctx context.Context, s *awsx.Session, stack, id string) (awsx.ChangeSet, error) {
	set, err := backoff.Retry(ctx, func() (awsx.ChangeSet, error) {
		set, err := s.ChangeSet(ctx, stack, id)
		if err != nil {
			return set, backoff.Permanent(err)
		}
		if strings.HasPrefix(set.Status, "CREATE_") && set.Status != "CREATE_COMPLETE" {
			return set, errPending
		}
		return set, nil
	}, backoff.WithBackOff(a.pauses()), backoff.WithMaxElapsedTime(0))
	if errors.Is(err, errPending) || ctx.Err() != nil {
		return set, bcn.E(bcn.CodeUnavailable, "what", "AWS CloudFormation").Wrap(fmt.Errorf("change set %s: %w", id, err))
	}
	return set, err
}

func (a *Apply) pauses() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = a.o.Poll, 8*a.o.Poll
	return b
}

// notMade answers a change set that failed: one without changes is unchanged,
// any other is refused with CloudFormation's reason. Nothing is left behind.
func (a *Apply) notMade(ctx context.Context, t bcn.Target, plan bcn.StackPlan, set awsx.ChangeSet, p bcn.Proposal, stack awsx.Stack) (bcn.StackPlan, error) {
	why := set.Reason
	if strings.Contains(why, "EarlyValidation") {
		why = a.invalid(ctx, a.aws.For(t), set)
	}
	if err := a.Discard(ctx, t, plan, deploy.Discarding{Owner: awsx.Stack{Tags: p.Tags}.Tag(roles.InstallationTag)}); err != nil {
		return bcn.StackPlan{}, err
	}
	if !unchanged(set.Reason) {
		return bcn.StackPlan{}, bcn.E(bcn.CodeAWSRefused, "what", set.Stack, "why", awsx.Bounded(why))
	}
	plan.ChangeSet = ""
	plan.Template, plan.TemplateSHA256 = p.Template, sum(p.Template)
	plan.Capabilities, plan.Tags = p.Capabilities, p.Tags
	plan.LastUpdate = stamp(stack.Updated)
	return plan, nil
}

// invalid answers what early validation says of each resource, or the change
// set's own reason where that cannot be read.
func (a *Apply) invalid(ctx context.Context, s *awsx.Session, set awsx.ChangeSet) string {
	events, err := s.Invalid(ctx, set.Stack, set.ID)
	if err != nil || len(events) == 0 {
		return set.Reason
	}
	lines := make([]string, 0, len(events))
	for _, e := range events {
		lines = append(lines, e.LogicalID+": "+e.Reason)
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// unchanged says whether a change set failed because there was nothing to do.
// CloudFormation has no code for it, only these sentences.
func unchanged(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") ||
		strings.Contains(reason, "No updates are to be performed")
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
