package conform_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
	local "github.com/bcn-bot/bcn/internal/local/slack"
)

// desk is the Slack workspace of one row, with a person in front of it.
type desk struct {
	t                 *testing.T
	api               string // address of the Web API, with its final slash
	bot, app          string // tokens
	people            people
	workspace         *local.Workspace  // nil for the real one
	clock             *wire.ManualClock // nil for the real one
	line              *line             // the socket of this row, once it is open
	replies           chan local.Reply  // of what the person typed and pressed, locally
	patience          time.Duration
	channel, outside  string
	archived, group   string
	deactivated       string
	guest, stranger   string
	user, unknownUser string
}

func openSlack(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, unknownUser: "U0CONFORMNOBODY", replies: make(chan local.Reply, 100)}
	if *target == "slack" {
		d.real()
	} else {
		d.local()
	}
	return d
}

func (d *desk) local() {
	d.t.Helper()
	d.clock = wire.NewManualClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))
	w, err := local.New(local.Options{Clock: d.clock})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := w.Start(d.t.Context(), "127.0.0.1:0"); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = w.Close() })
	if err := w.Archive("C0SEC", true); err != nil {
		d.t.Fatal(err)
	}
	d.workspace, d.people, d.patience = w, played{d}, 10*time.Second
	d.api, d.bot, d.app = w.APIURL(), w.BotToken(), w.AppToken()
	d.channel, d.outside, d.archived, d.group = "C0DEPLOYS", "C0RANDOM", "C0SEC", "S0DEVELOPERS"
	d.user, d.guest, d.deactivated, d.stranger = "U0DEV", "U0GUEST", "U0GONE", "U0EXT"
}

func (d *desk) real() {
	d.t.Helper()
	d.people, d.patience = begged{d}, 5*time.Minute
	d.api = cmp.Or(os.Getenv("SLACK_API_URL"), "https://slack.com/api/")
	d.bot, d.app = given(d.t, "SLACK_BOT_TOKEN"), given(d.t, "SLACK_APP_TOKEN")
	for variable, to := range map[string]*string{
		"CHANNEL": &d.channel, "OUTSIDE": &d.outside, "ARCHIVED": &d.archived, "GROUP": &d.group, "USER": &d.user,
		"GUEST": &d.guest, "DEACTIVATED": &d.deactivated, "EXTERNAL": &d.stranger,
	} {
		*to = given(d.t, "BCN_CONFORM_"+variable)
	}
}

func (d *desk) isReal() bool { return d.workspace == nil }

// pass lets time pass.
func (d *desk) pass(t time.Duration) {
	d.t.Helper()
	if d.isReal() {
		wait(d.t, t)
		return
	}
	d.clock.Advance(t)
}

// within bounds a wait for a person or the network.
func (d *desk) within() context.Context {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), d.patience)
	d.t.Cleanup(cancel)
	return ctx
}

// answer is what the Web API answered.
type answer struct {
	status     int
	retryAfter string
	scopes     string
	body       object
}

// says is ok, or the error's code with what else was said.
func (a answer) says() string {
	if a.body["ok"] == true {
		return "ok"
	}
	out, _ := a.body["error"].(string)
	if meta, ok := a.body["response_metadata"].(object); ok {
		for _, m := range asList(meta["messages"]) {
			out += " " + asText(m)
		}
	}
	return out
}

// at follows keys and indexes into the answer; what is not there is "".
func (a answer) at(path ...any) string { return asText(dig(a.body, path...)) }

func dig(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(object)
			v = m[s]
		case int:
			l := asList(v)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

func asList(v any) list { l, _ := v.(list); return l }

func asText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	}
	return text(v)
}

// call makes one call; it waits where it is told to, but for a row that wants
// to be told.
func (d *desk) call(method string, form ...string) answer {
	d.t.Helper()
	for range 5 {
		a := d.callAs(d.bot, method, form...)
		if a.status != http.StatusTooManyRequests {
			return a
		}
		seconds, _ := strconv.Atoi(a.retryAfter)
		d.pass(time.Duration(seconds) * time.Second)
	}
	d.t.Fatalf("%s: limited again and again", method)
	return answer{}
}

// callAs makes one call with a token; form is names and values in turn.
func (d *desk) callAs(token, method string, form ...string) answer {
	d.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	// A row cleans up after its own context has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.t.Context()), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.api+method, strings.NewReader(values.Encode()))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return d.send(req)
}

func (d *desk) send(req *http.Request) answer {
	d.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{status: resp.StatusCode, retryAfter: resp.Header.Get("Retry-After"), scopes: resp.Header.Get("X-Oauth-Scopes")}
	if err := json.NewDecoder(resp.Body).Decode(&a.body); err != nil {
		a.body = object{"ok": resp.StatusCode == http.StatusOK, "error": resp.Status}
	}
	return a
}

// post posts a message of the bot's and answers its ts.
func (d *desk) post(form ...string) string {
	d.t.Helper()
	a := d.call("chat.postMessage", append([]string{"channel", d.channel, "text", "bcn-conform"}, form...)...)
	if a.says() != "ok" {
		d.t.Fatalf("chat.postMessage: %s", a.says())
	}
	d.deleteLater(a)
	return a.at("ts")
}

// deleteLater deletes a message that was posted at the row's end.
func (d *desk) deleteLater(posted answer) {
	if ts := posted.at("ts"); ts != "" && d.isReal() {
		d.t.Cleanup(func() { _ = d.call("chat.delete", "channel", d.channel, "ts", ts) })
	}
}

// found is a message as history shows it.
func (d *desk) found(ts string, more ...string) answer {
	d.t.Helper()
	return d.call("conversations.history", append([]string{"channel", d.channel, "latest", ts, "oldest", ts, "inclusive", "true"}, more...)...)
}
