package card_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/text"
)

// guardedCards are cards of what guardrails found.
func guardedCards() []view {
	own := func(level bcn.Level, message, remedy string) bcn.Finding {
		return bcn.Finding{ID: guard.Own, Level: level, Where: "hello/web", Params: map[string]string{"rule": "mine", "message": message, "remedy": remedy}}
	}
	size := bcn.Finding{ID: guard.TaskSize, Level: bcn.AskFirst, Where: "hello/webTaskDefinition", Params: map[string]string{"what": "Memory", "size": "8192", "limit": "4096"}}
	lost := bcn.Finding{ID: guard.StatefulLost, Level: bcn.Warn, Where: "heritage-hello/LogGroup", Params: map[string]string{"action": "Remove", "type": "AWS::Logs::LogGroup"}}
	waits := func(findings ...bcn.Finding) card.View {
		return card.View{Change: deployment(bcn.ChangeWaiting), Hash: hash, Plan: plan(func(p *bcn.Plan) { p.Findings = findings })}
	}
	denied := []bcn.Finding{
		own(bcn.Deny, "not in winter", "Wait for spring."),
		{ID: guard.OwnFailed, Level: bcn.Deny, Where: "hello/web", Params: map[string]string{"rule": "mine", "why": "too_much"}},
		{ID: guard.ImageRegistry, Level: bcn.Deny, Where: "hello/webTaskDefinition.ContainerDefinitions[0]", Params: map[string]string{"image": "evil.example/x"}},
		{ID: guard.ServiceCount, Level: bcn.Deny, Where: "hello/web", Params: map[string]string{"what": "DesiredCount", "count": "30", "limit": "20"}},
		{ID: guard.LogRetention, Level: bcn.Deny, Where: "heritage-hello/LogGroup"},
	}
	return []view{
		{"what needs an approval", waits(size)},
		{"what needs one, and what warns", waits(own(bcn.Warn, "a small thing", "Leave it."), size, own(bcn.AskFirst, "a large thing", "Think."), lost)},
		{"what is denied", card.View{Change: deployment(bcn.ChangeClosed, because(bcn.CodeGuardrail, "findings", text.EncodeFindings(denied)))}},
		{"hostile sentences", waits(own(bcn.AskFirst, evil, evil))},
	}
}

func TestCardsShowWhatGuardrailsFound(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, v := range guardedCards() {
				m := presenter(t, lang).Card(v.v)
				if fault := faults(m); fault != "" {
					t.Errorf("%s: there is %s", v.name, fault)
				}
				fmt.Fprintf(&b, "### %s\n%s\n", v.name, shown(m))
			}
			golden(t, "testdata/guardrails."+lang+".golden", b.String())
		})
	}
}
