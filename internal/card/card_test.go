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

type view struct {
	name string
	v    card.View
}

// other is a change of another kind.
func other(kind bcn.Kind, subject string, state bcn.ChangeState, more ...func(*bcn.Change)) bcn.Change {
	c := deployment(state, more...)
	c.Kind, c.Subject, c.Tag = kind, subject, ""
	if kind != bcn.KindHeritage {
		c.App, c.Env = "", ""
	}
	return c
}

func pending(decisions ...bcn.Decision) card.View {
	return card.View{
		Change: deployment(bcn.ChangeWaiting), Plan: plan(), Hash: hash, Request: request(bcn.RequestPending, decisions...),
		Approvers: "<@U0LEAD> <!subteam^S0LEADS>",
	}
}

func rollouts(running, pending, failed int) []deploy.Rollout {
	return []deploy.Rollout{
		{Service: "web", Running: running, Desired: 2, Pending: pending, Failed: failed, Healthy: running, Targets: 2},
		{Service: "worker", Running: 1, Desired: 1},
	}
}

func views() []view {
	shows := func(c bcn.Change) card.View { return card.View{Change: c, Plan: plan(), Hash: hash} }
	runs := func(c bcn.Change, r []deploy.Rollout) card.View {
		v := shows(c)
		v.Rollouts = r
		v.Request = request(bcn.RequestStarted, by("U0LEAD", bcn.Approve, ""), by("U0LEADTWO", bcn.Approve, ""))
		return v
	}
	with := func(v card.View, change func(*card.View)) card.View { change(&v); return v }
	ungated := plan(func(p *bcn.Plan) { p.Needs = nil })
	failed := because(bcn.CodeStackFailed, "stack", "hello", "resource", "webService", "why", "ECS Deployment Circuit Breaker was triggered")
	return []view{
		{"planning", card.View{Change: deployment(bcn.ChangePlanning)}},
		{"planning, something outside does not answer", card.View{Change: deployment(bcn.ChangePlanning, because(bcn.CodeUnavailable, "what", "GitHub"))}},
		{"waiting for its turn", card.View{Change: deployment(bcn.ChangeWaitingTurn, func(c *bcn.Change) { c.Behind = 1041 })}},
		{"planned", shows(deployment(bcn.ChangePlanned))},
		{"waiting for approval", pending()},
		{"waiting for approval, one of two said yes", pending(by("U0LEAD", bcn.Approve, ""))},
		{"waiting for approval of what destroys", with(pending(), func(v *card.View) { v.Plan = plan(destroys) })},
		{"waiting for approval, with a reason and warnings", with(pending(), func(v *card.View) {
			v.Change.Reason = "the checkout is slow"
			v.Plan.Findings = []bcn.Finding{
				{ID: "manifest", Level: bcn.Warn, Where: "acme/hello@1a2b3c4:barcelona.yml:12:3: unknown key wroker"},
				{ID: "public_mismatch", Level: bcn.Warn, Where: "hello/web", Params: map[string]string{"endpoint": "main", "service": "web"}},
			}
		})},
		{"waiting for the first release's approval", with(pending(), func(v *card.View) { v.Plan.OldTag, v.Plan.OldDigest = "", "" })},
		{"waiting for approval of many changes", with(pending(), func(v *card.View) {
			for i := range 15 {
				v.Plan.Lines = append(v.Plan.Lines, bcn.Line{Mark: bcn.MarkAdded, What: fmt.Sprintf("environment VARIABLE_%d", i)})
			}
		})},
		{"waiting for approval while halted", with(pending(), func(v *card.View) { v.Halt = deploy.Halt{On: true, By: "U0ADMIN", Reason: "an incident"} })},
		{"waiting for approval while halted from the command line", with(pending(), func(v *card.View) { v.Halt = deploy.Halt{On: true, By: "command line"} })},
		{"queued, nobody needed to approve", card.View{Change: deployment(bcn.ChangeQueued), Plan: ungated, Hash: hash}},
		{"queued while halted", with(runs(deployment(bcn.ChangeQueued), nil), func(v *card.View) { v.Halt = deploy.Halt{On: true, By: "U0ADMIN"} })},
		{"applying", runs(deployment(bcn.ChangeApplying), rollouts(1, 1, 0))},
		{"applying, tasks fail", runs(deployment(bcn.ChangeApplying), rollouts(0, 1, 3))},
		{"applying, AWS does not answer", runs(deployment(bcn.ChangeApplying, because(bcn.CodeUnavailable, "what", "AWS")), rollouts(1, 1, 0))},
		{"verifying", runs(deployment(bcn.ChangeVerifying), rollouts(2, 0, 0))},
		{"cancelling", runs(deployment(bcn.ChangeCancelling, because(bcn.CodeCancelled, "by", "U0DEV")), rollouts(1, 0, 0))},
		{"blocked", runs(deployment(bcn.ChangeBlocked, because(bcn.CodeUnknownOutcome, "what", "before_deploy")), nil)},
		{"parked while applying", runs(deployment(bcn.ChangeApplying, func(c *bcn.Change) { c.Parked = true }), rollouts(1, 1, 0))},
		{"parked while planning", card.View{Change: deployment(bcn.ChangePlanning, func(c *bcn.Change) { c.Parked = true })}},
		{"succeeded", runs(deployment(bcn.ChangeSucceeded), rollouts(2, 0, 0))},
		{"failed", runs(deployment(bcn.ChangeFailed, because(bcn.CodeRolloutFailed, "service", "web", "why", "tasks failed to start")), rollouts(1, 0, 2))},
		{"rolled back", runs(deployment(bcn.ChangeRolledBack, failed), rollouts(2, 0, 0))},
		{"rollback failed", runs(deployment(bcn.ChangeRollbackFailed, failed), nil)},
		{"cancelled", runs(deployment(bcn.ChangeCancelled, because(bcn.CodeCancelled, "by", "U0DEV")), nil)},
		{"closed: rejected", with(shows(deployment(bcn.ChangeClosed, because(bcn.CodeRejected, "by", "U0LEAD", "reason", "not on a Friday"))),
			func(v *card.View) {
				v.Request = request(bcn.RequestRejected, by("U0LEAD", bcn.Reject, "not on a Friday"))
			})},
		{"closed: expired", with(shows(deployment(bcn.ChangeClosed, because(bcn.CodeExpired, "id", "#1042"))), func(v *card.View) { v.Request = request(bcn.RequestExpired) })},
		{"closed: superseded", shows(deployment(bcn.ChangeClosed, because(bcn.CodeSuperseded, "id", "#1042", "by", "#1043")))},
		{"closed: the plan moved", shows(deployment(bcn.ChangeClosed, because(bcn.CodePlanMoved, "moved", "release")))},
		{"closed: cancelled", shows(deployment(bcn.ChangeClosed, because(bcn.CodeCancelled, "by", "U0DEV")))},
		{"closed: nothing would change", with(shows(deployment(bcn.ChangeClosed, because(bcn.CodeNoChange))), func(v *card.View) { v.Plan.Stacks = nil; v.Plan.Lines = nil })},
		{"closed: no such tag", card.View{Change: deployment(bcn.ChangeClosed, because(bcn.CodeUnknownTag, "image", "hello", "tag", "v22", "suggestion", "v2"))}},
		{"closed: the file has mistakes", card.View{Change: deployment(bcn.ChangeClosed, because(bcn.CodeManifest, "file", "acme/hello@1a2b3c4:barcelona.yml", "problems", "barcelona.yml:3:5: services must be a mapping\nbarcelona.yml:9:1: unknown key wroker"))}},
		{"closed: a guardrail", shows(deployment(bcn.ChangeClosed, because(bcn.CodeGuardrail, "findings",
			text.EncodeFindings([]bcn.Finding{{ID: "privileged", Level: bcn.Deny, Where: "hello/webTaskDefinition", Params: map[string]string{"what": "Privileged"}}}))))},
		{"a plan", with(shows(other(bcn.KindPlan, "heritage:hello", bcn.ChangeClosed, because(bcn.CodePlanOnly))), func(v *card.View) { v.Change.App, v.Change.Env, v.Change.Tag = "hello", "production", "v2" })},
		{"an endpoint", card.View{Change: other(bcn.KindEndpoint, "endpoint:main", bcn.ChangeSucceeded), Hash: hash, Plan: &bcn.Plan{
			Lines:  []bcn.Line{{Mark: bcn.MarkAdded, What: "endpoint main"}},
			Stacks: []bcn.StackPlan{{Name: "endpoint-main", Create: true, ChangeSet: "arn:set", Changes: []bcn.ResourceDelta{{Action: "Add", LogicalID: "LoadBalancer", Type: "AWS::ElasticLoadBalancingV2::LoadBalancer"}}}},
		}}},
		{"a heritage", card.View{
			Change: other(bcn.KindHeritage, "app:hello/production", bcn.ChangeSucceeded), Hash: hash,
			Wish: deploy.Wish{Heritage: &bcn.Heritage{Source: "github:acme/hello"}}, Plan: &bcn.Plan{Lines: []bcn.Line{{Mark: bcn.MarkAdded, What: "heritage hello"}}},
		}},
		{"a district", card.View{Change: other(bcn.KindDistrict, "district:default", bcn.ChangeSucceeded), Hash: hash, Plan: &bcn.Plan{Lines: []bcn.Line{{Mark: bcn.MarkAdded, What: "district default"}}}}},
		{"a district that is not as described", card.View{Change: other(bcn.KindDistrict, "district:default", bcn.ChangeClosed, because(bcn.CodeDistrictInvalid, "problems", "there is no cluster west\nthe bucket is in us-east-1"))}},
		{"everything that people write is hostile", with(pending(by("U0LEAD", bcn.Approve, evil)), func(v *card.View) {
			v.Change.App, v.Change.Env, v.Change.Tag, v.Change.Reason = evil, evil, evil, evil
			v.Plan.Tag, v.Plan.OldTag = evil, evil
			v.Plan.Lines = []bcn.Line{{Mark: bcn.MarkRemoved, What: evil}, {Mark: bcn.MarkNote, What: evil}}
			v.Plan.Findings = []bcn.Finding{{ID: "manifest", Where: evil}, {ID: "privileged", Where: evil, Params: map[string]string{"what": evil}}}
			v.Plan.Stacks[1].Name = evil
			v.Plan.Stacks[1].Changes[1] = bcn.ResourceDelta{Action: "Remove", LogicalID: evil, Type: evil}
			v.Halt = deploy.Halt{On: true, By: evil, Reason: evil}
		})},
		{"a rejection with a hostile reason", shows(deployment(bcn.ChangeClosed, because(bcn.CodeRejected, "by", "U0LEAD", "reason", evil)))},
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, v := range views() {
				m := p.Card(v.v)
				said := shown(m)
				if fault := faults(m); fault != "" {
					t.Errorf("%s: there is %s:\n%s", v.name, fault, said)
				}
				if m.Text == "" || len(m.Blocks) == 0 {
					t.Errorf("%s: an empty card", v.name)
				}
				fmt.Fprintf(&b, "### %s\n%s\n", v.name, said)
			}
			golden(t, "testdata/cards."+lang+".golden", b.String())
		})
	}
}

// Every state of every kind has a card, with the words for it.
func TestEveryStateHasACard(t *testing.T) {
	t.Parallel()
	p := presenter(t, text.English)
	for _, kind := range append([]bcn.Kind{
		bcn.KindDeploy, bcn.KindPlan, bcn.KindEndpoint, bcn.KindHeritage, bcn.KindDistrict,
		bcn.KindRollback, bcn.KindRestart, bcn.KindPromote, bcn.KindScale, bcn.KindEnv, bcn.KindRepair,
	}, accessKinds...) {
		for _, state := range []bcn.ChangeState{
			bcn.ChangeWaitingTurn, bcn.ChangePlanning, bcn.ChangePlanned, bcn.ChangeWaiting, bcn.ChangeQueued, bcn.ChangeApplying, bcn.ChangeVerifying,
			bcn.ChangeCancelling, bcn.ChangeBlocked, bcn.ChangeSucceeded, bcn.ChangeFailed, bcn.ChangeRolledBack, bcn.ChangeRollbackFailed,
			bcn.ChangeCancelled, bcn.ChangeClosed,
		} {
			c := other(kind, "x:y", state)
			m := p.Card(card.View{Change: c})
			said := shown(m)
			if strings.Contains(said, "card.") || !strings.Contains(said, "*#1042*") {
				t.Errorf("%s %s:\n%s", kind, state, said)
			}
			if first := strings.SplitN(string(m.Blocks[0].Section), "\n", 2); len(first) != 2 || strings.HasPrefix(first[1], " ") {
				t.Errorf("%s %s has no mark: %q", kind, state, m.Blocks[0].Section)
			}
			for _, block := range m.Blocks {
				for _, button := range block.Buttons {
					if button.Value != "1042" || button.Label == "" {
						t.Errorf("%s %s: a button %+v", kind, state, button)
					}
				}
			}
		}
	}
}
