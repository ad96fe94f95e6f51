package slackbot

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/slack-go/slack"
)

// postPatience is how long a message may wait for its channel's turn before it
// is given back to the outbox.
const postPatience = 3 * time.Second

// metadataType marks bcn's posts, so that one can be found again by its outbox
// id (DESIGN.md section 10).
const metadataType = "bcn_outbox"

// metadata carries an outbox id, as text: Slack's numbers are JavaScript's, and
// what the message has for programs.
func metadata(id int64, data map[string]string) slack.MsgOption {
	payload := map[string]any{}
	for k, v := range data {
		payload[k] = v
	}
	payload["id"] = strconv.FormatInt(id, 10)
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataType, EventPayload: payload})
}

func (c composed) options(o Out) []slack.MsgOption {
	list := []slack.MsgOption{
		slack.MsgOptionText(c.text, false), slack.MsgOptionBlocks(c.blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if o.ThreadTS != "" {
		list = append(list, slack.MsgOptionTS(o.ThreadTS))
		if o.Broadcast {
			list = append(list, slack.MsgOptionBroadcast())
		}
	}
	if o.ID != 0 {
		list = append(list, metadata(o.ID, o.Body.Data))
	}
	return list
}

// place answers the channel of a message: for a direct one, the conversation
// with its user.
func (a *API) place(ctx context.Context, o Out) (string, error) {
	if !o.Direct {
		return o.Channel, nil
	}
	return a.directs.Get(ctx, o.User, time.Time{})
}

// post posts a message and answers its ts.
func (a *API) post(ctx context.Context, o Out, channel string, c composed) (ts string, err error) {
	err = a.limits.call(ctx, "chat.postMessage", channel, postPatience, func(ctx context.Context) error {
		_, ts, err = a.web.PostMessageContext(ctx, channel, c.options(o)...)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("chat.postMessage: %w", err)
	}
	return ts, nil
}

// postEphemeral shows a message to o.User alone.
func (a *API) postEphemeral(ctx context.Context, o Out, c composed) error {
	o.ID, o.Broadcast = 0, false // neither exists for what only one person sees
	err := a.limits.call(ctx, "chat.postEphemeral", "", postPatience, func(ctx context.Context) error {
		_, err := a.web.PostEphemeralContext(ctx, o.Channel, o.User, c.options(o)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("chat.postEphemeral: %w", err)
	}
	return nil
}

// update edits a message. The metadata is sent again, since an edit without
// it may take it away.
func (a *API) update(ctx context.Context, o Out, channel string, c composed) error {
	o.ThreadTS = ""
	err := a.limits.call(ctx, "chat.update", "", postPatience, func(ctx context.Context) error {
		_, _, _, err := a.web.UpdateMessageContext(ctx, channel, o.UpdateTS, c.options(o)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("chat.update: %w", err)
	}
	return nil
}

// A lookup reads at most so many messages: the newest of a channel, all but of
// the longest threads.
const (
	lookupPage        = 200
	lookupPages       = 3
	lookupThreadPages = 10
)

// find looks for a post of the bot's own by its outbox id: among the newest
// messages of the channel, or in its thread. "" means that it is not there.
func (a *API) find(ctx context.Context, o Out, channel string) (string, error) {
	cursor, self, limit := "", a.Self(), lookupPages
	if o.ThreadTS != "" {
		limit = lookupThreadPages
	}
	for range limit {
		page, next, err := a.history(ctx, o, channel, cursor)
		if err != nil {
			return "", err
		}
		for _, m := range page {
			if self.posted(m) && m.Metadata.EventPayload["id"] == strconv.FormatInt(o.ID, 10) {
				return m.Timestamp, nil
			}
		}
		if next == "" {
			return "", nil
		}
		cursor = next
	}
	return "", nil
}

// posted says that a message is one of bcn's.
func (i Identity) posted(m slack.Message) bool {
	ours := m.BotID == i.Bot && i.Bot != "" || m.User == i.User
	return ours && m.Metadata.EventType == metadataType
}

// maxPosts bounds what Posts reads: 200 messages a page.
const maxPosts = 100

// Posts answers what the bot's own messages in a channel hold for programs under
// a key, the newest first. all is false where the channel is too long to be read
// to its beginning.
func (a *API) Posts(ctx context.Context, channel, key string) (list []string, all bool, err error) {
	cursor, self := "", a.Self()
	for range maxPosts {
		page, next, err := a.history(ctx, Out{}, channel, cursor)
		if err != nil {
			return list, false, err
		}
		for _, m := range page {
			if v, ok := m.Metadata.EventPayload[key].(string); ok && self.posted(m) {
				list = append(list, v)
			}
		}
		if next == "" {
			return list, true, nil
		}
		cursor = next
	}
	return list, false, nil
}

func (a *API) history(ctx context.Context, o Out, channel, cursor string) (page []slack.Message, next string, err error) {
	oldest := ""
	if !o.Since.IsZero() {
		oldest = strconv.FormatInt(o.Since.Unix()-60, 10) // clocks differ a little
	}
	if o.ThreadTS != "" {
		err = a.limits.call(ctx, "conversations.replies", "", postPatience, func(ctx context.Context) error {
			var more bool
			page, more, next, err = a.web.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: channel, Timestamp: o.ThreadTS, Cursor: cursor, Oldest: oldest, Limit: lookupPage, IncludeAllMetadata: true,
			})
			if !more {
				next = ""
			}
			return err
		})
		return page, next, wrap("conversations.replies", err)
	}
	err = a.limits.call(ctx, "conversations.history", "", postPatience, func(ctx context.Context) error {
		answer, err := a.web.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: channel, Cursor: cursor, Oldest: oldest, Limit: lookupPage, IncludeAllMetadata: true,
		})
		if err != nil {
			return err
		}
		page, next = answer.Messages, answer.ResponseMetaData.NextCursor
		return nil
	})
	return page, next, wrap("conversations.history", err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
