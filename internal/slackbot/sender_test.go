package slackbot_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/chat"
	local "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/slackbot"
)

func body(s chat.Markup) chat.Message { return chat.Message{Text: s} }

func TestSender(t *testing.T) {
	t.Parallel()

	t.Run("a message is posted with its outbox id, edited, and followed by its thread", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.outbox.add(slackbot.Out{ID: 7, Channel: deploys, Body: body("planning")})
		if fate := r.outbox.await(t, 7); fate != "posted" {
			t.Fatal(fate)
		}
		ts := r.outbox.at(7)
		r.outbox.add(
			slackbot.Out{ID: 8, Channel: deploys, UpdateTS: ts, Version: 2, Body: body("planned")},
			slackbot.Out{ID: 9, Channel: deploys, ThreadTS: ts, Body: body("a milestone")},
			slackbot.Out{ID: 10, Channel: deploys, ThreadTS: ts, Broadcast: true, Body: body("it failed")},
		)
		for _, id := range []int64{8, 9, 10} {
			if fate := r.outbox.await(t, id); fate != "posted" {
				t.Errorf("%d: %s", id, fate)
			}
		}
		card, _ := r.Message(deploys, ts)
		if card.Shown() != "planned" || !strings.Contains(string(card.Metadata), `"id":"`) {
			t.Errorf("card %q with metadata %s", card.Shown(), card.Metadata)
		}
		thread := r.Thread(deploys, ts)
		if len(thread) != 3 || thread[1].Text != "a milestone" || thread[1].Broadcast || !thread[2].Broadcast {
			t.Errorf("thread of %d messages", len(thread))
		}
	})

	t.Run("messages of a channel keep their order", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.outbox.add(
			slackbot.Out{ID: 1, Channel: deploys, Body: body("one")},
			slackbot.Out{ID: 2, Channel: deploys, Body: body("two")},
			slackbot.Out{ID: 3, Channel: deploys, Body: body("three")},
		)
		for id := range int64(3) {
			r.outbox.await(t, id+1)
		}
		var said []string
		for _, m := range r.Messages(deploys) {
			said = append(said, m.Text)
		}
		if got := strings.Join(said, " "); got != "one two three" {
			t.Errorf("said %q", got)
		}
	})

	t.Run("a direct and an ephemeral message reach their person alone", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.outbox.add(
			slackbot.Out{ID: 1, User: dev, Direct: true, Body: body("for you")},
			slackbot.Out{ID: 2, Channel: deploys, User: dev, Ephemeral: true, Body: body("psst")},
		)
		r.outbox.await(t, 1)
		r.outbox.await(t, 2)
		direct := r.sees("the direct message", func(m local.Message) bool { return m.Text == "for you" })
		whisper := r.sees("the ephemeral one", func(m local.Message) bool { return m.Text == "psst" })
		if !strings.HasPrefix(direct.Channel, "D") || whisper.EphemeralTo != dev {
			t.Errorf("direct in %s, whisper to %q", direct.Channel, whisper.EphemeralTo)
		}
	})
}

func TestSenderOnce(t *testing.T) {
	t.Parallel()

	t.Run("a post whose answer was lost is found and not posted again", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.Fault(local.Fault{Method: "chat.postMessage", Times: 1, LoseAnswer: true})
		r.outbox.add(slackbot.Out{ID: 7, Channel: deploys, Body: body("once")})
		if fate := r.outbox.await(t, 7); fate != "posted" {
			t.Fatal(fate)
		}
		if n := len(r.Messages(deploys)); n != 1 || r.Messages(deploys)[0].TS != r.outbox.at(7) {
			t.Errorf("%d messages", n)
		}
	})

	t.Run("what a process that died may have posted is looked up first, also in a thread", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		card := slackbot.Out{ID: 7, Channel: deploys, Body: body("card")}
		r.outbox.add(card)
		r.outbox.await(t, 7)
		ts := r.outbox.at(7)
		reply := slackbot.Out{ID: 8, Channel: deploys, ThreadTS: ts, Body: body("milestone")}
		r.outbox.add(reply)
		r.outbox.await(t, 8)
		replyTS := r.outbox.at(8)

		r.outbox.end(7, "")
		r.outbox.end(8, "")
		card.Unconfirmed, reply.Unconfirmed = true, true
		fresh := slackbot.Out{ID: 9, Channel: deploys, Unconfirmed: true, Body: body("never posted")}
		r.outbox.add(card, reply, fresh)
		for _, id := range []int64{7, 8, 9} {
			if fate := r.outbox.await(t, id); fate != "posted" {
				t.Errorf("%d: %s", id, fate)
			}
		}
		if r.outbox.at(7) != ts || r.outbox.at(8) != replyTS || len(r.Messages(deploys)) != 3 {
			t.Errorf("%d messages, want the two and the new one", len(r.Messages(deploys)))
		}
	})
}

func TestSenderLimits(t *testing.T) {
	t.Parallel()

	t.Run("what Slack will never take is dropped with its word", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.outbox.add(
			slackbot.Out{ID: 1, Channel: "C0RANDOM", Body: body("x")},
			slackbot.Out{ID: 2, Channel: "C0NOWHERE", Body: body("x")},
			slackbot.Out{ID: 3, Channel: deploys, UpdateTS: "1.000001", Body: body("x")},
		)
		for id, want := range map[int64]string{1: "drop not_in_channel", 2: "drop channel_not_found", 3: "drop message_not_found"} {
			if fate := r.outbox.await(t, id); fate != want {
				t.Errorf("%d: %s, want %s", id, fate, want)
			}
		}
	})

	t.Run("a long 429 gives the channel's messages back, in order", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.Fault(local.Fault{Method: "chat.postMessage", Times: 1, RetryAfter: 30 * time.Second})
		r.outbox.add(slackbot.Out{ID: 1, Channel: deploys, Body: body("one")}, slackbot.Out{ID: 2, Channel: deploys, Body: body("two")})
		if one, two := r.outbox.await(t, 1), r.outbox.await(t, 2); one != "retry 30s" || two != "retry 31s" {
			t.Errorf("%s, %s", one, two)
		}
	})

	t.Run("progress leaves the last edits of a minute to verdicts", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.outbox.add(slackbot.Out{ID: 100, Channel: deploys, Body: body("card")})
		r.outbox.await(t, 100)
		ts := r.outbox.at(100)
		for id := int64(1); id <= 6; id++ {
			r.outbox.add(slackbot.Out{ID: id, Channel: deploys, UpdateTS: ts, Priority: 1, Body: body("progress")})
		}
		given := 0
		for id := int64(1); id <= 6; id++ {
			if strings.HasPrefix(r.outbox.await(t, id), "retry") {
				given++
			}
		}
		if given == 0 {
			t.Error("no progress was given back")
		}
		r.outbox.add(slackbot.Out{ID: 50, Channel: deploys, UpdateTS: ts, Priority: 0, Body: body("approved")})
		if fate := r.outbox.await(t, 50); fate != "posted" {
			t.Errorf("the verdict: %s", fate)
		}
	})
}

func TestSenderLong(t *testing.T) {
	t.Parallel()

	t.Run("what does not fit into a message goes on in its thread", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		m := body("long")
		for range 60 {
			m.Blocks = append(m.Blocks, chat.Block{Section: "a line"})
		}
		r.outbox.add(slackbot.Out{ID: 1, Channel: deploys, Body: m})
		if fate := r.outbox.await(t, 1); fate != "posted" {
			t.Fatal(fate)
		}
		thread := r.Thread(deploys, r.outbox.at(1))
		if len(thread) != 2 || !strings.Contains(thread[0].Shown(), "The rest is in the thread.") {
			t.Fatalf("%d messages", len(thread))
		}
		lines := 0
		for _, part := range thread {
			var blocks []map[string]any
			_ = json.Unmarshal(part.Blocks, &blocks)
			for _, b := range blocks {
				if b["type"] == "section" {
					lines++
				}
			}
		}
		if lines != 60 {
			t.Errorf("%d of 60 lines are shown", lines)
		}
	})
}
