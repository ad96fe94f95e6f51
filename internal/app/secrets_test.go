package app

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// noSecrets looks for every secret of the world in all that was said, logged
// and stored (promise 8).
func (w *world) noSecrets(t *testing.T) {
	t.Helper()
	places := map[string]string{"the log": w.log.String(), "the database": w.rows(t), "the channels": w.said()}
	for name, secret := range w.secrets(t) {
		for place, content := range places {
			if strings.Contains(content, secret) {
				t.Errorf("%s is in %s", name, place)
			}
		}
	}
	for place, content := range places {
		if len(content) < 1000 {
			t.Errorf("%s was not looked at: %d bytes", place, len(content))
		}
	}
}

func (w *world) secrets(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"the bot's token": w.slack.BotToken(), "the app's token": w.slack.AppToken(), "GitHub's token": w.github.Token(),
		"BCN_KEY": string(storetest.Key), "BCN_KEY in base64": base64.StdEncoding.EncodeToString(storetest.Key),
		"BCN_KEY in hex": fmt.Sprintf("%x", []byte(storetest.Key)),
	}
}

// said is all that anybody can read in Slack, ephemeral messages too.
func (w *world) said() string {
	var b strings.Builder
	for _, c := range []string{deploys, "C0APPROVE", "C0DEPLOY", "C0SEC"} {
		for _, m := range w.slack.Messages(c) {
			b.WriteString(shown(m) + "\n")
		}
	}
	for _, u := range []string{"U0DEV", "U0LEAD", "U0ONCALL", "U0ADMIN"} {
		for _, m := range w.slack.Ephemerals(u) {
			b.WriteString(shown(m) + "\n")
		}
	}
	return b.String()
}

// rows is every row of every table.
func (w *world) rows(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.owner)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	tables, err := column(ctx, conn, `select quote_ident(tablename) from pg_tables where schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, table := range tables {
		rows, err := column(ctx, conn, `select x::text from `+table+` x`)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Join(rows, "\n"))
	}
	// Bytes are shown in hex: the plans and releases are looked at as text too.
	for _, query := range []string{`select convert_from(bytes, 'UTF8') from plan`, `select convert_from(manifest, 'UTF8') from release`} {
		rows, err := column(ctx, conn, query)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Join(rows, "\n"))
	}
	return b.String()
}

func column(ctx context.Context, conn *pgx.Conn, query string) ([]string, error) {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
