package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// ofHeritage are the kinds that are about an app but no change: their entries
// name its heritage.
const ofHeritage = `('token.issued', 'token.revoked', 'drift.accepted')`

// auditWhere is the condition of a filter, with its arguments. Pages are cut at
// an entry's number, so that what is written meanwhile moves nothing.
func auditWhere(f bcn.AuditFilter) (where string, args []any) {
	var all []string
	add := func(sql string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			sql = strings.Replace(sql, "?", fmt.Sprint("$", len(args)), 1)
		}
		all = append(all, sql)
	}
	if f.Who != "" {
		add(`actor = ?`, f.Who)
	}
	if family, _, one := strings.Cut(f.What, "."); f.What != "" {
		add(`split_part(kind, '.', 1) = ?`, family)
		if one {
			add(`kind = ?`, f.What)
		}
	}
	if f.Since > 0 {
		add(`seq >= coalesce((select seq from audit_entry where at >= bcn_now() - ?::interval order by at, seq limit 1), 9223372036854775807)`, f.Since)
	}
	if f.ID != 0 {
		add(`change = ?`, int64(f.ID))
	}
	if f.App != "" {
		add(`(change in (select id from change where app = ? and (? = '' or env = ?))
			or split_part(kind, '.', 1) in ('token', 'drift') and kind in `+ofHeritage+` and (body::jsonb)->>'heritage' in (select name from heritage where app = ? and (? = '' or env = ?)))`,
			f.App, f.Env, f.Env, f.App, f.Env, f.Env)
	}
	if f.Before > 0 {
		add(`seq < ?`, f.Before)
	}
	if f.After > 0 {
		add(`seq > ?`, f.After)
	}
	if len(all) == 0 {
		return `true`, nil
	}
	return strings.Join(all, ` and `), args
}

// Entries answers entries of the audit log that the filter matches, the newest
// first: those next to its Before or After, at most its Limit.
func (s *Store) Entries(ctx context.Context, f bcn.AuditFilter) ([]audit.Entry, error) {
	where, args := auditWhere(f)
	order := `desc`
	if f.After > 0 {
		order = `asc`
	}
	args = append(args, f.Limit)
	rows, err := s.pool.Query(ctx, `select `+entryColumns+` from audit_entry where `+where+` order by seq `+order+fmt.Sprint(` limit $`, len(args)), args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanEntry)
	if f.After > 0 {
		slices.Reverse(list)
	}
	return list, err
}

// Broken answers the numbers of those of the entries that are not as bcn wrote
// them: nobody is to believe what they say.
func (s *Store) Broken(ctx context.Context, list []audit.Entry) (map[int64]bool, error) {
	before := make([]int64, 0, len(list))
	for _, e := range list {
		before = append(before, e.Seq-1)
	}
	rows, err := s.pool.Query(ctx, `select seq, hash from audit_entry where seq = any($1)`, before)
	if err != nil {
		return nil, err
	}
	hashes := map[int64][]byte{}
	var (
		seq  int64
		hash []byte
	)
	if _, err := pgx.ForEachRow(rows, []any{&seq, &hash}, func() error {
		hashes[seq] = slices.Clone(hash)
		return nil
	}); err != nil {
		return nil, err
	}
	broken := map[int64]bool{}
	for _, e := range list {
		if !s.whole(e, hashes[e.Seq-1]) {
			broken[e.Seq] = true
		}
	}
	return broken, nil
}

// Exported writes down who takes entries of the log away, before they do.
func (s *Store) Exported(ctx context.Context, o deploy.Origin, actor string, f bcn.AuditFilter, entries int) error {
	return s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		body := map[string]any{"entries": entries, "who": f.Who, "what": f.What, "app": f.App, "env": f.Env, "id": int64(f.ID)}
		if f.Since > 0 {
			body["since"] = f.Since.Round(time.Second).String()
		}
		return t.record("audit.exported", actor, f.ID, body)
	})
}

func scanEntry(row pgx.CollectableRow) (audit.Entry, error) {
	var e audit.Entry
	err := row.Scan(entryFields(&e)...)
	return e, err
}
