package commands_test

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// logins answers what the words of login need: lee is in bot.yaml.
type logins struct{ *world }

func (x *logins) Begin(_ context.Context, _ deploy.Origin, a bcn.Actor) (bcn.LoginCode, error) {
	x.called("Begin login of %s", a.User)
	if a.User == "U0LEAD" {
		return bcn.LoginCode{}, bcn.E(bcn.CodeLoginMapped, "login", "lee")
	}
	return bcn.LoginCode{Code: "WDJB-MJHT", URL: "https://github.com/login/device", Within: 15 * time.Minute}, nil
}

func (x *logins) Forget(_ context.Context, _ deploy.Origin, a bcn.Actor) (string, error) {
	x.called("Forget login of %s", a.User)
	if a.User == "U0LEAD" {
		return "", bcn.E(bcn.CodeNotLinked)
	}
	return "dana", nil
}
