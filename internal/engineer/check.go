package engineer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/term"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

const (
	// maxSkew is how far a clock may be off: AWS refuses signatures at five
	// minutes (IAM User Guide, "Elements of an AWS API request signature").
	maxSkew = 2 * time.Minute
	// checkPatience bounds each check.
	checkPatience = 15 * time.Second
)

// ErrFaults is what Test found: its lines say more.
var ErrFaults = errors.New("access will not work from this machine until what is marked FAULT is mended")

// check is one line of Test: what is fine, or what is not and how to mend it.
type check struct {
	name string
	run  func(ctx context.Context) (fine string, err error)
}

// Test checks that the machine has what opening a grant needs, before there is
// an incident. Errors: ErrFaults.
func Test(ctx context.Context, o Options) error {
	o, err := o.filled()
	if err != nil {
		return err
	}
	faults := false
	for _, c := range []check{
		{"plugin", o.checkPlugin},
		{"cache", o.checkCache},
		{"terminal", o.checkTerminal},
		{"clock", o.checkClock},
		{"bot", o.checkBot},
	} {
		ctx, cancel := context.WithTimeout(ctx, checkPatience)
		fine, err := c.run(ctx)
		cancel()
		if err != nil {
			faults = true
			fmt.Fprintf(o.Out, "FAULT %-9s %s\n", c.name, err)
			continue
		}
		fmt.Fprintf(o.Out, "ok    %-9s %s\n", c.name, fine)
	}
	if faults {
		return ErrFaults
	}
	return nil
}

func (o Options) checkPlugin(ctx context.Context) (string, error) {
	path, err := findPlugin(ctx, o.Plugin)
	if err != nil {
		return "", err
	}
	_, v, err := lookPlugin(ctx, path)
	return fmt.Sprintf("%s, version %s", path, v), err
}

func (o Options) checkCache(context.Context) (string, error) {
	if err := os.MkdirAll(o.Cache, 0o700); err != nil {
		return "", fmt.Errorf("keys cannot be kept: %w (set XDG_CACHE_HOME, or mend its permissions)", err)
	}
	f := folder{o.Cache}
	if err := f.write("test", "x", os.Rename); err != nil {
		return "", fmt.Errorf("keys cannot be kept: %w (mend the permissions of %s)", err, o.Cache)
	}
	defer func() { _ = os.Remove(o.Cache + "/test") }()
	if _, err := private(o.Cache + "/test"); err != nil {
		return "", fmt.Errorf("keys cannot be kept from others: %w", err)
	}
	return o.Cache, nil
}

// checkTerminal also looks for stty, with which the plugin sets the terminal.
func (o Options) checkTerminal(context.Context) (string, error) {
	in, ok1 := o.In.(*os.File)
	out, ok2 := o.Out.(*os.File)
	if !ok1 || !ok2 || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return "", errors.New("input or output is not a terminal: a shell needs one (credential_process does not)")
	}
	if _, err := exec.LookPath("stty"); err != nil && runtime.GOOS != "windows" {
		return "", fmt.Errorf("the plugin sets the terminal with stty: %w", err)
	}
	width, height, err := term.GetSize(int(out.Fd()))
	if err != nil {
		return "", fmt.Errorf("the terminal's size cannot be read: %w", err)
	}
	return fmt.Sprintf("%d by %d", width, height), nil
}

func (o Options) checkClock(ctx context.Context) (string, error) {
	address := o.endpoint()
	if address == "" {
		region := o.variable("AWS_REGION")
		if region == "" {
			region = "us-east-1"
		}
		address = "https://sts." + region + "." + bcn.Domain(region)
	}
	theirs, err := awsx.Clock(ctx, address+"/")
	if err != nil {
		return "", fmt.Errorf("AWS cannot be reached: %w (is a proxy or a VPN missing?)", err)
	}
	off := o.Now().Sub(theirs).Round(time.Second)
	if off.Abs() > maxSkew {
		return "", fmt.Errorf("it is off by %s, AWS refuses at 5m: set it by network time", off)
	}
	return fmt.Sprintf("%s off AWS's", off.Abs()), nil
}

func (o Options) checkBot(ctx context.Context) (string, error) {
	if o.URL == "" {
		return "BCN_URL is not set: by chat", nil
	}
	at, err := base(o.URL)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/v1/access", http.NoBody)
	if err != nil {
		return "", err
	}
	client := httpClient()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("%w (is a VPN missing? Without BCN_URL it goes by chat)", err)
	}
	defer func() { _ = resp.Body.Close() }()
	var hello struct{ Exchange int }
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&hello); err != nil || resp.StatusCode != http.StatusOK || hello.Exchange != 1 {
		return "", fmt.Errorf("%s answers, and is not bcn's exchange (HTTP %d): is access.url set in bot.yaml?", at, resp.StatusCode)
	}
	return at, nil
}
