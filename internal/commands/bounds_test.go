package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// crowd is an installation with much of everything, and long words in it.
func crowd() *world {
	w := sample()
	w.heritages, w.districts, w.endpoints, w.pending, w.changes, w.parked, w.grants = nil, nil, nil, nil, nil, nil, nil
	w.schedules, w.figures = nil, nil
	long := strings.Repeat("<&*", 100)
	for i := range 300 {
		app, id := fmt.Sprintf("app-%03d", i), bcn.ID(3000+i)
		w.heritages = append(w.heritages, bcn.Heritage{App: app, Env: "production", Name: app, District: "main", Source: "dir:" + long})
		w.districts = append(w.districts, bcn.District{Name: app, Region: "eu-west-1", Account: "123456789012", Environments: []string{"production", "staging"}})
		w.endpoints = append(w.endpoints, bcn.Endpoint{Name: app, District: "main", Environments: []string{"production"}, DNSName: app + ".elb.example.com"})
		c := bcn.Change{ID: id, Kind: bcn.KindDeploy, App: app, Env: "production", District: "main", Tag: "v1", Reason: long, State: bcn.ChangeWaiting, Requester: bcn.Actor{User: "U0DEV"}}
		w.changes = append(w.changes, c)
		w.pending = append(w.pending, bcn.Request{ID: id, Requester: "U0DEV", Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 1}}, ExpiresAt: start})
		w.parked = append(w.parked, deploy.Parked{Change: c, Code: bcn.CodeAWSRefused, Params: map[string]string{"what": "x", "why": long}})
		g := someGrants()[i%5]
		g.Change.ID, g.Change.App, g.Change.Reason, g.Change.Requester.User = id, app, long, "U0LEAD"
		w.grants = append(w.grants, g)
		for n := range 40 {
			w.releases[app] = append(w.releases[app], bcn.Release{Heritage: app, Number: int64(40 - n), Tag: "v1", By: "U0DEV", Outcome: bcn.ChangeSucceeded, StartedAt: start, EndedAt: start})
		}
		v := someSchedules()[i%5]
		v.Schedule.ID, v.Schedule.Name, v.Schedule.Command = id, app, "deploy "+app+" production v1 --reason "+long
		if i%2 == 0 {
			v.Schedule.Spec = "*/5 * * * *"
		}
		for range 40 {
			v.History = append(v.History, commands.TickView{Tick: bcn.Tick{
				At: start, State: bcn.TickFailed, Code: bcn.CodeAWSRefused, Params: map[string]string{"why": long},
			}})
		}
		w.schedules = append(w.schedules, v)
		w.figures = append(w.figures, commands.DigestLine{App: app, Env: "production", Deploys: 3, Failed: 1, Lead: time.Hour, Restore: time.Hour})
		w.rollouts[app] = []deploy.Rollout{{Service: "web", Desired: 2, Running: 1, State: "FAILED", Reason: long}}
	}
	return w
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, said := range []string{
		"", "help", "help deploy", "help district adopt", "district", "deploy", "district adopt x", "xyzzy " + strings.Repeat("<", 5000), strings.Repeat("x", 9000),
		"apps", "status", "status app-001", "releases app-001 production", "show app-001 production", "approvals", "parked list", "parked show 3001",
		"access", "access list", "access open 3001 " + recipient, "access --district main", "district list", "district show app-001",
		"schedule", "schedule add --help", "schedule add @daily -- deploy", "schedule list", "schedule show app-001", "schedule calendar", "schedule calendar app-001", "digest",
		"schedule add @daily -- deploy app-001 production v1 --reason " + strings.Repeat("<", 400), "endpoint list", "endpoint show app-001", "whoami", "depoly app-1 prodd v2 --reason " + strings.Repeat("<", 500),
	} {
		t.Run("the answer fits a message: "+said[:min(len(said), 30)], func(t *testing.T) {
			t.Parallel()
			w := crowd()
			r, req := registry(t, w), turn{user: "U0LEAD", text: said}.request()
			m, ok := r.Immediate(req, text.Japanese)
			at := "at once"
			if !ok {
				var err error
				at = "run"
				if m, ok, err = r.Run(context.Background(), req, req.Actor(), deploy.Origin{}, text.Japanese); err != nil || !ok {
					t.Fatal(m, ok, err)
				}
			}
			if at == "at once" {
				if raw, err := json.Marshal(m); err != nil || len(raw) > 15_000 { // Slack: 20 KB as blocks
					t.Errorf("%d bytes in an acknowledgement, %v", len(raw), err)
				}
			}
			fits(t, m)
		})
	}
}

func fits(t *testing.T, m chat.Message) {
	t.Helper()
	if m.Text == "" || len(m.Blocks) > 45 {
		t.Errorf("text %q, %d blocks", m.Text, len(m.Blocks))
	}
	total := 0
	for _, b := range m.Blocks {
		total += len(b.Section) + len(b.Code) + len(b.Context)
		if len(b.Fields) > 10 || len(b.Buttons) > 5 || utf8.RuneCountInString(b.Header) > 150 {
			t.Errorf("block too large: %+v", b)
		}
		for _, f := range b.Fields {
			if utf8.RuneCountInString(string(f)) > 2000 {
				t.Errorf("field of %d", len(f))
			}
		}
		for _, u := range b.Buttons {
			if utf8.RuneCountInString(u.Label) > 75 || u.Label == "" || u.Value == "" {
				t.Errorf("button %+v", u)
			}
		}
	}
	if total > 60_000 {
		t.Errorf("%d bytes in one message", total)
	}
}

func TestImmediate(t *testing.T) {
	t.Parallel()
	r := registry(t, nil) // it would panic if a port were asked

	t.Run("it asks no port", func(t *testing.T) {
		t.Parallel()
		for _, x := range conversations() {
			m, ok := r.Immediate(x.request(), text.English)
			if ok && m.Text == "" {
				t.Errorf("%q: an empty answer", x.text)
			}
		}
	})
	t.Run("a click is never answered at once", func(t *testing.T) {
		t.Parallel()
		if _, ok := r.Immediate(chat.Request{Source: chat.FromClick, Text: "help"}, "en"); ok {
			t.Error("it was")
		}
	})
	t.Run("a typo of a verb with names waits for live names", func(t *testing.T) {
		t.Parallel()
		if _, ok := r.Immediate(chat.Request{Source: chat.FromSlash, Text: "depoly helo prod v2"}, "en"); ok {
			t.Error("it did not")
		}
	})
	t.Run("the configured slash command is what people are told to type", func(t *testing.T) {
		t.Parallel()
		cat, err := text.New(text.WithCommand("/ship"))
		if err != nil {
			t.Fatal(err)
		}
		r := commands.New(commands.Options{Text: cat, Command: "/ship"})
		for _, said := range []string{"", "help", "help deploy", "deploy", "xyzzy", "/ship deploy"} {
			m, ok := r.Immediate(chat.Request{Source: chat.FromSlash, Text: said}, "en")
			if !ok || strings.Contains(show(m), "/bcn") || !strings.Contains(show(m), "/ship") {
				t.Errorf("%q: %s", said, show(m))
			}
		}
	})
}

func TestPrivacy(t *testing.T) {
	t.Parallel()
	t.Run("what somebody may not see is never suggested", func(t *testing.T) {
		t.Parallel()
		w := sample()
		w.blind["shop"] = true
		req := turn{user: "U0DEV", text: "status shp"}.request()
		_, _, err := registry(t, w).Run(context.Background(), req, req.Actor(), deploy.Origin{}, "en")
		if bcn.CodeOf(err) != bcn.CodeUnknownApp || strings.Contains(err.Error(), "shop") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a refused read asks AWS for nothing", func(t *testing.T) {
		t.Parallel()
		w := sample()
		req := turn{user: "U0STRANGER", text: "status hello production"}.request()
		if m, ok, err := registry(t, w).Run(context.Background(), req, req.Actor(), deploy.Origin{}, "en"); bcn.CodeOf(err) != bcn.CodeNotAllowed || ok {
			t.Errorf("got %v %v %v", m, ok, err)
		}
	})
}

// TestRuleVerbs: what bot.yaml may name when nobody tells it otherwise is what
// the table knows.
func TestRuleVerbs(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(slices.Values(config.DefaultVerbs()))
	if got := commands.RuleVerbs(); !slices.Equal(got, want) {
		t.Errorf("the table knows %v\nbot.yaml takes %v", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	got := registry(t, nil).Markdown()
	for _, v := range registry(t, nil).Verbs() {
		for line := range strings.SplitSeq(v.Usage, "\n") {
			if !strings.Contains(got, "/bcn "+line+"\n") {
				t.Errorf("%s is not documented", line)
			}
		}
	}
	if *update {
		if err := os.MkdirAll("../../docs", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "../../docs/commands.md", got)
}
