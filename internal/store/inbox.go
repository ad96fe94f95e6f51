package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// maxInboxAttempts is how often a stored command is tried before it is parked.
const maxInboxAttempts = 5

// Put stores what somebody did, durably; see slackbot.Inbox. Puts that are
// under way at the same time share one insert.
func (s *Store) Put(ctx context.Context, r chat.Request) (bool, error) {
	return s.inbox.put(ctx, r)
}

// Unacked marks a request whose acknowledgement could not be written.
func (s *Store) Unacked(ctx context.Context, key string) error {
	_, err := s.pool.Exec(ctx, `update inbox set state = 'unacked' where key = $1 and state = 'received' and fence = 0`, key)
	return err
}

// ErrPoison says that a stored request ended the processes that ran it: it was
// parked instead of being run once more.
var ErrPoison = errors.New("this command was begun too often")

// ErrForged says that a stored request does not match its seal: it was not
// written by bcn, or was changed since. It was parked instead of being run.
var ErrForged = errors.New("this command does not match its seal")

// inboxMAC seals what somebody did: whoever may write in the database cannot
// click or type in another's name.
func (s *Store) inboxMAC(r chat.Request) ([]byte, error) {
	b, err := json.Marshal(r)
	return s.key.MAC("inbox", b), err
}

// ClaimInbox leases a stored request for running; false where another has it,
// or it is done. With ErrPoison the request is answered, to tell its actor;
// with ErrForged nothing of it is to be believed.
func (s *Store) ClaimInbox(ctx context.Context, key string) (chat.Request, int64, bool, error) {
	var (
		raw   []byte
		mac   []byte
		fence int64
		state string
	)
	err := s.pool.QueryRow(ctx, `update inbox set fence = fence + 1, attempts = attempts + 1, lease_until = bcn_now() + $2,
		state = case when attempts >= $3 then 'parked' else state end
		where key = $1 and state = 'received' and (lease_until is null or lease_until < bcn_now())
		returning request, mac, fence, state`, key, s.lease, maxInboxAttempts).Scan(&raw, &mac, &fence, &state)
	if _, err := found(0, err); errors.Is(err, ErrNotFound) {
		return chat.Request{}, 0, false, nil
	}
	if err != nil {
		return chat.Request{}, 0, false, fmt.Errorf("claim inbox row: %w", err)
	}
	var r chat.Request
	if err := json.Unmarshal(raw, &r); err != nil {
		return chat.Request{}, 0, false, fmt.Errorf("read inbox row: %w", err)
	}
	sealed, err := s.inboxMAC(r)
	if err != nil {
		return chat.Request{}, 0, false, fmt.Errorf("seal inbox row: %w", err)
	}
	if r.Key != key || !audit.Equal(mac, sealed) {
		return chat.Request{}, 0, false, s.forgedInbox(ctx, key, fence)
	}
	if state == "parked" {
		return r, fence, false, ErrPoison
	}
	return r, fence, true, nil
}

// forgedInbox puts a request aside that nobody made, and writes it down.
func (s *Store) forgedInbox(ctx context.Context, key string, fence int64) error {
	err := s.tx(ctx, func(t *txn) error {
		if err := t.moved(ctx, `update inbox set state = 'parked', lease_until = null, error = $3 where key = $1 and fence = $2`,
			key, fence, ErrForged.Error()); err != nil {
			return err
		}
		return t.record("command.forged", audit.System, 0, map[string]any{"key": key})
	})
	if err != nil {
		return fmt.Errorf("put a forged command aside: %w", err)
	}
	return ErrForged
}

// Settle ends a stored request that changed nothing.
func (s *Store) Settle(ctx context.Context, key string, fence int64) error {
	return s.tx(ctx, func(t *txn) error {
		err := t.settle(ctx, deploy.Origin{Key: key, Fence: fence})
		if errors.Is(err, ErrConflict) {
			return nil // the use case settled it in its own transaction
		}
		return err
	})
}

// InboxFailed gives a request back after an error of ours; after some attempts
// it is parked and true is answered.
func (s *Store) InboxFailed(ctx context.Context, key string, fence int64, cause string) (parked bool, err error) {
	var state string
	err = s.pool.QueryRow(ctx, `update inbox set lease_until = bcn_now() + interval '2 seconds', error = $3,
		state = case when attempts >= $4 then 'parked' else state end
		where key = $1 and fence = $2 and state = 'received' returning state`, key, fence, cause, maxInboxAttempts).Scan(&state)
	if _, err := found(0, err); errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return state == "parked", err
}

// RenewInbox keeps a claimed request from being run by another while its
// command still works. ErrConflict means that another runs it, or that it is
// done.
func (s *Store) RenewInbox(ctx context.Context, key string, fence int64) error {
	tag, err := s.pool.Exec(ctx, `update inbox set lease_until = bcn_now() + $3
		where key = $1 and fence = $2 and state = 'received'`, key, fence, s.lease)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrConflict
	}
	return err
}

// settle marks the origin's inbox row as done in the transaction of what it
// led to. ErrConflict means that the row was run by another meanwhile.
func (t *txn) settle(ctx context.Context, o deploy.Origin) error {
	if o.Counts != nil {
		if err := t.use(ctx, 0, o.Counts.By, o.Counts.Uses); err != nil {
			return err
		}
	}
	if o.Key == "" {
		return nil
	}
	return t.moved(ctx, `update inbox set state = 'done', lease_until = null
		where key = $1 and fence = $2 and state = 'received'`, o.Key, o.Fence)
}

// OrphanedInbox answers the keys of requests that nobody runs: their process
// died after it stored them.
func (s *Store) OrphanedInbox(ctx context.Context, olderThan time.Duration) ([]string, error) {
	rows, err := s.pool.Query(ctx, `select key from inbox where state = 'received'
		and received_at < bcn_now() - $1::interval and (lease_until is null or lease_until < bcn_now())
		order by received_at limit 100`, olderThan)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// ForgetInbox removes keys that are older than a day, the time for which a
// redelivery is recognised. Of what was parked the key and the error stay, to
// be looked into, and not what was typed.
func (s *Store) ForgetInbox(ctx context.Context) error {
	// A select of its own: bcn_now() is volatile, and no index is searched for
	// what might change from row to row.
	_, err := s.pool.Exec(ctx, `delete from inbox where received_at < (select bcn_now() - interval '24 hours')
		and state in ('done', 'unacked')`)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `update inbox set request = request - 'text' where state = 'parked' and request ? 'text'
		and received_at < (select bcn_now() - interval '24 hours')`)
	return err
}
