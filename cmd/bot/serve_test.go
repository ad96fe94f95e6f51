package main

import (
	"bufio"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// `bot serve` alone: Slack, AWS, GitHub and the database are other processes,
// and nothing is shared but addresses and tokens.
func TestServeAlone(t *testing.T) {
	t.Parallel()
	w := apart(t)
	for i, command := range w.sample {
		w.say("U0ADMIN", "C0APPROVE", command)
		w.until("U0ADMIN", "C0APPROVE", "succeeded after", i+1)
	}
	w.say("U0ADMIN", "C0APPROVE", "/bcn deploy hello production v1")
	w.until("U0ADMIN", "C0DEPLOY", "now runs", 1)
	w.say("U0DEV", "C0DEPLOYS", "/bcn deploy hello production v2")
	card := w.until("U0LEAD", "C0APPROVE", "waits for approval", 1)
	w.press("U0LEAD", "C0APPROVE", card, "approve")
	w.until("U0DEV", "C0DEPLOY", "now runs", 2)

	out, errs, code := runBot(t, w.env, "audit", "verify")
	if code != 0 || !strings.Contains(out, "all whole") {
		t.Errorf("audit verify: exit %d\n%s%s", code, out, errs)
	}
	if out, errs, code = runBot(t, w.env, "halt", "for a test"); code != 0 {
		t.Errorf("halt: exit %d\n%s%s", code, out, errs)
	}
	if out, errs, code = runBot(t, w.env, "resume"); code != 0 {
		t.Errorf("resume: exit %d\n%s%s", code, out, errs)
	}
	if out, errs, code = runBot(t, w.env, "check"); code != 0 {
		t.Errorf("check: exit %d\n%s%s", code, out, errs)
	}
}

// parts are the processes of a whole bcn, driven through the page.
type parts struct {
	t      *testing.T
	page   string
	sample []string
	env    []string
	serve  *process
}

func apart(t *testing.T) *parts {
	t.Helper()
	w := &parts{t: t}
	slack := start(t, nil, "local", "slack", "--addr", "127.0.0.1:0")
	w.page = slack.line(t)
	w.env = append(w.env, slack.line(t), slack.line(t))
	github := start(t, nil, "local", "github", "--addr", "127.0.0.1:0")
	githubURL, githubToken := github.line(t), github.line(t)
	aws := start(t, nil, "local", "aws", "--addr", "127.0.0.1:0", "--sample")
	awsURL := aws.line(t)
	for range 4 {
		w.sample = append(w.sample, aws.line(t))
	}
	app, owner := pg.Database(t)
	w.env = append(w.env, githubToken, "GITHUB_API_URL="+githubURL, "SLACK_API_URL="+w.page+"api/",
		"DATABASE_URL="+app, "MIGRATE_DATABASE_URL="+owner, "BCN_KEY="+base64.StdEncoding.EncodeToString(storetest.Key),
		"AWS_ENDPOINT_URL="+awsURL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=someone", "AWS_SECRET_ACCESS_KEY=something",
		"BCN_CONFIG=internal/config/testdata/bot.yaml", "BCN_HTTP_ADDR=127.0.0.1:0")
	w.serve = start(t, w.env, "serve")
	w.connected()
	return w
}

// connected waits until the page says that the bot has a socket.
func (w *parts) connected() {
	w.t.Helper()
	w.watch("U0ADMIN", "C0APPROVE", func(page string) bool { return strings.Contains(page, "bot connected") }, "the bot's socket")
}

// say types into the page's composer.
func (w *parts) say(user, channel, text string) {
	w.t.Helper()
	w.post("say", url.Values{"u": {user}, "c": {channel}, "text": {text}})
}

func (w *parts) press(user, channel, ts, action string) {
	w.t.Helper()
	w.post("click", url.Values{"u": {user}, "c": {channel}, "ts": {ts}, "press": {"bcn:" + action + ":0"}})
}

func (w *parts) post(path string, form url.Values) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.page+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Scripted", "1")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	if body := read(w.t, resp); resp.StatusCode >= 300 {
		w.t.Fatalf("%s %v: %d %s", path, form, resp.StatusCode, body)
	}
}

// message is where a message begins on the page.
var message = regexp.MustCompile(`data-ts="([0-9.]+)"`)

// until waits until the channel shows the words n times, and answers the ts of
// the message that shows them last.
func (w *parts) until(user, channel, words string, n int) (ts string) {
	w.t.Helper()
	w.watch(user, channel, func(page string) bool {
		if strings.Count(page, words) < n {
			return false
		}
		for _, m := range message.FindAllStringSubmatch(page[:strings.LastIndex(page, words)], -1) {
			ts = m[1]
		}
		return ts != ""
	}, words)
	return ts
}

// watch looks at the page whenever the workspace says that something changed.
func (w *parts) watch(user, channel string, ok func(string) bool, what string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.page+"stream", http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	stream, err := (&http.Client{Timeout: patience}).Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	page := ""
	for s := bufio.NewScanner(stream.Body); s.Scan(); {
		if s.Text() == "" {
			continue
		}
		look, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.page+"?u="+user+"&c="+channel, http.NoBody)
		if err != nil {
			w.t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(look)
		if err != nil {
			w.t.Fatal(err)
		}
		page = html.UnescapeString(read(w.t, resp))
		if ok(page) {
			return
		}
	}
	w.t.Fatalf("waiting for %s in %s\n%s\n%s", what, channel, tags.ReplaceAllString(page, " "), w.serve.log)
}

var tags = regexp.MustCompile(`(?s)<[^>]*>`)
