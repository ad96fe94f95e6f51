// Package chat holds the neutral form of what people say to bcn and what bcn
// says to them. There is no Slack in it: internal/slackbot turns envelopes
// into a Request and a Message into blocks.
package chat

import (
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Source says by which surface a request came.
type Source string

// The surfaces.
const (
	FromSlash   Source = "slash"
	FromMention Source = "mention" // also inside threads
	FromDirect  Source = "direct"  // a direct message to the bot
	FromClick   Source = "click"
	FromHome    Source = "home" // the app's own page is looked at
)

// Request is one thing a person did, as it is stored in the inbox: a
// projection of Slack's envelope, never the raw payload, and no response_url.
type Request struct {
	Key        string    `json:"key"` // stable over redeliveries
	Source     Source    `json:"source"`
	Team       string    `json:"team"`       // the workspace, from the envelope
	Enterprise string    `json:"enterprise"` // the organisation, from the envelope
	App        string    `json:"app"`        // api_app_id
	User       string    `json:"user"`
	Channel    string    `json:"channel"`
	Thread     string    `json:"thread,omitempty"`  // ts of the thread's parent
	Message    string    `json:"message,omitempty"` // ts of the message that holds the button
	Text       string    `json:"text,omitempty"`    // the command, as Slack sent it
	Wrong      string    `json:"wrong,omitempty"`   // stored for a Text that is only a verb: what was wrong with the rest
	Action     Action    `json:"action,omitempty"`
	Value      string    `json:"value,omitempty"` // the button's opaque id
	At         time.Time `json:"at"`
}

// Action names what a button does. Each has a typed twin.
type Action string

// The buttons.
const (
	ActionApprove   Action = "approve"
	ActionReject    Action = "reject"
	ActionCancel    Action = "cancel"
	ActionPlanAgain Action = "plan_again"
	ActionChange    Action = "change" // a window with the command, to be changed
	ActionReview    Action = "review" // a window with the plan, to be approved
	ActionRollback  Action = "rollback"
	ActionReplay    Action = "replay"
	ActionShift     Action = "shift"

	// ActionAcknowledge is pressed by who looked at what went without approval.
	ActionAcknowledge Action = "acknowledge"

	ActionAccessEnd    Action = "access_end"
	ActionAccessExtend Action = "access_extend"

	ActionScheduleSave   Action = "schedule_save" // of a draft
	ActionScheduleDrop   Action = "schedule_drop"
	ActionScheduleRun    Action = "schedule_run"
	ActionScheduleSkip   Action = "schedule_skip"
	ActionSchedulePause  Action = "schedule_pause"
	ActionScheduleResume Action = "schedule_resume"

	ActionTickSkip  Action = "tick_skip" // of one run of a schedule
	ActionTickRun   Action = "tick_run"
	ActionTickPause Action = "tick_pause"

	// ActionTyped does what its value says, which is the command as it would be
	// typed: one that opens a window, or restart.
	ActionTyped Action = "typed"

	// Windows that are sent.
	ActionSecretSet Action = "secret_set"
	ActionDelete    Action = "delete"

	// ActionToken is a window that shows something once.
	ActionToken Action = "token"
)

// Markup is text that is ready to be shown: Slack's mrkdwn in which all that
// people wrote is already escaped. Make it with Escape, Mention, Code and the
// sentences of internal/text.
type Markup string

// Message is what bcn says: a fallback line for notifications, and blocks.
type Message struct {
	Text   Markup  `json:"text"` // shown in notifications; never empty
	Blocks []Block `json:"blocks,omitempty"`
	// Data is what a program finds in the message later; nobody sees it.
	Data map[string]string `json:"data,omitempty"`
	// Modal is opened in place of the message where that can be done in time;
	// the message, with a button that opens it, is for where it cannot.
	Modal *Modal `json:"-"`
}

// Block is one part of a message; exactly one field is set.
type Block struct {
	Header  string   `json:"header,omitempty"`  // plain text, at most 150 characters
	Section Markup   `json:"section,omitempty"` // longer than 3,000 characters is split
	Fields  []Markup `json:"fields,omitempty"`  // two columns, at most 10
	Context Markup   `json:"context,omitempty"` // small print
	Code    string   `json:"code,omitempty"`    // preformatted plain text; escaped and split when shown
	Buttons []Button `json:"buttons,omitempty"`
	Divider bool     `json:"divider,omitempty"`
}

// Style of a button.
type Style string

// The styles.
const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Button is pressed to act. Value is an opaque id; it carries no authority.
type Button struct {
	Action  Action   `json:"action"`
	Value   string   `json:"value"`
	Label   string   `json:"label"` // plain text, at most 75 characters
	Style   Style    `json:"style,omitempty"`
	Confirm *Confirm `json:"confirm,omitempty"`
}

// Confirm asks once more before a button acts.
type Confirm struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	Yes   string `json:"yes"`
	No    string `json:"no"`
}

// Actor is who made the request, before users.info was asked.
func (r Request) Actor() bcn.Actor {
	return bcn.Actor{Kind: bcn.Person, User: r.User, Team: r.Team}
}
