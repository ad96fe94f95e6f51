package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// OrderShift writes down who lets a deployment go on; see deploy.Store.
func (s *Store) OrderShift(ctx context.Context, o deploy.Origin, actor string, id bcn.ID, hooks []string) error {
	err := s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		c, err := oneChange(ctx, t, `id = $1 for update`, int64(id))
		if err != nil {
			return err
		}
		if c.State != bcn.ChangeApplying {
			return bcn.E(bcn.CodeNothingWaits, "id", id.String())
		}
		for _, hook := range hooks {
			if err := t.orderShift(ctx, id, hook, actor); err != nil {
				return err
			}
		}
		if err := t.record("change.shift", actor, id, map[string]any{"hooks": hooks}); err != nil {
			return err
		}
		return t.kick(ctx, id)
	})
	if err == nil {
		s.log.Info("shift ordered", "change", int64(id), "actor", actor)
	}
	return err
}

// orderShift keeps the first order for a pause: who was first let it go on.
func (t *txn) orderShift(ctx context.Context, id bcn.ID, hook, actor string) error {
	var row []byte
	err := t.QueryRow(ctx, `insert into shift_order (change, hook, by_who, mac) values ($1, $2, $3, '')
		on conflict do nothing returning to_jsonb(shift_order)`, int64(id), hook, actor).Scan(&row)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.seal(ctx, "shift_order", row, `change = $1 and hook = $2`, int64(id), hook)
}

// ShiftOrders answers what was said to a change's deployments; see
// deploy.Store. A row that bcn did not write says nothing.
func (s *Store) ShiftOrders(ctx context.Context, id bcn.ID) ([]deploy.ShiftOrder, error) {
	var list []deploy.ShiftOrder
	err := s.tx(ctx, func(t *txn) error {
		rows, err := t.Query(ctx, `select hook, by_who, at, to_jsonb(shift_order), mac from shift_order where change = $1 order by at, hook`, int64(id))
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (deploy.ShiftOrder, error) {
			var o deploy.ShiftOrder
			var whole, mac []byte
			if err := row.Scan(&o.Hook, &o.By, &o.At, &whole, &mac); err != nil {
				return o, err
			}
			return o, t.sealed("shift_order", whole, mac)
		})
		return err
	})
	return list, err
}
