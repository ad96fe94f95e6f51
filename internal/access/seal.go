package access

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"filippo.io/age"
)

const (
	// sealedPrefix begins every sealed line, so that it is known for what it is
	// where somebody pastes it in the wrong place.
	sealedPrefix = "bcn-sealed-1."
	// maxSealed is how long a sealed line may be, in bytes. STS promises no
	// limit for a session token; 4 KB have been seen.
	maxSealed = 32 << 10
)

var (
	// ErrKey is a text that is no key of ours: neither AGE-SECRET-KEY-1... nor
	// age1... of an X25519 key.
	ErrKey = errors.New("not an age key")
	// ErrSealed is a line that was not sealed by Seal, or for another key, or
	// was changed on the way.
	ErrSealed = errors.New("cannot be opened")
	// ErrOtherKey is an ErrSealed: a whole line, sealed for another key.
	ErrOtherKey = fmt.Errorf("%w: it is for another key", ErrSealed)
)

// NewKey makes a key for one grant: the identity stays on the requester's
// machine, the recipient may be shown to anybody.
func NewKey() (identity Secret, recipient string, err error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return Secret{}, "", fmt.Errorf("make a key: %w", err)
	}
	return NewSecret(key.String()), key.Recipient().String(), nil
}

// Recipient answers the recipient of an identity. Errors: ErrKey.
func Recipient(identity Secret) (string, error) {
	key, err := age.ParseX25519Identity(identity.Reveal())
	if err != nil {
		return "", ErrKey // age's text could quote it
	}
	return key.Recipient().String(), nil
}

func parseRecipient(recipient string) (*age.X25519Recipient, error) {
	key, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return nil, fmt.Errorf("%w: it must be age1 and 58 more letters and digits", ErrKey)
	}
	return key, nil
}

// Fingerprint is how a card names a recipient: the first 80 bits of its
// SHA-256, in groups of four. It is for people to compare; a grant is bound to
// the whole recipient. Errors: ErrKey.
func Fingerprint(recipient string) (string, error) {
	key, err := parseRecipient(recipient)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(key.String()))
	digits := hex.EncodeToString(sum[:10])
	groups := make([]string, 0, len(digits)/4)
	for ; digits != ""; digits = digits[4:] {
		groups = append(groups, digits[:4])
	}
	return strings.Join(groups, "-"), nil
}

// Seal writes the credentials as one line that only the recipient's identity
// opens. Errors: ErrKey, ErrCredentials, ErrTarget.
func Seal(recipient string, c Credentials) (string, error) {
	if _, err := parseRecipient(recipient); err != nil {
		return "", err
	}
	if err := c.check(); err != nil {
		return "", err
	}
	plain, err := json.Marshal(contentOf(c)) //nolint:gosec // what is written is sealed
	if err != nil {
		return "", errors.New("write credentials") // the cause could quote them
	}
	line, err := seal(recipient, sealedPrefix, plain)
	if err != nil {
		return "", err
	}
	if len(line) > maxSealed {
		return "", fmt.Errorf("%w: %d bytes", ErrCredentials, len(line))
	}
	return line, nil
}

func seal(recipient, prefix string, plain []byte) (string, error) {
	key, err := parseRecipient(recipient)
	if err != nil {
		return "", err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, key)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(sealed.Bytes()), nil
}

// Open reads what Seal wrote; white space that a terminal or chat put in is no
// matter. A sealed line does not prove who sealed it, since anybody who saw the
// recipient can: who opens it compares the grant and the target with what was
// asked for, and uses a key once. Errors: ErrKey, ErrSealed; none quotes what was sealed.
func Open(identity Secret, sealed string) (Credentials, error) {
	plain, err := unseal(identity, sealedPrefix, sealed)
	if err != nil {
		return Credentials{}, err
	}
	var in content
	if err := json.Unmarshal(plain, &in); err != nil {
		return Credentials{}, fmt.Errorf("%w: what is in it is not bcn's", ErrSealed)
	}
	c := in.credentials()
	if c.check() != nil {
		return Credentials{}, fmt.Errorf("%w: what is in it is not complete", ErrSealed)
	}
	return c, nil
}

func unseal(identity Secret, prefix, sealed string) ([]byte, error) {
	key, err := age.ParseX25519Identity(identity.Reveal())
	if err != nil {
		return nil, ErrKey // age's text could quote it
	}
	if len(sealed) > 2*maxSealed {
		return nil, fmt.Errorf("%w: too long", ErrSealed)
	}
	line := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, sealed)
	text, ok := strings.CutPrefix(line, prefix)
	if !ok || len(line) > maxSealed {
		return nil, fmt.Errorf("%w: it must begin with %s", ErrSealed, prefix)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: a part of it is missing", ErrSealed)
	}
	r, err := age.Decrypt(bytes.NewReader(raw), key)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return nil, ErrOtherKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: it was changed", ErrSealed)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxSealed))
	if err != nil {
		return nil, fmt.Errorf("%w: it was changed", ErrSealed)
	}
	return plain, nil
}
