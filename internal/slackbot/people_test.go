package slackbot_test

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	local "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/slackbot"
)

func TestPeople(t *testing.T) {
	t.Parallel()

	t.Run("a profile says what kind of person it is", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		for user, want := range map[string]func(bcn.Profile) bool{
			dev: func(p bcn.Profile) bool {
				return p.Name == "dana" && !p.Deleted && !p.Restricted && !p.Stranger && !p.Bot
			},
			"U0GUEST": func(p bcn.Profile) bool { return p.Restricted },
			"U0GONE":  func(p bcn.Profile) bool { return p.Deleted },
			"U0EXT":   func(p bcn.Profile) bool { return p.Stranger && p.Team != local.TeamID },
			"U0BCN":   func(p bcn.Profile) bool { return p.Bot },
			"U0YUKI":  func(p bcn.Profile) bool { return p.Locale == "ja-JP" },
		} {
			p, err := r.api.Profile(r.ctx(), user, time.Now())
			if err != nil || !want(p) || p.User != user {
				t.Errorf("%s: %+v, %v", user, p, err)
			}
		}
		if _, err := r.api.Profile(r.ctx(), "U0NOBODY", time.Now()); bcn.CodeOf(err) != bcn.CodeRefusedPerson {
			t.Errorf("a stranger to Slack: %v", err)
		}
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()

	t.Run("a hundred clicks at once cost two reads of a group", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		var clicks sync.WaitGroup
		for range 100 {
			clicks.Go(func() {
				members, err := r.api.GroupMembers(r.ctx(), "S0DEVELOPERS", time.Now())
				if err != nil || !slices.Contains(members, dev) {
					t.Errorf("%v, %v", members, err)
				}
			})
		}
		clicks.Wait()
		if n := r.calls.count("usergroups.users.list"); n > 10 {
			t.Errorf("%d reads", n)
		}
	})

	t.Run("who was taken out of a group is out for the next click", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		if _, err := r.api.GroupMembers(r.ctx(), "S0DEVELOPERS", time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := r.SetGroup("S0DEVELOPERS", "U0DEV2"); err != nil {
			t.Fatal(err)
		}
		members, err := r.api.GroupMembers(r.ctx(), "S0DEVELOPERS", time.Now())
		if err != nil || slices.Contains(members, dev) {
			t.Errorf("%v, %v", members, err)
		}
	})
}

func TestUnreachable(t *testing.T) {
	t.Parallel()

	t.Run("a short 429 is waited for, an outage is no answer", func(t *testing.T) {
		t.Parallel()
		r := start(t, setup{})
		r.Fault(local.Fault{Method: "users.info", Times: 1, RetryAfter: time.Second})
		if _, err := r.api.Profile(r.ctx(), dev, time.Now()); err != nil {
			t.Errorf("after a second: %v", err)
		}
		r.Fault(local.Fault{Method: "users.info", RetryAfter: 30 * time.Second})
		r.Fault(local.Fault{Method: "usergroups.users.list", Status: 503})
		if _, err := r.api.Profile(r.ctx(), dev, time.Now()); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("a long 429: %v", err)
		}
		if _, err := r.api.GroupMembers(r.ctx(), "S0DEVELOPERS", time.Now()); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("an outage: %v", err)
		}
		if _, err := r.api.GroupMembers(r.ctx(), "S0NOTHING", time.Now()); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("a group that is not there: %v", err)
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r := start(t, setup{})
	r.slash(dev, "help") // over a socket that said hello
	self, err := r.api.Identify(r.ctx())
	if err != nil || self.Team != local.TeamID || self.User != local.BotUserID || self.App != local.AppID || !slices.Contains(self.Scopes, "chat:write") {
		t.Errorf("%+v, %v", self, err)
	}
	if err := r.api.CheckAppToken(r.ctx()); err != nil {
		t.Errorf("a good app token: %v", err)
	}
	wrong := slackbot.NewAPI(slackbot.APIOptions{BotToken: r.BotToken(), AppToken: "xapp-wrong", URL: r.APIURL(), HTTP: &http.Client{Transport: r.calls}})
	if fatal, ok := errors.AsType[*slackbot.FatalError](wrong.CheckAppToken(r.ctx())); !ok || fatal.Reason != "invalid_auth" {
		t.Errorf("a wrong app token: %v", fatal)
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	r := start(t, setup{})
	if err := r.Archive("C0SEC", true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.DM(r.ctx(), dev, "help"); err != nil { // opens the conversation
		t.Fatal(err)
	}
	for channel, want := range map[string]bcn.Code{
		deploys: "", "D0DEV": "", "D0STRANGERS": bcn.CodeChannelNotPosted, "C0RANDOM": bcn.CodeChannelNotPosted, "C0NOWHERE": bcn.CodeChannelNotPosted, "C0SEC": bcn.CodeChannelNotPosted,
	} {
		if got := bcn.CodeOf(r.api.CanPost(r.ctx(), channel)); got != want {
			t.Errorf("%s: %q, want %q", channel, got, want)
		}
	}
	card := r.card()
	link, err := r.api.Permalink(r.ctx(), deploys, card.TS)
	if err != nil || link == "" {
		t.Errorf("permalink %q, %v", link, err)
	}
	if again, _ := r.api.Permalink(r.ctx(), deploys, card.TS); again != link || r.calls.count("chat.getPermalink") != 1 {
		t.Error("the permalink was asked for twice")
	}
}
