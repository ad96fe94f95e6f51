package awsx

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestATaskThatCouldNotBePlacedIsRefused(t *testing.T) {
	t.Parallel()
	url := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"tasks":[],"failures":[{"arn":"a","reason":"RESOURCE:ENI","detail":"no address left"},{"reason":"CAPACITY"}]}`)
	})
	_, err := isolated(t, url).For(bcn.Target{}).RunTask(t.Context(), Run{Cluster: "c", TaskDefinition: "d", Name: "n", Subnets: []string{"s"}})
	if bcn.CodeOf(err) != bcn.CodeAWSRefused || !strings.Contains(err.Error(), "RESOURCE:ENI no address left; CAPACITY") {
		t.Error(err)
	}
}

// deep prints an error with all that hangs on it, and the bytes that it keeps
// as the text that they are.
func deep(err error) string {
	var out strings.Builder
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&out, "%v %+v %#v\n", err, err, err)
		if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
			for _, field := range reflect.VisibleFields(v.Elem().Type()) {
				if field.Type == reflect.TypeFor[[]byte]() {
					out.Write(v.Elem().FieldByIndex(field.Index).Bytes())
				}
			}
		}
	}
	return out.String()
}

func TestNoAnswerOfSTSIsPartOfAnError(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI"
	for name, body := range map[string]string{
		"cut short": `<AssumeRoleResponse><AssumeRoleResult><Credentials><SecretAccessKey>` + secret,
		"no token": `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>` + secret +
			`</SecretAccessKey></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
			k, err := isolated(t, url).For(bcn.Target{}).Assume(t.Context(), Assume{Role: "arn:aws:iam::123456789012:role/r", Session: "bcn-g1-1", Identity: "dana", Seconds: 900})
			if bcn.CodeOf(err) != bcn.CodeUnavailable || k.Secret != nil || strings.Contains(deep(err), secret) {
				t.Error(deep(err))
			}
		})
	}
}

func TestNoTokenOfASessionIsPartOfAnError(t *testing.T) {
	t.Parallel()
	const secret = "AAEAAeToken"
	for name, body := range map[string]string{"cut short": `{"session":{"tokenValue":"` + secret + `"`, "no session": `{"tokenValue":"` + secret + `"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
			_, err := isolated(t, url).For(bcn.Target{}).ExecuteCommand(t.Context(), "c", "t", "main", "/bin/sh")
			if bcn.CodeOf(err) != bcn.CodeUnavailable || strings.Contains(deep(err), secret) {
				t.Error(deep(err))
			}
		})
	}
}

func TestAnEmptyListHasATimeToo(t *testing.T) {
	t.Parallel()
	url := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "Sat, 21 Nov 2026 10:00:00 GMT")
		_, _ = io.WriteString(w, `{"Sessions":[]}`)
	})
	list, at, err := isolated(t, url).For(bcn.Target{}).ShellSessions(t.Context(), SessionQuery{Target: "i-1"})
	if err != nil || len(list) != 0 || at.Format("15:04:05") != "10:00:00" {
		t.Errorf("%v %s %v", list, at, err)
	}
}
