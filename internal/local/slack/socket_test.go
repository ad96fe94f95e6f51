package slack_test

import (
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	local "github.com/bcn-bot/bcn/internal/local/slack"
)

func TestSlashCommands(t *testing.T) {
	t.Parallel()

	t.Run("the answer that rides on the acknowledgement is seen by the person alone", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
			_ = c.Ack(*e.Request, map[string]any{"text": "hello " + e.Data.(slack.SlashCommand).Text})
		})
		got, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "deploy <b> & @lee #approvals")
		if err != nil || got.Message == nil {
			t.Fatalf("Slash: %+v, %v", got, err)
		}
		if want := "hello deploy &lt;b&gt; &amp; <@U0LEAD|lee> <#C0APPROVE|approvals>"; got.Message.Text != want {
			t.Errorf("text %q, want %q", got.Message.Text, want)
		}
		if got.Message.EphemeralTo != "U0DEV" || len(w.Messages("C0DEPLOYS")) != 0 {
			t.Errorf("not ephemeral: %+v", got.Message)
		}
	})

	t.Run("slack-go reads every field of the payload", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{Enterprise: "E0ORG"})
		b := connect(t, w, ack)
		if _, err := w.Slash(within(t), "U0DEV", "C0RANDOM", "help"); err != nil {
			t.Fatal(err)
		}
		s := b.next(t).Data.(slack.SlashCommand)
		if s.TeamID != local.TeamID || s.EnterpriseID != "E0ORG" || s.ChannelID != "C0RANDOM" || s.ChannelName != "random" ||
			s.UserID != "U0DEV" || s.Command != "/bcn" || s.Text != "help" || s.APIAppID != local.AppID || s.TriggerID == "" || s.ResponseURL == "" {
			t.Errorf("payload %+v", s)
		}
	})

	t.Run("without a socket the person sees dispatch_failed", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		got, err := w.Slash(within(t), "U0DEV", "C0DEPLOYS", "help")
		if err != nil || got.Error != "dispatch_failed" {
			t.Errorf("Slash: %+v, %v", got, err)
		}
		if eph := w.Ephemerals("U0DEV"); len(eph) != 1 || eph[0].Failure != "dispatch_failed" {
			t.Errorf("ephemerals %+v", eph)
		}
	})
}

func TestClicks(t *testing.T) {
	t.Parallel()

	t.Run("slack-go reads the person, the message and the action", func(t *testing.T) {
		t.Parallel()
		w := start(t, local.Options{})
		b := connect(t, w, ack)
		channel, ts, err := api(w).PostMessageContext(within(t), "C0APPROVE", slack.MsgOptionText("Deploy hello?", false), button("approve", "1042"))
		if err != nil {
			t.Fatal(err)
		}
		m, _ := w.Message(channel, ts)
		if _, err := w.Click(within(t), "U0LEAD", m, "approve"); err != nil {
			t.Fatal(err)
		}
		c := b.next(t).Data.(slack.InteractionCallback)
		a := c.ActionCallback.BlockActions[0]
		if c.Type != slack.InteractionTypeBlockActions || c.User.ID != "U0LEAD" || c.User.TeamID != local.TeamID || c.Team.ID != local.TeamID ||
			c.Channel.ID != "C0APPROVE" || c.Container.MessageTs != ts || c.Message.Timestamp != ts || c.APIAppID != local.AppID ||
			c.TriggerID == "" || c.ResponseURL == "" || a.ActionID != "approve" || a.Value != "1042" || a.BlockID != "decide" || a.ActionTs == "" {
			t.Errorf("payload %+v, action %+v", c, a)
		}
	})
}
