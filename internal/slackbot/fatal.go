package slackbot

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// fatalReasons are the answers after which connecting again is pointless until
// a person mends something: what Slack's apps.connections.open documents, and
// the disconnect reason for a Socket Mode that was switched off. Each has the
// sentence that is logged.
var fatalReasons = map[string]string{
	"invalid_auth":            "the app-level token is not good; check SLACK_APP_TOKEN (xapp-...)",
	"not_authed":              "no app-level token was sent; set SLACK_APP_TOKEN",
	"account_inactive":        "the token's workspace or user was deleted",
	"token_revoked":           "the token was revoked; make a new one and set it",
	"token_expired":           "the token expired; make a new one and set it",
	"no_permission":           "the app may not open sockets in this workspace",
	"missing_scope":           "the app-level token lacks the scope connections:write",
	"not_allowed_token_type":  "SLACK_APP_TOKEN must be an app-level token (xapp-...)",
	"team_access_not_granted": "the app was not granted access to this workspace",
	"org_login_required":      "the workspace is being moved into an organisation",
	"ekm_access_denied":       "the organisation's administrators suspended access",
	"link_disabled":           "Socket Mode is switched off in the app's settings",
}

// FatalError ends the bot: connecting again would not help.
type FatalError struct {
	Reason string // Slack's word
	Remedy string
}

// Error names the reason and what to do.
func (e *FatalError) Error() string { return fmt.Sprintf("slack: %s: %s", e.Reason, e.Remedy) }

// next is what to do after a connection ended or could not be made.
type next int

const (
	again  next = iota // connect, after the backoff
	worker             // too many sockets exist: go on without, try seldom
	give               // give up
)

// judge decides what follows an error, and how long Slack asked to wait.
func judge(err error) (next, time.Duration, error) {
	word := reason(err)
	if d, ok := errors.AsType[errDisconnect](err); ok {
		word = d.reason
	}
	if remedy, fatal := fatalReasons[word]; fatal {
		return give, 0, &FatalError{Reason: word, Remedy: remedy}
	}
	if word == "too_many_websockets" {
		return worker, 0, err
	}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return again, limited.RetryAfter, err
	}
	if busy, ok := errors.AsType[errBusy](err); ok {
		return again, busy.wait, err
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok && status.Code == http.StatusConflict {
		return worker, 0, err
	}
	return again, 0, err
}
