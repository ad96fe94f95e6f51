package audit

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Anchor is what the chain's head was at a time, kept where whoever can write
// to the database cannot: it shows that the whole chain was replaced by an older
// one, or cut off, which the chain itself cannot.
type Anchor struct {
	Installation string
	Seq          int64
	Hash         []byte
	At           time.Time // seconds
	MAC          []byte
	From         string // where it was found, for people
}

// Anchor seals a head.
func (k Key) Anchor(installation string, seq int64, hash []byte, at time.Time) Anchor {
	a := Anchor{Installation: installation, Seq: seq, Hash: hash, At: at.UTC().Truncate(time.Second)}
	a.MAC = k.anchorMAC(a)
	return a
}

func (k Key) anchorMAC(a Anchor) []byte {
	return k.MAC("anchor", []byte(a.Installation), number(a.Seq), a.Hash, number(a.At.Unix()))
}

// Sealed says that an anchor was made with this key. One that was not proves
// nothing: who can write where anchors are kept could put it there.
func (k Key) Sealed(a Anchor) bool { return Equal(a.MAC, k.anchorMAC(a)) }

// anchorJSON is how an anchor is written outside.
type anchorJSON struct {
	Installation string    `json:"installation"`
	Seq          int64     `json:"seq"`
	Hash         string    `json:"hash"` // hex
	At           time.Time `json:"at"`
	MAC          string    `json:"mac"` // hex
}

// MarshalJSON writes the anchor as it is kept outside.
func (a Anchor) MarshalJSON() ([]byte, error) {
	return json.Marshal(anchorJSON{a.Installation, a.Seq, hex.EncodeToString(a.Hash), a.At, hex.EncodeToString(a.MAC)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Anchor) UnmarshalJSON(b []byte) error {
	var j anchorJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	hash, errHash := hex.DecodeString(j.Hash)
	mac, errMAC := hex.DecodeString(j.MAC)
	a.Installation, a.Seq, a.Hash, a.At, a.MAC = j.Installation, j.Seq, hash, j.At, mac
	return errors.Join(errHash, errMAC)
}

// ParseAnchor reads SEQ:HASH as a person types it.
func ParseAnchor(s string) (Anchor, error) {
	seq, hash, ok := strings.Cut(s, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	sum, hexErr := hex.DecodeString(hash)
	if !ok || err != nil || hexErr != nil || n < 1 || len(sum) != 32 {
		return Anchor{}, fmt.Errorf("%q is no anchor: it is SEQ:HASH, a number and 64 hexadecimal digits", s)
	}
	return Anchor{Seq: n, Hash: sum, From: "the command line"}, nil
}

// String writes SEQ:HASH.
func (a Anchor) String() string { return fmt.Sprintf("%d:%x", a.Seq, a.Hash) }

// AnchorError names an anchor that the log does not agree with: the log is not
// the one that was anchored, or an older one.
type AnchorError struct {
	Anchor Anchor
	What   string
}

func (e *AnchorError) Error() string {
	at := ""
	if !e.Anchor.At.IsZero() {
		at = " of " + e.Anchor.At.Format(time.RFC3339)
	}
	return fmt.Sprintf("anchor %d in %s%s: %s", e.Anchor.Seq, e.Anchor.From, at, e.What)
}

// Expect makes the verifier compare anchors with the entries that it passes.
func (v *Verifier) Expect(anchors []Anchor) {
	v.anchors = slices.Clone(anchors)
	slices.SortStableFunc(v.anchors, func(a, b Anchor) int { return int(a.Seq - b.Seq) })
}

// agree compares the entry that was just verified with the anchors at it.
func (v *Verifier) agree() error {
	for len(v.anchors) > 0 && v.anchors[0].Seq <= v.seq {
		a := v.anchors[0]
		if a.Seq == v.seq && !Equal(a.Hash, v.hash) {
			return &AnchorError{Anchor: a, What: "another entry has this number now: the log was replaced"}
		}
		v.anchors = v.anchors[1:]
	}
	return nil
}

// anchored checks that no anchor is beyond the end of the chain.
func (v *Verifier) anchored() error {
	if len(v.anchors) == 0 {
		return nil
	}
	last := v.anchors[len(v.anchors)-1]
	return &AnchorError{Anchor: last, What: fmt.Sprintf("the log ends at %d: its end was cut off, or an older log was put back", v.seq)}
}

// Name is the anchor as the name of an object: all that it says, so that a
// list of objects tells what was anchored, sorted by number.
func (a Anchor) Name() string {
	return fmt.Sprintf("%016d/%d-%x-%x.json", a.Seq, a.At.Unix(), a.Hash, a.MAC)
}

// AnchorNamed reads what Name wrote.
func AnchorNamed(installation, name string) (Anchor, error) {
	bad := fmt.Errorf("%q is not the name of an anchor", name)
	seq, rest, ok := strings.Cut(strings.TrimSuffix(name, ".json"), "/")
	parts := strings.Split(rest, "-")
	if !ok || len(parts) != 3 {
		return Anchor{}, bad
	}
	n, err := strconv.ParseInt(seq, 10, 64)
	at, atErr := strconv.ParseInt(parts[0], 10, 64)
	hash, hashErr := hex.DecodeString(parts[1])
	mac, macErr := hex.DecodeString(parts[2])
	if errors.Join(err, atErr, hashErr, macErr) != nil {
		return Anchor{}, bad
	}
	return Anchor{Installation: installation, Seq: n, At: time.Unix(at, 0).UTC(), Hash: hash, MAC: mac}, nil
}
