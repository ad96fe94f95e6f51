package app

import (
	"net/http"

	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
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
	return []localslack.Control{
		{ID: "aws-down", Label: "AWS down", Do: does(func() { d.AWS.Faults().Fail("*", "*", "ServiceUnavailable", http.StatusServiceUnavailable, -1) },
			"AWS answers nothing but 503, until All well")},
		{ID: "aws-throttle", Label: "Throttle AWS", Do: does(func() { d.AWS.Faults().Throttle("*", "*", 20) }, "The next 20 calls of AWS are throttled")},
		{ID: "github-down", Label: "GitHub down", Do: does(func() { d.GitHub.Fault(localgithub.Fault{Status: http.StatusServiceUnavailable}) },
			"GitHub answers nothing but 503, until All well: teams cannot be checked")},
		{ID: "slack-twice", Label: "Deliver twice", Do: does(func() { d.Slack.SocketFault(localslack.SocketFault{Times: 5, Duplicate: true}) },
			"The next 5 commands and clicks are delivered twice")},
		{ID: "slack-cut", Label: "Cut the sockets", Do: does(d.Slack.CutSockets, "The bot's sockets are cut; it connects again")},
		{ID: "all-well", Label: "All well", Do: does(d.allWell, "Every fault is switched off")},
	}
}

func (d *Dev) allWell() {
	d.AWS.Faults().Clear()
	d.GitHub.ClearFaults()
	d.Slack.ClearFaults()
}
