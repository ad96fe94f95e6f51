package ci

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// prefix begins every token, so that scanners of source code can find one that
// was committed.
const prefix = "bcn_"

// Secret is a token as its holder has it. It prints as nothing: only Reveal
// answers it.
type Secret struct{ text string }

// Reveal answers the token.
func (s Secret) Reveal() string { return s.text }

// String hides it.
func (Secret) String() string { return "(token)" }

// GoString hides it.
func (Secret) GoString() string { return "(token)" }

// random is the part of a token that is secret: 256 bits.
type random [32]byte

// fresh makes one.
func fresh() (r random) {
	_, _ = rand.Read(r[:]) // crypto/rand.Read never fails
	return r
}

// digest is what is stored. A number of 256 bits cannot be guessed, so that
// nothing slower than a hash is needed.
func (r random) digest() []byte {
	sum := sha256.Sum256(r[:])
	return sum[:]
}

// secret writes a token: bcn_1042_ and 43 characters.
func (r random) secret(id bcn.ID) Secret {
	return Secret{fmt.Sprintf("%s%d_%s", prefix, int64(id), base64.RawURLEncoding.EncodeToString(r[:]))}
}

// parse reads a token.
func parse(s string) (bcn.ID, random, bool) {
	var r random
	rest, ok := strings.CutPrefix(s, prefix)
	number, encoded, cut := strings.Cut(rest, "_")
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || !cut || err != nil || id <= 0 {
		return 0, r, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != len(r) {
		return 0, r, false
	}
	copy(r[:], raw)
	return bcn.ID(id), r, r.secret(bcn.ID(id)).Reveal() == s // written in one way alone
}
