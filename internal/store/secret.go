package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// WaitingSecrets answers the tokens of the values that changes still need, or
// will throw away themselves.
func (s *Store) WaitingSecrets(ctx context.Context) ([]string, error) {
	rows, err := s.pool.Query(ctx, `select wish -> 'Secret' ->> 'token' from change
		where (leftover or `+notEnded+`) and kind = 'secret' and wish -> 'Secret' ->> 'token' is not null`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
