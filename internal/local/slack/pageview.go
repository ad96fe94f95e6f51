package slack

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageModel is all that the page shows to one person.
type pageModel struct {
	Me       personView
	People   []personView
	Channels []channelView
	DM       channelView
	Current  *channelView
	Messages []messageView
	Home     []blockView // the app's Home tab, in its direct message
	HomeOf   string      // whose it is, there
	Thread   *threadView
	View     *viewView
	Controls []Control
	Command  string
	Pane     string // nav, main or thread: the one that a phone shows
	Sockets  int
}

type personView struct {
	ID, Name, RealName, Title, Initial string
	Color                              int
	App, Deleted, Current              bool
	URL                                string
}

type channelView struct {
	ID, Name, Topic, URL      string
	IM, Current, Archived     bool
	Unread, Mentions, Members int
	BotIn                     bool
}

type messageView struct {
	TS, Channel, Time, Clock, Day string
	Author                        personView
	HTML                          template.HTML
	Blocks                        []blockView
	Edited, Ephemeral, Failed     bool
	Deleted, Continued, Broadcast bool
	Replies                       int
	LastReply, ThreadURL          string
	Reactions                     []reactionView
	Files                         []File
	User, Thread                  string // for the forms
}

type reactionView struct {
	Emoji string
	Count int
}

type threadView struct {
	TS       string
	Parent   messageView
	Messages []messageView
	Count    int // of the replies that everyone sees
	CloseURL string
}

type viewView struct {
	ID, Title, Submit, Close string
	Blocks                   []blockView
}

// look builds the page for a person in a channel, with a thread beside it. It
// counts what it shows as read. The lock is held.
func (w *Workspace) look(user, channel, thread string, nav bool) *pageModel {
	u := w.user(user)
	if u == nil || u.Bot {
		u = w.users[0]
	}
	m := &pageModel{Controls: w.opts.Controls, Command: w.opts.Command, Pane: "nav", Sockets: len(w.sockets)}
	m.Me = w.person(u.ID, channel)
	for _, p := range w.users {
		if !p.Bot {
			v := w.person(p.ID, channel)
			v.Current = p.ID == u.ID
			m.People = append(m.People, v)
		}
	}
	if u.Deleted {
		return m
	}
	r := mrkdwn{names: w, me: u.ID, base: w.base}
	if c := w.visible(u.ID, channel); c != nil {
		m.Pane = "main"
		w.lookInto(m, r, u, c, thread)
	}
	if nav {
		m.Pane = "nav"
	}
	m.Channels, m.DM = w.sidebar(u, m.Current)
	m.View = w.openView(r, u.ID)
	return m
}

// maxShown is how many of a channel's messages the page holds.
const maxShown = 200

// visible is the channel, if the person may see it. The lock is held.
func (w *Workspace) visible(user, channel string) *Channel {
	if channel == imID(user) {
		return w.im(user)
	}
	c := w.channel(channel)
	if c == nil || c.IM != "" || !c.has(user) {
		return nil
	}
	return c
}

func (w *Workspace) lookInto(m *pageModel, r mrkdwn, u *User, c *Channel, thread string) {
	w.markRead(u.ID, c)
	v := w.channelView(u.ID, c)
	v.Current, m.Current = true, &v
	var shown []*Message
	for _, msg := range c.messages {
		if msg.visibleTo(u.ID) && (msg.Thread == "" || msg.Broadcast) {
			shown = append(shown, msg)
		}
	}
	m.Messages = w.messageViews(r, u.ID, c, shown[max(0, len(shown)-maxShown):])
	m.HomeOf = c.IM
	if home := w.views["VHOME"+c.IM]; home != nil && c.IM != "" {
		m.Home = r.blocksFor(home.Blocks)
	}
	parent := c.find(thread)
	if parent == nil || thread == "" || !parent.visibleTo(u.ID) {
		return
	}
	m.Pane = "thread"
	var replies []*Message
	for _, msg := range c.messages {
		if msg.Thread == thread && msg.visibleTo(u.ID) {
			replies = append(replies, msg)
		}
	}
	m.Thread = &threadView{
		TS: thread, Parent: w.messageViews(r, u.ID, c, []*Message{parent})[0],
		Messages: w.messageViews(r, u.ID, c, replies), CloseURL: place(u.ID, c.ID, ""),
		Count: len(c.replies(thread)),
	}
	m.Thread.Parent.Day, m.Thread.Parent.Replies = "", 0 // the panel says both itself
	if len(replies) > 0 && sameDay(tsTime(parent.TS), tsTime(replies[0].TS)) {
		m.Thread.Messages[0].Day = ""
	}
}

func (m *Message) visibleTo(user string) bool { return m.EphemeralTo == "" || m.EphemeralTo == user }

func (w *Workspace) markRead(user string, c *Channel) {
	if w.lastRead[user] == nil {
		w.lastRead[user] = map[string]string{}
	}
	if n := len(c.messages); n > 0 {
		w.lastRead[user][c.ID] = c.messages[n-1].TS
	}
}

func (w *Workspace) sidebar(u *User, current *channelView) ([]channelView, channelView) {
	var out []channelView
	for _, c := range w.channels {
		if c.IM == "" && c.has(u.ID) {
			v := w.channelView(u.ID, c)
			v.Current = current != nil && current.ID == c.ID
			out = append(out, v)
		}
	}
	dm := w.channelView(u.ID, w.im(u.ID))
	dm.Current = current != nil && current.ID == dm.ID
	return out, dm
}

func (w *Workspace) channelView(user string, c *Channel) channelView {
	v := channelView{
		ID: c.ID, Name: c.Name, Topic: c.Topic, IM: c.IM != "", Archived: c.Archived,
		URL: place(user, c.ID, ""), Members: len(c.Members), BotIn: c.has(BotUserID),
	}
	if v.IM {
		v.Name, v.Topic = "bcn", "Deploys, approvals and access from chat"
	}
	read := w.lastRead[user][c.ID]
	for _, m := range c.messages {
		if m.TS <= read || m.User == user || !m.visibleTo(user) {
			continue
		}
		mentioned := w.mentions(m, user)
		if m.Thread == "" || m.Broadcast || mentioned {
			v.Unread++
		}
		if mentioned || v.IM {
			v.Mentions++
		}
	}
	return v
}

// mentions says whether a message names a person, or a group they are in.
func (w *Workspace) mentions(m *Message, user string) bool {
	text := m.Text + string(m.Blocks)
	if strings.Contains(text, "@"+user) {
		return true
	}
	return slices.ContainsFunc(w.groups, func(g *Group) bool {
		return slices.Contains(g.Members, user) && strings.Contains(text, "!subteam^"+g.ID)
	})
}

// person shows who somebody is. The lock is held.
func (w *Workspace) person(id, channel string) personView {
	if id == slackbotID {
		return personView{ID: id, Name: "Slackbot", RealName: "Slackbot", Initial: "S", Color: 7, App: true}
	}
	u := w.user(id)
	if u == nil {
		return personView{ID: id, Name: id, RealName: id, Initial: "?"}
	}
	i := slices.Index(w.users, u)
	return personView{
		ID: u.ID, Name: u.Name, RealName: u.RealName, Title: u.Title, Initial: strings.ToUpper(u.Name[:1]),
		Color: i % 8, App: u.Bot, Deleted: u.Deleted, URL: place(u.ID, w.sameOrFirst(u, channel), ""),
	}
}

// sameOrFirst keeps a person who is switched to in the same channel, if they
// are in it. The lock is held.
func (w *Workspace) sameOrFirst(u *User, channel string) string {
	if strings.HasPrefix(channel, "D") {
		return imID(u.ID)
	}
	if c := w.visible(u.ID, channel); c != nil {
		return c.ID
	}
	for _, c := range w.channels {
		if c.IM == "" && c.has(u.ID) {
			return c.ID
		}
	}
	return imID(u.ID)
}

// place is the address of the page for a person, a channel and a thread.
func place(user, channel, thread string) string {
	q := url.Values{"u": {user}, "c": {channel}}
	if thread != "" {
		q.Set("t", thread)
	}
	return "/?" + q.Encode()
}

// nameOf answers what an id is called, for mrkdwn. The lock is held.
func (w *Workspace) nameOf(id string) (string, bool) {
	if u := w.user(id); u != nil {
		return u.Name, true
	}
	if c := w.channel(id); c != nil {
		return c.Name, true
	}
	for _, g := range w.groups {
		if g.ID == id {
			return g.Handle, true
		}
	}
	return "", false
}

// messageViews shows messages in their order: who writes several in a row is
// named once, and each day has its line.
func (w *Workspace) messageViews(r mrkdwn, user string, c *Channel, all []*Message) []messageView {
	out := make([]messageView, 0, len(all))
	var before *Message
	for _, m := range all {
		v := w.messageView(r, user, c, m)
		at := tsTime(m.TS)
		if before == nil || !sameDay(tsTime(before.TS), at) {
			v.Day = at.Format("Monday, 2 January")
		} else if before.User == m.User && at.Sub(tsTime(before.TS)) < 5*time.Minute &&
			(before.EphemeralTo == "") == (m.EphemeralTo == "") && !m.Broadcast {
			v.Continued = true
		}
		out = append(out, v)
		before = m
	}
	return out
}

func (w *Workspace) messageView(r mrkdwn, user string, c *Channel, m *Message) messageView {
	at := tsTime(m.TS)
	v := messageView{
		TS: m.TS, Channel: c.ID, Time: at.Format("15:04"), Clock: at.Format(time.RFC3339), Author: w.person(m.User, c.ID),
		Edited: m.EditedTS != "", Ephemeral: m.EphemeralTo != "", Failed: m.Failure != "", Deleted: m.Deleted, Broadcast: m.Broadcast,
		Files: m.Files, User: user, ThreadURL: place(user, c.ID, m.TS), Thread: m.Thread,
	}
	if m.Thread != "" {
		v.ThreadURL = place(user, c.ID, m.Thread)
	}
	if m.User == user || len(m.Blocks) == 0 || string(m.Blocks) == "[]" || !m.FromBot() {
		v.HTML = r.render(m.Text)
	} else {
		v.Blocks = r.blocksFor(m.Blocks)
	}
	for _, re := range m.Reactions {
		e, ok := emoji(re.Name)
		if !ok {
			e = ":" + re.Name + ":"
		}
		v.Reactions = append(v.Reactions, reactionView{Emoji: e, Count: re.Count})
	}
	if replies := c.replies(m.TS); len(replies) > 0 {
		v.Replies, v.LastReply = len(replies), tsTime(replies[len(replies)-1].TS).Format("15:04")
	}
	return v
}

// openView is the modal that a person has before them. The lock is held.
func (w *Workspace) openView(r mrkdwn, user string) *viewView {
	for _, v := range w.views {
		if v.User == user && v.Type == "modal" && !v.Closed {
			return &viewView{ID: v.ID, Title: unescape(v.Title), Submit: unescape(v.Submit), Close: textOf(v.raw["close"]), Blocks: r.blocksFor(v.Blocks)}
		}
	}
	return nil
}

// tsTime is the time that a timestamp stands for.
func tsTime(ts string) time.Time {
	sec, frac, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(sec, 10, 64)
	us, _ := strconv.ParseInt(frac, 10, 64)
	return time.Unix(s, us*1000)
}

func sameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }
