package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ShiftClock makes the database's time, as bcn reads it, run ahead of the real
// one, so that `bot dev` and tests need not wait for the night. Only who owns
// the schema can do it; `serve` never does. Jobs that sleep are woken, since
// the queue has a clock of its own.
func ShiftClock(ctx context.Context, ownerURL string, ahead time.Duration) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("shift the clock: %w", redacted(err))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// A number of microseconds: nothing of anybody's text.
	_, err = conn.Exec(ctx, fmt.Sprintf(`create or replace function bcn_now() returns timestamptz language sql volatile as
		'select clock_timestamp() + %d * interval ''1 microsecond'''`, ahead.Microseconds()))
	if err == nil {
		_, err = conn.Exec(ctx, wakeSleepers)
	}
	if err != nil {
		return fmt.Errorf("shift the clock: %w", err)
	}
	return nil
}

// wakeSleepers waits half a second at most for the jobs that began before the
// clock was shifted: they reckon with the old time how long to sleep.
const wakeSleepers = `do $$ begin
	for i in 1..25 loop
		exit when not exists (select from river_job where state = 'running' and kind in ('change', 'follow', 'tick')
			and attempted_at between statement_timestamp() - interval '1 minute' and statement_timestamp());
		perform pg_sleep(0.02);
	end loop;
	update river_job set scheduled_at = now() where kind in ('change', 'follow', 'tick') and scheduled_at > now()
		and state in ('scheduled', 'available', 'retryable');
end $$`
