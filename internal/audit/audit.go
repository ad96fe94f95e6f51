// Package audit seals and verifies the append-only log.
//
// Every entry's hash covers the hash of the entry before, so that removing or
// reordering entries breaks the chain, and every entry and the head carry an
// HMAC under BCN_KEY, so that somebody who can write to the database but does
// not hold the key cannot make a chain that verifies. What this cannot see is
// an older whole put back in place: that is what anchors outside are for.
package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// Entry is one state change or one refused decision.
type Entry struct {
	Seq    int64
	At     time.Time // microseconds, as PostgreSQL keeps them
	Kind   string    // such as change.start, decision.approve, refused
	Actor  string    // Slack user id, or bcn-system, or "command line"
	Change int64     // 0: none
	Body   string    // JSON, kept as it was written
	Hash   []byte
	MAC    []byte
}

// Key is BCN_KEY: 32 bytes.
type Key []byte

// Seal fills in the entry's hash over the hash before it, and its MAC.
func (k Key) Seal(e Entry, prev []byte) Entry {
	e.At = e.At.UTC().Truncate(time.Microsecond)
	e.Hash = digest(e, prev)
	e.MAC = k.MAC("audit", e.Hash)
	return e
}

// MAC authenticates fields under a purpose: lengths are part of it, so that no
// two lists of fields are read as one.
func (k Key) MAC(purpose string, fields ...[]byte) []byte {
	m := hmac.New(sha256.New, k)
	writeField(m, []byte(purpose))
	for _, f := range fields {
		writeField(m, f)
	}
	return m.Sum(nil)
}

// Equal compares in constant time.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// HeadMAC authenticates the head of the chain.
func (k Key) HeadMAC(seq int64, hash []byte) []byte {
	return k.MAC("head", number(seq), hash)
}

// BrokenError names the first entry that does not verify.
type BrokenError struct {
	Seq  int64
	What string
}

func (e *BrokenError) Error() string { return fmt.Sprintf("audit entry %d: %s", e.Seq, e.What) }

// Verifier walks a chain from its first entry.
type Verifier struct {
	key     Key
	seq     int64
	hash    []byte
	anchors []Anchor // that are to come, by number
}

// NewVerifier starts before the first entry.
func NewVerifier(k Key) *Verifier { return &Verifier{key: k, hash: []byte{}} }

// ResumeVerifier starts behind an entry, whose number and hash are given: what
// comes after it is checked, it and what is before is not.
func ResumeVerifier(k Key, seq int64, hash []byte) *Verifier {
	return &Verifier{key: k, seq: seq, hash: append([]byte{}, hash...)}
}

// Next checks that the entry follows the one before; it answers a BrokenError
// for the first that does not, and an AnchorError where an anchor disagrees.
func (v *Verifier) Next(e Entry) error {
	if e.Seq != v.seq+1 {
		return &BrokenError{Seq: v.seq + 1, What: fmt.Sprintf("is missing (found %d)", e.Seq)}
	}
	want := v.key.Seal(e, v.hash)
	if !Equal(want.Hash, e.Hash) {
		return &BrokenError{Seq: e.Seq, What: "was changed, or does not follow the entry before"}
	}
	if !Equal(want.MAC, e.MAC) {
		return &BrokenError{Seq: e.Seq, What: "was not written with this BCN_KEY"}
	}
	v.seq, v.hash = e.Seq, want.Hash
	return v.agree()
}

// End checks that the chain ends where its head says, and not before an anchor.
func (v *Verifier) End(seq int64, hash, mac []byte) error {
	if seq == 0 && v.seq == 0 {
		return v.anchored()
	}
	if seq != v.seq || !Equal(hash, v.hash) {
		return &BrokenError{Seq: v.seq + 1, What: "is missing: the chain ends before its head"}
	}
	if !Equal(mac, v.key.HeadMAC(seq, hash)) {
		return &BrokenError{Seq: seq, What: "the head was not written with this BCN_KEY"}
	}
	return v.anchored()
}

// Verified is the number of entries that were found whole.
func (v *Verifier) Verified() int64 { return v.seq }

func digest(e Entry, prev []byte) []byte {
	h := sha256.New()
	for _, f := range [][]byte{prev, number(e.Seq), number(e.At.UnixMicro()), []byte(e.Kind), []byte(e.Actor), number(e.Change), []byte(e.Body)} {
		writeField(h, f)
	}
	return h.Sum(nil)
}

func writeField(w interface{ Write([]byte) (int, error) }, f []byte) {
	_, _ = w.Write(number(int64(len(f)))) // a hash never fails to write
	_, _ = w.Write(f)
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
