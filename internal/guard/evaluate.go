package guard

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The reasons for which a guardrail could not be evaluated. What CEL itself
// says may quote values of the template, and those are never shown.
const (
	whyMissing = "missing" // a key that is not there
	whyTooMuch = "too_much"
	whyTime    = "time"
	whyOther   = "other"
)

// subject is one resource with what happens to it.
type subject struct {
	resource Resource
	change   Change
}

// operators applies the operators' own guardrails to one stack's resources:
// those of its template, and those that are removed.
func (s *Set) operators(ctx context.Context, p Plan, sp bcn.StackPlan, t tree) []bcn.Finding {
	if len(s.own) == 0 {
		return nil
	}
	var out []bcn.Finding
	for _, x := range subjects(sp, t) {
		for _, c := range s.own {
			if len(c.On) > 0 && !slices.Contains(c.On, x.resource.Type) {
				continue
			}
			if f, found := c.judge(ctx, p, x); found {
				out = append(out, f)
			}
		}
	}
	return out
}

func subjects(sp bcn.StackPlan, t tree) []subject {
	changes := map[string]bcn.ResourceDelta{}
	for _, d := range sp.Changes {
		changes[d.LogicalID] = d
	}
	var out []subject
	for _, r := range t.resources {
		properties, _ := plain(r.properties).(map[string]any)
		if properties == nil {
			properties = map[string]any{}
		}
		x := subject{resource: Resource{Type: r.kind, ID: r.id, Stack: sp.Name, Properties: properties}, change: Change{Action: "None"}}
		if d, there := changes[r.id]; there {
			x.change = Change{Action: d.Action, Replacement: d.Replacement, Properties: d.Properties}
			delete(changes, r.id)
		}
		out = append(out, x)
	}
	for _, d := range sp.Changes { // what is not in the template goes
		if _, left := changes[d.LogicalID]; left {
			out = append(out, subject{
				resource: Resource{Type: d.Type, ID: d.LogicalID, Stack: sp.Name, Properties: map[string]any{}},
				change:   Change{Action: d.Action, Replacement: d.Replacement, Properties: d.Properties},
			})
		}
	}
	return out
}

// judge evaluates a guardrail on one resource. What cannot be evaluated denies,
// whatever the guardrail's level.
func (c compiled) judge(ctx context.Context, p Plan, x subject) (f bcn.Finding, found bool) {
	where := x.resource.Stack + "/" + x.resource.ID
	failed := func(why string, params ...string) bcn.Finding {
		f := bcn.Finding{ID: OwnFailed, Level: bcn.Deny, Where: where, Params: map[string]string{"rule": c.ID, "why": why}}
		for i := 0; i+1 < len(params); i += 2 {
			f.Params[params[i]] = params[i+1]
		}
		return f
	}
	defer func() {
		if broken := recover(); broken != nil {
			f, found = failed(whyOther), true
		}
	}()
	value, _, err := c.program.ContextEval(ctx, map[string]any{"resource": x.resource, "change": x.change, "plan": p})
	if err != nil {
		why, key := c.reason(ctx, err)
		return failed(why, "key", key), true
	}
	says, ok := value.Value().(bool)
	switch {
	case !ok:
		return failed(whyOther), true
	case !says:
		return bcn.Finding{}, false
	default:
		return bcn.Finding{ID: Own, Level: c.Level, Where: where, Params: map[string]string{"rule": c.ID, "message": c.Message, "remedy": c.Remedy}}, true
	}
}

// reason says why an evaluation failed. A key is named only where the
// expression itself names it.
func (c compiled) reason(ctx context.Context, err error) (why, key string) {
	text := err.Error()
	if _, rest, ok := strings.Cut(text, "no such key: "); ok {
		if key = strings.TrimSpace(rest); !strings.Contains(c.When, key) {
			key = ""
		}
		return whyMissing, key
	}
	switch {
	case ctx.Err() != nil:
		return whyTime, ""
	case strings.Contains(text, "cost limit exceeded"):
		return whyTooMuch, ""
	default:
		return whyOther, ""
	}
}

// plain turns JSON's numbers into those that CEL calculates with.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, one := range v {
			out[k] = plain(one)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = plain(one)
		}
		return out
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if n, err := v.Float64(); err == nil {
			return n
		}
		return v.String()
	default:
		return v
	}
}
