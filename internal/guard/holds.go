package guard

import (
	"slices"
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Asked is a change as locks and freezes look at it.
type Asked struct {
	Kind     bcn.Kind
	App, Env string
	Envs     []string // those that it may touch where it has no Env: what its district serves
	By       bcn.Actor
	Clock    bool // a schedule asks, not the person
}

// Wait is what a change waits behind: a code with its params, whose sentence
// says what is locked or frozen, by whom, why, until when, and what to do.
type Wait struct {
	Hold   bcn.Hold
	Code   bcn.Code
	Params map[string]string
}

// Behind answers what a change waits behind, freezes first; false: nothing.
func Behind(holds []bcn.Hold, a Asked, now time.Time) (Wait, bool) {
	if w, frozen := Freeze(holds, a, now); frozen {
		return w, true
	}
	return Locks(holds, a, now)
}

// AllBehind answers everything that a change waits behind, in the order in which
// Behind would name it.
func AllBehind(holds []bcn.Hold, a Asked, now time.Time) (all []Wait) {
	for {
		w, held := Behind(holds, a, now)
		if !held {
			return all
		}
		all = append(all, w)
		holds = slices.DeleteFunc(slices.Clone(holds), func(h bcn.Hold) bool { return h == w.Hold })
	}
}

// Freeze answers the freeze that a change waits behind, also its owner's: that
// of everything before that of the environment. Code: frozen.
func Freeze(holds []bcn.Hold, a Asked, now time.Time) (Wait, bool) {
	if !a.Kind.Holdable() {
		return Wait{}, false
	}
	envs := a.Envs
	if a.Env != "" {
		envs = []string{a.Env}
	}
	var found *bcn.Hold
	for i, h := range holds {
		if h.Kind != bcn.HoldFreeze || h.Over(now) || h.Env != "" && !slices.Contains(envs, h.Env) {
			continue
		}
		if found == nil || h.Env == "" {
			found = &holds[i]
		}
	}
	if found == nil {
		return Wait{}, false
	}
	return Wait{Hold: *found, Code: bcn.CodeFrozen, Params: HoldParams(*found)}, true
}

// Locks answers the lock that a change waits behind. Its owner goes through, by
// what they type themselves; their schedules and CI's tokens wait, since the
// lock may be there to keep just those out. Code: locked.
func Locks(holds []bcn.Hold, a Asked, now time.Time) (Wait, bool) {
	if !a.Kind.Holdable() || a.App == "" {
		return Wait{}, false
	}
	for _, h := range holds {
		if h.Kind != bcn.HoldLock || h.Over(now) || h.App != a.App || h.Env != a.Env || owns(h, a) {
			continue
		}
		return Wait{Hold: h, Code: bcn.CodeLocked, Params: HoldParams(h)}, true
	}
	return Wait{}, false
}

func owns(h bcn.Hold, a Asked) bool {
	return a.By.Kind == bcn.Person && a.By.User == h.Owner && a.By.Via == "" && !a.Clock
}

// HoldParams are a hold as the params of a code.
func HoldParams(h bcn.Hold) map[string]string {
	p := map[string]string{
		"app": h.App, "env": h.Env, "by": h.Owner, "reason": h.Reason, "since": h.Since.UTC().Format(time.RFC3339),
		"until": "", "from": "", "to": "",
	}
	if h.Until != nil {
		p["until"] = h.Until.UTC().Format(time.RFC3339)
	}
	if h.From != 0 || h.To != 0 {
		p["from"], p["to"] = strconv.FormatInt(h.From, 10), strconv.FormatInt(h.To, 10)
	}
	return p
}
