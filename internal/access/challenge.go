package access

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

const (
	// challengePrefix begins every sealed challenge.
	challengePrefix = "bcn-challenge-1."
	// answerPrefix begins what is sealed in it.
	answerPrefix = "bcn-answer-1."
)

// ErrAnswer is a text that is no answer to a challenge.
var ErrAnswer = errors.New("not an answer to a challenge")

// Answer is what proves, over HTTP, that somebody holds the key that a grant is
// bound to: it is sealed to the key, and sent back in the clear. Its MAC says
// that bcn made it, for one grant and one key.
type Answer struct {
	Grant bcn.ID
	Until time.Time // in seconds
	MAC   []byte    // a SHA-256 of some kind; who makes it checks it
}

// String writes the answer as it is sent back.
func (a Answer) String() string {
	return answerPrefix + strconv.FormatInt(int64(a.Grant), 10) + "." + strconv.FormatInt(a.Until.Unix(), 10) + "." +
		base64.RawURLEncoding.EncodeToString(a.MAC)
}

// ParseAnswer reads what String wrote, and no other spelling of it. Errors: ErrAnswer.
func ParseAnswer(text string) (Answer, error) {
	rest, ok := strings.CutPrefix(text, answerPrefix)
	parts := strings.Split(rest, ".")
	if !ok || len(text) > 200 || len(parts) != 3 {
		return Answer{}, ErrAnswer
	}
	grant, err1 := strconv.ParseInt(parts[0], 10, 64)
	until, err2 := strconv.ParseInt(parts[1], 10, 64)
	mac, err3 := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	a := Answer{Grant: bcn.ID(grant), Until: time.Unix(until, 0), MAC: mac}
	if err := errors.Join(err1, err2, err3); err != nil || grant <= 0 || len(mac) != sha256.Size || a.String() != text {
		return Answer{}, ErrAnswer
	}
	return a, nil
}

// Challenge seals an answer to a recipient. Errors: ErrKey.
func Challenge(recipient string, a Answer) (string, error) {
	return seal(recipient, challengePrefix, []byte(a.String()))
}

// Respond opens a challenge and answers what to send back. Whoever asks could
// put other things that were sealed to the key behind a challenge's prefix, to
// have them opened; so nothing leaves but an answer for the grant that was
// asked about. Errors: ErrKey, ErrSealed, ErrAnswer; none quotes what was sealed.
func Respond(identity Secret, grant bcn.ID, challenge string) (string, error) {
	plain, err := unseal(identity, challengePrefix, challenge)
	if err != nil {
		return "", err
	}
	a, err := ParseAnswer(string(plain))
	if err != nil {
		return "", err
	}
	if a.Grant != grant {
		return "", fmt.Errorf("%w: it is for grant %d", ErrAnswer, a.Grant)
	}
	return a.String(), nil
}
