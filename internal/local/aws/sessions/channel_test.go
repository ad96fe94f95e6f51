package sessions_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/gorilla/websocket"

	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
)

// dial opens a data channel with a token and answers whether the service let
// it be; header may hold a signature.
func dial(t *testing.T, url, token string, header http.Header) (open bool, status int) {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, header)
	if err != nil {
		if resp == nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return false, resp.StatusCode
	}
	defer func() { _ = conn.Close() }()
	err = conn.WriteJSON(map[string]string{
		"MessageSchemaVersion": "1.0", "RequestId": "1f7c0c9e-0000-4000-a000-000000000000", "TokenValue": token, "ClientId": "test", "ClientVersion": "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	kind, _, err := conn.ReadMessage()
	return err == nil && kind == websocket.BinaryMessage, http.StatusSwitchingProtocols
}

// sign is the header that the plugin sends with credentials.
func sign(t *testing.T, c awssdk.Credentials, url, service string) http.Header {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if err := v4.NewSigner().SignHTTP(t.Context(), c, r, empty, service, region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return r.Header
}

func TestToken(t *testing.T) {
	t.Parallel()
	t.Run("a token opens its session once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		out := w.open(t, w.as())
		first, _ := dial(t, *out.StreamUrl, *out.TokenValue, nil)
		second, _ := dial(t, *out.StreamUrl, *out.TokenValue, nil)
		if !first || second {
			t.Fatalf("first %v, second %v", first, second)
		}
	})
	t.Run("not another session", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		if open, _ := dial(t, *w.open(t, w.as()).StreamUrl, *w.open(t, w.as()).TokenValue, nil); open {
			t.Fatal("opened")
		}
	})
	t.Run("not after a minute", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		out := w.open(t, w.as())
		w.clock.Advance(time.Minute)
		if open, _ := dial(t, *out.StreamUrl, *out.TokenValue, nil); open {
			t.Fatal("opened")
		}
	})
	t.Run("not after the session was terminated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		out := w.open(t, w.as())
		w.terminate(t, *out.SessionId)
		if open, _ := dial(t, *out.StreamUrl, *out.TokenValue, nil); open {
			t.Fatal("opened")
		}
	})
	t.Run("a web page opens nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		out := w.open(t, w.as())
		if open, status := dial(t, *out.StreamUrl, *out.TokenValue, http.Header{"Origin": {"http://evil.example"}}); open || status != http.StatusForbidden {
			t.Fatalf("opened %v, status %d", open, status)
		}
	})
	t.Run("a session that is not there is not found", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		if open, status := dial(t, strings.Replace(w.URL(), "http", "ws", 1)+"/v1/data-channel/dana-0", "x", nil); open || status != http.StatusNotFound {
			t.Fatalf("opened %v, status %d", open, status)
		}
	})
}

func TestSignedChannel(t *testing.T) {
	t.Parallel()
	const start = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:StartSession","Resource":"*"}]}`
	for _, c := range []struct {
		name   string
		policy string
		header func(t *testing.T, c awssdk.Credentials, url string) http.Header
		want   bool
	}{
		{"by who may open data channels", grant, func(t *testing.T, c awssdk.Credentials, url string) http.Header {
			t.Helper()
			return sign(t, c, url, "ssmmessages")
		}, true},
		{"by who may not", start, func(t *testing.T, c awssdk.Credentials, url string) http.Header {
			t.Helper()
			return sign(t, c, url, "ssmmessages")
		}, false},
		{"for another service", grant, func(t *testing.T, c awssdk.Credentials, url string) http.Header {
			t.Helper()
			return sign(t, c, url, "ssm")
		}, false},
		{"with another secret", grant, func(t *testing.T, c awssdk.Credentials, url string) http.Header {
			t.Helper()
			c.SecretAccessKey += "x"
			return sign(t, c, url, "ssmmessages")
		}, false},
		{"with credentials that nobody issued", grant, func(t *testing.T, _ awssdk.Credentials, url string) http.Header {
			t.Helper()
			return sign(t, awssdk.Credentials{AccessKeyID: "ASIAFORGED", SecretAccessKey: "x", SessionToken: "x"}, url, "ssmmessages")
		}, false},
		{"by nobody, with the token alone", grant, func(*testing.T, awssdk.Credentials, string) http.Header { return nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			creds := w.assume(t, "access", broad, "grant-7", c.policy)
			out := w.open(t, w.as(creds))
			if open, _ := dial(t, *out.StreamUrl, *out.TokenValue, c.header(t, creds, *out.StreamUrl)); open != c.want {
				t.Fatalf("opened %v, want %v", open, c.want)
			}
		})
	}
}

func TestRealPluginOfGrant(t *testing.T) {
	t.Parallel()
	path := plugintest.Build(t)
	shell := func(t *testing.T, w *world) (*plugintest.Plugin, string) {
		t.Helper()
		creds := w.assume(t, "access", broad, "grant-7", grant)
		out := w.open(t, w.as(creds))
		p := plugintest.Start(t, plugintest.Options{
			Path: path, Response: answer(out.SessionId, out.StreamUrl, out.TokenValue), Target: node, Endpoint: w.URL(), Keys: keys(creds),
		})
		p.Expect(t, "$ ")
		return p, *out.SessionId
	}
	t.Run("with a grant's credentials it resumes where it was when the connection breaks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p, _ := shell(t, w)
		p.Type(t, "word=kept\n")
		p.Type(t, "echo before$((1+1))\n")
		p.Expect(t, "before2\r\n")
		w.Sessions().CutConnections()
		if c := w.await(t, "ResumeSession"); c.ErrorCode != "" {
			t.Fatalf("it did not resume: %s", c.ErrorCode)
		}
		for late := time.Now().Add(30 * time.Second); w.listed(t, "Active")[0].Status != "Connected"; {
			if time.Now().After(late) {
				t.Fatal("it did not connect again")
			}
		}
		p.Type(t, "echo $word after$((1+1))\n")
		p.Expect(t, "kept after2\r\n")
	})
	t.Run("after the grant's end it cannot resume", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.document(t, "bcn-shell-60m", content("60", "60"))
		creds := w.assume(t, "access", broad, "grant-7", strings.ReplaceAll(grant, ten, "bcn-shell-60m"))
		out, err := ssm.NewFromConfig(w.as(creds)).StartSession(t.Context(), &ssm.StartSessionInput{Target: awssdk.String(node), DocumentName: awssdk.String("bcn-shell-60m")})
		wantCode(t, err, "")
		p := plugintest.Start(t, plugintest.Options{
			Path: path, Response: answer(out.SessionId, out.StreamUrl, out.TokenValue), Target: node, Endpoint: w.URL(), Keys: keys(creds),
		})
		p.Expect(t, "$ ")
		w.clock.Advance(10 * time.Minute)
		w.Sessions().CutConnections()
		if c := w.await(t, "ResumeSession"); c.ErrorCode != "AccessDeniedException" {
			t.Fatalf("it resumed: %q", c.ErrorCode)
		}
		if got := w.listed(t, "Active"); len(got) != 1 || got[0].Status != "Disconnected" {
			t.Fatalf("got %+v", got)
		}
	})
	t.Run("the shell knows nothing of this process's environment", func(t *testing.T) {
		t.Parallel()
		p, _ := shell(t, newWorld(t))
		p.Type(t, "env | cut -d= -f1 | sort | tr '\\n' ' '; echo; echo done$((1+1))\n")
		p.Expect(t, "done2\r\n")
		if want := "\nHOME LANG LOGNAME OLDPWD PATH PS1 PWD TERM USER "; !strings.Contains(p.Output(), want) && !strings.Contains(p.Output(), strings.Replace(want, "OLDPWD ", "", 1)) {
			t.Fatalf("got %s", p.Output())
		}
	})
	t.Run("nobody types for the idle timeout: the channel is closed, the session stays listed and cannot be resumed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p, id := shell(t, w)
		w.clock.Advance(5 * time.Minute)
		p.Expect(t, "timed out due to inactivity")
		p.ExpectEnd(t)
		if got := w.listed(t, "Active"); len(got) != 1 || got[0].Status != "Disconnected" {
			t.Fatalf("got %+v", got)
		}
		out, err := ssm.NewFromConfig(w.as()).ResumeSession(t.Context(), &ssm.ResumeSessionInput{SessionId: &id})
		wantCode(t, err, "")
		if out.TokenValue != nil {
			t.Fatal("a token")
		}
		w.terminate(t, id)
		if n := len(w.listed(t, "Active")); n != 0 {
			t.Fatalf("%d active sessions", n)
		}
	})
	t.Run("exit ends the session", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p, id := shell(t, w)
		p.Type(t, "exit\n")
		p.Expect(t, "Exiting session with sessionId: "+id)
		p.ExpectEnd(t)
		if got := w.listed(t, "History"); len(got) != 1 {
			t.Fatalf("%d sessions in the history", len(got))
		}
	})
	t.Run("much output arrives whole and in order", func(t *testing.T) {
		t.Parallel()
		p, _ := shell(t, newWorld(t))
		p.Type(t, "seq 100000 120000; echo done$((1+1))\n")
		p.Expect(t, "done2\r\n")
		lines := strings.Split(p.Output(), "\r\n")
		next := 100000
		for _, l := range lines {
			if len(l) == 6 && l == itoa(next) {
				next++
			}
		}
		if next != 120001 {
			t.Fatalf("arrived up to %d", next-1)
		}
	})
}
