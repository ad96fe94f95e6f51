package schedule

import (
	"slices"
	"strings"
	"time"
)

// OnMissed is what happens with ticks whose time passed while nobody looked.
type OnMissed string

// What can be done with missed ticks.
const (
	RunOnce OnMissed = "run_once" // the latest, if it is not too old
	Skip    OnMissed = "skip"     // none
	CatchUp OnMissed = "catch_up" // all, oldest first, up to a bound
)

// ParseOnMissed reads the word for a policy; "run-once" is the same as
// "run_once", and "" is the default. An error is a *Problem.
func ParseOnMissed(text string) (OnMissed, error) {
	known := []string{string(RunOnce), string(Skip), string(CatchUp)}
	word := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(text)), "-", "_")
	switch {
	case word == "":
		return RunOnce, nil
	case slices.Contains(known, word):
		return OnMissed(word), nil
	}
	return "", problem(0, ProblemUnknownOnMissed, "text", clip(text), "known", strings.Join(known, ", "))
}

// Policy decides about missed ticks. A field that is zero has its default.
type Policy struct {
	Mode  OnMissed      // RunOnce
	Limit time.Duration // with RunOnce: how old a tick may be; one hour
	Max   int           // with CatchUp: how many run; 100
	Grace time.Duration // a tick less late than this was not missed; one minute
}

func (p Policy) defaults() Policy {
	if p.Mode == "" {
		p.Mode = RunOnce
	}
	if p.Limit <= 0 {
		p.Limit = time.Hour
	}
	if p.Max <= 0 {
		p.Max = 100
	}
	if p.Grace <= 0 {
		p.Grace = time.Minute
	}
	return p
}

// SkipReason says why a tick does not run.
type SkipReason string

// Why a tick does not run.
const (
	SkipMissed     SkipReason = "missed"     // it was missed, and the policy skips
	SkipTooOld     SkipReason = "too_old"    // older than the limit
	SkipSuperseded SkipReason = "superseded" // a later one runs in its place
	SkipOverBound  SkipReason = "over_bound" // more were missed than may be caught up
)

// SkipReasons are all of them, for the test that demands a sentence for each.
func SkipReasons() []SkipReason {
	return []SkipReason{SkipMissed, SkipTooOld, SkipSuperseded, SkipOverBound}
}

// Skipped is a tick that does not run.
type Skipped struct {
	At  time.Time
	Why SkipReason
}

// Due are the ticks that have come, oldest first. Every tick later than the
// last one and not later than now is in Run or in Skipped, or not later than
// Before: of very many, only the latest 100 are named.
type Due struct {
	Run     []time.Time
	Skipped []Skipped
	Before  time.Time // zero if all are named
}

// named is how many skipped ticks are named.
const named = 100

// Missed decides about the ticks after last, the last one that was treated (or
// the time of adding), up to and including now.
func Missed(s Spec, last, now time.Time, policy Policy) Due {
	p := policy.defaults()
	keep := named
	if p.Mode == CatchUp {
		keep += p.Max
	}
	ticks, before := latest(s, last, now, keep)
	due := Due{Before: before}
	for i, at := range ticks {
		if why := p.skips(ticks, i, now); why != "" {
			due.Skipped = append(due.Skipped, Skipped{at, why})
		} else {
			due.Run = append(due.Run, at)
		}
	}
	return due
}

// skips says why the tick with an index is skipped, "" if it runs.
func (p Policy) skips(ticks []time.Time, i int, now time.Time) SkipReason {
	late := now.Sub(ticks[i])
	newest := i == len(ticks)-1
	switch {
	case newest && late < p.Grace:
		return ""
	case p.Mode == CatchUp:
		if len(ticks)-i > p.Max {
			return SkipOverBound
		}
		return ""
	case p.Mode == RunOnce && late > p.Limit:
		return SkipTooOld
	case p.Mode == RunOnce && newest:
		return ""
	case p.Mode == RunOnce:
		return SkipSuperseded
	}
	return SkipMissed
}

// latest are the last ticks in (last, now], at most keep, oldest first; before
// is the latest one that is left out. It looks back in windows that grow, so
// that a schedule of every minute costs no more after a year than after a day.
func latest(s Spec, last, now time.Time, keep int) (ticks []time.Time, before time.Time) {
	for window := time.Hour; ; window *= 4 {
		from := now.Add(-window)
		whole := window > longest || !from.After(last)
		if whole {
			from = last
		}
		ticks = between(s, from, now)
		if len(ticks) > keep {
			cut := len(ticks) - keep
			return ticks[cut:], ticks[cut-1]
		}
		if whole {
			return ticks, time.Time{}
		}
	}
}

// between are all ticks in (from, to].
func between(s Spec, from, to time.Time) []time.Time {
	var out []time.Time
	for at, ok := s.Next(from); ok && !at.After(to); at, ok = s.Next(at) {
		out = append(out, at)
	}
	return out
}
