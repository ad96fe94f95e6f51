package deploy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/store/storetest"
	"github.com/bcn-bot/bcn/internal/text"
)

// none is an account in which no schedule started anything.
type none struct{}

func (none) Scheduled(context.Context, bcn.Target, string) ([]bcn.ScheduledRun, error) {
	return nil, nil
}

func TestAScheduledTaskThatDoesNotStartIsAnnouncedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).settled()
	words, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	w.Speaker = card.New(card.Options{Text: words, Lang: text.English, Announce: "C0DEPLOYS"})
	w.ExternalID = func(string) string { return "some" }
	w.releases("hello", "production", "v1 succeeded 0")
	storetest.Exec(t, w.owner, `update release set manifest = convert_to('environments:
  production:
    name: hello
    image_name: hello
    scheduled_tasks: [{ name: report, schedule: "cron(0 12 * * ? *)", command: report }]
    services: [{ name: worker, command: work }]
', 'UTF8')`)
	noon := time.Date(2037, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, now := range []time.Duration{10 * time.Minute, 21 * time.Minute, 22 * time.Minute} {
		if _, err := w.Watching(t.Context(), noon.Add(now), w.store, none{}); err != nil {
			t.Fatal(err)
		}
	}
	said := storetest.Text(t, w.owner, `select count(*) || ' ' || string_agg(body::text, ' ') from outbox`)
	if !strings.HasPrefix(said, "1 ") || !strings.Contains(said, "did not start") || !strings.Contains(said, "EventBridge Scheduler") {
		t.Errorf("it is announced as %s", said)
	}
	if last, err := w.store.LastRuns(t.Context()); err != nil || len(last) != 1 || !last[0].Missing() || !last[0].Failed() {
		t.Errorf("%+v %v", last, err)
	}
}
