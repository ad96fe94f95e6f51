package sessions

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// listDocuments lists a region's documents by name. The local AWS lists the
// account's own only, whatever the filter Owner says; Name is a beginning (SSM
// API reference, DocumentKeyValuesFilter).
func (s *Service) listDocuments(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("ssm:ListDocuments", "*", nil); err != nil {
		return nil, err
	}
	n, err := size(c, 1, 50, 50)
	if err != nil {
		return nil, err
	}
	beginnings := []string{""}
	for _, f := range items(c.Params, "Filters") {
		switch str(f, "Key") {
		case "Owner":
		case "Name":
			beginnings = texts(f, "Values")
		default:
			return nil, wire.Errorf("InvalidFilterKey", "The specified key isn't valid: %s", str(f, "Key"))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []any{}
	for _, key := range slices.Sorted(maps.Keys(s.documents)) {
		name, here := strings.CutPrefix(key, c.Region+"/")
		if here && slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(name, b) }) {
			found = append(found, s.documents[key].identify())
		}
	}
	part, next, err := page(c, found, n)
	if err != nil {
		return nil, err
	}
	return withToken(map[string]any{"DocumentIdentifiers": part}, next), nil
}

// identify is what a list says of a document: its default version.
func (d *document) identify() map[string]any {
	v := d.versions[d.def-1]
	return map[string]any{
		"Name": d.name, "Owner": ownerOf(d.author), "CreatedDate": v.created, "DocumentVersion": strconv.Itoa(d.def),
		"DocumentType": "Session", "DocumentFormat": v.format, "SchemaVersion": "1.0", "Tags": tagsOut(d.tags),
	}
}
