package deploy

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// Shift is where ECS stands between two versions of a service whose traffic it
// shifts from the old tasks to the new ones.
type Shift struct {
	Deployment string // ARN of the service deployment
	Stage      string // as ECS calls it: SCALE_UP, PRE_PRODUCTION_TRAFFIC_SHIFT, BAKE_TIME, ...
	Percent    int    // of the traffic that the new tasks have
	First      bool   // there are no old tasks
	Hook       string // what waits for a person; empty: nothing does
	Until      *time.Time
	Back       bool   // the traffic is taken back
	Why        string // it is, in ECS's words
}

// Waiting says that a person may shift the traffic now.
func (s *Shift) Waiting() bool { return s != nil && s.Hook != "" && !s.Back }

// Reversible says that the old tasks are there and the traffic can go back.
func (s *Shift) Reversible() bool { return s != nil && !s.First && !s.Back }

// Alarm is a CloudWatch alarm that guards a service's deployments.
type Alarm struct {
	Name  string
	State string // OK, ALARM, INSUFFICIENT_DATA; empty: it is not there, or cannot be read
}

// Traffic moves the traffic of services between two versions. internal/apply
// implements it. Errors carry bcn codes: access_denied, aws_refused, unavailable.
type Traffic interface {
	// Shifted reads the rules of a services stack by which ECS shifts traffic,
	// by their logical ids: as the template has them, and what they send where.
	// A stack that is not there has none.
	Shifted(ctx context.Context, t bcn.Target, stack string) (map[string]render.Traffic, error)
	// Shift ends a pause, so that traffic is shifted. One that is over is no
	// error.
	Shift(ctx context.Context, t bcn.Target, s Shift) error
	// Mend turns the weights of a stack's rules that send people to a target
	// group without tasks while the other one has them. It answers the logical
	// ids of the rules that it turned.
	Mend(ctx context.Context, t bcn.Target, stack string) ([]string, error)
	// TakeBack lets ECS return all traffic to the old tasks and stop the new
	// ones, for which CloudFormation rolls its update back. A deployment that is
	// over, or on its way back, is no error.
	TakeBack(ctx context.Context, t bcn.Target, s Shift) error
}

// ShiftOrder is what a person said to a deployment that waited.
type ShiftOrder struct {
	Hook string // which pause
	By   string // Slack user id
	At   time.Time
}
