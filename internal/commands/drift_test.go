package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// drifting is what was changed outside of the world's stacks.
type drifting struct{ w *world }

func (x *drifting) Drift(context.Context, bcn.Heritage) (deploy.DriftReport, error) {
	return x.w.drifts, nil
}

func (x *drifting) DriftOfDistrict(context.Context, string) (deploy.DriftReport, error) {
	return x.w.drifts, nil
}

func TestDriftIsTold(t *testing.T) {
	t.Parallel()
	clean := deploy.DriftReport{Stacks: []string{"heritage-hello", "hello"}}
	some := deploy.DriftReport{Stacks: clean.Stacks, Unchecked: []string{"hello"}, Resources: []deploy.Drifted{
		{Stack: "heritage-hello", ID: "LogGroup", Type: "AWS::Logs::LogGroup", Properties: []deploy.DriftedProperty{
			{Path: "/RetentionInDays", Kind: "NOT_EQUAL", Expected: "731", Actual: "<!here> `7`"},
			{Path: "/Tags/0", Kind: "ADD", Expected: "null", Actual: "by hand"},
			{Path: "/Tags/1", Kind: "REMOVE", Expected: "web", Actual: "null"},
		}, Last: &deploy.Outside{Action: "PutRetentionPolicy", By: "arn:aws:iam::123456789012:user/dana", At: start}},
		{Stack: "hello", ID: "webTaskDefinition", Type: "AWS::ECS::TaskDefinition", Properties: []deploy.DriftedProperty{{Path: "/ContainerDefinitions/0/Environment", Kind: "NOT_EQUAL", Hidden: true}}},
		{Stack: "hello", ID: "webSecurityGroup", Type: "AWS::EC2::SecurityGroup", Deleted: true},
	}}
	many := deploy.DriftReport{Stacks: clean.Stacks}
	for i := range 25 {
		d := deploy.Drifted{Stack: "hello", ID: fmt.Sprintf("R%d", i), Type: "AWS::SNS::Topic"}
		for j := range 10 {
			d.Properties = append(d.Properties, deploy.DriftedProperty{Path: fmt.Sprintf("/P%d", j), Kind: "NOT_EQUAL", Expected: "a", Actual: "b"})
		}
		many.Resources = append(many.Resources, d)
	}
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range []struct {
				said   string
				report deploy.DriftReport
			}{
				{"drift hello production", clean},
				{"drift hello production", some},
				{"drift hello production", deploy.DriftReport{}},
				{"drift --district main", some},
				{"drift --district main", deploy.DriftReport{}},
				{"drift", clean},
				{"drift hello", clean},
				{"drift hello production --district main", clean},
				{"help drift", clean},
			} {
				w := func(w *world) { w.drifts = x.report }
				fmt.Fprintf(&b, "### %s\n%s\n", x.said, answer(t, turn{user: "U0DEV", text: x.said, world: w}, lang))
			}
			golden(t, "testdata/drift."+lang+".golden", b.String())
		})
	}
	t.Run("much drift fits a message", func(t *testing.T) {
		t.Parallel()
		got := answer(t, turn{user: "U0DEV", text: "drift hello production", world: func(w *world) { w.drifts = many }}, text.English)
		if !strings.Contains(got, "R19") || strings.Contains(got, "R20") || strings.Contains(got, "P8") {
			t.Error(got)
		}
	})
}
