package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const (
	tokenColumns = `id, app, env, heritage, by_who, issued_at, expires_at, revoked_at, used_at, digest, mac`
	tokenWorks   = `revoked_at is null and expires_at > (select bcn_now())`
)

// storedToken is a token as it is stored.
type storedToken struct {
	bcn.Token
	by     []byte
	digest []byte
	mac    []byte
}

func scanToken(row pgx.CollectableRow) (storedToken, error) {
	var t storedToken
	err := row.Scan(&t.ID, &t.App, &t.Env, &t.Heritage, &t.by, &t.IssuedAt, &t.ExpiresAt, &t.RevokedAt, &t.UsedAt, &t.digest, &t.mac)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(t.by, &t.By)
}

// tokenMAC covers what a token opens, for whom it acts, and until when. That it
// was revoked or used takes nothing to forge that a thief would want.
func (s *Store) tokenMAC(t bcn.Token, digest []byte) []byte {
	return s.key.MAC("deploy token", fmt.Append(nil, int64(t.ID)), []byte(t.App), []byte(t.Env), []byte(t.Heritage),
		[]byte(t.By.Kind), []byte(t.By.User), []byte(t.By.Team), fmt.Append(nil, t.ExpiresAt.UnixMicro()), digest)
}

// NewToken stores a token; see ci.Store.
func (s *Store) NewToken(ctx context.Context, o deploy.Origin, t bcn.Token, digest []byte, life time.Duration, over bool, notes func(bcn.Change) []deploy.Note) (bcn.Token, error) {
	by, err := json.Marshal(t.By)
	if err != nil {
		return t, err
	}
	err = s.tx(ctx, func(x *txn) error {
		x.what = "a new token"
		if err := x.settle(ctx, o); err != nil {
			return err
		}
		// Two that are asked for at once are made one after the other.
		if _, err := x.Exec(ctx, `select from heritage where name = $1 for update`, t.Heritage); err != nil {
			return err
		}
		switch old, err := x.workingToken(ctx, t.Heritage); {
		case err == nil && !over:
			return bcn.E(bcn.CodeTokenExists, "app", t.App, "env", t.Env, "expires", old.ExpiresAt.UTC().Format(time.DateOnly))
		case err != nil && !errors.Is(err, ErrNotFound):
			return err
		}
		if err := x.revokeTokens(ctx, t.By, t.Heritage, nil, notes); err != nil {
			return err
		}
		err := x.QueryRow(ctx, `insert into deploy_token (app, env, heritage, by_who, digest, expires_at, mac)
			values ($1, $2, $3, $4, $5, date_trunc('second', bcn_now() + $6::interval), '') returning id, issued_at, expires_at`,
			t.App, t.Env, t.Heritage, by, digest, life).Scan(&t.ID, &t.IssuedAt, &t.ExpiresAt)
		if err != nil {
			return fmt.Errorf("store the token: %w", err)
		}
		if _, err := x.Exec(ctx, `update deploy_token set mac = $2 where id = $1`, int64(t.ID), s.tokenMAC(t, digest)); err != nil {
			return err
		}
		return x.record("token.issued", who(t.By), 0, map[string]any{
			"token": int64(t.ID), "app": t.App, "env": t.Env, "heritage": t.Heritage, "expires": t.ExpiresAt, "key": o.Key,
		})
	})
	if err == nil {
		s.log.Info("token issued", "token", int64(t.ID), "heritage", t.Heritage, "actor", who(t.By), "expires", t.ExpiresAt)
	}
	return t, err
}

// RevokeTokens ends the tokens of a heritage; see ci.Store.
func (s *Store) RevokeTokens(ctx context.Context, o deploy.Origin, actor bcn.Actor, heritage string, notes func(bcn.Change) []deploy.Note) (int, error) {
	n := 0
	err := s.tx(ctx, func(x *txn) error {
		x.what = "revoking tokens"
		if err := x.settle(ctx, o); err != nil {
			return err
		}
		return x.revokeTokens(ctx, actor, heritage, &n, notes)
	})
	return n, err
}

// revokeTokens ends them in this transaction, each with its audit entry, and
// what they asked for that has not begun.
func (t *txn) revokeTokens(ctx context.Context, actor bcn.Actor, heritage string, n *int, notes func(bcn.Change) []deploy.Note) error {
	rows, err := t.Query(ctx, `update deploy_token set revoked_at = bcn_now() where heritage = $1 and revoked_at is null
		returning id, expires_at > bcn_now()`, heritage)
	if err != nil {
		return err
	}
	var id bcn.ID
	var worked bool
	var vias []string
	_, err = pgx.ForEachRow(rows, []any{&id, &worked}, func() error {
		if worked && n != nil {
			*n++
		}
		vias = append(vias, bcn.ViaToken(id))
		t.s.log.Info("token revoked", "token", int64(id), "heritage", heritage, "actor", who(actor))
		return t.record("token.revoked", who(actor), 0, map[string]any{"token": int64(id), "heritage": heritage})
	})
	if err != nil || len(vias) == 0 {
		return err
	}
	return t.closeAskedBy(ctx, actor, vias, notes)
}

// closeAskedBy closes what tokens that ended asked for and has not begun:
// nobody is left to approve what would not start.
func (t *txn) closeAskedBy(ctx context.Context, actor bcn.Actor, vias []string, notes func(bcn.Change) []deploy.Note) error {
	open, err := manyChanges(ctx, t, `requester->>'via' = any($1) and `+notEnded+` order by id for update`, vias)
	if err != nil {
		return err
	}
	for _, c := range open {
		if !c.State.BeforeApplying() {
			continue
		}
		params := map[string]string{"by": who(actor)}
		if err := t.closeNow(ctx, c, bcn.CodeTokenEnded, params, bcn.RequestCancel, who(actor)); err != nil {
			return err
		}
		c.State, c.Code, c.Params = bcn.ChangeClosed, bcn.CodeTokenEnded, params
		if err := t.say(ctx, c.ID, notes(c)); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) workingToken(ctx context.Context, heritage string) (storedToken, error) {
	return oneToken(ctx, t, `heritage = $1 and `+tokenWorks+` order by id desc limit 1`, heritage)
}

func oneToken(ctx context.Context, q querier, where string, args ...any) (storedToken, error) {
	rows, err := q.Query(ctx, `select `+tokenColumns+` from deploy_token where `+where, args...)
	if err != nil {
		return storedToken{}, err
	}
	return found(pgx.CollectExactlyOneRow(rows, scanToken))
}

// ViaWorks says whether a token still works; see deploy.Store.
func (s *Store) ViaWorks(ctx context.Context, via string) (bool, error) {
	if via == "" {
		return true, nil
	}
	t, err := oneToken(ctx, s.pool, `'token #' || id = $1 and `+tokenWorks, via)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && audit.Equal(t.mac, s.tokenMAC(t.Token, t.digest)), err
}

// UseToken proves a token; see ci.Store.
func (s *Store) UseToken(ctx context.Context, id bcn.ID, digest []byte) (bcn.Token, error) {
	t, err := oneToken(ctx, s.pool, `id = $1 and `+tokenWorks, int64(id))
	if err != nil {
		return t.Token, err
	}
	// The digest is compared as it is: who can choose it by time would need a
	// number whose hash they know.
	if !bytes.Equal(t.digest, digest) || !audit.Equal(t.mac, s.tokenMAC(t.Token, t.digest)) {
		return bcn.Token{}, ErrNotFound
	}
	_, err = s.pool.Exec(ctx, `update deploy_token set used_at = bcn_now() where id = $1`, int64(id))
	return t.Token, err
}
