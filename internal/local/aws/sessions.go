package aws

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// hidden stands in CloudTrail for what would open a session.
const hidden = "Value hidden due to security reasons."

// withExec gives ECS its ExecuteCommand, which opens a session.
func withExec(ecs wire.Handler, exec wire.Actions) wire.Handler {
	return func(ctx context.Context, c *wire.Call) (any, error) {
		if h, ok := exec[c.Action]; ok {
			return h(ctx, c)
		}
		return ecs(ctx, c)
	}
}

// merge is one table of two parts of a service.
func merge(a, b wire.Actions) wire.Actions {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// invoker calls services in the name of a role, as EventBridge Scheduler does.
type invoker struct {
	account *Account
	log     *callLog
	handle  map[string]wire.Handler
}

var _ sessions.Roles = invoker{}

// Trusts answers nil where the service may assume the role.
func (i invoker) Trusts(roleARN, service string) error { return i.account.Trusts(roleARN, service) }

// Invoke makes one call as a session of the role, which must trust the
// Scheduler still, and puts it into the log of calls.
func (i invoker) Invoke(roleARN, service, region, action string, params map[string]any) error {
	a := i.account
	if err := a.Trusts(roleARN, "scheduler.amazonaws.com"); err != nil {
		return err
	}
	a.mu.Lock()
	r, ok := a.roleByARN(roleARN)
	if !ok {
		a.mu.Unlock()
		return noSuchRole(roleARN)
	}
	ses := &session{role: r.name, roleID: r.id, name: "EventBridgeScheduler", issued: a.clock.Now()}
	p := a.principal(ses, r)
	a.mu.Unlock()
	record := CallRecord{ID: requestID(), At: a.clock.Now(), Service: service, Action: action, Region: region, Params: params}
	record.by(p, "")
	_, err := i.handle[service](context.Background(), &wire.Call{
		Service: service, Action: action, Region: region, Account: a.ID, Principal: p, Params: params,
		Now: record.At, Authorize: a.authorizer(p, ses, region), AuthorizeAs: a.authorizerAs(region),
	})
	if err != nil {
		e := jsonSpelling().spell(err)
		record.ErrorCode, record.ErrorMessage = e.Code, e.Message
	}
	i.log.add(record)
	return err
}

// trail is the log of calls as CloudTrail knows it. Reads and writes of objects
// are data events, which the event history does not have.
func trail(account string, log *callLog) func() []sessions.Event {
	return func() []sessions.Event {
		var out []sessions.Event
		for _, c := range log.all() {
			if c.Service == "s3" && strings.HasSuffix(c.Action, "Object") || c.ErrorCode == "dropped" {
				continue
			}
			out = append(out, sessions.Event{
				ID: c.ID, At: c.At, Service: c.Service, Action: c.Action, Region: c.Region, Account: account,
				ARN: c.ARN, UserID: c.UserID, AccessKey: c.AccessKey, RoleARN: c.RoleARN, SessionName: c.SessionName,
				SourceIdentity: c.SourceIdentity, Request: c.Params, Response: c.Answer,
				ErrorCode: c.ErrorCode, ErrorMessage: c.ErrorMessage,
			})
		}
		return out
	}
}

// answered is what CloudTrail would show of an answer: of those that open a
// session, which one, and of none how to get in.
func answered(action string, result any) map[string]any {
	m, _ := result.(map[string]any)
	switch action {
	case "StartSession", "ResumeSession":
		return map[string]any{"SessionId": m["SessionId"], "StreamUrl": m["StreamUrl"], "TokenValue": hidden}
	case "TerminateSession":
		return map[string]any{"SessionId": m["SessionId"]}
	case "ExecuteCommand":
		s, _ := m["session"].(map[string]any)
		return map[string]any{"session": map[string]any{"sessionId": s["sessionId"], "streamUrl": s["streamUrl"], "tokenValue": hidden}}
	}
	return nil
}

// channel serves a data channel of Session Manager, once it is known who signed
// the request. Nobody need have: then the channel's own token decides.
func (f *front) channel(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") == "" {
		f.sessions.Channel(w, r, nil)
		return
	}
	sig, bad := parseSignature(r)
	if bad == nil && sig.service != "ssmmessages" {
		bad = &wire.Error{Code: codeBadSignature, Message: "Credential should be scoped to correct service: 'ssmmessages'."}
	}
	var p wire.Principal
	var ses *session
	if bad == nil {
		p, ses, bad = f.account.identify(sig, f.account.clock.Now())
	}
	if bad == nil && ses != nil {
		bad = sig.verify(r, nil, ses.secret, f.told)
	}
	if bad != nil {
		http.Error(w, bad.Error(), http.StatusForbidden)
		return
	}
	f.sessions.Channel(w, r, f.account.authorizer(p, ses, sig.region))
}
