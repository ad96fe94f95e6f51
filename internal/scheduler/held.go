package scheduler

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/guard"
)

// askedBy is a scheduled command as locks and freezes look at it. A verb that
// asks for a change is called as its kind.
func askedBy(sch bcn.Schedule, checked Checked) guard.Asked {
	return guard.Asked{Kind: bcn.Kind(checked.Verb), App: checked.App, Env: checked.Env, By: sch.Owner, Clock: true}
}

// behind answers the lock or freeze that a tick meets; false: none.
func behind(c Claimed, checked Checked) (guard.Wait, bool) {
	if !checked.Changes {
		return guard.Wait{}, false
	}
	return guard.Behind(c.Holds, askedBy(c.Schedule, checked), c.Now)
}

// held does what the schedule says of a conflict where what it would change is
// locked or frozen. One that waits says behind what.
func (s *Service) held(ctx context.Context, c Claimed, w guard.Wait) (time.Duration, error) {
	switch c.Schedule.Options.OnConflict {
	case bcn.ConflictQueue:
	case bcn.ConflictOnce:
		if c.Behind { // the later one waits in its place
			return s.skip(ctx, c, w.Code, w.Params)
		}
	default:
		return s.skip(ctx, c, w.Code, w.Params)
	}
	k := c.Tick
	same := k.Code == w.Code && maps.Equal(k.Params, w.Params)
	k.Code, k.Params = w.Code, w.Params
	notes := s.Speaker.TickNotes(Moment{Kind: MomentStarted, Schedule: c.Schedule, Tick: k, Change: c.Change}) // its message appears
	return s.write(ctx, Move{From: c, Row: k, Again: s.Poll, Quiet: same, Notes: notes})
}

// meetings are the holds with what the calendar shows that will meet them.
func meetings(holds []bcn.Hold, v commands.CalendarView, abouts []Checked) []commands.HeldTime {
	var out []commands.HeldTime
	for _, h := range holds {
		x := commands.HeldTime{Hold: h}
		for _, o := range v.Agenda.Occurrences {
			a := askedBy(v.Of[o.Entry], abouts[o.Entry])
			_, held := guard.Behind([]bcn.Hold{h}, a, o.At)
			if held && abouts[o.Entry].Changes && !slices.Contains(x.Meets, o.Entry) {
				x.Meets = append(x.Meets, o.Entry)
			}
		}
		out = append(out, x)
	}
	return out
}
