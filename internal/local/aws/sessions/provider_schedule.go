package sessions

import (
	"context"
	"maps"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// scheduleProvider is AWS::Scheduler::Schedule.
type scheduleProvider struct{ s *Service }

var (
	_ wire.Resource = scheduleProvider{}
	_ wire.Named    = scheduleProvider{}
)

// call makes one call of the type's handler, with the stack's permissions.
func (p scheduleProvider) call(ctx context.Context, r wire.Request, action string, params map[string]any) error {
	_, err := p.s.Scheduler().Handle(ctx, &wire.Call{
		Service: "scheduler", Action: action, Region: r.Region, Account: r.Account, Params: params, Now: r.Now, Authorize: r.Authorize,
	})
	return err
}

func (p scheduleProvider) Create(ctx context.Context, r wire.Request) (string, map[string]string, error) {
	in := maps.Clone(r.Properties)
	if str(in, "Name") == "" {
		in["Name"] = r.StackName + "-" + r.LogicalID + "-" + random(12)
	}
	name := str(in, "Name")
	if err := p.call(ctx, r, "CreateSchedule", in); err != nil {
		return "", nil, err
	}
	return name, p.attributes(r, name), nil
}

func (p scheduleProvider) attributes(r wire.Request, name string) map[string]string {
	group := str(r.Properties, "GroupName")
	if group == "" {
		group = "default"
	}
	return map[string]string{"Arn": (&schedule{name: name, group: group, region: r.Region, account: r.Account}).arn()}
}

func (p scheduleProvider) Update(ctx context.Context, id string, r wire.Request) (map[string]string, error) {
	in := maps.Clone(r.Properties)
	in["Name"] = id
	if err := p.call(ctx, r, "UpdateSchedule", in); err != nil {
		return nil, err
	}
	return p.attributes(r, id), nil
}

func (p scheduleProvider) Delete(ctx context.Context, id string, r wire.Request) error {
	err := p.call(ctx, r, "DeleteSchedule", map[string]any{"Name": id})
	if isNotFound(err) {
		return nil
	}
	return err
}

// Ready reads the schedule, as the type's handler does.
func (p scheduleProvider) Ready(ctx context.Context, id string, r wire.Request) (bool, error) {
	err := p.call(ctx, r, "GetSchedule", map[string]any{"Name": id})
	return err == nil, err
}

// Taken tells whether there is one of that name.
func (p scheduleProvider) Taken(_ context.Context, r wire.Request) (name string, taken bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	name = str(r.Properties, "Name")
	_, taken = p.s.schedules[r.Region+"/default/"+name]
	return name, taken && name != ""
}
