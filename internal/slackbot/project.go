package slackbot

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack/socketmode"

	"github.com/bcn-bot/bcn/internal/chat"
)

// actionPrefix begins the action_id of each of bcn's buttons.
const actionPrefix = "bcn:"

// projected is what bcn keeps of an envelope: the request, and where it can be
// answered, which stays in memory.
type projected struct {
	chat.Request
	responseURL string
	trigger     string                // opens a window, for three seconds
	fields      map[string]chat.Field // of a window: kept nowhere
	// text says that the acknowledgement may carry an answer.
	text bool
	// again says that Slack delivers the envelope again by itself where it is
	// not acknowledged.
	again bool
}

// project reads the few fields of an envelope that bcn needs. ok is false for
// what bcn has nothing to do with, such as its own messages; an error means
// that the envelope is malformed. self tells the bot's own user id.
func project(env socketmode.Request, self Identity, at time.Time) (p projected, ok bool, err error) {
	switch env.Type {
	case socketmode.RequestTypeSlashCommands:
		p, ok, err = projectSlash(env.Payload)
	case socketmode.RequestTypeInteractive:
		p, ok, err = projectClick(env.Payload)
	case socketmode.RequestTypeEventsAPI:
		p, ok, err = projectEvent(env.Payload, self)
	}
	p.At = at
	p.text = ok && p.Source == chat.FromSlash
	if ok && (p.User == "" || p.Team == "") {
		return p, false, fmt.Errorf("%s envelope without a user or a team", env.Type)
	}
	return p, ok, err
}

func projectSlash(payload json.RawMessage) (p projected, ok bool, err error) {
	var s struct {
		TeamID       string `json:"team_id"`
		EnterpriseID string `json:"enterprise_id"`
		ChannelID    string `json:"channel_id"`
		UserID       string `json:"user_id"`
		Text         string `json:"text"`
		TriggerID    string `json:"trigger_id"`
		ResponseURL  string `json:"response_url"`
		APIAppID     string `json:"api_app_id"`
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return p, false, fmt.Errorf("slash command: %w", err)
	}
	if s.TriggerID == "" {
		return p, false, fmt.Errorf("slash command without trigger_id")
	}
	p.responseURL, p.trigger = s.ResponseURL, s.TriggerID
	p.Request = chat.Request{
		Key: "slash:" + s.TriggerID, Source: chat.FromSlash, Team: s.TeamID, Enterprise: s.EnterpriseID,
		App: s.APIAppID, User: s.UserID, Channel: s.ChannelID, Text: s.Text,
	}
	return p, true, nil
}

type withID struct {
	ID string `json:"id"`
}

func projectClick(payload json.RawMessage) (p projected, ok bool, err error) {
	var c struct {
		Type        string  `json:"type"`
		TriggerID   string  `json:"trigger_id"`
		ResponseURL string  `json:"response_url"`
		APIAppID    string  `json:"api_app_id"`
		User        withID  `json:"user"`
		Team        withID  `json:"team"`
		Enterprise  *withID `json:"enterprise"`
		Channel     withID  `json:"channel"`
		Container   struct {
			MessageTS string `json:"message_ts"`
			ThreadTS  string `json:"thread_ts"`
			ChannelID string `json:"channel_id"`
		} `json:"container"`
		Message struct {
			TS       string `json:"ts"`
			ThreadTS string `json:"thread_ts"`
		} `json:"message"`
		Actions []struct {
			ActionID string `json:"action_id"`
			ActionTS string `json:"action_ts"`
			Value    string `json:"value"`
		} `json:"actions"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return p, false, fmt.Errorf("interaction: %w", err)
	}
	if c.Type == "view_submission" {
		return projectView(payload)
	}
	if c.Type != "block_actions" || len(c.Actions) == 0 {
		return p, false, nil
	}
	a := c.Actions[0] // one per click; Slack's list has one entry for a button
	action, ours := readActionID(a.ActionID)
	if !ours {
		return p, false, nil
	}
	if c.TriggerID == "" || a.ActionTS == "" {
		return p, false, fmt.Errorf("click without trigger_id or action_ts")
	}
	p.responseURL, p.trigger = c.ResponseURL, c.TriggerID
	p.Request = chat.Request{
		Key: "click:" + c.TriggerID + ":" + a.ActionTS, Source: chat.FromClick, Team: c.Team.ID, App: c.APIAppID,
		User: c.User.ID, Channel: first(c.Channel.ID, c.Container.ChannelID),
		Thread:  first(c.Message.ThreadTS, c.Container.ThreadTS),
		Message: first(c.Message.TS, c.Container.MessageTS), Action: action, Value: a.Value,
	}
	if c.Enterprise != nil {
		p.Enterprise = c.Enterprise.ID
	}
	return p, true, nil
}

func projectEvent(payload json.RawMessage, self Identity) (p projected, ok bool, err error) {
	var e struct {
		TeamID       string `json:"team_id"`
		EnterpriseID string `json:"enterprise_id"`
		APIAppID     string `json:"api_app_id"`
		Event        struct {
			Type        string `json:"type"`
			Subtype     string `json:"subtype"`
			User        string `json:"user"`
			BotID       string `json:"bot_id"`
			Text        string `json:"text"`
			TS          string `json:"ts"`
			ThreadTS    string `json:"thread_ts"`
			Channel     string `json:"channel"`
			ChannelType string `json:"channel_type"`
			Tab         string `json:"tab"`
			EventTS     string `json:"event_ts"`
		} `json:"event"`
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return p, false, fmt.Errorf("event: %w", err)
	}
	m := e.Event
	if m.Type == "app_home_opened" {
		// Nothing is done by it, so it is kept nowhere.
		p.Request = chat.Request{
			Key: "home:" + e.TeamID + ":" + m.User + ":" + m.EventTS, Source: chat.FromHome, Team: e.TeamID,
			Enterprise: e.EnterpriseID, App: e.APIAppID, User: m.User,
		}
		return p, m.Tab == "home" && m.User != self.User, nil
	}
	source := chat.FromMention
	switch {
	case m.Type == "message" && m.ChannelType == "im", m.Type == "app_mention" && strings.HasPrefix(m.Channel, "D"):
		source = chat.FromDirect
	case m.Type != "app_mention":
		return p, false, nil
	}
	// What bots say is not a command, least of all what this one says; an edit
	// of a message is not a new one.
	if m.BotID != "" || m.Subtype != "" || m.User == self.User {
		return p, false, nil
	}
	if m.Channel == "" || m.TS == "" {
		return p, false, fmt.Errorf("message without channel or ts")
	}
	p.again = true
	p.Request = chat.Request{
		// Not the event's id: Slack may deliver one message under several.
		Key:    "message:" + e.TeamID + ":" + m.Channel + ":" + m.TS,
		Source: source, Team: e.TeamID, Enterprise: e.EnterpriseID, App: e.APIAppID, User: m.User,
		Channel: m.Channel, Thread: m.ThreadTS, Message: m.TS, Text: withoutMention(m.Text, self.User),
	}
	return p, true, nil
}

// withoutMention takes the bot's own mention from the beginning of a message,
// so that what is left reads as behind the slash command.
func withoutMention(text, bot string) string {
	rest, found := strings.CutPrefix(strings.TrimSpace(text), "<@"+bot)
	if !found || bot == "" {
		return text
	}
	label, rest, found := strings.Cut(rest, ">")
	if !found || (label != "" && label[0] != '|') {
		return text
	}
	return strings.TrimLeft(rest, " \t:,")
}

// actionID writes what readActionID reads; n makes it unique in its message.
func actionID(action chat.Action, n int) string {
	return fmt.Sprintf("%s%s:%d", actionPrefix, action, n)
}

func readActionID(id string) (chat.Action, bool) {
	rest, ours := strings.CutPrefix(id, actionPrefix)
	if !ours {
		return "", false
	}
	action, _, _ := strings.Cut(rest, ":")
	return chat.Action(action), action != ""
}

// first answers the first of two that is not empty.
func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
