package access

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// ErrPerson is a person whose key STS would not take for a source identity.
var ErrPerson = errors.New("not a source identity")

// SessionName is the role session name of a grant's nth pick-up, from 1. It is
// unique to it, so that CloudTrail, DescribeSessions and IAM can tell one
// grant's sessions from another's. It must fit roles.AccessSessions.
func SessionName(grant bcn.ID, n int) string {
	return "bcn-g" + strconv.FormatInt(int64(grant), 10) + "-" + strconv.Itoa(n)
}

// GrantOf reads a session name, or the id of a Session Manager session, which
// begins with the session name of who started it. ok is false where it is not
// one of a grant's.
func GrantOf(name string) (grant bcn.ID, n int, ok bool) {
	m := regexp.MustCompile(`^bcn-g([1-9][0-9]{0,17})-([1-9][0-9]{0,8})(-[0-9a-z]+)?$`).FindStringSubmatch(name)
	if m == nil {
		return 0, 0, false
	}
	id, err1 := strconv.ParseInt(m[1], 10, 64)
	n, err2 := strconv.Atoi(m[2])
	return bcn.ID(id), n, err1 == nil && err2 == nil
}

// SourceIdentity checks a person's key for AssumeRole's SourceIdentity: 2 to 64
// of letters, digits and _+=,.@- (STS API reference). It changes nothing in it,
// since two people must never become one. Errors: ErrPerson.
func SourceIdentity(person string) (string, error) {
	// AWS keeps the prefix aws: for itself, which the colon rules out already.
	if !regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{2,64}$`).MatchString(person) {
		return "", fmt.Errorf("%w: %q", ErrPerson, strings.ToValidUTF8(person, "?"))
	}
	return person, nil
}
