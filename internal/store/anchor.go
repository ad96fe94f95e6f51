package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// MakeAnchor seals the head of the log where the last anchor is older than
// every and entries were written since, and stores it together with what is
// said of it. It answers false where there was nothing to anchor. A head that
// this key did not write is tampered.
func (s *Store) MakeAnchor(ctx context.Context, every time.Duration, notes func(audit.Anchor) []deploy.Note) (made bool, err error) {
	err = s.tx(ctx, func(t *txn) error {
		t.what = "an anchor"
		// Replicas one after the other: the second finds the first's.
		if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('audit_anchor', 0))`); err != nil {
			return err
		}
		a, due, err := t.nextAnchor(ctx, every)
		if err != nil || !due {
			return err
		}
		made = true
		_, err = t.Exec(ctx, `insert into audit_anchor (seq, hash, at, mac) values ($1, $2, $3, $4)`, a.Seq, a.Hash, a.At, a.MAC)
		if err != nil {
			return err
		}
		return t.announce(ctx, notes(a))
	})
	return made, err
}

func (t *txn) nextAnchor(ctx context.Context, every time.Duration) (a audit.Anchor, due bool, err error) {
	var (
		installation string
		seq          int64
		hash, mac    []byte
		now          time.Time
	)
	err = t.QueryRow(ctx, `select h.seq, h.hash, h.mac, bcn_now(), (select id::text from installation) from audit_head h`).
		Scan(&seq, &hash, &mac, &now, &installation)
	if err != nil || seq == 0 {
		return a, false, err
	}
	last, err := t.lastAnchor(ctx, installation)
	if err != nil || seq == last.Seq || now.Sub(last.At) < every {
		return a, false, err
	}
	if !audit.Equal(mac, t.s.key.HeadMAC(seq, hash)) || seq < last.Seq {
		return a, false, bcn.E(bcn.CodeTampered, "what", "audit head")
	}
	return t.s.key.Anchor(installation, seq, hash, now), true, nil
}

// lastAnchor answers the newest anchor that bcn made. Rows that it did not make
// are removed: they would keep the next one from being made.
func (t *txn) lastAnchor(ctx context.Context, installation string) (audit.Anchor, error) {
	list, err := manyAnchors(ctx, t, installation, `true order by seq desc`)
	for _, a := range list {
		if t.s.key.Sealed(a) {
			return a, nil
		}
		t.s.log.Error("an anchor that bcn did not make was removed", "seq", a.Seq, "at", a.At)
		if _, err := t.Exec(ctx, `delete from audit_anchor where seq = $1`, a.Seq); err != nil {
			return audit.Anchor{}, err
		}
	}
	return audit.Anchor{}, err
}

func manyAnchors(ctx context.Context, q querier, installation, where string, args ...any) ([]audit.Anchor, error) {
	rows, err := q.Query(ctx, `select seq, hash, at, mac from audit_anchor where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (audit.Anchor, error) {
		a := audit.Anchor{Installation: installation}
		err := row.Scan(&a.Seq, &a.Hash, &a.At, &a.MAC)
		return a, err
	})
}

// announce stores messages that are about no change.
func (t *txn) announce(ctx context.Context, notes []deploy.Note) error {
	for _, n := range notes {
		if n.Channel == "" && n.To == "" {
			continue // nowhere to say it
		}
		body, err := json.Marshal(n.Body)
		if err != nil {
			return err
		}
		_, err = t.Exec(ctx, `insert into outbox (role, key, channel, recipient, body) values ($1, $2, $3, $4, $5)`, n.Role, n.Key, n.Channel, n.To, body)
		if err != nil {
			return fmt.Errorf("store a message: %w", err)
		}
		t.outbox = true
	}
	return nil
}

// Anchors answers the anchors that bcn made longer ago than a time, oldest first:
// what is to be found outside.
func (s *Store) Anchors(ctx context.Context, ago time.Duration) ([]audit.Anchor, error) {
	installation, err := s.Installation(ctx)
	if err != nil {
		return nil, err
	}
	list, err := manyAnchors(ctx, s.pool, installation, `at < bcn_now() - $1::interval order by seq`, ago)
	return slices.DeleteFunc(list, func(a audit.Anchor) bool { return !s.key.Sealed(a) }), err
}

// Unstored answers the oldest anchors that are not in S3 yet, at most limit.
// One whose row is not as bcn wrote it is left out.
func (s *Store) Unstored(ctx context.Context, limit int) ([]audit.Anchor, error) {
	installation, err := s.Installation(ctx)
	if err != nil {
		return nil, err
	}
	list, err := manyAnchors(ctx, s.pool, installation, `stored_at is null order by seq limit $1`, limit)
	if err != nil {
		return nil, err
	}
	var out []audit.Anchor
	for _, a := range list {
		if s.key.Sealed(a) {
			out = append(out, a)
		}
	}
	return out, nil
}

// Stored notes that an anchor is in S3.
func (s *Store) Stored(ctx context.Context, seq int64) error {
	_, err := s.pool.Exec(ctx, `update audit_anchor set stored_at = bcn_now() where seq = $1`, seq)
	return err
}

// Head answers the log's last entry as an anchor of this moment; ErrNotFound
// where nothing was written yet.
func (s *Store) Head(ctx context.Context) (audit.Anchor, error) {
	var (
		a   audit.Anchor
		mac []byte
	)
	err := s.pool.QueryRow(ctx, `select seq, hash, mac from audit_head`).Scan(&a.Seq, &a.Hash, &mac)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && a.Seq == 0:
		return a, ErrNotFound
	case err != nil:
		return a, err
	case !audit.Equal(mac, s.key.HeadMAC(a.Seq, a.Hash)):
		return a, bcn.E(bcn.CodeTampered, "what", "audit head")
	}
	return a, nil
}

// Announce says something that is about no change. Nothing is said where no
// channel is configured.
func (s *Store) Announce(ctx context.Context, notes []deploy.Note) error {
	return s.tx(ctx, func(t *txn) error { return t.announce(ctx, notes) })
}
