package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Figures are what became of a heritage's deploys in a time.
type Figures struct {
	App, Env string
	Deploys  int           // those that changed something and ended, promotions too; no rollbacks, restarts and the like
	Failed   int           // of these, those that failed or were rolled back
	Lead     time.Duration // median from asking to success; 0: none succeeded
	Restore  time.Duration // median from a failure's end to the next success; 0: none
}

// Figures answers each heritage that had a deploy which ended in the last time
// of that length, by app and environment.
func (s *Store) Figures(ctx context.Context, last time.Duration) ([]Figures, error) {
	rows, err := s.pool.Query(ctx, `with ended as (
			select r.heritage, r.number, r.outcome, r.ended_at, extract(epoch from r.ended_at - c.created_at) as lead,
				extract(epoch from (select min(n.ended_at) from release n where n.heritage = r.heritage and n.number > r.number
					and n.outcome = 'succeeded') - r.ended_at) as restore
			from release r join change c on c.id = r.change
			where r.ended_at > bcn_now() - $1::interval and r.outcome <> 'cancelled'
				and r.kind not in ('rollback', 'restart', 'scale', 'env', 'repair'))
		select h.app, h.env, count(*), count(*) filter (where e.outcome <> 'succeeded'),
			coalesce(percentile_cont(0.5) within group (order by e.lead) filter (where e.outcome = 'succeeded'), 0),
			coalesce(percentile_cont(0.5) within group (order by e.restore) filter (where e.outcome <> 'succeeded' and e.restore is not null), 0)
		from ended e join heritage h on h.name = e.heritage group by h.app, h.env order by h.app, h.env`, last)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Figures, error) {
		var (
			f             Figures
			lead, restore float64
		)
		err := row.Scan(&f.App, &f.Env, &f.Deploys, &f.Failed, &lead, &restore)
		f.Lead, f.Restore = time.Duration(lead*float64(time.Second)), time.Duration(restore*float64(time.Second))
		return f, err
	})
}

// GrantFigures counts the access of a time.
type GrantFigures struct {
	Grants   int // that began
	Opened   int // of these, those that were picked up
	Extended int // of these, those that extended another
}

// GrantFigures answers what became of access in the last time of that length.
func (s *Store) GrantFigures(ctx context.Context, last time.Duration) (GrantFigures, error) {
	var f GrantFigures
	err := s.pool.QueryRow(ctx, `select count(*), count(*) filter (where g.mints > 0),
			count(*) filter (where coalesce((c.wish -> 'Access' ->> 'extends')::bigint, 0) <> 0)
		from access_grant g join change c on c.id = g.id where g.created_at > bcn_now() - $1::interval`, last).Scan(&f.Grants, &f.Opened, &f.Extended)
	return f, err
}
