package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// use counts a change against the limits of rules, or answers limit_reached
// with when the next is possible. Whoever counts for the same person and rule
// waits for this transaction to end, so that no two see the last place free.
func (t *txn) use(ctx context.Context, c bcn.Change, uses []bcn.Use) error {
	// In one order, so that two changes under the same rules never wait for each
	// other.
	uses = slices.SortedFunc(slices.Values(uses), func(a, b bcn.Use) int { return strings.Compare(a.Rule, b.Rule) })
	for _, u := range uses {
		person := who(c.Requester)
		if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 20))`, u.Rule, person); err != nil {
			return err
		}
		// The use that has to be over before there is room again.
		var at time.Time
		err := t.QueryRow(ctx, `select at from rule_use where person = $1 and rule = $2 and change <> $3
			and at > bcn_now() - make_interval(secs => $4) order by at desc, change desc offset $5 limit 1`,
			person, u.Rule, int64(c.ID), u.Per.Seconds(), u.Count-1).Scan(&at)
		switch _, err = found(0, err); {
		case err == nil:
			return bcn.E(bcn.CodeLimitReached, "rule", u.Name, "count", strconv.Itoa(u.Count), "per", u.Per.String(),
				"next", at.Add(u.Per).Truncate(time.Second).Add(time.Second).UTC().Format(time.RFC3339))
		case !errors.Is(err, ErrNotFound):
			return err
		}
		_, err = t.Exec(ctx, `insert into rule_use (change, rule, person) values ($1, $2, $3) on conflict do nothing`, int64(c.ID), u.Rule, person)
		if err != nil {
			return err
		}
	}
	return nil
}
