package aws

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

const (
	maxNesting = 12    // levels of a flattened name
	maxForm    = 20000 // fields of a form
)

// query is AWS's query protocol: a form goes in, XML comes out. ec2 is EC2's
// dialect of it: other names of lists, another envelope, other errors.
type query struct {
	version, namespace string
	ec2                bool
}

func (p query) spelling() spelling {
	if p.ec2 {
		return ec2Spelling()
	}
	return querySpelling()
}

func (p query) decode(r *http.Request, body []byte) (string, map[string]any, *wire.Error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost {
		return "", nil, wire.Errorf("MalformedQueryString", "the body is not a form")
	}
	if v := form.Get("Version"); v != p.version {
		return form.Get("Action"), nil, wire.Errorf(codeInvalidAction,
			"Could not find operation %s for version %s", form.Get("Action"), v)
	}
	action := form.Get("Action")
	form.Del("Action")
	form.Del("Version")
	tree, ok := unflatten(form)
	if !ok {
		return action, nil, wire.Errorf("MalformedInput", "the parameters' names contradict each other")
	}
	return action, tree, nil
}

// unflatten turns Tags.member.1.Key=a into {"Tags": [{"Key": "a"}]}. Names
// whose parts are numbers become lists, in the numbers' order.
func unflatten(form url.Values) (map[string]any, bool) {
	if len(form) > maxForm {
		return nil, false
	}
	root := map[string]any{}
	for name, values := range form {
		parts := strings.Split(name, ".")
		if len(parts) > maxNesting || len(values) != 1 {
			return nil, false
		}
		at := root
		for _, p := range parts[:len(parts)-1] {
			next, ok := at[p].(map[string]any)
			if !ok {
				if _, taken := at[p]; taken {
					return nil, false
				}
				next = map[string]any{}
				at[p] = next
			}
			at = next
		}
		last := parts[len(parts)-1]
		if _, taken := at[last]; taken {
			return nil, false
		}
		at[last] = values[0]
	}
	for k, v := range root {
		root[k] = lists(v)
	}
	return root, true
}

// lists turns maps with numbers as keys into lists, from the leaves up.
func lists(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for k, e := range m {
		m[k] = lists(e)
	}
	if list, ok := m["member"].([]any); ok && len(m) == 1 {
		return list
	}
	if entries, ok := m["entry"].([]any); ok && len(m) == 1 {
		return mapOf(entries)
	}
	index := make([]int, 0, len(m))
	for k := range m {
		n, err := strconv.Atoi(k)
		if err != nil || n < 1 {
			return m
		}
		index = append(index, n)
	}
	sort.Ints(index)
	list := make([]any, len(index))
	for i, n := range index {
		list[i] = m[strconv.Itoa(n)]
	}
	return list
}

// mapOf reads the query protocol's maps: entry.1.key, entry.1.value.
func mapOf(entries []any) any {
	out := map[string]any{}
	for _, e := range entries {
		pair, ok := e.(map[string]any)
		if !ok {
			return entries
		}
		key, _ := pair["key"].(string)
		out[key] = pair["value"]
	}
	return out
}

func (p query) encode(w http.ResponseWriter, _ *http.Request, action string, result any, id string) {
	x := newXML()
	x.open(action+"Response", p.namespace)
	item := "member"
	if p.ec2 {
		item = "item"
		x.leaf("requestId", id)
		x.fields(result, item)
	} else {
		x.open(action+"Result", "")
		x.fields(result, item)
		x.close(action + "Result")
		x.open("ResponseMetadata", "")
		x.leaf("RequestId", id)
		x.close("ResponseMetadata")
	}
	x.close(action + "Response")
	x.send(w, http.StatusOK)
}

func (p query) fail(w http.ResponseWriter, _ *http.Request, e *wire.Error, id string) {
	x := newXML()
	if p.ec2 {
		x.open("Response", "")
		x.open("Errors", "")
	} else {
		x.open("ErrorResponse", p.namespace)
	}
	x.open("Error", "")
	if !p.ec2 {
		x.leaf("Type", sender(e.Status))
	}
	x.leaf("Code", e.Code)
	x.leaf("Message", e.Message)
	x.close("Error")
	if p.ec2 {
		x.close("Errors")
		x.leaf("RequestID", id)
		x.close("Response")
	} else {
		x.leaf("RequestId", id)
		x.close("ErrorResponse")
	}
	x.send(w, e.Status)
}

// sender says whose fault it was, as the SDK's smithy.APIError.ErrorFault.
func sender(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}
