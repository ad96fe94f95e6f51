package sessions_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
)

// database is a document that forwards one port of one host.
const database = `{"schemaVersion":"1.0","sessionType":"Port","properties":{
	"host":"db.internal","portNumber":"5432","type":"LocalPortForwarding","localPortNumber":"0"}}`

// backend is a server on loopback that answers in upper case, and whose
// connections the test sees.
func backend(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, strings.ToUpper(string(body)))
	}))
	t.Cleanup(s.Close)
	return s
}

var opened = regexp.MustCompile(`Port (\d+) opened`)

// forward starts a session and the plugin, and answers the address that it
// listens on.
func (w *world) forward(t *testing.T, document string, parameters map[string][]string) (p *plugintest.Plugin, id, addr string) {
	t.Helper()
	out, err := ssm.NewFromConfig(w.as()).StartSession(t.Context(), &ssm.StartSessionInput{
		Target: awssdk.String(node), DocumentName: &document, Parameters: parameters,
	})
	wantCode(t, err, "")
	p = plugintest.Start(t, plugintest.Options{
		Path: plugintest.Build(t), Response: answer(out.SessionId, out.StreamUrl, out.TokenValue), Target: node, Endpoint: w.URL(),
	})
	p.Expect(t, "Waiting for connections")
	return p, *out.SessionId, "localhost:" + opened.FindStringSubmatch(p.Output())[1]
}

// say posts a text over connections of its own.
func say(t *testing.T, addr, text string) (string, error) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	return string(body), err
}

func TestRealPluginForwardsPorts(t *testing.T) {
	t.Parallel()
	t.Run("a request goes through to the host that is registered, and the next one too", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.document(t, "bcn-port-db", database)
		if err := w.Sessions().PutHost("db.internal:5432", backend(t).Listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
		_, _, addr := w.forward(t, "bcn-port-db", nil)
		for _, text := range []string{"hello", strings.Repeat("a lot ", 20_000)} {
			if got, err := say(t, addr, text); err != nil || !strings.EqualFold(got, text) || got == text {
				t.Fatalf("%d bytes came back, %v", len(got), err)
			}
		}
	})
	t.Run("connections are forwarded side by side, and cut when the session is terminated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.document(t, "bcn-port-db", database)
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		if err := w.Sessions().PutHost("db.internal:5432", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		p, id, addr := w.forward(t, "bcn-port-db", nil)
		var pairs [][2]net.Conn
		for range 3 {
			near, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = near.Close(), far.Close() })
			pairs = append(pairs, [2]net.Conn{near, far})
		}
		for i, c := range pairs {
			exchange(t, c[0], c[1], fmt.Sprintf("question %d", i))
			exchange(t, c[1], c[0], fmt.Sprintf("answer %d", i))
		}
		_ = pairs[0][0].Close()
		if n, err := pairs[0][1].Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Fatalf("the far side of a connection that was closed reads %d, %v", n, err)
		}
		exchange(t, pairs[1][0], pairs[1][1], "still here")
		w.terminate(t, id)
		for _, c := range pairs[1:] {
			for _, side := range c {
				_ = side.SetReadDeadline(time.Now().Add(20 * time.Second))
				if _, err := side.Read(make([]byte, 1)); err == nil || isTimeout(err) {
					t.Fatalf("a connection is alive after the session: %v", err)
				}
			}
		}
		p.ExpectEnd(t)
		if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr); err == nil {
			t.Fatal("the plugin listens still")
		}
	})
	t.Run("a host that is not registered is not reached, and the plugin says so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.document(t, "bcn-port-db", database)
		p, _, addr := w.forward(t, "bcn-port-db", nil)
		if got, err := say(t, addr, "hello"); err == nil {
			t.Fatalf("answered %q", got)
		}
		p.Expect(t, "Connection to destination port failed")
	})
	t.Run("AWS's own document takes host and port as parameters", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, port, _ := net.SplitHostPort(backend(t).Listener.Addr().String())
		_, _, addr := w.forward(t, "AWS-StartPortForwardingSessionToRemoteHost", map[string][]string{"host": {"127.0.0.1"}, "portNumber": {port}})
		if got, err := say(t, addr, "hello"); err != nil || got != "HELLO" {
			t.Fatal(got, err)
		}
	})
	t.Run("a session ends when the plugin is told to, and at its document's cap", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.document(t, "bcn-port-db", strings.Replace(database, `"properties"`, `"inputs":{"maxSessionDuration":"5"},"properties"`, 1))
		p, _, _ := w.forward(t, "bcn-port-db", nil)
		w.clock.Advance(5 * time.Minute)
		p.Expect(t, "maximum duration")
		p.ExpectEnd(t)
		p, _, _ = w.forward(t, "bcn-port-db", nil)
		p.Interrupt(t)
		p.ExpectEnd(t)
		for late := time.Now().Add(20 * time.Second); len(w.listed(t, "Active")) > 0; {
			if time.Now().After(late) {
				t.Fatal("the session is active")
			}
		}
	})
}

func exchange(t *testing.T, from, to net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(from, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(to, got); err != nil || string(got) != text {
		t.Fatal(string(got), err)
	}
}

func isTimeout(err error) bool {
	n, ok := err.(net.Error) //nolint:errorlint // straight from the connection
	return ok && n.Timeout()
}

func TestPortDocuments(t *testing.T) {
	t.Parallel()
	remote := "AWS-StartPortForwardingSessionToRemoteHost"
	for _, x := range []struct {
		name, document string
		parameters     map[string][]string
		want           string
	}{
		{"a document without parameters", "bcn-port-db", nil, ""},
		{"a host for a document without parameters", "bcn-port-db", map[string][]string{"host": {"other.internal"}}, "InvalidParameters"},
		{"AWS's own with host and port", remote, map[string][]string{"host": {"db.internal"}, "portNumber": {"5432"}, "localPortNumber": {"15432"}}, ""},
		{"a port too high", remote, map[string][]string{"portNumber": {"65536"}}, "InvalidParameters"},
		{"no number", remote, map[string][]string{"portNumber": {"http"}}, "InvalidParameters"},
		{"two hosts", remote, map[string][]string{"host": {"a", "b"}}, "InvalidParameters"},
		{"a host with a slash", remote, map[string][]string{"host": {"a/b"}}, "InvalidParameters"},
		{"a parameter that it does not have", "AWS-StartPortForwardingSession", map[string][]string{"host": {"db.internal"}}, "InvalidParameters"},
		{"SSH", "AWS-StartSSHSession", nil, "UnsupportedOperation"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.document(t, "bcn-port-db", database)
			_, err := ssm.NewFromConfig(w.as()).StartSession(t.Context(), &ssm.StartSessionInput{
				Target: awssdk.String(node), DocumentName: &x.document, Parameters: x.parameters,
			})
			wantCode(t, err, x.want)
		})
	}
	t.Run("a host is only ever reached on loopback", func(t *testing.T) {
		t.Parallel()
		for name, addr := range map[string]string{"db.internal": "127.0.0.1:1", "db.internal:5432": "192.0.2.1:5432", "db:5432": "db:5432"} {
			if newWorld(t).Sessions().PutHost(name, addr) == nil {
				t.Fatal(name, addr)
			}
		}
	})
}
