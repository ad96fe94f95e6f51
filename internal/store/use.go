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

// sameAsker finds the rows of a person: those of the same account ($1), and
// those of whom one of the same accounts ($2) was known.
const sameAsker = `(person = $1 or accounts ?| $2::text[])`

// use counts what is asked for against the limits of rules, or answers
// limit_reached with when the next is possible; change 0: it acts at once.
// Whoever counts for the same rule waits for this transaction to end, so that no
// two see the last place free, from whichever accounts of a person they come.
func (t *txn) use(ctx context.Context, change bcn.ID, by bcn.Actor, uses []bcn.Use) error {
	// In one order, so that two changes under the same rules never wait for each
	// other.
	uses = slices.SortedFunc(slices.Values(uses), func(a, b bcn.Use) int { return strings.Compare(a.Rule, b.Rule) })
	for _, u := range uses {
		person, accounts := who(by), listed(u.Accounts)
		if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('use ' || $1, 20))`, u.Rule); err != nil {
			return err
		}
		// The use that has to be over before there is room again.
		var at time.Time
		err := t.QueryRow(ctx, `select at from rule_use where `+sameAsker+` and rule = $3 and (change is null or change is distinct from $4)
			and at > bcn_now() - make_interval(secs => $5) order by at desc, change desc nulls last offset $6 limit 1`,
			person, accounts, u.Rule, changeOrNull(change), u.Per.Seconds(), u.Count-1).Scan(&at)
		switch _, err = found(0, err); {
		case err == nil:
			return bcn.E(bcn.CodeLimitReached, "rule", u.Name, "count", strconv.Itoa(u.Count), "per", u.Per.String(),
				"next", at.Add(u.Per).Truncate(time.Second).Add(time.Second).UTC().Format(time.RFC3339))
		case !errors.Is(err, ErrNotFound):
			return err
		}
		_, err = t.Exec(ctx, `insert into rule_use (change, rule, person, accounts) values ($1, $2, $3, $4)
			on conflict (change, rule) do nothing`, changeOrNull(change), u.Rule, person, canonical(accounts))
		if err != nil {
			return err
		}
	}
	return nil
}

// changeOrNull is a change's number, null for none.
func changeOrNull(id bcn.ID) *int64 {
	if id == 0 {
		return nil
	}
	n := int64(id)
	return &n
}
