// Package uuid stands in for github.com/twinj/uuid, whose version that the
// session-manager-plugin asks for is no longer served: what the plugin calls of
// it, and nothing else.
package uuid

import (
	"crypto/rand"
	"encoding/hex"
)

// Format chooses how String writes; this package knows one way only.
type Format int

// CleanHyphen is 8-4-4-4-12 hexadecimal digits.
const CleanHyphen Format = 0

// SwitchFormat does nothing: String always writes CleanHyphen.
func SwitchFormat(Format) {}

// UUID is a universally unique identifier. It is an interface because the
// plugin compares it with nil.
type UUID interface {
	// Bytes are its 16 bytes.
	Bytes() []byte
	// String is its text with hyphens, lower case.
	String() string
}

type id [16]byte

// New makes a UUID of 16 bytes; missing ones are zero.
func New(b []byte) UUID {
	var u id
	copy(u[:], b)
	return u
}

// NewV4 makes a random UUID.
func NewV4() UUID {
	var u id
	_, _ = rand.Read(u[:]) // never fails: crypto/rand ends the process instead
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u
}

func (u id) Bytes() []byte { return u[:] }

func (u id) String() string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
