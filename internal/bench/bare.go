package bench

import (
	"context"
	"fmt"
	"io"
	"log"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// Bare is the program that bcn is measured beside: it stores the payload of
// each command in one row and then acknowledges it, and does nothing else. It
// projects nothing, knows no duplicates, and has no deadline.
type Bare struct {
	// Beside runs each command on a goroutine of its own instead of one after
	// the other: the most that can be had without sharing a commit.
	Beside bool
	// Database is the address of a database with BareTable.
	Database string
	// APIURL is the base of Slack's Web API.
	APIURL string
}

// BareTable makes the table that Bare inserts into.
const BareTable = `create table bare (envelope text primary key, payload jsonb not null)`

// Run works until ctx ends.
func (b Bare) Run(ctx context.Context) error {
	pool, err := pgxpool.New(ctx, b.Database)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	client := socketmode.New(
		slack.New("xoxb-bench", slack.OptionAppLevelToken("xapp-bench"), slack.OptionAPIURL(b.APIURL)),
		socketmode.OptionLog(log.New(io.Discard, "", 0)),
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case event := <-client.Events:
				switch {
				case event.Request == nil || event.Type != socketmode.EventTypeSlashCommand:
				case b.Beside:
					work.Go(func() { store(ctx, pool, client, *event.Request) })
				default:
					store(ctx, pool, client, *event.Request)
				}
			}
		}
	})
	err = client.RunContext(ctx)
	if ctx.Err() != nil {
		return nil // it was asked to end
	}
	return err
}

// store acknowledges only what was stored; the driver notices what was not.
func store(ctx context.Context, pool *pgxpool.Pool, client *socketmode.Client, r socketmode.Request) {
	_, err := pool.Exec(ctx, `insert into bare (envelope, payload) values ($1, $2)`, r.EnvelopeID, r.Payload)
	if err == nil {
		_ = client.AckCtx(ctx, r.EnvelopeID, nil)
	}
}
