package cfn

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// request is what a provider is given; it owns all of it.
func (e *Engine) request(op *operation, t *task) wire.Request {
	s := op.stack
	r := wire.Request{
		Account: s.account, Region: s.place.region, StackID: s.id, StackName: s.name, LogicalID: t.logical,
		Properties: clone(t.res.props), Tags: maps.Clone(t.res.tags), Now: e.now(), Authorize: op.authorize,
	}
	if t.old != nil {
		r.Old = clone(t.old.props)
	}
	return r
}

// clone copies properties to the last leaf, so that no provider can alter what
// a rollback restores.
func clone(props map[string]any) map[string]any {
	out, _ := deep(props).(map[string]any)
	return out
}

func deep(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = deep(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = deep(e)
		}
		return out
	default:
		return v
	}
}

// reasonOf is an error as a ResourceStatusReason: what a service answered is
// wrapped as CloudFormation's resource handlers do, anything else is the
// reason itself.
func reasonOf(err error) string {
	var answer *wire.Error
	if !errors.As(err, &answer) {
		return err.Error()
	}
	if answer.Code == "ValidationError" {
		return answer.Message
	}
	status := answer.Status
	if status == 0 {
		status = 400
	}
	return fmt.Sprintf("Resource handler returned message: \"%s (Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)\" (RequestToken: %s, HandlerErrorCode: %s)",
		answer.Message, status, answer.Code, newUUID(), newUUID(), handlerCode(answer.Code))
}

func handlerCode(code string) string {
	switch {
	case strings.HasPrefix(code, "AccessDenied"):
		return "AccessDenied"
	case strings.Contains(code, "AlreadyExists") || strings.Contains(code, "Duplicate"):
		return "AlreadyExists"
	case strings.Contains(code, "NotFound") || strings.Contains(code, "NoSuch"):
		return "NotFound"
	case strings.Contains(code, "Throttl"):
		return "Throttling"
	default:
		return "InvalidRequest"
	}
}
