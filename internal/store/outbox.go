package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// cardSpacing is the least time between two edits of one card that are not
// decisions or verdicts: chat.update allows 50 a minute for the workspace.
const cardSpacing = 2 * time.Second

// Out is a message that is due. A card has no Body: it is rendered when it is
// sent, from what is true then.
type Out struct {
	ID          int64
	Change      bcn.ID // or Tick
	Tick        bcn.ID
	Role        deploy.Role
	Channel     string
	Recipient   string
	ThreadTS    string
	TS          string // set: edit
	Broadcast   bool
	Version     int64
	Priority    int
	Unconfirmed bool
	Body        *chat.Message
}

// say stores messages about a change, each once.
func (t *txn) say(ctx context.Context, id bcn.ID, notes []deploy.Note) error {
	return t.sayAbout(ctx, "change", id, notes)
}

// sayAbout stores messages about a change or a tick; about is its column.
func (t *txn) sayAbout(ctx context.Context, about string, id bcn.ID, notes []deploy.Note) error {
	for _, n := range notes {
		if n.Ends {
			if err := t.endButtons(ctx, about, id, n); err != nil {
				return fmt.Errorf("edit a message about %s: %w", id, err)
			}
			continue
		}
		var body []byte
		if n.Role != deploy.RoleCard {
			b, err := json.Marshal(n.Body)
			if err != nil {
				return err
			}
			body = b
		}
		_, err := t.Exec(ctx, strings.ReplaceAll(`insert into outbox (@about, role, key, channel, recipient, thread_of, body, broadcast, priority, dropped)
			values ($1, $2, $3, $4, $5, case when $2 = 'thread' then (select id from outbox where @about = $1 and role = 'card') end,
				$6, $7, case when $2 = 'thread' then 1 else 0 end,
				coalesce((select 'parent: ' || dropped from outbox where $2 = 'thread' and @about = $1 and role = 'card' and dropped <> ''), ''))
			on conflict (@about, key) do nothing`, "@about", about), int64(id), n.Role, n.Key, n.Channel, n.To, body, n.Broadcast)
		if err != nil {
			return fmt.Errorf("store a message about %s: %w", id, err)
		}
		t.outbox = true
	}
	return nil
}

// endButtons edits a message that was said: what was to be pressed is done.
func (t *txn) endButtons(ctx context.Context, about string, id bcn.ID, n deploy.Note) error {
	var (
		row  int64
		body []byte
	)
	err := t.QueryRow(ctx, `select id, body from outbox where `+about+` = $1 and key = $2 and body is not null for update`, int64(id), n.Key).Scan(&row, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var m chat.Message
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	m.Blocks = slices.DeleteFunc(m.Blocks, func(b chat.Block) bool { return len(b.Buttons) > 0 })
	m.Blocks = append(m.Blocks, n.Body.Blocks...)
	if body, err = json.Marshal(m); err != nil {
		return err
	}
	t.outbox = true
	_, err = t.Exec(ctx, `update outbox set body = $2, version = version + 1 where id = $1`, row, body)
	return err
}

// refreshCard makes the card be shown again as it is now. Progress waits for
// its turn; what is urgent does not.
func (t *txn) refreshCard(ctx context.Context, id bcn.ID, urgent bool) error {
	return t.refreshAbout(ctx, "change", id, urgent)
}

func (t *txn) refreshAbout(ctx context.Context, about string, id bcn.ID, urgent bool) error {
	t.outbox = true
	_, err := t.Exec(ctx, `update outbox set version = version + 1,
		priority = case when $2 then 0 when sent = version then 1 else priority end,
		not_before = case when $2 then bcn_now() else not_before end
		where `+about+` = $1 and role = 'card'`, int64(id), urgent)
	return err
}

// ClaimOutbox leases messages that are due. A message of a thread waits for its
// parent and for those before it; a lease that ran out makes it unconfirmed.
// What is urgent is answered first, and then what was said first.
func (s *Store) ClaimOutbox(ctx context.Context, limit int) ([]Out, error) {
	rows, err := s.pool.Query(ctx, `with due as (
		select o.id from outbox o left join outbox p on p.id = o.thread_of
		where o.waits and o.not_before <= bcn_now()
		and (o.lease_until is null or o.lease_until < bcn_now())
		and (o.thread_of is null or p.ts <> '')
		and not exists (select 1 from outbox e where e.thread_of = o.thread_of and e.id < o.id and e.waits)
		order by o.priority, o.not_before, o.id limit $1 for update of o skip locked)
		update outbox o set unconfirmed = o.unconfirmed or (o.lease_until is not null and o.ts = ''),
			lease_until = bcn_now() + $2, attempts = o.attempts + 1
		from due left join outbox d on d.id = due.id left join outbox p on p.id = d.thread_of where o.id = due.id
		returning o.id, coalesce(o.change, 0), coalesce(o.tick, 0), o.role, coalesce(p.posted_to, o.channel), o.recipient, coalesce(p.ts, ''),
			o.ts, o.broadcast, o.version, o.priority, o.unconfirmed, o.body, o.posted_to`, limit, 30*time.Second)
	if err != nil {
		return nil, err
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Out, error) {
		var (
			o      Out
			body   []byte
			posted string
		)
		err := row.Scan(&o.ID, &o.Change, &o.Tick, &o.Role, &o.Channel, &o.Recipient, &o.ThreadTS, &o.TS, &o.Broadcast,
			&o.Version, &o.Priority, &o.Unconfirmed, &body, &posted)
		if err != nil {
			return o, err
		}
		if posted != "" {
			o.Channel = posted
		}
		if body != nil {
			o.Body = &chat.Message{}
			return o, json.Unmarshal(body, o.Body)
		}
		return o, nil
	})
	// An UPDATE answers its rows in any order.
	slices.SortFunc(out, func(a, b Out) int { return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

// Posted records where a version of a message is now.
func (s *Store) Posted(ctx context.Context, id int64, channel, ts string, version int64) error {
	_, err := s.pool.Exec(ctx, `update outbox set sent = greatest(sent, $4), posted_to = $2, ts = $3, unconfirmed = false,
		attempts = 0, lease_until = null,
		not_before = case when version > $4 and priority = 0 then bcn_now() else bcn_now() + $5 end,
		priority = case when version > $4 then priority else 1 end
		where id = $1`, id, channel, ts, version, cardSpacing)
	if err == nil {
		s.Wake()
	}
	return err
}

// RetryOutbox gives a message back, due later. What may have been posted is
// looked up first.
func (s *Store) RetryOutbox(ctx context.Context, id int64, after time.Duration) error {
	_, err := s.pool.Exec(ctx, `update outbox set lease_until = null, not_before = bcn_now() + $2,
		unconfirmed = unconfirmed or ts = '' where id = $1`, id, after)
	return err
}

// Dropped is a message that Slack did not take, for those who must know.
type Dropped struct {
	Change bcn.ID
	Role   deploy.Role
	Body   *chat.Message
}

// DropOutbox ends a message that Slack will never take, and those that would
// hang below it.
func (s *Store) DropOutbox(ctx context.Context, id int64, reason string) (Dropped, error) {
	var d Dropped
	err := s.tx(ctx, func(t *txn) error {
		var body []byte
		err := t.QueryRow(ctx, `update outbox set dropped = $2, lease_until = null where id = $1
			returning coalesce(change, 0), role, body`, id, reason).Scan(&d.Change, &d.Role, &body)
		if err != nil {
			return err
		}
		if body != nil {
			d.Body = &chat.Message{}
			if err := json.Unmarshal(body, d.Body); err != nil {
				return err
			}
		}
		_, err = t.Exec(ctx, `update outbox set dropped = $2 where thread_of = $1`, id, "parent: "+reason)
		return err
	})
	return d, err
}

// CardAt answers where a change's card is; empty where it was not posted yet.
func (s *Store) CardAt(ctx context.Context, id bcn.ID) (channel, ts string, err error) {
	err = s.pool.QueryRow(ctx, `select posted_to, ts from outbox where change = $1 and role = 'card'`, int64(id)).Scan(&channel, &ts)
	if _, err := found(0, err); errors.Is(err, ErrNotFound) {
		return "", "", nil
	}
	return channel, ts, err
}

// Say stores messages about a change, each once.
func (s *Store) Say(ctx context.Context, id bcn.ID, notes []deploy.Note) error {
	return s.tx(ctx, func(t *txn) error { return t.say(ctx, id, notes) })
}
