package engineer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Options is what the commands need of the machine. The zero value of each
// field is what a terminal has.
type Options struct {
	In       io.Reader // a terminal, or what is pasted
	Out, Err io.Writer

	URL    string // of the bot's listener (BCN_URL); empty: by chat
	Plugin string // path of the session-manager-plugin; empty: from PATH
	Cache  string // where keys and sealed answers are kept; empty: bcn/access in the user's cache directory
	Self   string // how this program is called, for ~/.aws/config

	Environ []string // of the plugin, with AWS_ENDPOINT_URL; nil: this process's
	Now     func() time.Time
	// Wait waits between two tries; it fails where ctx ends.
	Wait func(ctx context.Context, d time.Duration) error
}

var (
	// ErrOutside is wrapped by errors of what is outside: files, the network,
	// AWS, the plugin.
	ErrOutside = errors.New("something outside failed")
	// ErrStopped is an end that the engineer asked for.
	ErrStopped = errors.New("stopped")
)

// PluginError is the plugin's own exit code.
type PluginError struct{ Code int }

// Error says the code.
func (e *PluginError) Error() string {
	return fmt.Sprintf("session-manager-plugin ended with exit code %d", e.Code)
}

// outside marks an error, and says what was being done.
func outside(doing string, err error) error { return &outsideError{doing, err} }

type outsideError struct {
	doing string
	err   error
}

func (e *outsideError) Error() string        { return e.doing + ": " + e.err.Error() }
func (e *outsideError) Unwrap() error        { return e.err }
func (e *outsideError) Is(target error) bool { return target == ErrOutside }

func (o Options) filled() (Options, error) {
	if o.Cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return o, outside("find the cache directory (set HOME or XDG_CACHE_HOME)", err)
		}
		o.Cache = filepath.Join(dir, "bcn", "access")
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Self == "" {
		o.Self = "bot"
	}
	return o, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ErrStopped
	case <-t.C:
		return nil
	}
}

// variable is one of the environment; the last one counts.
func (o Options) variable(name string) string {
	value := ""
	for _, v := range o.Environ {
		if rest, ok := strings.CutPrefix(v, name+"="); ok {
			value = rest
		}
	}
	return value
}

// endpoint takes the place of AWS's own addresses; empty: AWS's.
func (o Options) endpoint() string { return o.variable("AWS_ENDPOINT_URL") }

// say writes a line for the engineer; what is meant for other programs goes to
// Out.
func (o Options) say(format string, args ...any) { fmt.Fprintf(o.Err, format+"\n", args...) }
