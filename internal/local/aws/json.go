package aws

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// jsonRPC is AWS's JSON protocol, 1.1: the action is in X-Amz-Target.
type jsonRPC struct {
	target string // AmazonSSM, before the dot
}

func (jsonRPC) spelling() spelling { return jsonSpelling() }

func (p jsonRPC) decode(r *http.Request, body []byte) (string, map[string]any, *wire.Error) {
	prefix, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if prefix != p.target || r.Method != http.MethodPost {
		return action, nil, wire.Errorf(codeInvalidAction, "the target %q is not of %s", r.Header.Get("X-Amz-Target"), p.target)
	}
	params := map[string]any{}
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &params); err != nil {
			return action, nil, wire.Errorf("SerializationException", "%v", err)
		}
	}
	return action, params, nil
}

func (jsonRPC) encode(w http.ResponseWriter, _ *http.Request, _ string, result any, _ string) {
	sendJSON(w, http.StatusOK, epochs(result))
}

func (jsonRPC) fail(w http.ResponseWriter, _ *http.Request, e *wire.Error, _ string) {
	w.Header().Set("X-Amzn-ErrorType", e.Code)
	sendJSON(w, e.Status, map[string]any{"__type": e.Code, "message": e.Message})
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	if v == nil {
		v = map[string]any{}
	}
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"__type":"InternalServerError"}`)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// epochs writes times as this protocol does: seconds since 1970, with
// milliseconds as decimals; and leaves out fields that are nil.
func epochs(v any) any {
	switch v := plain(v).(type) {
	case time.Time:
		return float64(v.UnixMilli()) / 1000
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if e != nil {
				out[k] = epochs(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = epochs(e)
		}
		return out
	}
	return v
}
