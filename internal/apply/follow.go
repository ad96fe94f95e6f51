package apply

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Statuses implements deploy.Follower. Stacks may be named or given by id: one
// by id that is not in the list is described by itself, since a deleted stack
// still tells why for 90 days.
func (a *Apply) Statuses(ctx context.Context, t bcn.Target, stacks []string) ([]deploy.StackStatus, error) {
	if len(stacks) == 0 {
		return nil, nil
	}
	s := a.aws.For(t)
	all, err := s.Stacks(ctx, a.o.PagePause)
	if err != nil {
		return nil, err
	}
	found := map[string]awsx.Stack{}
	for _, v := range all {
		found[v.Name], found[v.ID] = v, v
	}
	out := make([]deploy.StackStatus, 0, len(stacks))
	for _, name := range stacks {
		v, ok := found[name]
		if !ok && strings.HasPrefix(name, "arn:") {
			if v, err = s.Stack(ctx, name); err == nil {
				ok = true
			} else if !gone(err) {
				return nil, err
			}
		}
		if !ok {
			v = awsx.Stack{Name: nameOf(name), Status: "DELETE_COMPLETE"}
			if strings.HasPrefix(name, "arn:") {
				v.ID = name
			}
		}
		out = append(out, deploy.StackStatus{Stack: v.Name, StackID: v.ID, Status: v.Status, Reason: v.Reason, Updated: v.Updated})
	}
	return out, nil
}

// Events implements deploy.Follower. It reads DescribeEvents, and
// DescribeStackEvents where that is refused or unknown.
func (a *Apply) Events(ctx context.Context, t bcn.Target, stackID string, since time.Time, after string) ([]deploy.StackEvent, error) {
	s := a.aws.For(t)
	list, err := newer(ctx, s.Events, stackID, since, after)
	switch bcn.CodeOf(err) {
	case bcn.CodeAccessDenied, bcn.CodeAWSRefused:
		if !gone(err) {
			list, err = newer(ctx, s.StackEvents, stackID, since, after)
		}
	}
	if gone(err) {
		return nil, nil
	}
	return list, err
}

type reader func(ctx context.Context, stackID string, more func([]awsx.Event) bool) error

// newer reads events, newest first, until the one that is known or one before
// since, and answers them oldest first.
func newer(ctx context.Context, read reader, stackID string, since time.Time, after string) ([]deploy.StackEvent, error) {
	var list []deploy.StackEvent
	err := read(ctx, stackID, func(page []awsx.Event) bool {
		for _, e := range page {
			if after != "" && e.ID == after || e.At.Before(since) {
				return false
			}
			list = append(list, deploy.StackEvent{
				ID: e.ID, At: e.At, LogicalID: e.LogicalID, PhysicalID: e.PhysicalID,
				Type: e.Type, Status: e.Status, Reason: e.Reason, Token: e.Token,
			})
		}
		return true
	})
	slices.Reverse(list)
	return list, err
}
