package bench_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// BenchmarkVerifyAudit shows how many entries a second `bot audit verify` reads
// and checks.
func BenchmarkVerifyAudit(b *testing.B) {
	for _, entries := range []int64{10, 1_000, 100_000} {
		b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) {
			app, owner := pg.Database(b)
			writeChain(b, owner, entries)
			s := openStore(b, app)
			for b.Loop() {
				if n, err := s.VerifyAudit(b.Context()); err != nil || n != entries {
					b.Fatalf("verified %d of %d entries: %v", n, entries, err)
				}
			}
			b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// writeChain writes a chain that verifies.
func writeChain(b *testing.B, owner string, entries int64) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), owner)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(b.Context()) }()
	var last audit.Entry
	prev := []byte{}
	_, err = conn.CopyFrom(b.Context(), pgx.Identifier{"audit_entry"},
		[]string{"seq", "at", "kind", "actor", "change", "body", "hash", "mac"},
		pgx.CopyFromFunc(func() ([]any, error) {
			if last.Seq == entries {
				return nil, nil
			}
			last = storetest.Key.Seal(audit.Entry{
				Seq: last.Seq + 1, At: time.Unix(last.Seq, 0), Kind: "change.planned", Actor: "U0DEV", Change: 1000 + last.Seq,
				Body: `{"from":"planning","to":"planned","hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`,
			}, prev)
			prev = last.Hash
			return []any{last.Seq, last.At, last.Kind, last.Actor, last.Change, last.Body, last.Hash, last.MAC}, nil
		}))
	if err != nil {
		b.Fatal(err)
	}
	_, err = conn.Exec(b.Context(), `update audit_head set seq = $1, hash = $2, mac = $3`, last.Seq, last.Hash, storetest.Key.HeadMAC(last.Seq, last.Hash))
	if err != nil {
		b.Fatal(err)
	}
}
