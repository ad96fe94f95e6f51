package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// writtenRule is a rule as a plan holds it: fixed order of keys, times as Go says
// them, what is not given left out.
type writtenRule struct {
	Allow       []string        `json:"allow"`
	To          []string        `json:"to"`
	On          []string        `json:"on,omitempty"`
	Apps        []string        `json:"apps,omitempty"`
	Districts   []string        `json:"districts,omitempty"`
	Destructive *bool           `json:"destructive,omitempty"`
	IAM         *bool           `json:"iam,omitempty"`
	Reason      *writtenReason  `json:"reason,omitempty"`
	Ticket      *Ticket         `json:"ticket,omitempty"`
	When        []string        `json:"when,omitempty"`
	Limit       *writtenLimit   `json:"limit,omitempty"`
	Approve     *writtenApprove `json:"approve,omitempty"`
	Scan        *writtenScan    `json:"scan,omitempty"`
	BreakGlass  *writtenGlass   `json:"break_glass,omitempty"`
	Max         string          `json:"max,omitempty"`
	OpenWithin  string          `json:"open_within,omitempty"`
	Session     string          `json:"session,omitempty"`
	Exec        string          `json:"exec,omitempty"`
	StopTask    bool            `json:"stop_task,omitempty"`
	MinCount    *int            `json:"min_count,omitempty"`
	MaxCount    *int            `json:"max_count,omitempty"`
}

type writtenReason struct {
	Pattern string `json:"pattern,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

type writtenLimit struct {
	Count int    `json:"count"`
	Per   string `json:"per"`
}

type writtenApprove struct {
	By       []string   `json:"by,omitempty"`
	Count    int        `json:"count,omitempty"`
	Needs    []bcn.Need `json:"needs,omitempty"` // of the long form, instead of by and count
	Within   string     `json:"within"`
	Outside  bool       `json:"outside,omitempty"`
	Escalate []string   `json:"escalate,omitempty"`
	Oncall   *Oncall    `json:"oncall,omitempty"`
}

// canonical writes the rule for the plan, so that the hash that is approved
// covers the rule by which it was.
func (r Rule) canonical() json.RawMessage {
	out := r.matchers()
	out.Max, out.OpenWithin, out.Session = written(r.Max), written(r.Access.OpenWithin), written(r.Access.Session)
	out.StopTask, out.MinCount, out.MaxCount = r.Access.StopTask, r.Counts.Min, r.Counts.Max
	out.Ticket, out.BreakGlass = r.Ticket, r.writtenGlass()
	out.Scan = r.writtenScan()
	if r.Reason.Required {
		out.Reason = &writtenReason{Pattern: r.Reason.Pattern, Hint: r.Reason.Hint}
	}
	for _, w := range r.When {
		out.When = append(out.When, w.String())
	}
	if r.Limit != nil {
		out.Limit = &writtenLimit{Count: r.Limit.Count, Per: written(r.Limit.Per)}
	}
	if a := r.Approve; a != nil {
		out.Approve = &writtenApprove{Within: a.Within.String(), Outside: a.Outside, Escalate: a.Escalate, Oncall: a.Oncall}
		if len(a.Needs) > 0 {
			out.Approve.Needs = a.Needs
		} else {
			out.Approve.By, out.Approve.Count = a.By, a.Count
		}
	}
	if r.Access.ByBot {
		out.Exec = "bot"
	}
	return marshalled(out)
}

// matchers is the part of a rule that says what it is about.
func (r Rule) matchers() writtenRule {
	return writtenRule{Allow: r.Allow, To: r.To, On: r.On, Apps: r.Apps, Districts: r.Districts, Destructive: r.Destructive, IAM: r.IAM}
}

// Key names a rule by what it is about, whatever it demands: its limit goes on
// counting when its place in the file, or the limit, is another.
func (r Rule) Key() string {
	sum := sha256.Sum256(marshalled(r.matchers()))
	return hex.EncodeToString(sum[:])
}

func marshalled(r writtenRule) json.RawMessage {
	raw, err := json.Marshal(r)
	if err != nil { // strings, numbers and booleans always marshal
		panic(err)
	}
	return raw
}

// written is a time in a plan; none is left out.
func written(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
