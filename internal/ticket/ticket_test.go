package ticket_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/ticket"
)

// system is a ticket system in Jira's form.
func system(t *testing.T) *httptest.Server {
	t.Helper()
	issue := func(status, assignee string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, `{"key":"OPS","fields":{"status":{"name":%q},"assignee":%s}}`, status, assignee)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/rest/OPS-1", issue("In Progress", `{"emailAddress":"Dana@example.com"}`))
	mux.HandleFunc("/rest/OPS-2", issue("Done", `{"emailAddress":"dana@example.com"}`))
	mux.HandleFunc("/rest/OPS-3", issue("To Do", `{"emailAddress":"olu@example.com"}`))
	mux.HandleFunc("/rest/OPS-4", issue("To Do", `null`))
	mux.HandleFunc("/rest/OPS-5", issue("To Do", `[{"emailAddress":"olu@example.com"},{"emailAddress":"dana@example.com"}]`))
	mux.HandleFunc("/rest/OPS-6", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"fields":{}}`)) })
	mux.HandleFunc("/rest/OPS-7", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>Sign in</html>`)) })
	mux.HandleFunc("/rest/OPS-8", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	mux.HandleFunc("/rest/OPS-9", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/rest/OPS-1", http.StatusFound) })
	mux.HandleFunc("/rest/OPS-10", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/rest/OPS-10", http.StatusFound) })
	mux.HandleFunc("/rest/OPS-11", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"fields":{"status":{"name":"To Do"}},"x":"` + strings.Repeat("x", 1<<20) + `"}`))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func jira(url string) config.Ticket {
	return config.Ticket{
		Pattern: `[A-Z]+-[0-9]+`, URL: url + "/rest/{ticket}", Status: "fields.status.name", Open: []string{"To Do", "in progress"},
		Assignee: "fields.assignee.emailAddress",
	}
}

func people() []config.Person {
	return []config.Person{{Slack: "U0DEV", GitHub: "dana", Email: "dana@example.com"}, {Slack: "U0OLU", Email: "olu@example.com"}}
}

func TestATicketStandsForWorkThatMayBeDone(t *testing.T) {
	t.Parallel()
	s := system(t)
	c := ticket.New(ticket.Options{People: people()})
	for _, x := range []struct {
		name, reason string
		want         bcn.Code
	}{
		{"one that is open and the requester's", "fixes OPS-1, see there", ""},
		{"a reason that names none", "because", bcn.CodeNoTicket},
		{"one that is closed", "OPS-2", bcn.CodeTicketClosed},
		{"one of somebody else", "OPS-3", bcn.CodeTicketAssignee},
		{"one of nobody", "OPS-4", bcn.CodeTicketAssignee},
		{"one of several people", "OPS-5", ""},
		{"one without a status", "OPS-6", bcn.CodeTicketClosed},
		{"one that is not there", "OPS-404", bcn.CodeTicketUnknown},
		{"what answers otherwise than in JSON", "OPS-7", bcn.CodeCouldNotCheck},
		{"what wants another token", "OPS-8", bcn.CodeCouldNotCheck},
		{"one that has moved on the same host", "OPS-9", ""},
		{"one that leads round and round", "OPS-10", bcn.CodeCouldNotCheck},
		{"an answer without end", "OPS-11", bcn.CodeCouldNotCheck},
		{"the first of several", "OPS-2 and OPS-1", bcn.CodeTicketClosed},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if err := c.Check(context.Background(), jira(s.URL), x.reason, "U0DEV"); bcn.CodeOf(err) != x.want {
				t.Errorf("%v, want %q", err, x.want)
			}
		})
	}
	t.Run("a system that does not answer", func(t *testing.T) {
		t.Parallel()
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		if err := c.Check(context.Background(), jira(gone.URL), "OPS-1", "U0DEV"); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Error(err)
		}
	})
	t.Run("whoever is not among the people is nobody's assignee", func(t *testing.T) {
		t.Parallel()
		if err := c.Check(context.Background(), jira(s.URL), "OPS-1", "U0NONE"); bcn.CodeOf(err) != bcn.CodeTicketAssignee {
			t.Error(err)
		}
	})
}

func TestTheTokenStaysWithItsHost(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stolen.Add(1)
		_, _ = w.Write([]byte(`{"fields":{"status":{"name":"To Do"}}}`))
	}))
	t.Cleanup(thief.Close)
	var seen atomic.Value
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		if r.URL.Path == "/rest/OPS-1" {
			http.Redirect(w, r, thief.URL+"/rest/OPS-1", http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write([]byte(`{"fields":{"status":{"name":"To Do"}}}`))
	}))
	t.Cleanup(front.Close)
	how := jira(front.URL)
	how.Assignee = ""
	for _, x := range []struct {
		name, token, reason, header string
		want                        bcn.Code
	}{
		{"a redirect to another host is not followed", "s3cret", "OPS-1", "Bearer s3cret", bcn.CodeCouldNotCheck},
		{"a token is a bearer's", "s3cret", "OPS-2", "Bearer s3cret", ""},
		{"one with a colon is a password", "dana@example.com:s3cret", "OPS-2", "Basic ZGFuYUBleGFtcGxlLmNvbTpzM2NyZXQ=", ""},
		{"none is none", "", "OPS-2", "", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			err := ticket.New(ticket.Options{Token: config.NewSecret(x.token)}).Check(context.Background(), how, x.reason, "U0DEV")
			if bcn.CodeOf(err) != x.want || seen.Load() != x.header {
				t.Errorf("%v, sent %q", err, seen.Load())
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), front.URL)) {
				t.Errorf("the error says too much: %v", err)
			}
		})
	}
	if stolen.Load() != 0 {
		t.Error("another host was asked")
	}
}

func TestAReasonCannotLeadElsewhere(t *testing.T) {
	t.Parallel()
	var asked atomic.Value
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.EscapedPath() + "?" + r.URL.RawQuery)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(s.Close)
	c := ticket.New(ticket.Options{})
	for _, x := range []struct {
		name, url, reason, asked string
		want                     bcn.Code
	}{
		{"in a path it is one part of it", "/rest/{ticket}/x", "a%2Fb?c#d", "/rest/a%252Fb%3Fc%23d/x?", bcn.CodeTicketUnknown},
		{"in a query it is one value", "/find?key={ticket}", "a&open=yes", "/find?key=a%26open%3Dyes", bcn.CodeTicketUnknown},
		{"what would climb is refused", "/rest/{ticket}", "../admin", "", bcn.CodeNoTicket},
		{"so is what has parts", "/rest/{ticket}", "a/b", "", bcn.CodeNoTicket},
	} {
		t.Run(x.name, func(t *testing.T) {
			asked.Store("")
			err := c.Check(context.Background(), config.Ticket{Pattern: `\S+`, URL: s.URL + x.url, Status: "s", Open: []string{"o"}}, x.reason, "U0DEV")
			if bcn.CodeOf(err) != x.want || asked.Load() != x.asked {
				t.Errorf("%v, asked %q", err, asked.Load())
			}
		})
	}
}
