package bcn

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Code names what is wrong. Codes are for logs, the audit log and tests; only
// the chat edge turns one into a sentence (text id "error." + code).
type Code string

// Error is an error that a person may be told about. Params are the words
// that its sentence needs, such as the name that is unknown.
type Error struct {
	Code   Code
	Params map[string]string
	cause  error
}

// E makes an Error; params are key, value, key, value.
func E(code Code, params ...string) *Error {
	e := &Error{Code: code, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		e.Params[params[i]] = params[i+1]
	}
	return e
}

// Wrap answers a copy that carries its cause for the log.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error writes the code, its params and the cause, for logs only.
func (e *Error) Error() string {
	keys := make([]string, 0, len(e.Params))
	for k := range e.Params {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	b.WriteString(string(e.Code))
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%q", k, e.Params[k])
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Unwrap answers the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// CodeOf answers the code of an error, CodeInternal for a foreign one, and ""
// for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
