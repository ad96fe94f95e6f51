package deploy

import (
	"context"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Drifts finds out what was changed outside. internal/apply implements it.
type Drifts interface {
	// Drift has CloudFormation compare the stacks with what is there, and answers
	// what is not as they made it, by stack and resource. It takes seconds to a
	// minute. A stack that is not there has no drift; one that is being changed is
	// stack_busy. What cannot be checked is told in DriftReport.Unchecked.
	Drift(ctx context.Context, t bcn.Target, stacks []string) (DriftReport, error)
}

// DriftReport is what is not as the stacks made it.
type DriftReport struct {
	Stacks    []string // that were looked at
	Resources []Drifted
	Unchecked []string // stacks of which CloudFormation could not read everything
	Adopted   bool     // of a district: its network is not bcn's, and was not looked at
}

// Drifted is a resource that was changed or deleted outside.
type Drifted struct {
	Stack, ID, Type string
	Endpoint        string // whose stack it is; empty: an app's or a district's
	Deleted         bool
	Properties      []DriftedProperty
	Last            *Outside    // the last call about it; nil: CloudTrail tells of none
	Mark            string      // names the difference: another one of the same resource has another
	Accepted        *Acceptance // nil: nobody has accepted this difference
}

// Acceptance says who has accepted a difference. Another difference of the same
// resource is not accepted with it.
type Acceptance struct {
	By string // Slack user id
	At time.Time
}

// DriftedProperty is a property that is not as the stack made it. Values are
// CloudFormation's texts, cut; of what may hold values of variables they are
// left out.
type DriftedProperty struct {
	Path             string // /EnableExecuteCommand
	Kind             string // ADD, REMOVE, NOT_EQUAL
	Expected, Actual string
	Hidden           bool // both values are left out
}

// Outside is a call that changed a resource, as CloudTrail tells of it.
type Outside struct {
	Action string // UpdateService
	By     string // the caller's ARN, or the SourceIdentity of a session
	At     time.Time
}

// proposeEdit proposes the one stack of a district or an endpoint. Where its
// change is a repair it says what is put back.
func (s *Service) proposeEdit(ctx context.Context, c Claimed, d bcn.District, p bcn.Proposal) ([]bcn.StackPlan, []bcn.Line, error) {
	p.Repair = c.Wish.Edit != nil && c.Wish.Edit.Repair
	stacks, err := s.propose(ctx, c, d, []bcn.Proposal{p})
	if err != nil || !p.Repair {
		return stacks, nil, err
	}
	return stacks, putBack(stacks), nil
}

// putBack says what a repair does to each resource.
func putBack(stacks []bcn.StackPlan) []bcn.Line {
	var out []bcn.Line
	for _, sp := range stacks {
		for _, c := range sp.Changes {
			where := sp.Name + "/" + c.LogicalID
			if c.Action == "Add" || c.Action == "Import" {
				out = append(out, bcn.Line{Mark: bcn.MarkAdded, What: "make again: " + where})
				continue
			}
			var paths []string
			for _, p := range c.Properties {
				paths = append(paths, strings.TrimPrefix(p, "/Properties/"))
			}
			if len(paths) == 0 { // the template takes over what is there, such as weights that ECS has shifted
				out = append(out, bcn.Line{Mark: bcn.MarkNote, What: "stays as it is: " + where})
				continue
			}
			out = append(out, bcn.Line{Mark: bcn.MarkChanged, What: "put back: " + where + " " + strings.Join(paths, ", ")})
		}
	}
	return out
}
