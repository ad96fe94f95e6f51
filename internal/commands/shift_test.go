package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Shift implements commands.Changes: a change with an odd number waits.
func (w *world) Shift(_ context.Context, _ deploy.Origin, a bcn.Actor, id bcn.ID) error {
	if id%2 == 0 {
		return bcn.E(bcn.CodeNothingWaits, "id", id.String())
	}
	w.called("Shift %s %s", a.User, id)
	return nil
}

func TestShiftConversations(t *testing.T) {
	t.Parallel()
	dana := "U0DEV"
	runs := func(s *deploy.Shift, alarms ...deploy.Alarm) func(*world) {
		return func(w *world) {
			list := append([]deploy.Rollout{}, w.rollouts["hello"]...)
			list[0].Shift, list[0].Alarms = s, alarms
			w.rollouts = map[string][]deploy.Rollout{"hello": list}
		}
	}
	alarms := []deploy.Alarm{{Name: "errors", State: "ALARM"}, {Name: "latency", State: "OK"}, {Name: "queue", State: "INSUFFICIENT_DATA"}, {Name: "gone"}}
	turns := []turn{
		{user: dana, text: "help shift"},
		{user: dana, text: "shift 1039"},
		{user: dana, text: "shift 1040"},
		{user: dana, text: "shift"},
		{user: dana, text: "shift soon"},
		{user: dana, action: chat.ActionShift, value: "1039", message: "10.39"},
		{user: dana, action: chat.ActionShift, value: "1039", message: "99.99"},
		{user: dana, text: "status hello production", world: runs(&deploy.Shift{Hook: "h"}, alarms...)},
		{user: dana, text: "status hello production", world: runs(&deploy.Shift{Percent: 20})},
		{user: dana, text: "status hello production", world: runs(&deploy.Shift{Back: true})},
	}
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range turns {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s\n", x.user, said, answer(t, x, lang))
			}
			golden(t, "testdata/shift."+lang+".golden", b.String())
		})
	}
}
