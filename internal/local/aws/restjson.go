package aws

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// restJSON is the REST protocol with JSON bodies: the method and the path say
// the action, the last part of the path is the resource's name.
type restJSON struct {
	routes map[string]string // "POST /schedules/{Name}" to the action
}

func schedulerRoutes() restJSON {
	return restJSON{map[string]string{
		"GET /schedules":           "ListSchedules",
		"POST /schedules/{Name}":   "CreateSchedule",
		"PUT /schedules/{Name}":    "UpdateSchedule",
		"GET /schedules/{Name}":    "GetSchedule",
		"DELETE /schedules/{Name}": "DeleteSchedule",
	}}
}

// spelling has the HTTP statuses of a REST service (EventBridge Scheduler API
// reference, "Common errors").
func (restJSON) spelling() spelling {
	s := jsonSpelling()
	for code, status := range map[string]int{
		codeMissingToken: http.StatusForbidden, codeBadSignature: http.StatusForbidden, codeInvalidToken: http.StatusForbidden,
		codeExpiredToken: http.StatusForbidden, codeAccessDenied: http.StatusForbidden, codeThrottling: http.StatusTooManyRequests,
		codeInvalidAction: http.StatusNotFound,
	} {
		e := s[code]
		e.Status = status
		s[code] = e
	}
	return s
}

func (p restJSON) decode(r *http.Request, body []byte) (string, map[string]any, *wire.Error) {
	path := r.URL.EscapedPath()
	cut := strings.LastIndexByte(path, '/')
	name, err := url.PathUnescape(path[cut+1:])
	route := r.Method + " " + path[:cut+1] + "{Name}"
	action, ok := p.routes[route]
	list, isList := p.routes[r.Method+" "+path]
	if isList {
		action, ok, name = list, true, ""
	}
	if !ok || !isList && name == "" || err != nil {
		return route, nil, wire.Errorf(codeInvalidAction, "the local AWS has no action %s %s", r.Method, path)
	}
	params := map[string]any{}
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &params); err != nil {
			return action, nil, wire.Errorf("SerializationException", "%v", err)
		}
	}
	for k, v := range r.URL.Query() {
		params[k] = v[0]
	}
	if name != "" {
		params["Name"] = name
	}
	return action, params, nil
}

func (restJSON) encode(w http.ResponseWriter, _ *http.Request, _ string, result any, _ string) {
	sendJSON(w, http.StatusOK, epochs(result))
}

func (restJSON) fail(w http.ResponseWriter, _ *http.Request, e *wire.Error, _ string) {
	w.Header().Set("X-Amzn-ErrorType", e.Code)
	sendJSON(w, e.Status, map[string]any{"Message": e.Message})
}
