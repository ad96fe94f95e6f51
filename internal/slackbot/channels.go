package slackbot

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// CanPost says whether the bot can post in a channel: nil, or
// channel_not_posted where it is not a member, the channel is archived or not
// there, or could_not_check. It asks now. A direct message to the bot is fine.
func (a *API) CanPost(ctx context.Context, channel string) error {
	c, err := a.channels.Get(ctx, channel, a.now())
	switch {
	case err != nil && isGone(reason(err)):
		return bcn.E(bcn.CodeChannelNotPosted, "channel", channel).Wrap(err)
	case err != nil:
		return couldNotCheck("Slack", err)
	case c.IsIM: // the bot sees its own direct messages only
		return nil
	case !c.IsMember || c.IsArchived:
		return bcn.E(bcn.CodeChannelNotPosted, "channel", channel)
	default:
		return nil
	}
}

// ChannelName answers a channel's name, at most 60 s old, for lists and logs.
func (a *API) ChannelName(ctx context.Context, channel string) (string, error) {
	c, err := a.channels.Get(ctx, channel, time.Time{})
	if err != nil {
		return "", err
	}
	return c.Name, nil
}

func (a *API) readChannel(ctx context.Context, channel string) (c *slack.Channel, err error) {
	err = a.limits.call(ctx, "conversations.info", "", patience, func(ctx context.Context) error {
		c, err = a.web.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("conversations.info %s: %w", channel, err)
	}
	return c, nil
}

// Permalink answers the address of a message; it is asked for once.
func (a *API) Permalink(ctx context.Context, channel, ts string) (string, error) {
	return a.links.Get(ctx, messageKey{channel, ts}, time.Time{})
}

func (a *API) readPermalink(ctx context.Context, m messageKey) (link string, err error) {
	err = a.limits.call(ctx, "chat.getPermalink", "", patience, func(ctx context.Context) error {
		link, err = a.web.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: m.channel, Ts: m.ts})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("chat.getPermalink %s %s: %w", m.channel, m.ts, err)
	}
	return link, nil
}

// openDirect answers the channel of the direct messages with a user.
func (a *API) openDirect(ctx context.Context, user string) (channel string, err error) {
	err = a.limits.call(ctx, "conversations.open", "", patience, func(ctx context.Context) error {
		c, _, _, err := a.web.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
		if err == nil {
			channel = c.ID
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("conversations.open %s: %w", user, err)
	}
	return channel, nil
}

// isGone says that Slack will never take a message for that place.
func isGone(reason string) bool {
	switch reason {
	case "not_in_channel", "channel_not_found", "is_archived", "user_not_in_channel", "user_not_found",
		"users_not_found", "cannot_dm_bot", "user_disabled", "restricted_action",
		"restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"restricted_action_non_threadable_channel", "thread_not_found", "message_not_found",
		"cant_update_message", "edit_window_closed", "messages_tab_disabled":
		return true
	default:
		return false
	}
}
