package sessions

import (
	"context"
	"maps"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var _ wire.Readable = scheduleProvider{}

// Read implements wire.Readable.
func (p scheduleProvider) Read(ctx context.Context, id string, r wire.Request) (map[string]any, bool, error) {
	err := p.call(ctx, r, "GetSchedule", map[string]any{"Name": id})
	if isNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	x, there := p.s.schedules[r.Region+"/default/"+id]
	if !there {
		return nil, false, nil
	}
	out := maps.Clone(x.in)
	delete(out, "ClientToken")
	out["State"] = x.state()
	return out, true, nil
}
