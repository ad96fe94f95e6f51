package engineer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"
)

const (
	pluginName = "session-manager-plugin"
	// responseVariable is how the AWS CLI hands the session to the plugin, so
	// that ps does not show its token; the plugin removes it from its
	// environment (its source, session.ValidateInputAndStartSession).
	responseVariable = "AWS_SSM_START_SESSION_RESPONSE"
	// versionPatience bounds `session-manager-plugin --version`.
	versionPatience = 10 * time.Second
	// overtime is how long after a grant's end a plugin is ended that has not
	// heard of it, such as one without a network.
	overtime = 2 * time.Minute
	// drain bounds how long what the plugin left in a pipe is waited for.
	drain = 2 * time.Second
)

// minPlugin is the first version that takes the session from its environment
// (the plugin's release notes, 1.2.536.0).
var minPlugin = version{1, 2, 536, 0}

const installHint = "see https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"

type version [4]int

func (v version) String() string { return fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3]) }

func (v version) less(w version) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return false
}

func parseVersion(text string) (version, bool) {
	m := regexp.MustCompile(`^([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})\s*$`).FindStringSubmatch(text)
	if m == nil {
		return version{}, false
	}
	var v version
	for i := range v {
		v[i], _ = strconv.Atoi(m[i+1]) // digits
	}
	return v, true
}

// findPlugin answers the plugin's path, once it is known to keep tokens out of
// ps. An older one is not used.
func findPlugin(ctx context.Context, path string) (string, error) {
	path, v, err := lookPlugin(ctx, path)
	if err != nil {
		return "", err
	}
	if v.less(minPlugin) {
		return "", fmt.Errorf("%s is version %s: %s is needed, older ones show the session's token in ps (%s)", path, v, minPlugin, installHint)
	}
	return path, nil
}

func lookPlugin(ctx context.Context, path string) (found string, v version, err error) {
	if path == "" {
		path = pluginName
	}
	if found, err = exec.LookPath(path); err != nil {
		return "", v, outside("find AWS's "+pluginName+" ("+installHint+")", err)
	}
	ctx, cancel := context.WithTimeout(ctx, versionPatience)
	defer cancel()
	text, err := exec.CommandContext(ctx, found, "--version").Output()
	if err != nil {
		return found, v, outside("run "+found+" --version", err)
	}
	v, ok := parseVersion(string(text))
	if !ok {
		return found, v, fmt.Errorf("%s --version says %q, which is no version of AWS's %s", found, text, pluginName)
	}
	return found, v, nil
}

// run is one session that the plugin is to enter.
type run struct {
	plugin   string
	response string // JSON: SessionId, StreamUrl, TokenValue
	target   string // JSON: Target
	region   string
	endpoint string // of SSM
	keys     []string
	end      time.Time
}

// enter runs the plugin in the engineer's terminal until the session is over.
// Keys such as Ctrl-C are the shell's: they reach the plugin, and end nothing here.
func (o Options) enter(r run) error {
	cmd := exec.Command(r.plugin, responseVariable, r.region, "StartSession", "", r.target, r.endpoint) //nolint:gosec,noctx // the path is the engineer's word; a ctx that ends by Ctrl-C must not end the shell
	cmd.Env = append(pluginEnvironment(o.Environ), r.keys...)
	cmd.Env = append(cmd.Env, responseVariable+"="+r.response, "AWS_REGION="+r.region)
	cmd.Stdout, cmd.Stderr = o.Out, o.Err
	cmd.WaitDelay = drain
	if err := o.connect(cmd); err != nil {
		return outside("start "+r.plugin, err)
	}
	defer o.keepTerminal()()
	o.forgetTyped()

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, append(keyboard(), syscall.SIGTERM, syscall.SIGHUP)...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return outside("start "+r.plugin, err)
	}
	late := time.NewTimer(max(r.end.Sub(o.Now()), 0) + overtime)
	defer late.Stop()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			return exitOf(err)
		case s := <-signals:
			if s == syscall.SIGTERM || s == syscall.SIGHUP {
				_ = cmd.Process.Signal(s) // it may have ended by itself
			}
		case <-late.C:
			_ = cmd.Process.Kill() // the same
		}
	}
}

// connect gives the plugin the engineer's input. One that is no file is copied
// by somebody whom nobody waits for: a read that blocks cannot be ended.
func (o Options) connect(cmd *exec.Cmd) error {
	if f, ok := o.In.(*os.File); ok {
		cmd.Stdin = f
		return nil
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(in, o.In) // the session may be over first
		_ = in.Close()
	}()
	return nil
}

func exitOf(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case errors.As(err, &exit):
		return &PluginError{Code: max(exit.ExitCode(), 1)} // -1: a signal ended it
	default:
		return outside("run the plugin", err)
	}
}

// keepTerminal remembers how the terminal is set, for a plugin that could not
// put it back.
func (o Options) keepTerminal() func() {
	f, ok := o.In.(*os.File)
	if !ok {
		return func() {}
	}
	state, err := term.GetState(int(f.Fd()))
	if err != nil {
		return func() {} // no terminal
	}
	return func() { _ = term.Restore(int(f.Fd()), state) }
}

// forgetTyped throws away what was pasted beyond the sealed text, and is still on
// its way to whoever reads next: in a production shell it would be a command.
func (o Options) forgetTyped() {
	if f, ok := o.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_ = flush(int(f.Fd())) // then it is seen, and Ctrl-C helps
	}
}

// pluginEnvironment is the machine's without anything of AWS's but certificates
// and without what is bcn's: no profile, file or role of the machine may take
// the place of what the grant gave.
func pluginEnvironment(environ []string) []string {
	var out []string
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if name == "AWS_CA_BUNDLE" || !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "BCN_") {
			out = append(out, v)
		}
	}
	return append(out, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
}
