package chat

import (
	"fmt"
	"log/slog"
)

// FromModal is a window that somebody sent. Request.Action says which one,
// Request.Value is its State.
const FromModal Source = "modal"

// Modal is a window that one person fills in. It is shown in answer to a
// command or a click, within three seconds of it, or not at all.
type Modal struct {
	Name   Action  // which window it is; empty for one that only tells
	Title  string  // plain text, at most 24 characters
	Body   []Block // what stands above the inputs
	Inputs []Input
	Submit string // plain text, at most 24 characters; empty: nothing can be sent
	Close  string // the same
	State  string // comes back with what was filled in; it carries no authority and no secret
	// Where the command was given: what is said about the window goes there.
	Channel, Thread string
}

// Input is a field to fill in.
type Input struct {
	Name        string // unique in its window
	Label       string // plain text
	Hint        string // plain text, below
	Placeholder string // plain text, inside while it is empty
	Lines       bool   // takes several lines
	Value       string // what stands in it at first
	Max         int    // characters; 0: as many as Slack takes, 3,000
}

// Submission is a window as somebody sent it. The request is stored, what was
// filled in never is: it may be secret.
type Submission struct {
	Request
	Fields map[string]Field // by the input's name
}

// Field is what was filled in. No formatting verb, logger or encoder shows it.
type Field struct{ text *string }

// NewField hides a text.
func NewField(text string) Field { return Field{text: &text} }

// Reveal answers the text; empty where nothing was filled in.
func (f Field) Reveal() string {
	if f.text == nil {
		return ""
	}
	return *f.text
}

// hidden is what is shown of a field.
const hidden = "[hidden]"

// String hides the text.
func (f Field) String() string { return hidden }

// Format hides the text from every verb.
func (f Field) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, hidden) }

// LogValue hides the text from slog.
func (f Field) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text from encoders.
func (f Field) MarshalText() ([]byte, error) { return []byte(hidden), nil }
