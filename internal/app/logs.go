package app

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// logs reads what apps wrote, and what AWS runs of them by the clock.
type logs struct{ a *App }

var (
	_ commands.Logs      = logs{}
	_ commands.FileTasks = logs{}
)

// Logs reads the newest lines of a heritage's tasks.
func (l logs) Logs(ctx context.Context, h bcn.Heritage, q deploy.LogQuery) (deploy.LogTail, error) {
	d, err := l.a.store.District(ctx, h.District)
	if err != nil {
		return deploy.LogTail{}, err
	}
	out, err := l.a.apply.Logs(ctx, l.a.deploy.SystemTarget(d), h, time.Now(), q)
	if err != nil {
		return out, err
	}
	out.Runs, err = l.a.deploy.Runs(ctx, h.App, h.Env)
	return out, err
}

// FileTasks reads the scheduled tasks of all last releases.
func (l logs) FileTasks(ctx context.Context) ([]deploy.FileTask, error) {
	return l.a.deploy.FileTasks(ctx, l.a.store)
}
