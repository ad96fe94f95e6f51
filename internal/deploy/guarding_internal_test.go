package deploy

import (
	"context"
	"testing"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

// guardedBy is a service with the guardrails and nothing else.
func guardedBy(t *testing.T, s guard.Settings, own ...guard.Custom) *Service {
	t.Helper()
	set, problems := guard.New(s, own)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return New(Options{Guardrails: set})
}

func planned(template string, changes ...bcn.ResourceDelta) bcn.Plan {
	return bcn.Plan{Stacks: []bcn.StackPlan{{Name: "hello", Template: []byte(template), Changes: changes}}}
}

const twoTasks = `{"Resources":{"S":{"Type":"AWS::ECS::Service","Properties":{"DesiredCount":2}}}}`

func TestGuardrailsJudgeEveryPlan(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	lost := bcn.ResourceDelta{Action: "Remove", LogicalID: "Data", Type: "AWS::S3::Bucket"}
	change := bcn.Change{Kind: bcn.KindEndpointUpdate}
	t.Run("what is denied is refused, whatever the kind", func(t *testing.T) {
		t.Parallel()
		for _, kind := range []bcn.Kind{bcn.KindDeploy, bcn.KindPlan, bcn.KindRollback, bcn.KindEndpoint, bcn.KindDistrictCreate} {
			p := planned(twoTasks)
			if err := guardedBy(t, guard.Settings{Count: 1}).guarded(ctx, bcn.Change{Kind: kind}, &p); bcn.CodeOf(err) != bcn.CodeGuardrail {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
	t.Run("what holds data is left to the rule", func(t *testing.T) {
		t.Parallel()
		p := planned(twoTasks, lost)
		if err := guardedBy(t, guard.Settings{}).guarded(ctx, change, &p); err != nil {
			t.Fatal(err)
		}
		if denied(settled(change, p.Findings, authz.Verdict{})) == nil {
			t.Error("it goes without a destructive rule")
		}
		if err := denied(settled(change, p.Findings, authz.Verdict{Destructive: true})); err != nil {
			t.Error(err)
		}
		if err := denied(settled(bcn.Change{Kind: bcn.KindPlan}, p.Findings, authz.Verdict{})); err != nil {
			t.Errorf("what is only shown: %v", err)
		}
	})
	t.Run("a process that stops denies nothing", func(t *testing.T) {
		t.Parallel()
		stopped, cancel := context.WithCancel(ctx)
		cancel()
		p := planned(twoTasks)
		if err := guardedBy(t, guard.Settings{Count: 1}).guarded(stopped, change, &p); bcn.CodeOf(err) == bcn.CodeGuardrail || err == nil {
			t.Error(err)
		}
	})
}

func TestGuardrailsJudgeAgainBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	change := bcn.Change{Kind: bcn.KindDeploy}
	approve := guard.Settings{Count: 1, Levels: map[string]bcn.Level{guard.ServiceCount: bcn.AskFirst}}
	lost := bcn.ResourceDelta{Action: "Remove", LogicalID: "Data", Type: "AWS::S3::Bucket"}
	for name, c := range map[string]struct {
		then, now guard.Settings
		rule      bool // says destructive: true, now
		lost      bool
		moved     bool
	}{
		"the same guardrails":                       {then: approve, now: approve},
		"one was taken away":                        {then: approve},
		"one has come that wants an approval":       {now: approve, moved: true},
		"one has come that denies":                  {now: guard.Settings{Count: 1}, moved: true},
		"one denies now":                            {then: approve, now: guard.Settings{Count: 1}, moved: true},
		"the rule still lets data go":               {lost: true, rule: true},
		"the rule for what destroys was taken away": {lost: true, moved: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planned(twoTasks)
			if c.lost {
				p = planned(twoTasks, lost)
			}
			if err := guardedBy(t, c.then).guarded(ctx, change, &p); err != nil {
				t.Fatal(err)
			}
			p.Findings = settled(change, p.Findings, authz.Verdict{Destructive: true})
			err := guardedBy(t, c.now).stillGuarded(ctx, change, p, authz.Verdict{Destructive: c.rule})
			if (bcn.CodeOf(err) == bcn.CodePlanMoved) != c.moved || !c.moved && err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheSizeOfAOneoffIsJudgedAsFargateGivesIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		settings guard.Settings
		oneoff   *bcn.OneoffPlan
		denied   bool
	}{
		"more memory than is let":                           {guard.Settings{Memory: 1024}, &bcn.OneoffPlan{Memory: 2048}, true},
		"as much as is let":                                 {guard.Settings{Memory: 2048}, &bcn.OneoffPlan{Memory: 2048}, false},
		"less, but the least that has the CPU is more":      {guard.Settings{Memory: 1024}, &bcn.OneoffPlan{CPU: 1024, Memory: 512}, true},
		"none, as a plan without a one-off, denies nothing": {guard.Settings{Memory: 1024}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []bcn.Kind{bcn.KindRun, bcn.KindDeploy} {
				p := bcn.Plan{Oneoff: c.oneoff}
				err := guardedBy(t, c.settings).guarded(ctx, bcn.Change{Kind: kind}, &p)
				if got := bcn.CodeOf(err) == bcn.CodeGuardrail; got != c.denied {
					t.Errorf("%s: %v", kind, err)
				}
			}
		})
	}
}
