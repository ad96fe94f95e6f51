package apply_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// wrote puts one line into a stream of the log of mine.
func (w *world) wrote(t *testing.T, stream, line string, at time.Time) {
	t.Helper()
	const group = "Barcelona/default/mine"
	w.beside(t, "logs", "CreateLogStream", map[string]any{"logGroupName": group, "logStreamName": stream})
	w.beside(t, "logs", "PutLogEvents", map[string]any{
		"logGroupName": group, "logStreamName": stream, "logEvents": []any{map[string]any{"timestamp": at.UnixMilli(), "message": line}},
	})
}

func TestLogsOfOneThatManyWroteAfter(t *testing.T) {
	t.Parallel()
	w, now := newWorld(t), time.Now()
	w.beside(t, "logs", "CreateLogGroup", map[string]any{"logGroupName": "Barcelona/default/mine"})
	w.wrote(t, "mine/worker/0a1b2c3d4e", "at work", now.Add(-time.Hour))
	for i := range 55 { // more than are listed as the newest
		w.wrote(t, fmt.Sprintf("mine/nightly/schedule/%012d", i), "done", now.Add(-time.Duration(i)*time.Minute))
	}
	w.wrote(t, "mine/hourly/schedule/ffff0000", "by the hour", now)
	read := func(service string) deploy.LogTail {
		got, err := w.Logs(t.Context(), w.target, bcn.Heritage{Name: "mine"}, now, deploy.LogQuery{Service: service, Since: 2 * time.Hour, Limit: 60})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := read("worker"); !got.Wrote || len(got.Lines) != 1 || got.Lines[0].Source != "worker/0a1b2c3d" || got.Lines[0].Text != "at work" {
		t.Errorf("a service that wrote an hour ago: %+v", got)
	}
	if got := read("hourly"); len(got.Lines) != 1 || got.Lines[0].Source != "hourly/ffff0000" {
		t.Errorf("one scheduled task: %+v", got.Lines)
	}
	if got := read("nightly"); len(got.Lines) != 55 {
		t.Errorf("the other scheduled task has %d lines", len(got.Lines))
	}
	if got := read("work"); got.Wrote || len(got.Lines) != 0 || !slices.Equal(got.Services, []string{"hourly", "nightly"}) {
		t.Errorf("the beginning of a name: %+v", got)
	}
}
