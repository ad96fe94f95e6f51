package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Parked answers what keeps failing, and the changes whose outcome is unknown:
// changes, scheduled runs, then commands, each oldest first.
func (s *Store) Parked(ctx context.Context) ([]deploy.Parked, error) {
	changes, err := manyChanges(ctx, s.pool, `parked or state = 'blocked' order by id`)
	if err != nil {
		return nil, err
	}
	out := make([]deploy.Parked, 0, len(changes))
	for _, c := range changes {
		p := deploy.Parked{Change: c, Code: bcn.CodeParked, Params: map[string]string{"what": string(c.State)}}
		if c.State == bcn.ChangeBlocked {
			p.Code, p.Params = c.Code, c.Params
		}
		out = append(out, p)
	}
	ticks, err := s.parkedTicks(ctx)
	if err != nil {
		return nil, err
	}
	commands, err := s.parkedCommands(ctx)
	return append(append(out, ticks...), commands...), err
}

func (s *Store) parkedTicks(ctx context.Context) ([]deploy.Parked, error) {
	rows, err := s.pool.Query(ctx, `select k.id, x.name, k.at, k.state from tick k join schedule x on x.id = k.schedule
		where k.parked and k.`+tickOpen+` order by k.id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (deploy.Parked, error) {
		p := deploy.Parked{Code: bcn.CodeParked, Tick: &deploy.ParkedTick{}}
		var state string
		err := row.Scan(&p.Tick.ID, &p.Tick.Schedule, &p.Tick.At, &state)
		p.Params = map[string]string{"what": state}
		return p, err
	})
}

// commandMark names a stored command: its key is Slack's and long.
func commandMark(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "command-" + hex.EncodeToString(sum[:4])
}

// wholeCommand says that what a stored command was is not forgotten: a day later
// nobody means it any more.
const wholeCommand = `((request ? 'text' or request ? 'action') and received_at > (select bcn_now() - interval '24 hours'))`

// maxParkedCommands bounds how many are listed: what people typed long ago, and
// is forgotten, is of little use.
const maxParkedCommands = 200

func (s *Store) parkedCommands(ctx context.Context) ([]deploy.Parked, error) {
	rows, err := s.pool.Query(ctx, `select key, request, received_at, not `+wholeCommand+` from inbox where state = 'parked'
		order by received_at limit $1`, maxParkedCommands)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (deploy.Parked, error) {
		var (
			key string
			raw []byte
		)
		c := deploy.ParkedCommand{}
		if err := row.Scan(&key, &raw, &c.At, &c.Forgotten); err != nil {
			return deploy.Parked{}, err
		}
		c.Mark = commandMark(key)
		return deploy.Parked{Command: &c, Code: bcn.CodeParked, Params: map[string]string{}}, json.Unmarshal(raw, &c.Request)
	})
}

// UnparkTick lets a parked tick's job run again; see deploy.Store.
func (s *Store) UnparkTick(ctx context.Context, o deploy.Origin, actor string, id bcn.ID) error {
	return s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		err := t.moved(ctx, `update tick set parked = false, failures = 0, lease_until = null where id = $1 and parked and `+tickOpen, int64(id))
		if errors.Is(err, ErrConflict) {
			return deploy.ErrNone
		}
		if err != nil {
			return err
		}
		if err := t.record("tick.unparked", actor, id, map[string]any{}); err != nil {
			return err
		}
		return t.hurryTick(ctx, id)
	})
}

// UnparkCommand has a parked command run again; see deploy.Store. Whoever looks
// for orphaned commands finds it.
func (s *Store) UnparkCommand(ctx context.Context, o deploy.Origin, actor, mark string) error {
	return s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		rows, err := t.Query(ctx, `select key from inbox where state = 'parked' and `+wholeCommand+` order by received_at for update`)
		if err != nil {
			return err
		}
		keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, key := range keys {
			if commandMark(key) != mark {
				continue
			}
			if err := t.moved(ctx, `update inbox set state = 'received', attempts = 0, error = null, lease_until = null where key = $1`, key); err != nil {
				return fmt.Errorf("command %s: %w", mark, err)
			}
			return t.record("command.unparked", actor, 0, map[string]any{"key": key})
		}
		return deploy.ErrNone
	})
}
