package commands_test

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/githubx"
)

// logins answers what the words of login need: lee is in bot.yaml.
type logins struct{ *world }

func (x *logins) Begin(_ context.Context, _ deploy.Origin, a bcn.Actor) (githubx.Device, error) {
	x.called("Begin login of %s", a.User)
	if a.User == "U0LEAD" {
		return githubx.Device{}, bcn.E(bcn.CodeLoginMapped, "login", "lee")
	}
	return githubx.Device{UserCode: "WDJB-MJHT", URL: "https://github.com/login/device", Expires: 15 * time.Minute}, nil
}

func (x *logins) Forget(_ context.Context, _ deploy.Origin, a bcn.Actor) (string, error) {
	x.called("Forget login of %s", a.User)
	if a.User == "U0LEAD" {
		return "", bcn.E(bcn.CodeNotLinked)
	}
	return "dana", nil
}
