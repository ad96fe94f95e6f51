package bcn

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// OneoffPlan is a one-off task that a change runs: the gate of a deploy
// (before_deploy), or all that `run` does.
type OneoffPlan struct {
	Text    string        `json:"text,omitempty"` // the command as it was written
	Command []string      `json:"command"`        // its words; no shell reads them
	CPU     int           `json:"cpu"`            // units of the task, 1024 are one
	Memory  int           `json:"memory"`         // MiB of the task
	Timeout time.Duration `json:"timeout"`
	// Env is run_env.vars of the file, beside the heritage's own environment.
	Env map[string]string `json:"env,omitempty"`
	// Definition is the ARN of the task definition. Empty: the one that the base
	// stack has once this change has executed it.
	Definition string `json:"definition,omitempty"`
	// Task is the name of the scheduled task that is run now; empty: none.
	Task string `json:"task,omitempty"`
}

// Line is the command as one line, for people.
func (p OneoffPlan) Line() string {
	if p.Text != "" {
		return p.Text
	}
	return strings.Join(p.Command, " ")
}

// Oneoff is where the one-off task of a change stands. A change has at most
// one, and at most one task of it is wanted.
type Oneoff struct {
	// Try counts from 1. A person who says that a task whose fate AWS does not
	// know is to run again makes another one.
	Try        int
	Definition string     // ARN of the revision that it is started from
	Container  string     // whose command is overridden
	Nonce      string     // random, of the try: nobody else can have used the task's name
	AskedAt    time.Time  // written down before ECS is called
	Task       string     // ARN; empty before ECS has answered
	TakenAt    *time.Time // when ECS was known to have it
	CancelAt   *time.Time // when a cancel found it without a task
	StartedAt  *time.Time // when its container ran
	EndedAt    *time.Time
	ExitCode   *int   // of the container; nil where it never ran
	Reason     string // why it stopped, in ECS's words
	Why        Code   // why bcn stopped it: oneoff_timed_out or cancelled; empty: it did not
	Unknown    bool   // AWS cannot say what became of it: a person is asked
}

// NewOneoff is the first or another try, with a nonce of its own.
func NewOneoff(try int, asked time.Time) Oneoff {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return Oneoff{Try: try, Nonce: hex.EncodeToString(b), AskedAt: asked}
}

// Name is what the task is started by, and the token that makes a repetition of
// the call harmless: unique to the change and the try, and known to nobody
// before the task is there. ECS takes 36 characters for certain: the nonce has
// 16, the sign and dashes 6, so that number and try may have 14 together.
func (o Oneoff) Name(change ID) string {
	return fmt.Sprintf("%s%d-%s", OneoffNames(change), o.Try, o.Nonce)
}

// OneoffNames is what the names of all tries of a change begin with, and of no
// other change's.
func OneoffNames(change ID) string { return fmt.Sprintf("bcn-%d-", int64(change)) }

// Since is from when the task's age counts: from ECS's answer, which may come
// long after it was first asked.
func (o Oneoff) Since() time.Time {
	if o.TakenAt != nil && o.TakenAt.After(o.AskedAt) {
		return *o.TakenAt
	}
	return o.AskedAt
}

// Ended says that the task runs no more.
func (o *Oneoff) Ended() bool { return o != nil && o.EndedAt != nil }

// Passed says that the task ended by itself, and well.
func (o *Oneoff) Passed() bool {
	return o.Ended() && o.Why == "" && o.ExitCode != nil && *o.ExitCode == 0
}
