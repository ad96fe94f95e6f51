package guard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

// own is a set of one operator's guardrail.
func own(t testing.TB, when string, on ...string) *guard.Set {
	t.Helper()
	set, problems := guard.New(guard.Settings{}, []guard.Custom{{ID: "mine", Level: bcn.AskFirst, On: on, When: when, Message: "m", Remedy: "r"}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return set
}

const someService = `{"Type":"AWS::ECS::Service","Properties":{"DesiredCount":3,"Weight":1.5,"PropagateTags":"SERVICE",` +
	`"Tags":[{"Key":"team","Value":"web"}],"Cluster":{"Ref":"Cluster"},"EnableECSManagedTags":true}}`

func TestExpressionsSpeakOfResourceChangeAndPlan(t *testing.T) {
	t.Parallel()
	modify := bcn.ResourceDelta{Action: "Modify", LogicalID: "S", Type: "AWS::ECS::Service", Replacement: "False", Properties: []string{"/Properties/DesiredCount"}}
	gone := bcn.ResourceDelta{Action: "Remove", LogicalID: "Old", Type: "AWS::SNS::Topic"}
	for when, want := range map[string]string{
		`resource.type == "AWS::ECS::Service"`:                                        "hello/S",
		`resource.id == "S" && resource.stack == "hello"`:                             "hello/S",
		`resource.properties.?DesiredCount.orValue(0) > 2`:                            "hello/S",
		`resource.properties.?DesiredCount.orValue(0) > 2.5`:                          "hello/S",
		`resource.properties.?DesiredCount.orValue(0) > 3`:                            "",
		`resource.properties.?Weight.orValue(0) == 1.5`:                               "hello/S",
		`resource.properties.?EnableECSManagedTags.orValue(false) == true`:            "hello/S",
		`resource.properties.?Tags.orValue([]).exists(t, t.Key == "team")`:            "hello/S",
		`has(resource.properties.Cluster.Ref)`:                                        "failed", // Old has no properties
		`"Cluster" in resource.properties && has(resource.properties.Cluster.Ref)`:    "hello/S",
		`change.action == "Modify" && change.replacement == "False"`:                  "hello/S",
		`change.properties.exists(p, p.startsWith("/Properties/Desired"))`:            "hello/S",
		`change.action == "Remove" && resource.type == "AWS::SNS::Topic"`:             "hello/Old",
		`change.action == "None"`:                                                     "",
		`plan.app == "hello" && plan.env == "production" && resource.id == "S"`:       "hello/S",
		`plan.kind == "deploy" && plan.district == "default" && resource.id == "Old"`: "hello/Old",
		`plan.env == "staging"`:                                                       "",
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			got := own(t, when).Check(context.Background(), input(map[string]string{"S": someService}, modify, gone))
			switch {
			case want == "" && len(got) == 0:
			case want == "failed" && guard.Denied(got):
			case len(got) == 1 && got[0].Where == want && got[0].ID == guard.Own && got[0].Level == bcn.AskFirst && got[0].Params["rule"] == "mine":
			default:
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAGuardrailIsAskedOnlyOfItsTypes(t *testing.T) {
	t.Parallel()
	set := own(t, "true", "AWS::ECS::Service", "AWS::SNS::Topic")
	got := set.Check(context.Background(), input(map[string]string{"S": someService, "C": `{"Type":"AWS::ECS::Cluster"}`}))
	if len(got) != 1 || got[0].Where != "hello/S" {
		t.Errorf("%+v", got)
	}
}

func TestWhatCannotBeEvaluatedIsDenied(t *testing.T) {
	t.Parallel()
	const many = `[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]`
	for name, c := range map[string]struct{ when, why, key string }{
		"a key that is not there":               {`resource.properties.Missing == 1`, "missing", "Missing"},
		"a key that the template names":         {`resource.properties[resource.properties.PropagateTags] == 1`, "missing", ""},
		"values of two types":                   {`resource.properties.Cluster > 1`, "other", ""},
		"a number that is none":                 {`int(resource.properties.PropagateTags) > 1`, "other", ""},
		"what is not true or false when it ran": {`resource.properties.DesiredCount && resource.id == "S"`, "other", ""},
		"an index that is not there":            {`resource.properties.Tags[7].Key == "x"`, "other", ""},
		"a division by nothing":                 {`1 / (resource.properties.DesiredCount - 3) == 1`, "other", ""},
		"what costs too much":                   {many + ".all(a, " + many + ".all(b, " + many + ".all(c, " + many + ".all(d, a + b + c + d > 0))))", "too_much", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := own(t, c.when).Check(context.Background(), input(map[string]string{"S": someService}))
			if len(got) != 1 || got[0].ID != guard.OwnFailed || got[0].Level != bcn.Deny || got[0].Params["rule"] != "mine" ||
				got[0].Params["why"] != c.why || got[0].Params["key"] != c.key {
				t.Errorf("%+v", got)
			}
			if said := fmt.Sprint(got); strings.Contains(said, "SERVICE") {
				t.Errorf("it tells a value of the template: %s", said)
			}
		})
	}
	t.Run("what there is no time for", func(t *testing.T) {
		t.Parallel()
		late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
		defer cancel()
		got := own(t, many+".all(a, "+many+".all(b, a + b > 0))").Check(late, input(map[string]string{"S": someService}))
		if len(got) != 1 || got[0].ID != guard.OwnFailed || got[0].Params["why"] != "time" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a template that cannot be read is denied before any is asked", func(t *testing.T) {
		t.Parallel()
		got := own(t, "false").Check(context.Background(), guard.Input{Stacks: []bcn.StackPlan{{Name: "s", Template: []byte("x")}}})
		if !guard.Denied(got) {
			t.Errorf("%+v", got)
		}
	})
}

func TestAnOwnGuardrailFindsItsResourceWhereverItIs(t *testing.T) {
	t.Parallel()
	set := own(t, `resource.properties.?BadMark.orValue(false) == true`)
	rapid.Check(t, func(t *rapid.T) {
		in := guard.Input{}
		stacks := rapid.IntRange(1, 3).Draw(t, "stacks")
		bad := rapid.IntRange(0, stacks-1).Draw(t, "bad")
		id := rapid.StringMatching(`[A-Za-z][a-zA-Z0-9]{0,10}Bad`).Draw(t, "id")
		for i := range stacks {
			resources := passing()
			for j := range rapid.IntRange(0, 4).Draw(t, "others") {
				resources[fmt.Sprintf("Other%d", j)] = someService
			}
			if i == bad {
				resources[id] = `{"Type":"AWS::SNS::Topic","Properties":{"BadMark":true}}`
			}
			in.Stacks = append(in.Stacks, bcn.StackPlan{Name: fmt.Sprintf("s%d", i), Template: stack(resources).Template})
		}
		got := set.Check(context.Background(), in)
		if len(got) != 1 || got[0].Where != fmt.Sprintf("s%d/%s", bad, id) || !guard.NeedsApproval(got) {
			t.Fatalf("%+v", got)
		}
	})
}

func TestOwnGuardrailsAlsoJudgeWhatIsTakenAway(t *testing.T) {
	t.Parallel()
	in := input(map[string]string{"G": group(world22)}, bcn.ResourceDelta{Action: "Remove", LogicalID: "G", Type: "AWS::EC2::SecurityGroup"})
	in.Removes = true
	if got := own(t, `change.action == "Remove"`).Check(context.Background(), in); len(got) != 1 || got[0].ID != guard.Own {
		t.Errorf("%+v", got)
	}
}

// FuzzOwn gives the compiler any expression and the evaluation any template:
// neither breaks, and what was neither compiled nor evaluated never passes.
func FuzzOwn(f *testing.F) {
	f.Add(`resource.properties.x == 1`, `{"x":1}`)
	f.Add(`resource.type.matches("^(a+)+$")`, `{}`)
	f.Add(`change.properties.map(p, p + p).size() > 1 || plan.app == ""`, `{"x":[{"y":null}]}`)
	f.Add(`{"a": 1}[resource.id] > 0u`, `{"x":1e999}`)
	f.Fuzz(func(t *testing.T, when, properties string) {
		set, problems := guard.New(guard.Settings{}, []guard.Custom{{ID: "mine", Level: bcn.Warn, When: when}})
		if (set == nil) == (len(problems) == 0) {
			t.Fatalf("%v and %v", set, problems)
		}
		for _, p := range problems {
			if p.Message == "" || p.Guardrail != 0 {
				t.Errorf("%+v", p)
			}
		}
		if set == nil || !json.Valid([]byte(properties)) {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for _, found := range set.Check(ctx, input(map[string]string{"R": `{"Type":"AWS::SNS::Topic","Properties":` + properties + `}`})) {
			if found.ID == guard.OwnFailed && found.Level != bcn.Deny {
				t.Errorf("%+v", found)
			}
		}
	})
}
