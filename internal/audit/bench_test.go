package audit_test

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/audit"
)

// BenchmarkVerify shows what checking one entry of the chain costs, without
// reading it from the database; internal/bench has both.
func BenchmarkVerify(b *testing.B) {
	key := audit.Key("a key for tests, 32 bytes long!!")
	var (
		chain []audit.Entry
		prev  = []byte{}
	)
	for seq := range int64(1000) {
		e := key.Seal(audit.Entry{
			Seq: seq + 1, At: time.Unix(seq, 0), Kind: "change.planned", Actor: "U0DEV", Change: seq,
			Body: `{"from":"planning","to":"planned","hash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`,
		}, prev)
		chain, prev = append(chain, e), e.Hash
	}
	b.ReportAllocs()
	for b.Loop() {
		v := audit.NewVerifier(key)
		for _, e := range chain {
			if err := v.Next(e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(chain)*b.N)/b.Elapsed().Seconds(), "entries/s")
}
