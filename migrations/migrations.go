// Package migrations embeds the schema's changes: forward only, in order.
package migrations

import "embed"

// FS holds the SQL files for goose.
//
//go:embed *.sql
var FS embed.FS
