package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Locks and freezes are believed as the log has them: a row that was changed,
// removed or put in past bcn lets nothing start (proveHolds), lifts nothing
// (provenHold), and is put back (MendHolds). The seal of a row tells the first
// without reading the log.

// sealHold seals a row that was just written.
func (t *txn) sealHold(ctx context.Context, id bcn.ID) error {
	var row []byte
	if err := t.QueryRow(ctx, `select to_jsonb(hold) from hold where id = $1`, int64(id)).Scan(&row); err != nil {
		return err
	}
	return t.seal(ctx, "hold", row, `id = $1`, int64(id))
}

// holdRow is a row, and whether it is as bcn wrote it.
type holdRow struct {
	bcn.Hold
	lifted, sealed, unsealed bool // unsealed: it is from before rows were sealed
}

func (t *txn) holdRows(ctx context.Context, where string, args ...any) ([]holdRow, error) {
	rows, err := t.Query(ctx, `select `+holdColumns+`, lifted_at is not null, to_jsonb(hold), mac from hold where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (holdRow, error) {
		var (
			h         holdRow
			body, mac []byte
		)
		err := row.Scan(append(holdFields(&h.Hold), &h.lifted, &body, &mac)...)
		if err == nil {
			h.sealed, h.unsealed = t.sealed("hold", body, mac) == nil, len(mac) == 0
		}
		return h, err
	})
}

// provenHold locks a row and refuses one that is not as bcn wrote it.
func (t *txn) provenHold(ctx context.Context, id bcn.ID) error {
	rows, err := t.holdRows(ctx, `id = $1 and lifted_at is null for update`, int64(id))
	if err == nil && len(rows) > 0 && !rows[0].sealed {
		return bcn.E(bcn.CodeTampered, "what", "hold")
	}
	return err
}

// loggedHold is a lock or a freeze that nobody has lifted, by the log.
type loggedHold struct {
	bcn.Hold
	body string
}

// says whether the log and a row agree.
func (l loggedHold) says(r holdRow) bool {
	b, err := json.Marshal(holdBody(r.Hold))
	return err == nil && string(b) == l.body && l.Kind == r.Kind && !r.lifted
}

// loggedHolds answers what is not lifted by the log, though its time may be over:
// of each the last entry that is about it. An entry that bcn did not write is
// tampered.
func (t *txn) loggedHolds(ctx context.Context) (map[bcn.ID]loggedHold, error) {
	rows, err := t.Query(ctx, `select distinct on (e.body::json ->> 'hold') `+provable+provableFrom+`
		where split_part(e.kind, '.', 1) in ('lock', 'freeze') order by e.body::json ->> 'hold', e.seq desc`)
	if err != nil {
		return nil, err
	}
	out := map[bcn.ID]loggedHold{}
	var e audit.Entry
	var prev []byte
	_, err = pgx.ForEachRow(rows, append(entryFields(&e), &prev), func() error {
		if !t.s.whole(e, prev) {
			return bcn.E(bcn.CodeTampered, "what", "audit entry")
		}
		h, err := holdOf(e)
		if err == nil && h.ID != 0 {
			out[h.ID] = h
		}
		return err
	})
	return out, err
}

// holdOf reads an entry; one that ended a hold answers the zero value.
func holdOf(e audit.Entry) (loggedHold, error) {
	kind, event, _ := strings.Cut(e.Kind, ".")
	if event != "set" && event != "changed" {
		return loggedHold{}, nil
	}
	var b struct {
		Hold                    bcn.ID
		Owner, Reason, App, Env string
		Until                   *time.Time
		From, To                int64
	}
	if err := json.Unmarshal([]byte(e.Body), &b); err != nil {
		return loggedHold{}, fmt.Errorf("read audit entry %d: %w", e.Seq, err)
	}
	return loggedHold{body: e.Body, Hold: bcn.Hold{
		ID: b.Hold, Kind: bcn.HoldKind(kind), App: b.App, Env: b.Env, Owner: b.Owner, Reason: b.Reason,
		Change: bcn.ID(e.Change), From: b.From, To: b.To, Since: e.At, Until: b.Until,
	}}, nil
}

// proveHolds refuses where what is stored to hold is not what the log says
// holds: a lock that was removed past bcn lets nothing start.
func (t *txn) proveHolds(ctx context.Context) error {
	var now time.Time
	if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&now); err != nil {
		return err
	}
	for range 3 { // one that is lifted between two reads differs once
		rows, err := t.holdRows(ctx, `lifted_at is null`)
		if err != nil {
			return err
		}
		logged, err := t.loggedHolds(ctx)
		if err != nil {
			return err
		}
		maps.DeleteFunc(logged, func(_ bcn.ID, l loggedHold) bool { return l.Over(now) })
		for _, r := range rows {
			if l, ok := logged[r.ID]; ok && r.sealed && l.says(r) {
				delete(logged, r.ID)
			}
		}
		if len(logged) == 0 {
			return nil
		}
	}
	return bcn.E(bcn.CodeTampered, "what", "hold")
}

// proveHoldsOf is proveHolds for what waits behind holds at all.
func (t *txn) proveHoldsOf(ctx context.Context, c bcn.Change) error {
	if !c.Kind.Holdable() {
		return nil
	}
	return t.proveHolds(ctx)
}

// MendHolds puts back what holds by the log and was changed or removed past bcn,
// and takes away what the log does not know; notes tell of each. It answers what
// it mended.
func (s *Store) MendHolds(ctx context.Context, notes func(bcn.Hold) []deploy.Note) ([]bcn.Hold, error) {
	var mended []bcn.Hold
	err := s.tx(ctx, func(t *txn) error {
		mended = nil
		t.what = "mending holds"
		if _, err := t.Exec(ctx, `select from halt for update`); err != nil { // as who locks
			return err
		}
		rows, err := t.holdRows(ctx, `lifted_at is null order by id for update`)
		if err != nil {
			return err
		}
		logged, err := t.loggedHolds(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			l, known := logged[r.ID]
			delete(logged, r.ID)
			done, err := t.mendHold(ctx, r, l, known)
			if err != nil {
				return err
			}
			mended = append(mended, done...)
		}
		for _, l := range logged { // removed, or marked as lifted
			done, err := t.putBack(ctx, l)
			if err != nil {
				return err
			}
			mended = append(mended, done...)
		}
		for _, h := range mended {
			if err := t.announce(ctx, notes(h)); err != nil {
				return err
			}
		}
		return nil
	})
	for _, h := range mended {
		s.log.Error("a lock or a freeze was changed past bcn, and is as the log has it again", "hold", int64(h.ID), "kind", h.Kind, "app", h.App, "env", h.Env)
	}
	return mended, err
}

// mendHold compares one row with the log.
func (t *txn) mendHold(ctx context.Context, r holdRow, l loggedHold, known bool) ([]bcn.Hold, error) {
	switch {
	case known && l.says(r) && r.sealed:
		return nil, nil
	case known && l.says(r) && r.unsealed:
		return nil, t.sealHold(ctx, r.ID)
	case known:
		return t.putBack(ctx, l)
	}
	if _, err := t.Exec(ctx, `delete from hold where id = $1`, int64(r.ID)); err != nil {
		return nil, err
	}
	return []bcn.Hold{r.Hold}, t.record("hold.mended", bcn.SystemIdentity, 0, map[string]any{"hold": int64(r.ID), "what": "removed", "was": r.String()})
}

// putBack writes a hold as the log has it, unless it is there by now.
func (t *txn) putBack(ctx context.Context, l loggedHold) ([]bcn.Hold, error) {
	rows, err := t.holdRows(ctx, `id = $1 for update`, int64(l.ID))
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 && rows[0].sealed && (l.says(rows[0]) || rows[0].lifted) { // lifted since the log was read
		return nil, nil
	}
	if _, err := t.Exec(ctx, `delete from hold where id = $1 or kind = $2 and app = $3 and env = $4 and lifted_at is null`, int64(l.ID), l.Kind, l.App, l.Env); err != nil {
		return nil, err
	}
	_, err = t.Exec(ctx, `insert into hold (id, kind, app, env, owner, reason, change, rolled_from, rolled_to, since, until_at, tell_at)
		overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case when $11::timestamptz is null then bcn_now() + $12::interval end)`,
		int64(l.ID), l.Kind, l.App, l.Env, l.Owner, l.Reason, int64(l.Change), l.From, l.To, l.Since, l.Until, nagEvery)
	if err != nil {
		return nil, fmt.Errorf("put a %s back: %w", l.Kind, err)
	}
	if err := t.sealHold(ctx, l.ID); err != nil {
		return nil, err
	}
	if err := t.rouse(ctx, l.Hold); err != nil {
		return nil, err
	}
	return []bcn.Hold{l.Hold}, t.record("hold.mended", bcn.SystemIdentity, 0, map[string]any{"hold": int64(l.ID), "what": "put back", "was": l.String()})
}
