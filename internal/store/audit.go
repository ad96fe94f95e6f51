package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// record collects an audit entry; it is sealed and written at the end of the
// transaction.
func (t *txn) record(kind, actor string, change bcn.ID, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write audit entry %s: %w", kind, err)
	}
	t.entries = append(t.entries, audit.Entry{Kind: kind, Actor: actor, Change: int64(change), Body: string(b)})
	return nil
}

// writeAudit locks the head, seals the entries and moves the head. A head that
// this key did not write stops everything: nothing happens unrecorded.
func (t *txn) writeAudit(ctx context.Context) error {
	if len(t.entries) == 0 {
		return nil
	}
	var (
		seq       int64
		hash, mac []byte
		now       time.Time
	)
	err := t.QueryRow(ctx, `select seq, hash, mac, bcn_now() from audit_head for update`).Scan(&seq, &hash, &mac, &now)
	if err != nil {
		return fmt.Errorf("lock the audit head: %w", err)
	}
	if seq > 0 && !audit.Equal(mac, t.s.key.HeadMAC(seq, hash)) {
		return bcn.E(bcn.CodeTampered, "what", "audit head")
	}
	for _, e := range t.entries {
		seq++
		e.Seq, e.At = seq, now
		e = t.s.key.Seal(e, hash)
		hash = e.Hash
		_, err := t.Exec(ctx, `insert into audit_entry (seq, at, kind, actor, change, body, hash, mac)
			values ($1, $2, $3, $4, $5, $6, $7, $8)`, e.Seq, e.At, e.Kind, e.Actor, e.Change, e.Body, e.Hash, e.MAC)
		if err != nil {
			return fmt.Errorf("write audit entry: %w", err)
		}
	}
	_, err = t.Exec(ctx, `update audit_head set seq = $1, hash = $2, mac = $3`, seq, hash, t.s.key.HeadMAC(seq, hash))
	return err
}

// Refused writes down a decision or command that was refused.
func (s *Store) Refused(ctx context.Context, actor string, change bcn.ID, what string, cause error) error {
	return s.tx(ctx, func(t *txn) error {
		return t.record("refused", actor, change, map[string]string{"what": what, "code": string(bcn.CodeOf(cause))})
	})
}

// entryColumns are read into entryFields.
const entryColumns = `seq, at, kind, actor, change, body, hash, mac`

// provable are an entry's columns and the hash of the one before it.
const (
	provable     = `e.seq, e.at, e.kind, e.actor, e.change, e.body, e.hash, e.mac, coalesce(p.hash, '')`
	provableFrom = ` from audit_entry e left join audit_entry p on p.seq = e.seq - 1 `
)

// whole says whether an entry is as bcn wrote it, after one with that hash.
func (s *Store) whole(e audit.Entry, prev []byte) bool {
	sealed := s.key.Seal(e, prev)
	return audit.Equal(sealed.Hash, e.Hash) && audit.Equal(sealed.MAC, e.MAC)
}

func entryFields(e *audit.Entry) []any {
	return []any{&e.Seq, &e.At, &e.Kind, &e.Actor, &e.Change, &e.Body, &e.Hash, &e.MAC}
}

// VerifyAudit walks the whole chain and answers how many entries are whole; an
// audit.BrokenError names the first that is not. Every anchor must agree with
// the chain: an audit.AnchorError names one that does not.
func (s *Store) VerifyAudit(ctx context.Context, anchors ...audit.Anchor) (int64, error) {
	v := audit.NewVerifier(s.key)
	v.Expect(anchors)
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+entryColumns+` from audit_entry order by seq`)
		if err != nil {
			return err
		}
		var e audit.Entry
		_, err = pgx.ForEachRow(rows, entryFields(&e), func() error { return v.Next(e) })
		if err != nil {
			return err
		}
		var seq int64
		var hash, mac []byte
		if err := tx.QueryRow(ctx, `select seq, hash, mac from audit_head`).Scan(&seq, &hash, &mac); err != nil {
			return fmt.Errorf("read the audit head: %w", err)
		}
		return v.End(seq, hash, mac)
	})
	return v.Verified(), migrated(err)
}

// undefinedTable is PostgreSQL's code for a table that is not there.
const undefinedTable = "42P01"

// ErrNotMigrated says that the database has no schema of ours (yet).
var ErrNotMigrated = errors.New("the database has no bcn schema: run bot migrate")

func migrated(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == undefinedTable {
		return ErrNotMigrated
	}
	return err
}

// auditOf answers whether the chain holds an entry of that kind for a change,
// whole and written with our key: its hash is computed again over its content
// and the entry before. It is read before anything is executed.
func (t *txn) auditOf(ctx context.Context, kind string, change bcn.ID, want map[string]string) (bool, error) {
	rows, err := t.Query(ctx, `select `+provable+provableFrom+`where e.change = $1 and e.kind = $2 order by e.seq`, int64(change), kind)
	if err != nil {
		return false, err
	}
	whole := false
	var e audit.Entry
	var prev []byte
	_, err = pgx.ForEachRow(rows, append(entryFields(&e), &prev), func() error {
		whole = whole || t.s.whole(e, prev) && holds(e.Body, want)
		return nil
	})
	return whole, err
}

// newest answers the last entry of the log that meets a condition, and whether
// it is whole and written with our key; false where there is none.
func (t *txn) newest(ctx context.Context, where string, args ...any) (e audit.Entry, whole bool, err error) {
	var prev []byte
	err = t.QueryRow(ctx, `select `+provable+provableFrom+`where `+where+` order by e.seq desc limit 1`, args...).
		Scan(append(entryFields(&e), &prev)...)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		return e, false, nil
	}
	return e, err == nil && t.s.whole(e, prev), err
}

// holds says whether a JSON object has all the wanted members.
func holds(body string, want map[string]string) bool {
	var got map[string]any
	if json.Unmarshal([]byte(body), &got) != nil {
		return false
	}
	for k, v := range want {
		if fmt.Sprint(got[k]) != v {
			return false
		}
	}
	return true
}
