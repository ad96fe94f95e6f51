package deploy

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestWhatMovedOfAStack(t *testing.T) {
	t.Parallel()
	was := bcn.StackPlan{
		Name: "hello", LastUpdate: "2026-11-22T09:00:00Z", TemplateSHA256: "aa", ChangeSet: "arn:1",
		Changes: []bcn.ResourceDelta{{
			Action: "Modify", LogicalID: "Web", Type: "AWS::ECS::Service",
			Values: []bcn.Value{{Path: "/Properties/DesiredCount", Before: "1", After: "2"}},
		}},
	}
	for _, c := range []struct {
		name string
		move func(*bcn.StackPlan)
		want []string
	}{
		{
			"it was updated meanwhile", func(p *bcn.StackPlan) { p.LastUpdate = "2026-11-22T09:05:00Z" },
			[]string{"stack hello", "- last update 2026-11-22T09:00:00Z", "+ last update 2026-11-22T09:05:00Z"},
		},
		{"something more would be removed", func(p *bcn.StackPlan) {
			p.Changes = append(p.Changes, bcn.ResourceDelta{Action: "Remove", LogicalID: "Worker", Type: "AWS::ECS::Service"})
		}, []string{"stack hello", "+ remove Worker AWS::ECS::Service"}},
		{"a value is another", func(p *bcn.StackPlan) {
			p.Changes = []bcn.ResourceDelta{p.Changes[0]}
			p.Changes[0].Values = []bcn.Value{{Path: "/Properties/DesiredCount", Before: "1", After: "20"}}
		}, []string{"stack hello", "- Web /Properties/DesiredCount: 1 → 2", "+ Web /Properties/DesiredCount: 1 → 20"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := was
			c.move(&now)
			if got := stackMoved(was, now); got != strings.Join(c.want, "\n") {
				t.Errorf("it says:\n%s", got)
			}
		})
	}
	t.Run("of much that moved there are some lines", func(t *testing.T) {
		t.Parallel()
		now := was
		for range 100 {
			now.Changes = append(now.Changes, bcn.ResourceDelta{Action: "Add", LogicalID: "X", Type: "T"})
		}
		if n := len(strings.Split(stackMoved(was, now), "\n")); n != maxMoved {
			t.Errorf("%d lines", n)
		}
	})
}
