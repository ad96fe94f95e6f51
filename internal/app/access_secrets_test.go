package app

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// clean looks for secrets in clear in every message that the workspace holds,
// every row of the database and the log (promise 8).
func clean(t *testing.T, w *world, secrets ...string) {
	t.Helper()
	if len(secrets) == 0 {
		t.Fatal("nothing to look for")
	}
	places := map[string]string{"a message": w.messages(), "the database": w.rows(t) + w.binary(t), "the log": w.log.String()}
	for place, content := range places {
		if len(content) < 1000 {
			t.Errorf("%s was not looked at: %d bytes", place, len(content))
		}
		for _, secret := range secrets {
			if i := strings.Index(content, secret); i >= 0 {
				t.Errorf("a secret of %d characters is in %s: %.80q", len(secret), place, content[max(0, i-80):i])
			}
		}
	}
}

// messages is all that is in any channel or direct message, ephemeral ones
// too, with blocks and metadata.
func (w *world) messages() string {
	var b strings.Builder
	seen := func(m localslack.Message) bool {
		b.WriteString(m.Text + "\n" + m.Shown() + "\n" + string(m.Blocks) + "\n" + string(m.Metadata) + "\n")
		return false
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // one look at all of them
	_, _ = w.slack.Wait(ctx, seen)
	return b.String()
}

// binary is what is stored as bytes, as text where it is text.
func (w *world) binary(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.owner)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	queries, err := column(ctx, conn, `select format('select encode(%I, ''escape'') from %I where %I is not null', column_name, table_name, column_name)
		from information_schema.columns where table_schema = 'public' and data_type = 'bytea'`)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, query := range queries {
		values, err := column(ctx, conn, query)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.Join(values, "\n"))
	}
	return b.String()
}
