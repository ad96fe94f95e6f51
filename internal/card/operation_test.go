package card_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// operations are a card of each kind of release but deploy.
func operations() []view {
	of := func(kind bcn.Kind, state bcn.ChangeState, w deploy.Wish, change func(*bcn.Plan)) card.View {
		c := deployment(state)
		c.Kind, c.Tag, w.Kind = kind, "", kind
		return card.View{Change: c, Wish: w, Hash: hash, Plan: plan(func(p *bcn.Plan) { p.Kind, p.Lines = kind, nil }, change)}
	}
	same := func(p *bcn.Plan) { p.Tag, p.Digest = p.OldTag, p.OldDigest }
	promotion := func(p *bcn.Plan) {
		p.From = &bcn.Promoted{Env: "staging", Heritage: "hello-staging", Release: 7, Lines: []bcn.Line{{Mark: bcn.MarkRemoved, What: "environment FEATURE"}}, Diff: "-FEATURE\n"}
		p.Findings = []bcn.Finding{
			{ID: "promote_variables", Level: bcn.Warn, Params: map[string]string{"from": "staging", "env": "production", "names": "FEATURE, FEATURE_TWO"}},
			{ID: "promote_services", Level: bcn.Warn, Params: map[string]string{"from": "staging", "env": "production", "names": "cron"}},
		}
	}
	value := map[string]string{"PASSWORD": secret, "LOG_LEVEL": secret}
	return []view{
		{"a rollback, not planned yet", card.View{Change: of(bcn.KindRollback, bcn.ChangePlanning, deploy.Wish{}, same).Change}},
		{"a rollback", of(bcn.KindRollback, bcn.ChangeWaiting, deploy.Wish{}, func(p *bcn.Plan) { p.Restores = 11 })},
		{"a rollback to a release", of(bcn.KindRollback, bcn.ChangeSucceeded, deploy.Wish{Release: 9}, func(p *bcn.Plan) { p.Restores = 9 })},
		{"a restart", of(bcn.KindRestart, bcn.ChangeWaiting, deploy.Wish{}, same)},
		{"a repair", of(bcn.KindRepair, bcn.ChangeWaiting, deploy.Wish{}, same)},
		{"a restart of one service", of(bcn.KindRestart, bcn.ChangeSucceeded, deploy.Wish{Service: "web"}, same)},
		{"a promotion", of(bcn.KindPromote, bcn.ChangeWaiting, deploy.Wish{From: "staging"}, promotion)},
		{"a promotion between equal environments", of(bcn.KindPromote, bcn.ChangeSucceeded, deploy.Wish{From: "staging"}, func(p *bcn.Plan) {
			p.From = &bcn.Promoted{Env: "staging", Release: 7}
		})},
		{"one task", of(bcn.KindScale, bcn.ChangeWaiting, deploy.Wish{Service: "worker", Count: 1}, same)},
		{"five tasks, that failed", of(bcn.KindScale, bcn.ChangeFailed, deploy.Wish{Service: "worker", Count: 5}, same)},
		{"variables that are set", of(bcn.KindEnv, bcn.ChangeWaiting, deploy.Wish{Set: value}, same)},
		{"a variable that is unset, rolled back", of(bcn.KindEnv, bcn.ChangeRolledBack, deploy.Wish{Unset: []string{"LOG_LEVEL"}}, same)},
		{"everything that people write is hostile", of(bcn.KindPromote, bcn.ChangeWaiting, deploy.Wish{From: evil, Service: evil}, func(p *bcn.Plan) {
			p.From = &bcn.Promoted{Env: evil, Lines: []bcn.Line{{Mark: bcn.MarkAdded, What: evil}}, Diff: evil}
		})},
	}
}

func TestOperationCards(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, v := range operations() {
				m := p.Card(v.v)
				said := shown(m)
				if c := v.v.Change; c.State.Ended() {
					said += "-- in the thread\n" + told(p.Notes(deploy.Moment{
						Kind: deploy.MomentEnded, Change: c, Plan: v.v.Plan, Release: &bcn.Release{Number: 12, StartedAt: *c.StartedAt, EndedAt: *c.EndedAt},
					}))
				} else if v.v.Plan != nil {
					said += "-- in the thread\n" + told(p.Notes(deploy.Moment{Kind: deploy.MomentPlanned, Change: c, Plan: v.v.Plan, Hash: hash}))
				}
				if fault := faults(m); fault != "" {
					t.Errorf("%s: there is %s:\n%s", v.name, fault, said)
				}
				if strings.Contains(said, secret) {
					t.Errorf("%s: a value is shown:\n%s", v.name, said)
				}
				fmt.Fprintf(&b, "### %s\n%s\n", v.name, said)
			}
			golden(t, "testdata/operations."+lang+".golden", b.String())
		})
	}
}

func TestOnlyWhatShippedOffersToGoBack(t *testing.T) {
	t.Parallel()
	p := presenter(t, text.English)
	for _, kind := range []bcn.Kind{
		bcn.KindDeploy, bcn.KindPromote, bcn.KindRollback, bcn.KindRestart, bcn.KindScale, bcn.KindEnv, bcn.KindRepair, bcn.KindEndpoint, bcn.KindHeritage,
	} {
		for _, state := range []bcn.ChangeState{bcn.ChangeSucceeded, bcn.ChangeApplying, bcn.ChangeRolledBack, bcn.ChangeFailed, bcn.ChangeClosed} {
			c := deployment(state)
			c.Kind = kind
			want := state == bcn.ChangeSucceeded && (kind == bcn.KindDeploy || kind == bcn.KindPromote)
			if got := strings.Contains(shown(p.Card(card.View{Change: c})), "(rollback 1042"); got != want {
				t.Errorf("%s %s: offers to go back %v", kind, state, got)
			}
		}
	}
}
