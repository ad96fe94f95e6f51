package bcn_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The tables of this file are written from DESIGN.md section 5, not from the
// code: every pair of state and event that they do not name must be refused.

var changeStates = []bcn.ChangeState{
	"waiting_turn", "planning", "planned", "waiting", "queued", "applying", "verifying", "cancelling", "blocked",
	"succeeded", "failed", "rolled_back", "rollback_failed", "cancelled", "closed",
}

var changeEvents = []bcn.ChangeEvent{
	"turn", "planned", "ask", "queue", "start", "applied", "succeed", "fail", "rolled_back", "rollback_failed",
	"cancel", "cancelled", "block", "replay", "close",
}

// changeMoves reads "state event" -> "state".
var changeMoves = map[string]bcn.ChangeState{
	"waiting_turn turn":          "planning",
	"waiting_turn close":         "closed",
	"planning planned":           "planned",
	"planning close":             "closed",
	"planned ask":                "waiting",
	"planned queue":              "queued",
	"planned close":              "closed",
	"waiting queue":              "queued",
	"waiting close":              "closed",
	"queued start":               "applying",
	"queued close":               "closed",
	"applying applied":           "verifying",
	"applying fail":              "failed",
	"applying rolled_back":       "rolled_back",
	"applying rollback_failed":   "rollback_failed",
	"applying cancel":            "cancelling",
	"applying block":             "blocked",
	"verifying succeed":          "succeeded",
	"verifying fail":             "failed",
	"verifying rolled_back":      "rolled_back",
	"verifying rollback_failed":  "rollback_failed",
	"cancelling cancelled":       "cancelled",
	"cancelling rolled_back":     "rolled_back",
	"cancelling succeed":         "succeeded",
	"cancelling rollback_failed": "rollback_failed",
	"blocked replay":             "applying",
	"blocked cancel":             "cancelling",
}

func TestChangeStates(t *testing.T) {
	t.Parallel()
	moves := 0
	for _, s := range changeStates {
		for _, e := range changeEvents {
			want, belongs := changeMoves[string(s)+" "+string(e)]
			next, ok := s.Next(e)
			if ok != belongs || next != want {
				t.Errorf("%s + %s: %q, %v; want %q, %v", s, e, next, ok, want, belongs)
			}
			if ok {
				moves++
			}
		}
	}
	if moves != len(changeMoves) {
		t.Errorf("%d moves, the design has %d", moves, len(changeMoves))
	}
	for _, s := range []bcn.ChangeState{"", "unknown"} {
		if next, ok := s.Next(bcn.EventClose); ok || next != "" {
			t.Errorf("the state %q moves to %q", s, next)
		}
	}
}

// Each state is before applying, busy, or ended: exactly one of the three.
func TestChangeStateGroups(t *testing.T) {
	t.Parallel()
	before := map[bcn.ChangeState]bool{"waiting_turn": true, "planning": true, "planned": true, "waiting": true, "queued": true}
	busy := map[bcn.ChangeState]bool{"applying": true, "verifying": true, "cancelling": true, "blocked": true}
	ended := map[bcn.ChangeState]bool{
		"succeeded": true, "failed": true, "rolled_back": true, "rollback_failed": true, "cancelled": true, "closed": true,
	}
	for _, s := range changeStates {
		if s.BeforeApplying() != before[s] || s.Busy() != busy[s] || s.Ended() != ended[s] {
			t.Errorf("%s: before %v, busy %v, ended %v", s, s.BeforeApplying(), s.Busy(), s.Ended())
		}
		if n := count(s.BeforeApplying(), s.Busy(), s.Ended()); n != 1 {
			t.Errorf("%s is in %d groups", s, n)
		}
		if _, closes := s.Next(bcn.EventClose); closes != s.BeforeApplying() {
			t.Errorf("%s can be closed: %v", s, closes)
		}
		if s.Ended() {
			for _, e := range changeEvents {
				if next, ok := s.Next(e); ok {
					t.Errorf("%s has ended, but %s leads to %s", s, e, next)
				}
			}
		}
	}
}

func count(of ...bool) int {
	n := 0
	for _, b := range of {
		if b {
			n++
		}
	}
	return n
}

func TestRequestStates(t *testing.T) {
	t.Parallel()
	states := []bcn.RequestState{"pending", "approved", "started", "rejected", "expired", "cancelled", "superseded"}
	events := []bcn.RequestEvent{"approve", "reject", "expire", "cancel", "supersede", "start"}
	moves := map[string]bcn.RequestState{
		"pending approve":    "approved",
		"pending reject":     "rejected",
		"pending expire":     "expired",
		"pending cancel":     "cancelled",
		"pending supersede":  "superseded",
		"approved start":     "started",
		"approved supersede": "superseded",
		"approved cancel":    "cancelled",
	}
	for _, s := range states {
		for _, e := range events {
			want, belongs := moves[string(s)+" "+string(e)]
			if next, ok := s.Next(e); ok != belongs || next != want {
				t.Errorf("%s + %s: %q, %v; want %q, %v", s, e, next, ok, want, belongs)
			}
		}
	}
	if next, ok := bcn.RequestState("unknown").Next(bcn.RequestApprove); ok || next != "" {
		t.Errorf("an unknown state moves to %q", next)
	}
}
