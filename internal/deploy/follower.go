package deploy

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Following reads, for all running changes of one account and region at once,
// what CloudFormation does, and says when to look again; zero when nothing is
// followed any more.
func (s *Service) Following(ctx context.Context, rows FollowStore, cfn Follower, account, region string) (time.Duration, error) {
	follows, err := rows.Following(ctx, account, region)
	if err != nil || len(follows) == 0 {
		return 0, err
	}
	byDistrict := map[string][]Following{}
	for _, f := range follows {
		byDistrict[f.District] = append(byDistrict[f.District], f)
	}
	for name, list := range byDistrict {
		// One district's trouble is not another's.
		d, err := s.followed(ctx, name, list[0].Change)
		if err == nil {
			err = s.followDistrict(ctx, rows, cfn, d, list)
		}
		if err != nil {
			s.Log.Warn("follow", "district", name, "error", err)
		}
	}
	return s.Poll, nil
}

func (s *Service) followDistrict(ctx context.Context, rows FollowStore, cfn Follower, d bcn.District, list []Following) error {
	var ids []string
	for _, f := range list {
		ids = append(ids, f.StackID)
	}
	t := s.SystemTarget(d)
	statuses, err := cfn.Statuses(ctx, t, ids)
	if err != nil {
		return err
	}
	for _, f := range list {
		for _, st := range statuses {
			if st.Stack != f.StackID && st.StackID != f.StackID {
				continue
			}
			if err := s.followStack(ctx, rows, cfn, t, f, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// followStack reads the events of a stack that moved. A stack whose last
// update is still the one of the plan has not moved: its status is of before.
func (s *Service) followStack(ctx context.Context, rows FollowStore, cfn Follower, t bcn.Target, f Following, st StackStatus) error {
	if f.Baseline != "" && st.Updated.UTC().Format(time.RFC3339Nano) == f.Baseline {
		st.Status = ""
	}
	if st.Status == "REVIEW_IN_PROGRESS" {
		st.Status = ""
	}
	var events []StackEvent
	if st.Status != "" && (st.Status != f.Status || outcomeOf(st.Status) == stackRunning) {
		var err error
		if events, err = cfn.Events(ctx, t, f.StackID, f.Since, f.LastEvent); err != nil {
			return err
		}
		events = ofChange(f, events)
	}
	return rows.Read(ctx, f, st, events)
}

// ofChange drops the events of an operation that ended just before the
// change's: clocks differ, so that time alone does not tell them apart. All
// events of an operation carry the token that it was begun with (CloudFormation
// API reference, ExecuteChangeSet); what follows them is ours, also where it
// is undone without a token.
func ofChange(f Following, events []StackEvent) []StackEvent {
	if f.LastEvent != "" {
		return events
	}
	first := slices.IndexFunc(events, func(e StackEvent) bool { return strings.HasPrefix(e.Token, changeSetPrefix(f.Change)) })
	if first < 0 {
		return nil
	}
	return events[first:]
}
