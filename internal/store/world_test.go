package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

func storedPlan(text string) *deploy.StoredPlan {
	sum := sha256.Sum256([]byte(text))
	return &deploy.StoredPlan{Bytes: []byte(text), Hash: hex.EncodeToString(sum[:])}
}

func apply(t *testing.T, s *store.Store, m deploy.Move) bcn.Change {
	t.Helper()
	c, err := s.Apply(context.Background(), m)
	if err != nil {
		t.Fatalf("%s: %v", m.Event, err)
	}
	return c
}

// planned makes a change with a plan.
func planned(t *testing.T, s *store.Store, subject string) bcn.Change {
	t.Helper()
	c := newChange(t, s, subject)
	return apply(t, s, deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventPlanned, Plan: storedPlan(`{"subject":"` + subject + `"}`)})
}

// waiting makes a change whose request waits for two leads.
func waiting(t *testing.T, s *store.Store, subject string) bcn.Change {
	t.Helper()
	c := claim(t, s, planned(t, s, subject).ID)
	return apply(t, s, deploy.Move{From: c, Event: bcn.EventAsk, Ask: &bcn.Request{
		ID: c.Change.ID, Hash: c.Plan.Hash, Requester: "U0DEV",
		Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}}, ExpiresAt: c.Now.Add(time.Hour),
	}})
}

// approve records a lead's approval; last says that it completes the quorum.
func approve(t *testing.T, s *store.Store, id bcn.ID, person string, last bool) {
	t.Helper()
	event := bcn.RequestEvent("")
	if last {
		event = bcn.RequestApprove
	}
	channel, ts, err := s.CardAt(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Decide(context.Background(), deploy.Origin{}, id,
		bcn.Decision{Person: person, Verdict: bcn.Approve, Reason: "fine", Teams: []string{"leads"}, Channel: channel, TS: ts},
		func(bcn.Request, time.Time) (bcn.RequestEvent, error) { return event, nil },
		func(bcn.Request) []deploy.Note { return nil })
	if err != nil {
		t.Fatalf("approve: %v", err)
	}
}

// posted puts the change's card where a click may be on it.
func posted(t *testing.T, s *store.Store, id bcn.ID, channel, ts string) {
	t.Helper()
	out, err := s.ClaimOutbox(context.Background(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		if o.Change == id && o.Role == deploy.RoleCard {
			if err := s.Posted(context.Background(), o.ID, channel, ts, o.Version); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// approved makes a change that two leads approved: it is queued.
func approved(t *testing.T, s *store.Store, subject string) bcn.Change {
	t.Helper()
	c := waiting(t, s, subject)
	approve(t, s, c.ID, "U0LEAD", false)
	approve(t, s, c.ID, "U0LEADTWO", true)
	return read(t, s, c.ID)
}

// ungated makes a change that nobody needed to approve: it is queued.
func ungated(t *testing.T, s *store.Store, subject string) bcn.Change {
	t.Helper()
	c := claim(t, s, planned(t, s, subject).ID)
	return apply(t, s, deploy.Move{From: c, Event: bcn.EventQueue, Audit: map[string]any{"gated": "false"}})
}

// starting is the move of a queued change into applying.
func starting(t *testing.T, s *store.Store, id bcn.ID) deploy.Move {
	t.Helper()
	c := claim(t, s, id)
	m := deploy.Move{From: c, Event: bcn.EventStart, Again: time.Millisecond}
	if c.Request != nil {
		m.Request = bcn.RequestStart
	}
	return m
}

func start(s *store.Store, m deploy.Move) error {
	_, err := s.Start(context.Background(), m, func(bcn.Change) []deploy.Note { return nil })
	return err
}

func read(t *testing.T, s *store.Store, id bcn.ID) bcn.Change {
	t.Helper()
	c, err := s.Change(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// number reads one number as the owner.
func number(t *testing.T, url, sql string) int {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := errors.Join(conn.QueryRow(ctx, sql).Scan(&n), conn.Close(ctx)); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// refusedBy answers PostgreSQL's code of an error, "" for none.
func refusedBy(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// complete judges that a decision is the last that was needed.
func complete(bcn.Request, time.Time) (bcn.RequestEvent, error) { return bcn.RequestApprove, nil }

func silent(bcn.Request) []deploy.Note { return nil }

// fill puts the numbers of changes into SQL.
func fill(sql string, id, other bcn.ID) string {
	return strings.NewReplacer("{id}", strconv.FormatInt(int64(id), 10), "{other}", strconv.FormatInt(int64(other), 10)).Replace(sql)
}
