package directory_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/directory"
	"github.com/bcn-bot/bcn/internal/githubx"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/slackbot"
)

// world is a Slack and a GitHub of its own, and the teams of bot.yaml.
type world struct {
	*directory.Directory
	slack  *localslack.Workspace
	github *localgithub.Server
}

func start(t *testing.T) world {
	t.Helper()
	s, err := localslack.New(localslack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(context.Background(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	g := localgithub.New(localgithub.Options{})
	if err := g.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); _ = s.Close(); _ = g.Close() })
	api := slackbot.NewAPI(slackbot.APIOptions{
		BotToken: s.BotToken(), URL: s.APIURL(), HTTP: &http.Client{Transport: transport, Timeout: 10 * time.Second},
	})
	client, err := githubx.New(githubx.Options{Token: g.Token(), URL: g.URL(), Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	d := directory.New(directory.Options{
		Slack: api, GitHub: client,
		People: []config.Person{{Slack: "U0DEV", GitHub: "dana"}, {Slack: "U0LEAD", GitHub: "Lee"}},
		Teams: map[string]config.Team{
			"developers": {SlackUsergroup: "S0DEVELOPERS"},
			"leads":      {GitHubTeam: "acme/leads"},
			"oncall":     {Members: []string{"U0ONCALL"}},
			"both":       {SlackUsergroup: "S0DEVELOPERS", GitHubTeam: "acme/leads", Members: []string{"U0ADMIN"}},
		},
	})
	return world{d, s, g}
}

func TestTeamsOf(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	all := []string{"developers", "leads", "oncall", "both"}

	t.Run("a team is the union of what it names", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		for user, want := range map[string][]string{
			"U0DEV": {"developers", "both"}, "U0LEAD": {"leads", "both"}, "U0ONCALL": {"oncall"}, "U0ADMIN": {"both"}, "U0GUEST": nil, "": nil,
		} {
			if got, err := w.TeamsOf(ctx, user, all, bcn.Matter{}, time.Now()); !slices.Equal(got, want) || err != nil {
				t.Errorf("%s: %v, %v", user, got, err)
			}
		}
	})

	t.Run("only the named teams are read", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.slack.Fault(localslack.Fault{Method: "usergroups.users.list", Status: 503})
		if got, err := w.TeamsOf(ctx, "U0LEAD", []string{"leads", "oncall"}, bcn.Matter{}, time.Now()); !slices.Equal(got, []string{"leads"}) || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	})

	t.Run("who left is out at the next fresh read, and within a minute for others", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		if in, _ := w.Member(ctx, "U0LEAD", "leads", bcn.Matter{}, time.Now()); !in {
			t.Fatal("lee is no lead")
		}
		w.github.RemoveMember("acme", "leads", "lee")
		if in, err := w.Member(ctx, "U0LEAD", "leads", bcn.Matter{}, time.Time{}); !in || err != nil {
			t.Errorf("from the cache: %v, %v", in, err)
		}
		if in, err := w.Member(ctx, "U0LEAD", "leads", bcn.Matter{}, time.Now()); in || err != nil {
			t.Errorf("fresh: %v, %v", in, err)
		}
	})
}

func TestOutage(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("an outage is could_not_check, unless something else says yes", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.github.Fault(localgithub.Fault{Status: 503})
		w.slack.Fault(localslack.Fault{Method: "usergroups.users.list", Status: 503})
		if in, err := w.Member(ctx, "U0LEAD", "leads", bcn.Matter{}, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("GitHub is down: %v, %v", in, err)
		}
		if in, err := w.Member(ctx, "U0DEV2", "both", bcn.Matter{}, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("Slack is down for somebody without a GitHub account: %v, %v", in, err)
		}
		if in, err := w.Member(ctx, "U0ADMIN", "both", bcn.Matter{}, time.Now()); !in || err != nil {
			t.Errorf("a static member: %v, %v", in, err)
		}
		w.github.ClearFaults()
		if in, err := w.Member(ctx, "U0LEAD", "both", bcn.Matter{}, time.Now()); !in || err != nil {
			t.Errorf("Slack is down, GitHub says yes: %v, %v", in, err)
		}
		if in, err := w.Member(ctx, "U0DEV", "both", bcn.Matter{}, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("Slack is down, GitHub says no: %v, %v", in, err)
		}
	})

	t.Run("a team that is gone is could_not_check", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		w.github.RemoveTeam("acme", "leads")
		if in, err := w.Member(ctx, "U0LEAD", "leads", bcn.Matter{}, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("on GitHub: %v, %v", in, err)
		}
		if in, err := w.Member(ctx, "U0LEAD", "nonsense", bcn.Matter{}, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("in bot.yaml: %v, %v", in, err)
		}
	})
}

func TestShared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("a hundred clicks at once cost two reads", func(t *testing.T) {
		t.Parallel()
		w := start(t)
		var clicks sync.WaitGroup
		for range 100 {
			clicks.Go(func() {
				if in, err := w.Member(ctx, "U0LEAD", "leads", bcn.Matter{}, time.Now()); !in || err != nil {
					t.Errorf("%v, %v", in, err)
				}
			})
		}
		clicks.Wait()
		if n := w.github.Calls("GET /orgs/{org}/teams/{slug}/memberships/{user}"); n > 20 {
			t.Errorf("%d reads", n)
		}
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := start(t)
	w.github.SetMember("acme", "leads", "unknown-to-bot-yaml", localgithub.Active)
	got, err := w.Members(ctx, "both", bcn.Matter{}, time.Time{})
	if want := []string{"U0ADMIN", "U0DEV", "U0DEV2", "U0LEAD", "U0YUKI"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	w.github.Fault(localgithub.Fault{Status: 503})
	got, err = w.Members(ctx, "both", bcn.Matter{}, time.Now())
	if !slices.Contains(got, "U0ADMIN") || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
		t.Errorf("with GitHub down: %v, %v", got, err)
	}
}
