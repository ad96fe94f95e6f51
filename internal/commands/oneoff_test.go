package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/text"
)

// written is what apps wrote, and what AWS runs of them by the clock.
type written struct{}

func (written) Logs(_ context.Context, h bcn.Heritage, q deploy.LogQuery) (deploy.LogTail, error) {
	out := deploy.LogTail{
		Wrote: q.Service != "nobody" && q.Service != "wrker", Services: []string{"web", "worker"}, Runs: []string{"nobody", "web", "worker"},
	}
	if !out.Wrote || q.Grep == "nowhere" {
		return out, nil
	}
	out.More = q.Since > time.Hour
	out.Lines = []deploy.LogLine{
		{At: start, Source: "web/0a1b2c3d", Text: "\x1b[32mGET\x1b[0m /orders 200 of " + h.Name},
		{At: start.Add(time.Second), Source: "worker/4e5f6a7b", Text: strings.Repeat("long ", 100)},
	}
	return out, nil
}

func (written) FileTasks(context.Context) ([]deploy.FileTask, error) {
	one := 1
	h := bcn.Heritage{App: "hello", Env: "production", Name: "hello", District: "default"}
	return []deploy.FileTask{
		{Heritage: h, Task: manifest.ScheduledTask{Name: "clean", Schedule: "rate(5 minutes)", Command: manifest.Words{"rake", "clean"}}},
		{
			Heritage: h, Task: manifest.ScheduledTask{Name: "report", Schedule: "cron(0 9 ? * MON-FRI *)", Timezone: "Asia/Tokyo", Command: manifest.Words{"rake", "report"}, Enabled: true},
			Last: &bcn.ScheduledRun{EndedAt: start, ExitCode: &one},
		},
	}, nil
}

func TestOneOffConversations(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, said := range []string{
				`run hello production --memory 2048 --timeout 2h --reason monthly -- sh -c "bin/report --month 2027-01"`,
				"run hello production -- rake db:migrate",
				"run hello production",
				"run hello production --memory lots -- true",
				"run hello production --timeout 48h -- true",
				`run hello production -- sh -c "open`,
				"help run",
				"logs hello production",
				`logs hello production web --since 2h --grep "GET /orders"`,
				"logs hello production --grep nowhere",
				"logs hello production nobody",
				"logs hello production wrker",
				"logs hello production --since 30d",
				"help logs",
				"schedule list",
				"schedule run hello/report",
				"schedule run hello/repotr",
				"schedule run clean",
			} {
				fmt.Fprintf(&b, "### %s\n%s\n", said, answer(t, turn{user: "U0DEV", text: said}, lang))
			}
			golden(t, "testdata/oneoff."+lang+".golden", b.String())
		})
	}
}

func TestRefreshingLogsIsTypingThemAgain(t *testing.T) {
	t.Parallel()
	w := sample()
	r := registry(t, w)
	said := `logs hello production web --since 2h --grep "GET /orders"`
	first, _, err := r.Run(t.Context(), turn{user: "U0DEV", text: said}.request(), bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, deploy.Origin{}, text.English)
	if err != nil {
		t.Fatal(err)
	}
	button := first.Blocks[len(first.Blocks)-1].Buttons[0]
	if button.Action != chat.ActionTyped {
		t.Fatalf("the button does %s", button.Action)
	}
	again, _, err := r.Run(t.Context(), turn{user: "U0DEV", action: button.Action, value: button.Value}.request(), bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, deploy.Origin{}, text.English)
	if err != nil || show(again) != show(first) {
		t.Errorf("%v\n%s\nis not\n%s", err, show(again), show(first))
	}
}
