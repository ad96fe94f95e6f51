package conform_test

import (
	"context"
	"slices"
	"strings"

	local "github.com/bcn-bot/bcn/internal/local/slack"
)

// people is what a person does at the desk. None of it waits for what comes of
// it: that is on the socket.
type people interface {
	// slash types the app's command in a channel.
	slash(channel, text string)
	// click presses a button of a message that everyone sees.
	click(ts, action string)
	// clickOwn presses a button of a message that only this person sees.
	clickOwn(action string)
	// mention writes to the bot in the channel, in a thread where ts is not empty.
	mention(thread, text string)
	// dm writes to the bot alone.
	dm(text string)
	// submit fills in the only field of the modal before them, and sends it.
	submit(block, action, value string)
	// socketMode switches Socket Mode off or on in the app's settings.
	socketMode(on bool)
	// saw answers yes where the person saw the text, without which they could
	// not know, after what they did last; else no.
	saw(text string) string
}

// played is a person of the local workspace.
type played struct{ d *desk }

// later does what waits for the app's acknowledgement.
func (p played) later(do func(context.Context) (local.Reply, error)) {
	ctx := context.WithoutCancel(p.d.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if r, err := do(ctx); err == nil {
			p.d.replies <- r
		}
	}()
	p.d.t.Cleanup(func() { _ = p.d.workspace.Close(); <-done })
}

func (p played) slash(channel, text string) {
	p.later(func(ctx context.Context) (local.Reply, error) {
		return p.d.workspace.Slash(ctx, p.d.user, channel, text)
	})
}

func (p played) click(ts, action string) {
	m, _ := p.d.workspace.Message(p.d.channel, ts)
	p.later(func(ctx context.Context) (local.Reply, error) { return p.d.workspace.Click(ctx, p.d.user, m, action) })
}

func (p played) clickOwn(action string) {
	p.d.t.Helper()
	m, err := p.d.workspace.Wait(p.d.within(), func(m local.Message) bool {
		_, ok := m.Button(action)
		return ok && m.EphemeralTo == p.d.user
	})
	if err != nil {
		p.d.t.Fatal(err)
	}
	p.later(func(ctx context.Context) (local.Reply, error) { return p.d.workspace.Click(ctx, p.d.user, m, action) })
}

func (p played) mention(thread, text string) {
	p.d.t.Helper()
	if _, err := p.d.workspace.Mention(p.d.within(), p.d.user, p.d.channel, thread, text); err != nil {
		p.d.t.Fatal(err)
	}
}

func (p played) dm(text string) {
	p.d.t.Helper()
	if _, err := p.d.workspace.DM(p.d.within(), p.d.user, text); err != nil {
		p.d.t.Fatal(err)
	}
}

func (p played) submit(block, action, value string) {
	p.d.t.Helper()
	views := p.d.workspace.Views(p.d.user)
	if len(views) != 1 {
		p.d.t.Fatalf("%d views are open", len(views))
	}
	p.later(func(ctx context.Context) (local.Reply, error) {
		_, err := p.d.workspace.Submit(ctx, p.d.user, views[0].ID, map[string]map[string]string{block: {action: value}})
		return local.Reply{}, err
	})
}

func (p played) socketMode(on bool) { p.d.workspace.SocketMode(on) }

func (p played) saw(text string) string {
	p.d.t.Helper()
	select {
	case <-p.d.replies:
	case <-p.d.within().Done():
		p.d.t.Fatal("nothing came of what the person did")
	}
	if slices.ContainsFunc(p.d.workspace.Ephemerals(p.d.user), func(m local.Message) bool { return strings.Contains(m.Text, text) }) {
		return "yes"
	}
	return "no"
}

// begged is the person in front of the real workspace: each deed is asked for
// by a message in the channel.
type begged struct{ d *desk }

func (p begged) please(what string) {
	p.d.t.Helper()
	p.d.post("text", "<@"+p.d.user+"> for bcn-conform, please "+what)
}

func (p begged) slash(channel, text string) {
	p.please("type in <#" + channel + ">: `/bcn " + text + "` (names as Slack offers them)")
}

func (p begged) click(_, action string) {
	p.please("press the button *" + action + "* of the message above")
}

func (p begged) clickOwn(action string) {
	p.please("press the button *" + action + "* of the message that only you see")
}
func (p begged) dm(text string) { p.please("write to the bot in a direct message: `" + text + "`") }
func (p begged) mention(thread, text string) {
	where := "here"
	if thread != "" {
		where = "in the thread of the message above"
	}
	p.please("write " + where + ", to the bot by @: `@bcn " + text + "`")
}

func (p begged) submit(_, _, value string) {
	if value == "" {
		value = "nothing at all"
	}
	p.please("fill in *" + value + "* into the window before you, and send it")
}

func (p begged) socketMode(on bool) {
	word := "off"
	if on {
		word = "on"
	}
	p.please("switch Socket Mode " + word + " in the app's settings, and wait for the next message here")
}

func (p begged) saw(text string) string {
	p.d.t.Helper()
	p.d.post("text", "saw?", "blocks", blocks(section("Did Slack show you `"+text+"` just now?"), actions(button("yes", "yes"), button("no", "no"))))
	for {
		f := p.d.open().envelope("interactive")
		p.d.open().ack(f, nil)
		if word := asText(dig(f, "payload", "actions", 0, "action_id")); word == "yes" || word == "no" {
			return word
		}
	}
}
