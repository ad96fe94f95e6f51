package scheduler_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/scheduler"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

var pg storetest.Cluster

func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }

// typed is chat as a table: which commands and channels it refuses, and which
// teams must approve the others.
type typed struct {
	refuse map[string]error
	gated  []string
	makes  *store.Store // where a command makes a change
	gone   bool         // its owner's account is deactivated
}

func (c *typed) Check(_ context.Context, _ bcn.Actor, command string) (scheduler.Checked, error) {
	if err := c.refuse[command]; err != nil {
		return scheduler.Checked{}, err
	}
	return scheduler.Checked{Changes: true, Gated: c.gated}, nil
}

func (c *typed) RunAs(ctx context.Context, actor bcn.Actor, o deploy.Origin, command string) (chat.Message, bool, error) {
	if err := c.refuse[command]; err != nil || c.makes == nil {
		return chat.Message{}, false, err
	}
	_, err := c.makes.New(ctx, o, bcn.Change{Kind: bcn.KindDeploy, Subject: "hello/production", App: "hello", Env: "production", Requester: actor, Channel: o.Channel},
		deploy.Wish{Kind: bcn.KindDeploy, App: "hello", Env: "production"}, nil)
	return chat.Message{}, false, err
}

// Profile answers that everybody works here.
func (c *typed) Profile(_ context.Context, user string, _ time.Time) (bcn.Profile, error) {
	return bcn.Profile{User: user, Team: "T0HOME", Deleted: c.gone}, nil
}

func (c *typed) CanPost(_ context.Context, channel string) error { return c.refuse[channel] }

// silent says nothing.
type silent struct{}

func (silent) TickNotes(scheduler.Moment) []deploy.Note { return nil }
