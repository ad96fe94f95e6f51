package cfn

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// paged answers one page of a list under its member name. A token says where
// the next begins and is good for the same call only.
func (e *Engine) paged(c *wire.Call, member string, all []any) (map[string]any, error) {
	from := 0
	if token := str(c, "NextToken"); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		of, at, _ := strings.Cut(string(raw), ":")
		if from, _ = strconv.Atoi(at); err != nil || of != c.Action || from < 0 || from > len(all) {
			return nil, invalid("Invalid NextToken")
		}
	}
	to := min(from+e.opt.Page, len(all))
	out := map[string]any{member: append([]any{}, all[from:to]...)}
	if to < len(all) {
		out["NextToken"] = base64.RawURLEncoding.EncodeToString([]byte(c.Action + ":" + strconv.Itoa(to)))
	}
	return out, nil
}

// sortByTime sorts events, keeping the order of those at one moment.
func sortByTime(all []event) {
	slices.SortStableFunc(all, func(a, b event) int { return a.at.Compare(b.at) })
}
