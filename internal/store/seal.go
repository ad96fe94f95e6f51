package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Rows of requests and decisions are sealed whole: the MAC is over the row as
// PostgreSQL writes it as JSON, so that a column which a migration adds is
// covered without anybody thinking of it. A value that means nothing ("", 0,
// false, null, [], {}) is left out, so that a row from before the migration
// still verifies.
//
// unsealed are the columns that move after the row was written, each with what
// holds it instead. TestEveryColumnIsProven tries them one by one.
func unsealed(table string) []string {
	switch table {
	case "request":
		return []string{
			"mac",   // the seal itself
			"state", // must be the one that the log leads to: proveLog
		}
	default:
		return []string{"mac"}
	}
}

// rowMAC seals a row of a table, given as PostgreSQL's to_jsonb of it.
func (s *Store) rowMAC(table string, row []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber() // a bigint does not fit a float
	var columns map[string]any
	if err := d.Decode(&columns); err != nil {
		return nil, fmt.Errorf("read a row of %s: %w", table, err)
	}
	for name, v := range columns {
		if slices.Contains(unsealed(table), name) || meansNothing(v) {
			delete(columns, name)
		}
	}
	b, err := json.Marshal(columns) // the names sorted
	if err != nil {
		return nil, err
	}
	return s.key.MAC(table, b), nil
}

func meansNothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		return v == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	default:
		return false
	}
}

// seal writes the MAC of a row that was just inserted, or whose sealed columns
// were just changed by bcn itself; row is its to_jsonb, where selects it.
func (t *txn) seal(ctx context.Context, table string, row []byte, where string, args ...any) error {
	mac, err := t.s.rowMAC(table, row)
	if err != nil {
		return err
	}
	n := len(args)
	return t.moved(ctx, fmt.Sprintf(`update %s set mac = $%d where %s`, table, n+1, where), append(args, mac)...)
}

// sealed says whether a row is as bcn wrote it.
func (t *txn) sealed(table string, row, mac []byte) error {
	want, err := t.s.rowMAC(table, row)
	if err != nil || !audit.Equal(mac, want) {
		return bcn.E(bcn.CodeTampered, "what", table).Wrap(err)
	}
	return nil
}
