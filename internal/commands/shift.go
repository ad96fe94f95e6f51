package commands

import (
	"context"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type shiftArgs struct {
	ID string `arg:""`
}

func (g *shiftArgs) check() error { return checkID(g.ID) }

// shift lets a deployment that waits before it shifts traffic go on.
func (r *Registry) shift(ctx context.Context, a asked, g *shiftArgs) (chat.Message, error) {
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	if err := r.changes.Shift(ctx, a.origin, a.actor, id); err != nil {
		return chat.Message{}, err
	}
	return r.acknowledge(ctx, a, text.ReplyShifting, id), nil
}

// traffic tells where the traffic of a service is while it is shifted, and how
// its alarms are.
func (r *Registry) traffic(lang string, ro deploy.Rollout) chat.Markup {
	var out []string
	if s := ro.Shift; s != nil && !s.First {
		out = append(out, string(r.text.Say(lang, text.ReplyTraffic, text.Args{"back": s.Back, "percent": s.Percent, "waits": s.Waiting()})))
	}
	if len(ro.Alarms) > 0 {
		var alarms []string
		for _, x := range ro.Alarms {
			alarms = append(alarms, string(r.text.Say(lang, text.ReplyAlarm, text.Args{"name": x.Name, "state": x.State})))
		}
		out = append(out, string(r.text.Say(lang, text.ReplyAlarms, text.Args{"alarms": chat.Markup(strings.Join(alarms, ", "))})))
	}
	if len(out) == 0 {
		return ""
	}
	return chat.Code(ro.Service) + " " + chat.Markup(strings.Join(out, "; "))
}
