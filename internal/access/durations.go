package access

import (
	"errors"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/roles"
)

// What STS gives: credentials of less than 15 minutes do not exist, and roles
// that are assumed with a role's credentials last an hour at most (STS API
// reference, AssumeRole, DurationSeconds).
const (
	minCredentials = 15 * time.Minute
	maxCredentials = time.Hour
)

// MinGrant is the shortest grant.
const MinGrant = time.Minute

// ErrLength is a length that no session document covers.
var ErrLength = errors.New("no session is that long")

// Class answers the smallest length of a session document that covers d.
// Errors: ErrLength, below MinGrant and over the longest.
func Class(d time.Duration) (time.Duration, error) {
	if d >= MinGrant {
		for _, m := range roles.SessionMinutes() {
			if class := time.Duration(m) * time.Minute; d <= class {
				return class, nil
			}
		}
	}
	return 0, fmt.Errorf("%w: %s", ErrLength, d)
}

// DocumentName is the name of the session document that covers d; empty where
// none does.
func DocumentName(district string, d time.Duration) string {
	class, err := Class(d)
	if err != nil {
		return ""
	}
	return roles.SessionDocumentName(district, int(class/time.Minute))
}

// SessionSeconds is AssumeRole's DurationSeconds for a grant that ends at end:
// as short as STS allows, and an hour at most; a longer grant is picked up
// again. Errors: ErrEnd where the end has come.
func SessionSeconds(now, end time.Time) (int32, error) {
	left := end.Sub(now)
	if left <= 0 {
		return 0, fmt.Errorf("%w: %s ago", ErrEnd, -left)
	}
	left = min(max(left, minCredentials), maxCredentials)
	return int32((left + time.Second - 1) / time.Second), nil
}
