package aws

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// isoTime is how the XML protocols write a time.
const isoTime = "2006-01-02T15:04:05.000Z"

// xmlWriter writes trees of values; encoding/xml escapes the text.
type xmlWriter struct{ b bytes.Buffer }

func newXML() *xmlWriter {
	x := &xmlWriter{}
	x.b.WriteString(xml.Header)
	return x
}

func (x *xmlWriter) open(name, namespace string) {
	x.b.WriteString("<" + name)
	if namespace != "" {
		x.b.WriteString(` xmlns="` + namespace + `"`)
	}
	x.b.WriteByte('>')
}

func (x *xmlWriter) close(name string) { x.b.WriteString("</" + name + ">") }

func (x *xmlWriter) leaf(name, text string) {
	x.open(name, "")
	// EscapeText fails only where the writer does, and a Buffer does not.
	_ = xml.EscapeText(&x.b, []byte(text))
	x.close(name)
}

// fields writes a map's entries in the order of their names; nil ones are left
// out.
func (x *xmlWriter) fields(v any, item string) {
	m, ok := plain(v).(map[string]any)
	if !ok {
		return
	}
	for _, k := range sortedKeys(m) {
		x.value(k, m[k], item)
	}
}

func (x *xmlWriter) value(name string, v any, item string) {
	switch v := plain(v).(type) {
	case nil:
	case map[string]any:
		x.open(name, "")
		x.fields(v, item)
		x.close(name)
	case []any:
		x.open(name, "")
		for _, e := range v {
			x.value(item, e, item)
		}
		x.close(name)
	default:
		x.leaf(name, scalar(v))
	}
}

// plain turns the maps and lists that services have types of their own for
// into map[string]any and []any; pointers are followed.
func plain(v any) any {
	switch v.(type) {
	case nil, string, bool, int, float64, time.Time, map[string]any, []any:
		return v
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		return plain(r.Elem().Interface())
	case reflect.Map:
		out := make(map[string]any, r.Len())
		for it := r.MapRange(); it.Next(); {
			out[it.Key().String()] = it.Value().Interface()
		}
		return out
	case reflect.Slice:
		out := make([]any, r.Len())
		for i := range out {
			out[i] = r.Index(i).Interface()
		}
		return out
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// scalar writes a leaf's value.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case time.Time:
		return v.UTC().Format(isoTime)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func (x *xmlWriter) send(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(x.b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(x.b.Bytes())
}
