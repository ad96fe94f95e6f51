package commands_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
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

func (x *drifting) AcceptDrift(_ context.Context, _ deploy.Origin, a bcn.Actor, h bcn.Heritage, mark string) (string, error) {
	for _, d := range x.w.drifts.Resources {
		if d.Mark == mark {
			x.w.called("AcceptDrift %s %s %s", a.User, h.Name, mark)
			return d.Stack + "/" + d.ID, nil
		}
	}
	return "", deploy.ErrNone
}

func (x *drifting) AcceptDriftOfDistrict(_ context.Context, _ deploy.Origin, a bcn.Actor, name, mark string) (string, error) {
	return x.AcceptDrift(context.Background(), deploy.Origin{}, a, bcn.Heritage{Name: "district " + name}, mark)
}

// early notes what is told before the answer.
func (x *drifting) early(_ context.Context, _ deploy.Origin, a bcn.Actor, m chat.Message) {
	x.w.called("early to %s: %s", a.User, m.Text)
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
	ours := deploy.DriftReport{Stacks: clean.Stacks, Resources: slices.Clone(some.Resources)}
	for i := range ours.Resources {
		ours.Resources[i].Mark = fmt.Sprintf("%012x", i+10)
	}
	ours.Resources[1].Accepted = &deploy.Acceptance{By: "U0LEE", At: start}
	allAccepted := deploy.DriftReport{Stacks: clean.Stacks, Resources: ours.Resources[1:2]}
	place := deploy.DriftReport{Stacks: []string{"endpoint-web"}, Adopted: true, Resources: slices.Clone(ours.Resources)}
	place.Resources[0].Stack, place.Resources[2].Stack, place.Resources[2].Endpoint = "district-default", "endpoint-web", "web"
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
				{"drift hello production", ours},
				{"drift hello production", allAccepted},
				{"drift accept hello production 00000000000c", ours},
				{"drift accept hello production 0000000000ff", ours},
				{"drift accept hello production mine", ours},
				{"drift repair hello production --reason by mistake", ours},
				{"help drift repair", clean},
				{"help drift accept", clean},
				{"drift --district main", place},
				{"drift --district main", deploy.DriftReport{Adopted: true}},
				{"drift accept --district main --mark 00000000000c", place},
				{"drift accept --district main --mark 0000000000ff", place},
				{"drift accept --district main", place},
				{"drift accept hello production --mark 00000000000c", place},
				{"drift repair", place},
				{"drift repair hello production --endpoint web", place},
				{"drift repair --endpoint web --reason by mistake", place},
				{"drift repair --district main", place},
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
	t.Run("what looks may not accept, and what accepts may not repair", func(t *testing.T) {
		t.Parallel()
		for name, want := range map[string]struct {
			rule  string
			reads bool
		}{"drift": {"drift", true}, "drift accept": {"drift", false}, "drift repair": {"deploy", false}} {
			if rule, reads := commands.RuleOf(name); rule != want.rule || reads != want.reads {
				t.Errorf("%s: %s %v", name, rule, reads)
			}
		}
	})
	t.Run("the buttons do what is typed", func(t *testing.T) {
		t.Parallel()
		w := func(w *world) { w.drifts = ours }
		for value, want := range map[string]string{
			"drift repair hello production":              "=> Ask U0DEV repair hello production",
			"drift accept hello production 00000000000c": "=> AcceptDrift U0DEV hello 00000000000c",

			"drift repair --district main":                     "=> Ask U0DEV district_update",
			"drift repair --endpoint web":                      "=> Ask U0DEV endpoint_update",
			"drift accept --district main --mark 00000000000c": "=> AcceptDrift U0DEV district main 00000000000c",
		} {
			if got := answer(t, turn{user: "U0DEV", action: chat.ActionTyped, value: value, world: w}, text.English); !strings.Contains(got, want) {
				t.Errorf("%s:\n%s", value, got)
			}
		}
	})
	t.Run("the watch tells a channel", func(t *testing.T) {
		t.Parallel()
		r := registry(t, sample())
		got := show(r.DriftFound(bcn.Heritage{Name: "hello", App: "hello", Env: "production"}, ours.Resources[:1]))
		if !strings.Contains(got, "1 resource was changed outside") || !strings.Contains(got, "drift accept hello production 00000000000a") || !strings.Contains(got, "drift repair hello production") {
			t.Error(got)
		}
	})
	t.Run("much drift fits a message", func(t *testing.T) {
		t.Parallel()
		got := answer(t, turn{user: "U0DEV", text: "drift hello production", world: func(w *world) { w.drifts = many }}, text.English)
		if !strings.Contains(got, "R14") || strings.Contains(got, "R15") || strings.Contains(got, "P8") {
			t.Error(got)
		}
	})
}
