package app

import (
	"context"
	"net/http"
	"time"

	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localpagerduty "github.com/bcn-bot/bcn/internal/local/pagerduty"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/store"
)

// controls are the fault switches of the page of `bot dev`: what can go wrong
// outside, on demand.
func (d *Dev) controls() []localslack.Control {
	does := func(f func(), said string) func(*http.Request) (string, error) {
		return func(*http.Request) (string, error) {
			f()
			return said, nil
		}
	}
	return append([]localslack.Control{
		{ID: "aws-down", Label: "AWS down", Do: does(func() { d.AWS.Faults().Fail("*", "*", "ServiceUnavailable", http.StatusServiceUnavailable, -1) },
			"AWS answers nothing but 503, until All well")},
		{ID: "aws-throttle", Label: "Throttle AWS", Do: does(func() { d.AWS.Faults().Throttle("*", "*", 20) }, "The next 20 calls of AWS are throttled")},
		{ID: "registry-down", Label: "Registries down", Do: does(func() { d.AWS.Faults().Fail("registry", "*", "ServiceUnavailable", http.StatusServiceUnavailable, -1) },
			"public.ecr.aws and Docker Hub answer nothing but 503, until All well")},
		{ID: "github-down", Label: "GitHub down", Do: does(func() { d.GitHub.Fault(localgithub.Fault{Status: http.StatusServiceUnavailable}) },
			"GitHub answers nothing but 503, until All well: teams cannot be checked")},
		{ID: "oncall", Label: "Olu on call", Do: does(func() { d.Pager.SetSchedule(devSchedule, localpagerduty.Shift{Email: "olu@example.com"}) },
			"PagerDuty says that olu is on call")},
		{ID: "oncall-off", Label: "Nobody on call", Do: does(func() { d.Pager.SetSchedule(devSchedule) }, "PagerDuty says that nobody is on call")},
		{ID: "github-code", Label: "Kim enters the code", Do: func(*http.Request) (string, error) {
			return "kim entered the newest code of login at GitHub", d.GitHub.Enter("", "kim")
		}},
		{ID: "slack-twice", Label: "Deliver twice", Do: does(func() { d.Slack.SocketFault(localslack.SocketFault{Times: 5, Duplicate: true}) },
			"The next 5 commands and clicks are delivered twice")},
		{ID: "slack-cut", Label: "Cut the sockets", Do: does(d.Slack.CutSockets, "The bot's sockets are cut; it connects again")},
		{ID: "pagerduty-down", Label: "PagerDuty down", Do: does(func() { d.Pager.SetFault(localpagerduty.Fault{Status: http.StatusServiceUnavailable}) },
			"PagerDuty answers nothing but 503, until All well: whoever is on call needs an approval")},
		{ID: "vault-seal", Label: "Seal Vault", Do: does(func() { d.Vault.Seal(true) },
			"Vault is sealed, until All well: whoever it decides of is refused")},
		{ID: "vault-tokens", Label: "Revoke Vault's tokens", Do: does(d.Vault.RevokeTokens, "Every token of Vault is gone; the bot logs in again")},
		{ID: "vault-disable", Label: "Disable olu in Vault", Do: does(func() { d.Vault.SampleDisabled(true) },
			"Olu's entity is disabled, until All well: she keeps nothing any more")},
		{ID: "clock-10m", Label: "+10 min", Do: d.moves(10 * time.Minute)},
		{ID: "clock-1h", Label: "+1 h", Do: d.moves(time.Hour)},
		{ID: "clock-1d", Label: "+1 day", Do: d.moves(24 * time.Hour)},
		{ID: "all-well", Label: "All well", Do: does(d.allWell, "Every fault is switched off")},
	}, d.owned()...)
}

// moves is a control that moves the clocks of the database, of AWS and of the
// bot ahead together, so that nobody has to wait for the night.
func (d *Dev) moves(by time.Duration) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		if err := d.Advance(r.Context(), by); err != nil {
			return "", err
		}
		return "It is " + d.now().UTC().Format("Mon 2 Jan 15:04:05 MST") + " now", nil
	}
}

// Advance moves the clocks of the database, of AWS and of the bot ahead.
func (d *Dev) Advance(ctx context.Context, by time.Duration) error {
	d.clock.Lock()
	defer d.clock.Unlock()
	if err := d.AWS.Advance(by); err != nil {
		return err
	}
	ahead := time.Duration(d.ahead.Load()) + by
	if err := store.ShiftClock(ctx, d.owner, ahead); err != nil {
		return err
	}
	d.ahead.Store(int64(ahead))
	return nil
}

// now is the time that the clocks show.
func (d *Dev) now() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }

func (d *Dev) allWell() {
	d.AWS.Faults().Clear()
	d.GitHub.ClearFaults()
	d.Slack.ClearFaults()
	d.Pager.SetFault(localpagerduty.Fault{})
	d.Vault.Seal(false)
	d.Vault.SampleDisabled(false)
}
