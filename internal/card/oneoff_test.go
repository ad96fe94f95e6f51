package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// oneoffs are the cards of one-off tasks: before_deploy, and run.
func oneoffs() []view {
	started, ended, exit := at.Add(20*time.Second), at.Add(95*time.Second), func(n int) *int { return &n }
	of := func(kind bcn.Kind, state bcn.ChangeState, o *bcn.Oneoff, change func(*bcn.OneoffPlan)) card.View {
		c := deployment(state)
		if c.Kind = kind; kind == bcn.KindRun {
			c.Tag = ""
		}
		p := plan(func(p *bcn.Plan) {
			p.Kind = kind
			p.Oneoff = &bcn.OneoffPlan{Command: []string{"rake", "db:migrate"}, CPU: 256, Memory: 512, Timeout: time.Hour, Env: map[string]string{"PASSWORD": secret}}
			if kind == bcn.KindRun {
				p.Lines, p.Stacks, p.OldTag, p.OldDigest = nil, nil, "", ""
				p.Oneoff.Definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/hello-oneoff:3"
			}
			if change != nil {
				change(p.Oneoff)
			}
		})
		return card.View{Change: c, Wish: deploy.Wish{Kind: kind}, Hash: hash, Plan: p, Oneoff: o}
	}
	row := func(change func(*bcn.Oneoff)) *bcn.Oneoff {
		o := &bcn.Oneoff{Try: 1, Nonce: "0123456789abcdef", AskedAt: at, Task: "arn:aws:ecs:us-east-1:123456789012:task/default/9f8e7d6c", TakenAt: &at}
		change(o)
		return o
	}
	over := func(change func(*bcn.Oneoff)) *bcn.Oneoff {
		return row(func(o *bcn.Oneoff) {
			o.StartedAt, o.EndedAt = &started, &ended
			change(o)
		})
	}
	passed := over(func(o *bcn.Oneoff) { o.ExitCode = exit(0) })
	failed := over(func(o *bcn.Oneoff) { o.ExitCode = exit(3) })
	return []view{
		{"a deploy with a migration waits", of(bcn.KindDeploy, bcn.ChangeWaiting, nil, nil)},
		{"the migration is asked for", of(bcn.KindDeploy, bcn.ChangeApplying, row(func(o *bcn.Oneoff) { o.Task, o.TakenAt = "", nil }), nil)},
		{"the migration runs", of(bcn.KindDeploy, bcn.ChangeApplying, row(func(o *bcn.Oneoff) { o.StartedAt = &started }), nil)},
		{"the migration ended well", of(bcn.KindDeploy, bcn.ChangeApplying, passed, nil)},
		{"the migration failed", of(bcn.KindDeploy, bcn.ChangeRolledBack, failed, nil)},
		{"the migration took too long", of(bcn.KindDeploy, bcn.ChangeRolledBack, over(func(o *bcn.Oneoff) { o.Why, o.ExitCode = bcn.CodeOneoffTimedOut, exit(137) }), nil)},
		{"the migration was cancelled", of(bcn.KindDeploy, bcn.ChangeRolledBack, over(func(o *bcn.Oneoff) { o.Why = bcn.CodeCancelled }), nil)},
		{"nobody knows what became of the migration", of(bcn.KindDeploy, bcn.ChangeBlocked, row(func(o *bcn.Oneoff) { o.Unknown = true }), nil)},
		{"a command waits", of(bcn.KindRun, bcn.ChangeWaiting, nil, func(o *bcn.OneoffPlan) { o.Text = `rake "db:seed now"` })},
		{"a command runs", of(bcn.KindRun, bcn.ChangeApplying, row(func(o *bcn.Oneoff) { o.StartedAt = &started }), nil)},
		{"a scheduled task is run now", of(bcn.KindRun, bcn.ChangeSucceeded, passed, func(o *bcn.OneoffPlan) { o.Task = "report" })},
		{"a command failed", of(bcn.KindRun, bcn.ChangeFailed, failed, nil)},
		{"a command never ran", of(bcn.KindRun, bcn.ChangeFailed, row(func(o *bcn.Oneoff) {
			o.EndedAt, o.Reason = &ended, "CannotPullContainerError: manifest unknown"
		}), nil)},
		{"everything that people and programs write is hostile", of(bcn.KindRun, bcn.ChangeFailed, over(func(o *bcn.Oneoff) { o.Reason = evil }),
			func(o *bcn.OneoffPlan) { o.Text, o.Command, o.Task = evil, []string{evil}, evil })},
	}
}

func TestOneoffCards(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, v := range oneoffs() {
				m := p.Card(v.v)
				said := shown(m)
				if o := v.v.Oneoff; o != nil && (o.Task != "" || o.Ended()) {
					said += "-- in the thread\n" + told(p.Notes(deploy.Moment{
						Kind: deploy.MomentOneoff, Change: v.v.Change, Plan: v.v.Plan, Oneoff: v.v.Oneoff, Lines: []string{"migrated 3 tables", evil},
					}))
				}
				if fault := faults(m); fault != "" {
					t.Errorf("%s: there is %s:\n%s", v.name, fault, said)
				}
				if strings.Contains(said, secret) {
					t.Errorf("%s: a value is said:\n%s", v.name, said)
				}
				fmt.Fprintf(&b, "### %s\n%s\n", v.name, said)
			}
			golden(t, "testdata/oneoffs."+lang+".golden", b.String())
		})
	}
}
