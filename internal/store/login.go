package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/login"
)

var _ login.Store = (*Store)(nil)

// linkMAC covers who linked what. That it was taken back has a MAC of its own
// value, so that this cannot be undone past bcn.
func (s *Store) linkMAC(l login.Link, removed bool) []byte {
	return s.key.MAC("github link", []byte(l.User), []byte(l.Login), fmt.Append(nil, l.GitHubID), fmt.Append(nil, removed))
}

// codeCipher encrypts device codes by BCN_KEY.
func (s *Store) codeCipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.key.MAC("device code"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// BeginLogin stores a code; see login.Store.
func (s *Store) BeginLogin(ctx context.Context, o deploy.Origin, w login.Waiting, expires time.Duration) error {
	aead, err := s.codeCipher()
	if err != nil {
		return err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	code := aead.Seal(nonce, nonce, []byte(w.Code), []byte(w.User))
	return s.tx(ctx, func(t *txn) error {
		t.what = "a login"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		if l, err := linkOf(ctx, t, s, w.User); err != nil || l.Login != "" {
			return errors.Join(err, bcn.E(bcn.CodeAlreadyLinked, "login", l.Login))
		}
		_, err := t.Exec(ctx, `insert into github_login (slack_user, team, device_code, interval_s, expires_at, next_at)
			values ($1, $2, $3, $4, bcn_now() + $5::interval, bcn_now() + $6::interval)
			on conflict (slack_user) do update set team = excluded.team, device_code = excluded.device_code,
				interval_s = excluded.interval_s, expires_at = excluded.expires_at, next_at = excluded.next_at`,
			w.User, w.Team, code, int(w.Interval.Seconds()), expires, w.Interval)
		if err != nil {
			return fmt.Errorf("store a login: %w", err)
		}
		return t.record("login.begun", w.User, 0, map[string]any{})
	})
}

// DueLogins claims logins; see login.Store. A row that bcn did not write cannot
// be read, and is left to expire.
func (s *Store) DueLogins(ctx context.Context) ([]login.Waiting, error) {
	aead, err := s.codeCipher()
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `with due as (
			select slack_user from github_login where next_at <= bcn_now() order by next_at limit 20 for update skip locked)
		update github_login l set next_at = bcn_now() + make_interval(secs => interval_s) from due where l.slack_user = due.slack_user
		returning l.slack_user, l.team, l.device_code, l.interval_s, l.expires_at, l.expires_at <= bcn_now()`)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (login.Waiting, error) {
		var (
			w       login.Waiting
			sealed  []byte
			seconds int
		)
		if err := row.Scan(&w.User, &w.Team, &sealed, &seconds, &w.ExpiresAt, &w.Expired); err != nil {
			return w, err
		}
		w.Interval = time.Duration(seconds) * time.Second
		if n := aead.NonceSize(); len(sealed) > n {
			if code, err := aead.Open(nil, sealed[:n], sealed[n:], []byte(w.User)); err == nil {
				w.Code = string(code)
			}
		}
		return w, nil
	})
	var out []login.Waiting
	for _, w := range all {
		if w.Code == "" && !w.Expired {
			s.log.Error("a login's row was changed past bcn", "user", w.User)
			continue
		}
		out = append(out, w)
	}
	return out, err
}

// SlowLogin asks less often; see login.Store.
func (s *Store) SlowLogin(ctx context.Context, user string, interval time.Duration) error {
	_, err := s.pool.Exec(ctx, `update github_login set interval_s = $2, next_at = bcn_now() + make_interval(secs => $2) where slack_user = $1`,
		user, int(interval.Seconds()))
	return err
}

// EndLogin stores what came of a code; see login.Store.
func (s *Store) EndLogin(ctx context.Context, w login.Waiting, out login.Outcome, notes []deploy.Note) error {
	err := s.tx(ctx, func(t *txn) error {
		t.what = "the end of a login"
		tag, err := t.Exec(ctx, `delete from github_login where slack_user = $1 and expires_at = $2`, w.User, w.ExpiresAt)
		if err != nil || tag.RowsAffected() == 0 { // another has ended it, or there is a newer code
			return err
		}
		kind := "login.refused"
		if out.Code == "" {
			kind = "login.linked"
			if err := t.link(ctx, out.Link); err != nil {
				return err
			}
		}
		if err := t.announce(ctx, notes); err != nil {
			return err
		}
		return t.record(kind, w.User, 0, map[string]any{"login": out.Login, "github_id": out.GitHubID, "code": out.Code})
	})
	if err == nil {
		s.log.Info("login ended", "user", w.User, "login", out.Login, "code", out.Code)
	}
	return err
}

// link stores that an account belongs to a person: one that was another's, ever,
// does not.
func (t *txn) link(ctx context.Context, l login.Link) error {
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('github link', 0))`); err != nil {
		return err
	}
	if old, err := linkOf(ctx, t, t.s, l.User); err != nil || old.Login != "" {
		return errors.Join(err, bcn.E(bcn.CodeAlreadyLinked, "login", old.Login))
	}
	var others int
	err := t.QueryRow(ctx, `select count(*) from github_link where (login = $1 or github_id = $2) and slack_user <> $3`, l.Login, l.GitHubID, l.User).Scan(&others)
	if err != nil || others > 0 {
		return errors.Join(err, bcn.E(bcn.CodeLoginTaken, "login", l.Login))
	}
	if _, err := t.Exec(ctx, `delete from github_link where slack_user = $1 and (login = $2 or github_id = $3)`, l.User, l.Login, l.GitHubID); err != nil {
		return err
	}
	_, err = t.Exec(ctx, `insert into github_link (slack_user, login, github_id, since, mac) values ($1, $2, $3, bcn_now(), $4)`,
		l.User, l.Login, l.GitHubID, t.s.linkMAC(l, false))
	return err
}

// ForgetLink takes a link back; see login.Store.
func (s *Store) ForgetLink(ctx context.Context, o deploy.Origin, user string, notes func(login.Link) []deploy.Note) (login.Link, error) {
	var l login.Link
	err := s.tx(ctx, func(t *txn) (err error) {
		t.what = "forgetting a login"
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		if l, err = linkOf(ctx, t, s, user); err != nil || l.Login == "" {
			return errors.Join(err, bcn.E(bcn.CodeNotLinked))
		}
		_, err = t.Exec(ctx, `update github_link set removed_at = bcn_now(), mac = $2 where slack_user = $1 and removed_at is null`, user, s.linkMAC(l, true))
		if err != nil {
			return err
		}
		if err := t.announce(ctx, notes(l)); err != nil {
			return err
		}
		return t.record("login.forgotten", user, 0, map[string]any{"login": l.Login})
	})
	return l, err
}

// Linked answers the GitHub login that a Slack user linked, "" for none. Errors:
// tampered, where the row is not as bcn wrote it.
func (s *Store) Linked(ctx context.Context, user string) (string, error) {
	l, err := linkOf(ctx, s.pool, s, user)
	return l.Login, err
}

// LinkedAccount answers GitHub's id of the account that a Slack user linked, 0 for
// none: its login may be another's by now. Errors: as Linked.
func (s *Store) LinkedAccount(ctx context.Context, user string) (int64, error) {
	l, err := linkOf(ctx, s.pool, s, user)
	return l.GitHubID, err
}

// Links answers all links, as Slack users by GitHub's ids. A row that is not as
// bcn wrote it is left out.
func (s *Store) Links(ctx context.Context) (map[int64]string, error) {
	all, err := links(ctx, s.pool, `removed_at is null`)
	out := map[int64]string{}
	for _, l := range all {
		if audit.Equal(l.mac, s.linkMAC(l.Link, false)) {
			out[l.GitHubID] = l.User
		}
	}
	return out, err
}

type linkRow struct {
	login.Link
	mac []byte
}

func links(ctx context.Context, q querier, where string, args ...any) ([]linkRow, error) {
	rows, err := q.Query(ctx, `select slack_user, login, github_id, mac from github_link where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (linkRow, error) {
		var l linkRow
		err := row.Scan(&l.User, &l.Login, &l.GitHubID, &l.mac)
		return l, err
	})
}

// linkOf answers what a person linked, the zero value for nothing.
func linkOf(ctx context.Context, q querier, s *Store, user string) (login.Link, error) {
	all, err := links(ctx, q, `slack_user = $1 and removed_at is null`, user)
	if err != nil || len(all) == 0 {
		return login.Link{}, err
	}
	if !audit.Equal(all[0].mac, s.linkMAC(all[0].Link, false)) {
		return login.Link{}, bcn.E(bcn.CodeTampered, "what", "linked account")
	}
	return all[0].Link, nil
}
