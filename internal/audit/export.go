package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Export is entries as files, oldest first.
type Export struct {
	JSONLines, CSV []byte
	Entries        int
	More           bool // not all fit
}

// line is an entry as a line of JSON: with hash and MAC, so that the chain can
// be followed in the file.
type line struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Kind   string          `json:"kind"`
	Actor  string          `json:"actor"`
	Change int64           `json:"change,omitempty"`
	Body   json.RawMessage `json:"body"`
	Hash   string          `json:"hash"`
	MAC    string          `json:"mac"`
}

// NewExport writes the newest of the entries, which come newest first, as two
// files of at most limit bytes each.
func NewExport(newest []Entry, limit int) (Export, error) {
	var lines, rows [][]byte
	head, err := row([]string{"seq", "at", "kind", "actor", "change", "body", "hash"})
	if err != nil {
		return Export{}, err
	}
	sizes, x := [2]int{0, len(head)}, Export{}
	for _, e := range newest {
		l, r, err := written(e)
		if err != nil {
			return Export{}, err
		}
		if sizes[0] += len(l); sizes[0] > limit || sizes[1]+len(r) > limit {
			x.More = true
			break
		}
		sizes[1] += len(r)
		lines, rows = append(lines, l), append(rows, r)
	}
	x.Entries, x.CSV = len(lines), head
	for i := len(lines) - 1; i >= 0; i-- {
		x.JSONLines, x.CSV = append(x.JSONLines, lines[i]...), append(x.CSV, rows[i]...)
	}
	return x, nil
}

func written(e Entry) (jsonLine, csvRow []byte, err error) {
	body := json.RawMessage(e.Body)
	if !json.Valid(body) { // it was changed past bcn: it is shown as it is
		if body, err = json.Marshal(e.Body); err != nil {
			return nil, nil, err
		}
	}
	jsonLine, err = json.Marshal(line{
		e.Seq, e.At.UTC(), e.Kind, e.Actor, e.Change, body, hex.EncodeToString(e.Hash), hex.EncodeToString(e.MAC),
	})
	if err != nil {
		return nil, nil, err
	}
	csvRow, err = row([]string{
		strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), e.Kind, e.Actor, strconv.FormatInt(e.Change, 10), e.Body, hex.EncodeToString(e.Hash),
	})
	return append(jsonLine, '\n'), csvRow, err
}

func row(cells []string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for i := range cells {
		cells[i] = inert(cells[i])
	}
	if err := w.Write(cells); err != nil {
		return nil, err
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// inert makes a cell that a spreadsheet does not take for a formula, whatever
// somebody wrote (OWASP, "CSV Injection"): a quote before it says that it is
// text. Numbers of ours are never negative.
func inert(cell string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \u00a0\u3000"))
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
