package slackbot

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/chat"
)

// Inbox keeps what people did until it was run. internal/store implements it.
type Inbox interface {
	// Put stores the request under its key, durably and in one insert; the
	// caller gives it 2 s. fresh is true where the request must be run after
	// its acknowledgement: the key was unknown, or it is known but was marked
	// by Unacked, in which case the mark is taken away in the same statement.
	// fresh is false for any other known key: acknowledge only.
	Put(ctx context.Context, r chat.Request) (fresh bool, err error)
	// Unacked marks the request as one whose acknowledgement could not be
	// written: nobody runs it, unless Slack delivers it again and Put takes the
	// mark away. An unknown key is no error.
	Unacked(ctx context.Context, key string) error
}

// Handler answers what people did. internal/commands implements it.
type Handler interface {
	// Immediate answers requests that need nothing but their text, such as help
	// and parse errors. It is pure and quick; its answer is sent inside the
	// acknowledgement and the request is not stored. lang is en or ja.
	Immediate(r chat.Request, lang string) (chat.Message, bool)
	// Handle runs the stored request, once: it claims the row with a lease, and
	// where somebody else has it the outcome has no reply. It is called after
	// the acknowledgement was written. It answers errors as replies.
	Handle(ctx context.Context, key string) Outcome
}

// Modals are windows that people fill in. internal/commands and the edge of
// internal/app implement it.
type Modals interface {
	// Loading answers what is shown at once where the request opens a window.
	// It is pure and quick.
	Loading(r chat.Request, lang string) (chat.Modal, bool)
	// Tidy answers the request as it may be stored: without what nobody should
	// have typed. It is pure.
	Tidy(r chat.Request) chat.Request
	// Fill answers a window as it is stored: with what was filled in where that
	// is no secret. It is pure.
	Fill(s chat.Submission) chat.Request
	// Check says what is wrong with what was filled in, by the input's name, in
	// plain text. It is pure and quick.
	Check(s chat.Submission, lang string) map[string]string
	// Keep puts what is secret where it belongs, before the submission is
	// acknowledged: within ctx. It is repeated with the same key where the
	// window is sent again. What it answers is as Check's.
	Keep(ctx context.Context, s chat.Submission, lang string) map[string]string
}

// Outcome is what the actor alone is told about a request.
type Outcome struct {
	Request  chat.Request
	Reply    chat.Message
	HasReply bool
}

// Outbox holds the messages that are to be posted or edited, oldest first
// within a priority. internal/store implements it.
type Outbox interface {
	// Claim leases at most limit messages that are due, for 30 s, best priority
	// first and oldest first within it. A message of which an older version is
	// leased is not answered; a lease that ran out makes a message Unconfirmed.
	Claim(ctx context.Context, limit int) ([]Out, error)
	// Posted records where the message of that version is now. Where a newer
	// version is waiting it stays due, as an update of ts.
	Posted(ctx context.Context, id int64, channel, ts string, version int64) error
	// Retry gives the message back, due in after. reason is for logs.
	Retry(ctx context.Context, id int64, after time.Duration, reason string) error
	// Drop ends the message: Slack will never take it. reason is Slack's error,
	// such as not_in_channel; the store tells who needs to know.
	Drop(ctx context.Context, id int64, reason string) error
	// Wake receives when a message may have become due.
	Wake() <-chan struct{}
}

// Out is one message to be posted, or edited where UpdateTS is set.
type Out struct {
	ID          int64
	Channel     string // where to; with Direct empty
	User        string // to whom, with Ephemeral or Direct
	ThreadTS    string // the parent, for a message in its thread
	UpdateTS    string // the message to be edited
	Broadcast   bool   // a message in a thread that the channel sees too
	Ephemeral   bool   // seen by User alone; cannot be edited or looked up
	Direct      bool   // into the direct messages of User
	Version     int64  // of Body; a newer one replaces it while it waits
	Body        chat.Message
	Unconfirmed bool // may have been posted by a process that died: look it up first
	// Since bounds the lookup: nothing older is this message. Zero: not known.
	Since    time.Time
	Priority int // 0: decisions and verdicts; higher numbers: progress
}
