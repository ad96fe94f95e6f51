package slack

import (
	"context"
	"fmt"
	"slices"
)

// Messages are a channel's messages that everyone in it sees, oldest first,
// thread replies among them.
func (w *Workspace) Messages(channel string) []Message {
	return w.filter(func(m *Message) bool { return m.Channel == channel && m.EphemeralTo == "" && !m.Deleted })
}

// Thread is a message and its replies.
func (w *Workspace) Thread(channel, ts string) []Message {
	return w.filter(func(m *Message) bool {
		return m.Channel == channel && (m.TS == ts || m.Thread == ts) && m.EphemeralTo == ""
	})
}

// Ephemerals are the messages that only this person sees.
func (w *Workspace) Ephemerals(user string) []Message {
	return w.filter(func(m *Message) bool { return m.EphemeralTo == user })
}

// Message is one message as it stands now.
func (w *Workspace) Message(channel, ts string) (Message, bool) {
	found := w.filter(func(m *Message) bool { return m.Channel == channel && m.TS == ts })
	if len(found) == 0 {
		return Message{}, false
	}
	return found[0], true
}

// Wait answers the first message, ephemeral ones included, for which match is
// true, now or after a later change. match must not call the workspace.
func (w *Workspace) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	for {
		w.mu.Lock()
		changed := w.changed
		found := w.each(func(m *Message) bool { return match(*m) })
		w.mu.Unlock()
		if len(found) > 0 {
			return found[0], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("waiting for a message: %w", ctx.Err())
		}
	}
}

// WaitFor waits until the condition holds; it is asked again after every change
// of the workspace and may call its methods.
func (w *Workspace) WaitFor(ctx context.Context, condition func() bool) error {
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the workspace: %w", ctx.Err())
		}
	}
}

func (w *Workspace) filter(keep func(*Message) bool) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.each(keep)
}

func (w *Workspace) each(keep func(*Message) bool) []Message {
	var out []Message
	for _, c := range w.channels {
		for _, m := range c.messages {
			if keep(m) {
				out = append(out, *m)
			}
		}
	}
	return out
}

// Join puts a person (or BotUserID) into a channel.
func (w *Workspace) Join(channel, user string) error {
	return w.editChannel(channel, func(c *Channel) {
		if !c.has(user) {
			c.Members = append(c.Members, user)
		}
	})
}

// Leave takes a person (or BotUserID) out of a channel.
func (w *Workspace) Leave(channel, user string) error {
	return w.editChannel(channel, func(c *Channel) {
		c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == user })
	})
}

// Archive archives a channel, or brings it back.
func (w *Workspace) Archive(channel string, archived bool) error {
	return w.editChannel(channel, func(c *Channel) { c.Archived = archived })
}

// AddChannel makes a channel.
func (w *Workspace) AddChannel(c Channel) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.ID == "" || c.Name == "" || w.channel(c.ID) != nil {
		return fmt.Errorf("channel %q: it needs a name and an id of its own", c.ID)
	}
	c.messages = nil
	w.channels = append(w.channels, &c)
	w.change()
	return nil
}

func (w *Workspace) editChannel(id string, edit func(*Channel)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channel(id)
	if c == nil {
		return fmt.Errorf("no channel %q", id)
	}
	edit(c)
	w.change()
	return nil
}

// AddUser makes a person, who is in no channel yet.
func (w *Workspace) AddUser(u User) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u.ID == "" || u.Name == "" || w.user(u.ID) != nil {
		return fmt.Errorf("user %q: they need a name and an id of their own", u.ID)
	}
	w.users = append(w.users, &u)
	w.change()
	return nil
}

// EditUser changes a person: deactivates them, makes them a guest, moves them
// to another workspace, sets their locale.
func (w *Workspace) EditUser(id string, edit func(*User)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.user(id)
	if u == nil {
		return fmt.Errorf("%q: %w", id, ErrNoSuchUser)
	}
	edit(u)
	w.change()
	return nil
}

// SetGroup replaces the members of a user group.
func (w *Workspace) SetGroup(id string, members ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.groups, func(g *Group) bool { return g.ID == id })
	if i < 0 {
		return fmt.Errorf("no user group %q", id)
	}
	w.groups[i].Members = slices.Clone(members)
	w.change()
	return nil
}

// Revoke makes the bot token invalid (token_revoked), or valid again.
func (w *Workspace) Revoke(revoked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revoked = revoked
}
