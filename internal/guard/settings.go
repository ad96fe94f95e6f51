package guard

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Settings are what bot.yaml says of bcn's own guardrails.
type Settings struct {
	Registries []string             // images come from these; empty: from anywhere
	Memory     int                  // MiB of a task at most; 0: any
	CPU        int                  // units of a task at most, 1024 are one; 0: any
	Count      int                  // tasks of a service at most; 0: any
	Levels     map[string]bcn.Level // by id, of those that have a choice
}

// Guardrail is one guardrail as people read of it.
type Guardrail struct {
	ID     string
	Level  bcn.Level
	Idle   bool     // nothing is set that it could compare with
	Values []string // what is set, such as the registries
	Custom *Custom  // of an operator's own; nil: it is bcn's
}

// Set is the guardrails in force. It is safe for concurrent use.
type Set struct {
	settings Settings
	own      []compiled
}

// Builtin is bcn's own guardrails as they are where bot.yaml says nothing.
func Builtin() *Set { return &Set{} }

// Settable says of which of bcn's own guardrails an operator may choose the
// level. Nobody chooses that of the others: they deny.
func Settable() []string { return []string{ImageRegistry, TaskSize, ServiceCount} }

// IDs are those of bcn's own guardrails, in the order in which they are listed.
func IDs() []string {
	return []string{
		OpenIngress, WildcardAction, WildcardPerson, ManagedPolicy, NoBoundary, Privileged, ImageNotPinned, DynamicReference,
		StatefulLost, LogRetention, ImageRegistry, TaskSize, ServiceCount,
	}
}

// level is what a finding of a guardrail of bcn's own does.
func (s *Set) level(id string) bcn.Level {
	if l, ok := s.settings.Levels[id]; ok && slices.Contains(Settable(), id) {
		return l
	}
	return bcn.Deny
}

// List answers all guardrails: bcn's own, then the operators' as written.
func (s *Set) List() []Guardrail {
	var out []Guardrail
	for _, id := range IDs() {
		g := Guardrail{ID: id, Level: s.level(id)}
		if slices.Contains(Settable(), id) {
			g.Values = s.values(id)
			g.Idle = len(g.Values) == 0
		}
		out = append(out, g)
	}
	for _, c := range s.own {
		written := c.Custom
		out = append(out, Guardrail{ID: c.ID, Level: c.Level, Custom: &written})
	}
	return out
}
