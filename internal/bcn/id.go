package bcn

import (
	"fmt"
	"strconv"
	"strings"
)

// ID is the short number by which people name a change, its request, or a
// grant. All of them are drawn from one sequence, so a number means one thing.
type ID int64

// String writes the number as people say it, such as "#1042".
func (id ID) String() string { return "#" + strconv.FormatInt(int64(id), 10) }

// ParseID reads what String writes, with or without the number sign.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(s), "#"), 10, 64)
	if err != nil || n <= 0 {
		return 0, E(CodeBadID, "id", s).Wrap(fmt.Errorf("parse id %q", s))
	}
	return ID(n), nil
}
