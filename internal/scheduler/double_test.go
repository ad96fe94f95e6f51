package scheduler_test

import (
	"context"
	"os"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

var pg storetest.Cluster

func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }

// typed is chat as a table: which commands and channels it refuses, and which
// teams must approve the others.
type typed struct {
	refuse map[string]error
	gated  []string
}

func (c *typed) Check(_ context.Context, _ bcn.Actor, command string) (scheduler.Checked, error) {
	if err := c.refuse[command]; err != nil {
		return scheduler.Checked{}, err
	}
	return scheduler.Checked{Changes: true, Gated: c.gated}, nil
}

func (c *typed) RunAs(_ context.Context, _ bcn.Actor, _ deploy.Origin, command string) (chat.Message, bool, error) {
	return chat.Message{}, false, c.refuse[command]
}

func (c *typed) CanPost(_ context.Context, channel string) error { return c.refuse[channel] }

// silent says nothing.
type silent struct{}

func (silent) TickNotes(scheduler.Moment) []deploy.Note { return nil }
