package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// Tickets looks up the ticket that a reason names.
type Tickets interface {
	// Check refuses a ticket that is not there (ticket_unknown), not open
	// (ticket_closed), not the person's (ticket_assignee), and a reason that names
	// none (no_ticket). What does not answer is could_not_check, never "open".
	Check(ctx context.Context, t config.Ticket, reason, person string) error
}

// uses are what counts against the limits of rules. What is only shown does not.
func uses(c bcn.Change, v authz.Verdict) []bcn.Use {
	if c.Kind == bcn.KindPlan {
		return nil
	}
	var out []bcn.Use
	for _, d := range v.Demands {
		if d.Limit != nil {
			out = append(out, bcn.Use{Rule: d.Key, Name: d.Name(), Count: d.Limit.Count, Per: d.Limit.Per, Accounts: v.Profile.Accounts})
		}
	}
	return out
}

// demanded refuses a reason that the rules do not take, and a ticket that does
// not stand for work that may be done. What is only shown needs neither.
func (s *Service) demanded(ctx context.Context, c bcn.Change, v authz.Verdict) error {
	if c.Kind == bcn.KindPlan {
		return nil
	}
	if err := v.Fits(c.Reason); err != nil {
		return err
	}
	for _, d := range v.Demands {
		if d.Ticket == nil {
			continue
		}
		if s.Tickets == nil {
			return bcn.E(bcn.CodeCouldNotCheck, "what", "tickets")
		}
		if err := s.Tickets.Check(ctx, *d.Ticket, c.Reason, c.Requester.User); err != nil {
			return ruled(err, d)
		}
	}
	return nil
}

// approvable refuses what nobody could approve, since only people who are inside
// are asked. Whoever goes without the approval needs none.
func approvable(v authz.Verdict) error {
	if approval.Nobody(bcn.Request{Needs: v.Needs, Outside: v.Outside, Escalate: v.Escalate}) {
		return bcn.E(bcn.CodeNoApprover)
	}
	return nil
}

// ruled adds to a refusal which rule it is of.
func ruled(err error, d authz.Demand) error {
	var e *bcn.Error
	if !errors.As(err, &e) {
		return err
	}
	params := []string{"rule", d.Name()}
	for k, v := range maps.All(e.Params) {
		params = append(params, k, v)
	}
	return bcn.E(e.Code, params...).Wrap(err)
}

// stillStands reads the rules once more for what is decided or about to run: the
// requester may still ask for it, it is the time for it, and its reason and
// ticket still do.
func (s *Service) stillStands(ctx context.Context, c bcn.Change, p bcn.Plan) (authz.Verdict, error) {
	v, err := s.verdict(ctx, c, p, false)
	if err != nil {
		return v, err
	}
	err = s.demanded(ctx, c, v)
	if err == nil && p.BreakGlass == nil {
		err = approvable(v)
	}
	return v, err
}

// decidable asks stillStands for somebody who is about to approve. That the rules
// no longer allow it to the requester is nothing that the approver may not do.
func (s *Service) decidable(ctx context.Context, c bcn.Change) error {
	stored, err := s.Store.Plan(ctx, c.ID)
	if err != nil {
		return err
	}
	var p bcn.Plan
	if err := json.Unmarshal(stored.Bytes, &p); err != nil {
		return err
	}
	_, err = s.stillStands(ctx, c, p)
	if bcn.CodeOf(err) == bcn.CodeNotAllowed {
		return bcn.E(bcn.CodePlanMoved, "moved", "rules").Wrap(err)
	}
	return err
}

func timeOrNil(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
