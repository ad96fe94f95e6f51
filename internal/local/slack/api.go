package slack

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a JSON answer.
type object = map[string]any

// apiError is a refusal in Slack's words.
type apiError struct {
	code     string
	messages []string // response_metadata.messages
	extra    object
	retry    time.Duration // with 429
}

func fail(code string, messages ...string) *apiError {
	return &apiError{code: code, messages: messages}
}

// call is one call of a method, past the checks that all methods share. run
// holds the lock.
type call struct {
	w *Workspace
	args
}

// method is one method of the Web API.
type method struct {
	scope string // needed of the bot token; empty: none
	app   bool   // takes the app-level token, and only in the header
	run   func(*call) (object, *apiError)
}

// methods is all of the Web API that is here. Scopes: docs.slack.dev/reference/methods.
func methods() map[string]method {
	return map[string]method{
		"auth.test":                    {run: authTest},
		"apps.connections.open":        {app: true, run: connectionsOpen},
		"chat.postMessage":             {scope: "chat:write", run: chatPostMessage},
		"chat.update":                  {scope: "chat:write", run: chatUpdate},
		"chat.delete":                  {scope: "chat:write", run: chatDelete},
		"chat.postEphemeral":           {scope: "chat:write", run: chatPostEphemeral},
		"chat.getPermalink":            {run: chatGetPermalink},
		"conversations.open":           {scope: "im:write", run: conversationsOpen},
		"conversations.info":           {run: conversationsInfo}, // scope by kind of channel
		"conversations.list":           {run: conversationsList},
		"conversations.history":        {run: conversationsHistory},
		"conversations.replies":        {run: conversationsReplies},
		"users.info":                   {scope: "users:read", run: usersInfo},
		"users.list":                   {scope: "users:read", run: usersList},
		"usergroups.list":              {scope: "usergroups:read", run: usergroupsList},
		"usergroups.users.list":        {scope: "usergroups:read", run: usergroupsUsersList},
		"views.open":                   {run: viewsOpen},
		"views.update":                 {run: viewsUpdate},
		"views.publish":                {run: viewsPublish},
		"files.getUploadURLExternal":   {scope: "files:write", run: filesGetUploadURL},
		"files.completeUploadExternal": {scope: "files:write", run: filesCompleteUpload},
		"reactions.add":                {scope: "reactions:write", run: reactionsAdd},
		"team.info":                    {scope: "team:read", run: teamInfo},
	}
}

// serveAPI answers one call.
func (w *Workspace) serveAPI(all map[string]method, rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	answer, bad, fault := w.handle(all, name, r)
	if fault.Delay > 0 {
		w.hold(r, fault.Delay)
	}
	switch {
	case fault.LoseAnswer:
		w.opts.Log.Warn("answer lost", "method", name)
		panic(http.ErrAbortHandler) // cuts the connection without an answer
	case bad != nil && bad.code == "" && bad.retry == 0:
		http.Error(rw, http.StatusText(fault.Status), fault.Status)
		return
	case bad != nil:
		w.opts.Log.Warn("call refused", "method", name, "error", bad.code, "messages", bad.messages)
	}
	w.answer(rw, answer, bad)
}

// hold waits by the workspace's clock.
func (w *Workspace) hold(r *http.Request, d time.Duration) {
	over := make(chan struct{})
	stop := w.opts.Clock.After(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-r.Context().Done():
	case <-w.closing:
	}
}

// handle checks what Slack checks of every call, in its order, and runs it.
func (w *Workspace) handle(all map[string]method, name string, r *http.Request) (object, *apiError, Fault) {
	w.mu.Lock()
	fault := w.callFault(name)
	w.mu.Unlock()
	switch {
	case fault.RetryAfter > 0:
		return nil, &apiError{code: "ratelimited", retry: fault.RetryAfter}, fault
	case fault.Status != 0:
		return nil, &apiError{}, fault
	case fault.Error != "":
		return nil, fail(fault.Error), fault
	}
	m, ok := all[name]
	if !ok {
		return nil, fail("unknown_method"), fault
	}
	a, bad := readArgs(r)
	if bad != nil {
		return nil, bad, fault
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if bad := w.admit(m, a, r); bad != nil {
		return nil, bad, fault
	}
	if wait := w.limit(name, a.str("channel")); wait > 0 {
		return nil, &apiError{code: "ratelimited", retry: wait}, fault
	}
	answer, bad := m.run(&call{w: w, args: a})
	return answer, bad, fault
}

// admit checks the token and its scope. The lock is held.
func (w *Workspace) admit(m method, a args, r *http.Request) *apiError {
	switch {
	case m.app && r.Header.Get("Authorization") == "":
		return fail("invalid_auth") // as a form field it does not count
	case a.token == "":
		return fail("not_authed")
	case m.app && a.token == w.botToken, !m.app && a.token == w.appToken:
		return fail("not_allowed_token_type")
	case m.app && a.token != w.appToken, !m.app && a.token != w.botToken:
		return fail("invalid_auth")
	case !m.app && w.revoked:
		return fail("token_revoked")
	case m.scope != "":
		return w.need(m.scope)
	}
	return nil
}

// need refuses a call whose token lacks a scope. The lock is held.
func (w *Workspace) need(scope string) *apiError {
	if slices.Contains(w.opts.Scopes, scope) {
		return nil
	}
	return &apiError{code: "missing_scope", extra: object{"needed": scope, "provided": strings.Join(w.opts.Scopes, ",")}}
}

func (w *Workspace) answer(rw http.ResponseWriter, body object, bad *apiError) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.Header().Set("X-OAuth-Scopes", strings.Join(w.opts.Scopes, ","))
	status := http.StatusOK
	if body == nil {
		body = object{}
	}
	body["ok"] = bad == nil
	if bad != nil {
		body["error"] = bad.code
		for k, v := range bad.extra {
			body[k] = v
		}
		if len(bad.messages) > 0 {
			body["response_metadata"] = object{"messages": bad.messages}
		}
		if bad.retry > 0 {
			status = http.StatusTooManyRequests
			rw.Header().Set("Retry-After", strconv.Itoa(int((bad.retry+time.Second-1)/time.Second)))
		}
	}
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(body) //nolint:errchkjson // a client that went away is no fault of ours
}

func authTest(c *call) (object, *apiError) {
	out := object{
		"url": c.w.base + "/", "team": "Local", "user": "bcn", "team_id": TeamID, "user_id": BotUserID,
		"bot_id": BotID, "is_enterprise_install": false,
	}
	if c.w.opts.Enterprise != "" {
		out["enterprise_id"] = c.w.opts.Enterprise
	}
	return out, nil
}

func connectionsOpen(c *call) (object, *apiError) {
	ticket := secret()
	c.w.tickets[ticket] = true
	host := strings.TrimPrefix(c.w.base, "http://")
	return object{"url": "ws://" + host + "/link/?ticket=" + ticket + "&app_id=" + AppID}, nil
}

func teamInfo(c *call) (object, *apiError) {
	team := object{"id": TeamID, "name": "Local", "domain": teamDomain, "email_domain": "example.com", "url": c.w.base + "/"}
	if c.w.opts.Enterprise != "" {
		team["enterprise_id"], team["enterprise_name"] = c.w.opts.Enterprise, "Local Org"
	}
	return object{"team": team}, nil
}
