// Package plugintest builds AWS's session-manager-plugin from tools/plugin and
// runs it in tests, as an engineer's machine would.
package plugintest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const source = "github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main"

// Build answers the path of the plugin. It is built when its module's files
// have changed, which takes seconds, and kept in the user's cache directory.
func Build(t testing.TB) string {
	t.Helper()
	path, err := build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func build(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	module := filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), "tools", "plugin")
	key := sha256.New()
	for _, name := range []string{"go.mod", "go.sum", filepath.Join("uuid", "uuid.go")} {
		text, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", fmt.Errorf("module of the plugin: %w", err)
		}
		key.Write(text)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "bcn", "plugin-"+hex.EncodeToString(key.Sum(nil)[:8]))
	path := filepath.Join(dir, "session-manager-plugin")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("cache of the plugin: %w", err)
	}
	half, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return "", fmt.Errorf("cache of the plugin: %w", err)
	}
	defer func() { _ = os.RemoveAll(half) }()
	made := filepath.Join(half, "session-manager-plugin")
	cmd := exec.CommandContext(ctx, "go", "build", "-mod=readonly", "-o", made, source)
	cmd.Dir = module
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the plugin: %w\n%s", err, text)
	}
	if err := os.Rename(made, path); err != nil {
		return "", fmt.Errorf("cache of the plugin: %w", err)
	}
	return path, nil
}

// Keys are AWS credentials for the plugin's environment; the zero value is an
// access key that a local AWS takes for its administrator's.
type Keys struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// Options is what the AWS CLI gives to the plugin.
type Options struct {
	Path      string // of the plugin, as Build answers it
	Response  string // StartSession's answer, or the session of ExecuteCommand's, as JSON: SessionId, StreamUrl, TokenValue
	Target    string
	Endpoint  string // of SSM
	Region    string // default us-east-1
	Keys      Keys
	Anonymous bool // without credentials, as one who was only handed the response
}

// Plugin is one that runs.
type Plugin struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	done  chan struct{} // closed once it has ended

	mu   sync.Mutex
	more *sync.Cond // when text grows, or the plugin ends
	text bytes.Buffer
	over bool
}

// Start runs the plugin, and ends it with the test.
func Start(t testing.TB, o Options) *Plugin {
	t.Helper()
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Keys == (Keys{}) {
		o.Keys = Keys{AccessKeyID: "AKIDADMINISTRATOR", SecretAccessKey: "any"}
	}
	home := t.TempDir()
	sockets, err := os.MkdirTemp("", "plugin-") //nolint:usetesting // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	const variable = "AWS_SSM_START_SESSION_RESPONSE"                                                            // as the AWS CLI, so that ps does not show it
	cmd := exec.Command(o.Path, variable, o.Region, "StartSession", "", `{"Target":"`+o.Target+`"}`, o.Endpoint) //nolint:noctx // ended below
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + sockets, "AWS_EC2_METADATA_DISABLED=true", variable + "=" + o.Response,
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
	}
	if !o.Anonymous {
		cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID="+o.Keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+o.Keys.SecretAccessKey, "AWS_SESSION_TOKEN="+o.Keys.SessionToken)
	}
	p := &Plugin{cmd: cmd, done: make(chan struct{})}
	p.more = sync.NewCond(&p.mu)
	cmd.Stdout, cmd.Stderr = p, p
	if p.input, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // its output tells how it ended
		p.mu.Lock()
		p.over = true
		p.more.Broadcast()
		p.mu.Unlock()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // may have ended by itself
		<-p.done
		_ = os.RemoveAll(sockets)
	})
	return p
}

// Write takes the plugin's output.
func (p *Plugin) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.more.Broadcast()
	return p.text.Write(b)
}

// Output is what the plugin has written so far.
func (p *Plugin) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// Type sends keys; a line ends with "\n".
func (p *Plugin) Type(t testing.TB, keys string) {
	t.Helper()
	if _, err := io.WriteString(p.input, keys); err != nil {
		t.Fatal(err)
	}
}

// Interrupt presses Ctrl-C where the plugin runs no shell that would get it.
func (p *Plugin) Interrupt(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// patience is how long the plugin may take, by the machine's clock.
const patience = 30 * time.Second

// Expect waits until the plugin has written the text.
func (p *Plugin) Expect(t testing.TB, text string) {
	t.Helper()
	if !p.wait(func() bool { return strings.Contains(p.text.String(), text) }) {
		t.Fatalf("the plugin did not write %q, but:\n%s", text, p.Output())
	}
}

// ExpectEnd waits until the plugin has ended.
func (p *Plugin) ExpectEnd(t testing.TB) {
	t.Helper()
	if !p.wait(func() bool { return p.over }) {
		t.Fatalf("the plugin did not end, but wrote:\n%s", p.Output())
	}
}

func (p *Plugin) wait(until func() bool) bool {
	late := false
	timer := time.AfterFunc(patience, func() {
		p.mu.Lock()
		late = true
		p.more.Broadcast()
		p.mu.Unlock()
	})
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !until() {
		if late || p.over {
			return until()
		}
		p.more.Wait()
	}
	return true
}
