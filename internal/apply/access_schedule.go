package apply

import (
	"context"
	"errors"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/roles"
)

// Arm implements grant.AWS. A schedule of the name that stops another task, or
// at another time, is aws_refused: it is not ours to guess which is meant.
func (a *Apply) Arm(ctx context.Context, t bcn.Target, name, task string, at time.Time) error {
	s, d := a.aws.For(t), t.District
	in := roles.Input{District: d.Name, Account: d.Account, Region: d.Region}
	stop := awsx.StopAt{
		Name: name, Partition: bcn.Partition(d.Region), Role: in.SchedulerRoleARN(), Cluster: d.Cluster, Task: task,
		Reason: "bcn: the end of " + name, At: at,
	}
	err := s.CreateStop(ctx, stop)
	if !errors.Is(err, awsx.ErrExists) {
		return err
	}
	same, read := s.HasStop(ctx, stop)
	switch {
	case gone(read): // it fired, or was removed, in between
		return s.CreateStop(ctx, stop)
	case read != nil:
		return read
	case !same:
		return err
	}
	return nil
}

// Disarm implements grant.AWS.
func (a *Apply) Disarm(ctx context.Context, t bcn.Target, name string) error {
	err := a.aws.For(t).DeleteStop(ctx, name)
	if gone(err) {
		return nil
	}
	return err
}
