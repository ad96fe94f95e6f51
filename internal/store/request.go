package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func (s *Store) planMAC(id bcn.ID, hash string) []byte {
	return s.key.MAC("plan", fmt.Append(nil, int64(id)), []byte(hash))
}

func (t *txn) insertRequest(ctx context.Context, r bcn.Request) error {
	needs, err := json.Marshal(r.Needs)
	if err != nil {
		return err
	}
	r.ExpiresAt = r.ExpiresAt.UTC().Truncate(time.Microsecond)
	var row []byte
	err = t.QueryRow(ctx, `insert into request (id, state, hash, requester, needs, expires_at, outside, escalate, escalated_at, mac)
		values ($1, 'pending', $2, $3, $4, $5, $6, $7, $8, '') returning to_jsonb(request)`, int64(r.ID), r.Hash, r.Requester, needs, r.ExpiresAt,
		canonical(teams(r.Outside)), canonical(teams(r.Escalate)), timeOrNull(r.EscalatedAt)).Scan(&row)
	if err != nil {
		return err
	}
	return t.seal(ctx, "request", row, `id = $1`, int64(r.ID))
}

// moveRequest applies an event to the request, whose state decides.
func (t *txn) moveRequest(ctx context.Context, id bcn.ID, event bcn.RequestEvent) error {
	for _, from := range []bcn.RequestState{bcn.RequestPending, bcn.RequestApproved} {
		next, ok := from.Next(event)
		if !ok {
			continue
		}
		err := t.moved(ctx, `update request set state = $3 where id = $1 and state = $2`, int64(id), from, next)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return ErrConflict
}

// request reads a request with its decisions.
func request(ctx context.Context, q querier, id bcn.ID) (bcn.Request, error) {
	list, err := requests(ctx, q, `id = $1`, int64(id))
	if err == nil && len(list) == 0 {
		return bcn.Request{}, ErrNotFound
	}
	if err != nil {
		return bcn.Request{}, err
	}
	return list[0], nil
}

// requests reads requests with their decisions, in two queries for however
// many there are.
func requests(ctx context.Context, q querier, where string, args ...any) ([]bcn.Request, error) {
	rows, err := q.Query(ctx, `select id, state, hash, requester, needs, created_at, expires_at, outside, escalate, escalated_at,
		(select jsonb_build_array(district, app, env) from change where change.id = request.id) from request where `+where, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanRequest)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids, at := make([]int64, len(list)), make(map[bcn.ID]int, len(list))
	for i, r := range list {
		ids[i], at[r.ID] = int64(r.ID), i
	}
	// Whether the deputy's row is bcn's own is asked before anything runs.
	rows, err = q.Query(ctx, `select request, person, stands_for, verdict, reason, hash, teams, accounts, channel, ts, at,
			stands_for <> '' and not exists (select 1 from deputy p where p.absent = d.stands_for and p.deputy = d.person
				and p.removed_at is null and p.since <= d.at and p.until > d.at)
		from decision d where request = any($1) order by at`, ids)
	if err != nil {
		return nil, err
	}
	decisions, err := pgx.CollectRows(rows, scanDecision)
	for _, d := range decisions {
		r := &list[at[d.request]]
		r.Decisions = append(r.Decisions, d.Decision)
	}
	return list, err
}

func scanRequest(row pgx.CollectableRow) (bcn.Request, error) {
	var (
		r                        bcn.Request
		needs, outside, escalate []byte
		matter                   [3]string
		about                    []byte
		escalated                *time.Time
	)
	if err := row.Scan(&r.ID, &r.State, &r.Hash, &r.Requester, &needs, &r.CreatedAt, &r.ExpiresAt, &outside, &escalate, &escalated, &about); err != nil {
		return r, err
	}
	if err := json.Unmarshal(needs, &r.Needs); err != nil {
		return r, fmt.Errorf("read the needs of %s: %w", r.ID, err)
	}
	if err := json.Unmarshal(outside, &r.Outside); err != nil {
		return r, fmt.Errorf("read who counts for %s: %w", r.ID, err)
	}
	if err := json.Unmarshal(escalate, &r.Escalate); err != nil {
		return r, fmt.Errorf("read who decides next for %s: %w", r.ID, err)
	}
	if err := json.Unmarshal(about, &matter); err != nil {
		return r, fmt.Errorf("read what %s is about: %w", r.ID, err)
	}
	r.Matter = bcn.Matter{District: matter[0], App: matter[1], Env: matter[2]}
	if escalated != nil {
		r.EscalatedAt = *escalated
	}
	return r, nil
}

// decisionRow is a decision and the request it belongs to.
type decisionRow struct {
	bcn.Decision
	request bcn.ID
}

func scanDecision(row pgx.CollectableRow) (decisionRow, error) {
	var (
		d               decisionRow
		teams, accounts []byte
	)
	if err := row.Scan(&d.request, &d.Person, &d.For, &d.Verdict, &d.Reason, &d.Hash, &teams, &accounts, &d.Channel, &d.TS, &d.At, &d.Void); err != nil {
		return d, err
	}
	err := errors.Join(json.Unmarshal(teams, &d.Teams), json.Unmarshal(accounts, &d.Accounts))
	return d, err
}

// provenRequest reads a request with its decisions under a lock, and checks
// their seals.
func (t *txn) provenRequest(ctx context.Context, id bcn.ID) (bcn.Request, error) {
	var row, mac []byte
	err := t.QueryRow(ctx, `select to_jsonb(request), mac from request where id = $1 for update`, int64(id)).Scan(&row, &mac)
	if _, err = found(0, err); err != nil {
		return bcn.Request{}, err
	}
	if err := t.sealed("request", row, mac); err != nil {
		return bcn.Request{}, err
	}
	rows, err := t.Query(ctx, `select to_jsonb(decision), mac from decision where request = $1 for update`, int64(id))
	if err != nil {
		return bcn.Request{}, err
	}
	_, err = pgx.ForEachRow(rows, []any{&row, &mac}, func() error { return t.sealed("decision", row, mac) })
	if err != nil {
		return bcn.Request{}, err
	}
	r, err := request(ctx, t, id)
	if err != nil {
		return r, err
	}
	for _, d := range r.Decisions {
		if d.Hash != r.Hash {
			return r, bcn.E(bcn.CodeTampered, "what", "decision")
		}
	}
	return r, nil
}

// teams is a list as it is stored: none is an empty one.
func teams(list []string) []string { return append([]string{}, list...) }

// canonical is how needs and teams are written when they are authenticated.
func canonical(v any) []byte {
	b, _ := json.Marshal(v) //nolint:errchkjson // plain strings and numbers cannot fail
	return b
}

// Request answers the request of a change.
func (s *Store) Request(ctx context.Context, id bcn.ID) (bcn.Request, error) {
	return request(ctx, s.pool, id)
}

// Pending answers the requests that wait for a decision, the one that expires
// first at the front.
func (s *Store) Pending(ctx context.Context) ([]bcn.Request, error) {
	return requests(ctx, s.pool, `state = 'pending' and expires_at > bcn_now() order by expires_at limit 200`)
}

// Decide records a decision under the request's lock; see deploy.Store.
func (s *Store) Decide(ctx context.Context, o deploy.Origin, id bcn.ID, d bcn.Decision, judge func(bcn.Request, time.Time) (bcn.RequestEvent, error), notes func(bcn.Request) []deploy.Note) (bcn.Request, error) {
	var r bcn.Request
	err := s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		// The change first, then its request: the order in which every other
		// transaction locks them.
		c, err := oneChange(ctx, t, `id = $1 for update`, int64(id))
		if err != nil {
			return err
		}
		if r, err = t.provenRequest(ctx, id); err != nil {
			return err
		}
		if r.State == bcn.RequestPending { // any other is refused below
			if err := t.proveLog(ctx, id, bcn.ChangeWaiting, &r); err != nil {
				return err
			}
		}
		if err := t.onCard(ctx, id, d); err != nil {
			return err
		}
		if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&d.At); err != nil {
			return err
		}
		d.At, d.Hash = d.At.UTC().Truncate(time.Microsecond), r.Hash
		event, err := judge(r, d.At)
		if err != nil {
			return err
		}
		if err := t.insertDecision(ctx, id, d); err != nil {
			return err
		}
		r.Decisions = append(r.Decisions, d)
		return t.decided(ctx, c, &r, event, d, notes)
	})
	if err == nil {
		s.log.Info("decision", "change", int64(id), "verdict", d.Verdict, "actor", d.Person, "request", r.State)
	}
	return r, err
}

// onCard refuses a click on anything but the request's own card: who holds the
// bot's token can post a message that looks like one, but not move the card.
// What was typed has no message.
func (t *txn) onCard(ctx context.Context, id bcn.ID, d bcn.Decision) error {
	if d.TS == "" {
		return nil
	}
	var channel, ts string
	err := t.QueryRow(ctx, `select posted_to, ts from outbox where change = $1 and role = 'card'`, int64(id)).Scan(&channel, &ts)
	if _, err := found(0, err); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if channel != d.Channel || ts != d.TS {
		return bcn.E(bcn.CodeStaleCard, "id", id.String())
	}
	return nil
}

func (t *txn) insertDecision(ctx context.Context, id bcn.ID, d bcn.Decision) error {
	teams, accounts := canonical(d.Teams), canonical(teams(d.Accounts))
	var row []byte
	err := t.QueryRow(ctx, `insert into decision (request, person, stands_for, verdict, reason, hash, teams, channel, ts, at, accounts, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '') returning to_jsonb(decision)`, int64(id), d.Person, d.For, d.Verdict, d.Reason, d.Hash, teams,
		d.Channel, d.TS, d.At, accounts).Scan(&row)
	if err == nil {
		err = t.seal(ctx, "decision", row, `request = $1 and person = $2 and at = $3`, int64(id), d.Person, d.At)
	}
	if err != nil {
		return fmt.Errorf("store the decision: %w", err)
	}
	return t.record("decision."+string(d.Verdict), d.Person, id, map[string]any{
		"person": d.Person, "for": d.For, "hash": d.Hash,
		"teams": d.Teams, "reason": d.Reason, "channel": d.Channel, "ts": d.TS,
	})
}

// decided writes what a decision leads to: the request's and the change's next
// state, the job, and what is said.
func (t *txn) decided(ctx context.Context, c bcn.Change, r *bcn.Request, event bcn.RequestEvent, d bcn.Decision, notes func(bcn.Request) []deploy.Note) error {
	switch event {
	case bcn.RequestApprove:
		if err := t.moveRequest(ctx, c.ID, event); err != nil {
			return err
		}
		r.State = bcn.RequestApproved
		if _, err := t.overtake(ctx, c, bcn.EventQueue, "", nil); err != nil {
			return err
		}
		if err := t.record("change."+string(bcn.EventQueue), d.Person, c.ID, map[string]any{"from": c.State, "to": bcn.ChangeQueued}); err != nil {
			return err
		}
	case bcn.RequestReject:
		r.State = bcn.RequestRejected
		err := t.closeNow(ctx, c, bcn.CodeRejected, map[string]string{"by": d.Person, "reason": d.Reason}, event, d.Person)
		if err != nil {
			return err
		}
	default:
		if err := t.refreshCard(ctx, c.ID, true); err != nil {
			return err
		}
	}
	return t.say(ctx, c.ID, notes(*r))
}
