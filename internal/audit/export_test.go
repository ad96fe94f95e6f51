package audit_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/audit"
)

func TestExport(t *testing.T) {
	t.Parallel()
	newest := chain(40)
	slices.Reverse(newest)
	t.Run("is oldest first, and its chain verifies from the file alone", func(t *testing.T) {
		t.Parallel()
		x, err := audit.NewExport(newest, 1<<20)
		if err != nil || x.More || x.Entries != 40 {
			t.Fatalf("%v %+v", err, x.Entries)
		}
		prev := ""
		for i, l := range strings.Split(strings.TrimSpace(string(x.JSONLines)), "\n") {
			var e struct {
				Seq  int64
				Hash string
				Body map[string]int
			}
			if err := json.Unmarshal([]byte(l), &e); err != nil || e.Seq != int64(i+1) || e.Body["n"] != i || e.Hash == prev {
				t.Fatalf("%v %s", err, l)
			}
			prev = e.Hash
		}
		rows, err := csv.NewReader(bytes.NewReader(x.CSV)).ReadAll()
		if err != nil || len(rows) != 41 || rows[40][0] != "40" || rows[0][0] != "seq" {
			t.Fatalf("%v %d", err, len(rows))
		}
	})
	t.Run("holds the newest that fit, and says that there are more", func(t *testing.T) {
		t.Parallel()
		x, err := audit.NewExport(newest, 3000)
		if err != nil || !x.More || len(x.JSONLines) > 3000 || len(x.CSV) > 3000 || x.Entries == 0 || x.Entries > 20 {
			t.Fatalf("%v %+v", err, x.Entries)
		}
		if !strings.Contains(string(x.CSV), "\n40,") || strings.Contains(string(x.CSV), "\n1,") {
			t.Errorf("%s", x.CSV)
		}
	})
	t.Run("has nothing that a spreadsheet runs, and loses nothing", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			actor := rapid.SampledFrom([]string{"", " ", "\u3000"}).Draw(t, "space") + rapid.SampledFrom([]string{"=", "+", "-", "@", "\t", "\r", "＝", "a", ""}).Draw(t, "first") + rapid.String().Draw(t, "rest")
			x, err := audit.NewExport([]audit.Entry{{Seq: 1, At: time.Unix(0, 0), Actor: actor, Body: actor}}, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(bytes.NewReader(x.CSV)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			cell := rows[1][3]
			if strings.ContainsAny(strings.TrimLeft(cell, " \u3000\u00a0")+"x", "x") && strings.IndexAny(strings.TrimLeft(cell, " \u3000\u00a0"), "=+-@\t\r\n＝＋－＠") == 0 {
				t.Fatalf("%q", cell)
			}
			// What a reader of CSV makes of line ends is its own.
			if got := strings.TrimPrefix(cell, "'"); got != strings.ReplaceAll(actor, "\r\n", "\n") && got != strings.TrimPrefix(strings.ReplaceAll(actor, "\r\n", "\n"), "'") {
				t.Fatalf("%q became %q", actor, cell)
			}
		})
	})
}
