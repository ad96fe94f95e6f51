package app

import (
	"context"
	"time"
)

// loggingIn asks GitHub about the codes that people were given. A look that
// finds none is one read of the database.
func (a *App) loggingIn(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := a.login.Step(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("logins not looked at", "error", err)
		}
	}
}
