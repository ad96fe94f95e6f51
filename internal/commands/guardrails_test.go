package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/text"
)

// rails are guardrails as bot.yaml makes them; found is what they find.
type rails struct {
	settings guard.Settings
	own      []guard.Custom
	found    []bcn.Finding
	err      error
}

// guarded is the world's guardrails, as commands see them.
type guarded struct{ w *world }

func (x *guarded) ListGuardrails() []guard.Guardrail {
	set, problems := guard.New(x.w.rails.settings, x.w.rails.own)
	if len(problems) > 0 {
		panic(problems[0].Message)
	}
	return set.List()
}

func (x *guarded) TryGuardrails(context.Context, string, string) (deploy.Tried, error) {
	return deploy.Tried{Release: bcn.Release{Number: 7, Tag: "v2"}, Findings: x.w.rails.found}, x.w.rails.err
}

func someRails() rails {
	return rails{
		settings: guard.Settings{Registries: []string{"ghcr.io/acme", "docker.io/library"}, Memory: 4096, CPU: 2048, Levels: map[string]bcn.Level{guard.TaskSize: bcn.AskFirst}},
		own: []guard.Custom{
			{ID: "names", Level: bcn.Warn, On: []string{"AWS::ECS::Service"}, When: "true", Message: "a *service* <!here>", Remedy: "Rename it.", Line: 12},
			{ID: "nights", Level: bcn.Deny, When: "false", Message: "not at night", Remedy: "Wait for the morning.", Line: 17},
		},
		found: []bcn.Finding{
			{ID: guard.TaskSize, Level: bcn.AskFirst, Where: "hello/webTaskDefinition", Params: map[string]string{"what": "Memory", "size": "8192", "limit": "4096"}},
			{ID: guard.Own, Level: bcn.Warn, Where: "hello/webService", Params: map[string]string{"rule": "names", "message": "a *service* <!here>", "remedy": "Rename it."}},
			{ID: guard.OwnFailed, Level: bcn.Deny, Where: "hello/webService", Params: map[string]string{"rule": "nights", "why": "missing", "key": "Image"}},
		},
	}
}

func TestGuardrailsAreListedAndTried(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range []struct {
				said  string
				rails rails
			}{
				{"guardrails list", rails{}},
				{"guardrails list", someRails()},
				{"guardrails test hello production", rails{}},
				{"guardrails test hello production", someRails()},
				{"guardrails test hello production", rails{err: deploy.ErrNone}},
				{"guardrails", rails{}},
				{"help guardrails test", rails{}},
			} {
				w := sample()
				w.rails = x.rails
				fmt.Fprintf(&b, "### %s\n%s\n", x.said, answer(t, turn{user: "U0DEV", text: x.said, world: func(into *world) { *into = *w }}, lang))
			}
			golden(t, "testdata/guardrails."+lang+".golden", b.String())
		})
	}
}

func TestManyGuardrailsFitAMessage(t *testing.T) {
	t.Parallel()
	w := sample()
	for i := range 60 {
		w.rails.own = append(w.rails.own, guard.Custom{ID: fmt.Sprintf("g%d", i), Level: bcn.Warn, When: "true", Message: "m", Remedy: "r"})
	}
	got := answer(t, turn{user: "U0DEV", text: "guardrails list", world: func(into *world) { *into = *w }}, text.English)
	if !strings.Contains(got, "`g39`") || strings.Contains(got, "`g40`") || !strings.Contains(got, "20 more") {
		t.Error(got)
	}
}
