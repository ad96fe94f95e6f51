package slack

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxBody is more than Slack takes; it keeps a mistake from filling memory.
const maxBody = 8 << 20

// args are a call's arguments, from a form or from JSON.
type args struct {
	form  url.Values
	json  map[string]json.RawMessage
	token string
}

// readArgs reads a call. As in Slack, a token may be in the Authorization
// header or be a form field, but not be in a JSON body.
func readArgs(r *http.Request) (args, *apiError) {
	a := args{}
	if h := r.Header.Get("Authorization"); h != "" {
		a.token, _ = strings.CutPrefix(h, "Bearer ")
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			return a, fail("request_timeout")
		}
		if len(body) > 0 && json.Unmarshal(body, &a.json) != nil {
			return a, fail("invalid_json")
		}
		return a, nil
	case "multipart/form-data":
		r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
		if r.ParseMultipartForm(maxBody) != nil { //nolint:gosec // bounded by the line above
			return a, fail("invalid_form_data")
		}
	case "application/x-www-form-urlencoded", "":
		r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
		if r.ParseForm() != nil {
			return a, fail("invalid_form_data")
		}
	default:
		return a, fail("invalid_post_type")
	}
	a.form = r.Form
	if a.token == "" {
		a.token = r.Form.Get("token")
	}
	return a, nil
}

// has says whether the argument was given at all, even if empty.
func (a args) has(name string) bool {
	if _, ok := a.json[name]; ok {
		return string(a.json[name]) != "null"
	}
	return a.form.Has(name)
}

func (a args) str(name string) string {
	raw, ok := a.json[name]
	if !ok {
		return a.form.Get(name)
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw) // a number or a boolean
}

func (a args) flag(name string) bool {
	b, _ := strconv.ParseBool(a.str(name))
	return b
}

// number answers fallback when the argument is absent, and false when it is no
// number.
func (a args) number(name string, fallback int) (int, bool) {
	s := a.str(name)
	if s == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// value is a structured argument: JSON in a form field or in a JSON string, or
// JSON itself.
func (a args) value(name string) json.RawMessage {
	raw, ok := a.json[name]
	if !ok {
		return json.RawMessage(a.form.Get(name))
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return json.RawMessage(s)
	}
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// list is a comma-separated argument.
func (a args) list(name string) []string {
	s := a.str(name)
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
