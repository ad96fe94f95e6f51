package render_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

const shiftedRule = "webHTTPRulemain"

// shifted renders a service whose traffic is shifted, over what is there.
func shifted(t *testing.T, more string, there map[string]render.Traffic) (rule json.RawMessage, warnings int) {
	t.Helper()
	in := input(heritage(t, web("main", "        deployment: { strategy: blue_green }\n"+more)))
	in.Traffic = there
	stacks, findings, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	var services struct {
		Resources map[string]struct{ Properties json.RawMessage }
	}
	if err := json.Unmarshal(stacks[1].Template, &services); err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.ID == render.ShiftedRuleChanges {
			warnings++
		}
	}
	return services.Resources[shiftedRule].Properties, warnings
}

func weights(first, second int) map[string]int {
	return map[string]int{"webTargetGroupmain": first, "webSecondTargetGroupmain": second}
}

func TestTheWeightsOfARule(t *testing.T) {
	t.Parallel()
	fresh, warned := shifted(t, "", nil)
	if !bytes.Contains(fresh, []byte(`"Weight":100`)) || !bytes.Contains(fresh, []byte(`"Weight":0`)) || warned != 0 {
		t.Fatalf("a new rule is %s", fresh)
	}
	there := map[string]render.Traffic{shiftedRule: {Template: fresh, Weights: weights(0, 100)}}

	t.Run("a rule that does not change keeps the weights of the template whatever ECS made of them", func(t *testing.T) {
		t.Parallel()
		if again, warned := shifted(t, "        cpu: 512\n", there); !bytes.Equal(again, fresh) || warned != 0 {
			t.Errorf("got %s", again)
		}
	})
	t.Run("a repair has those of the load balancer also where nothing of the rule changes", func(t *testing.T) {
		t.Parallel()
		live := map[string]render.Traffic{shiftedRule: {Template: fresh, Weights: weights(0, 100), Live: true}}
		want, _ := shifted(t, "", map[string]render.Traffic{shiftedRule: {Weights: weights(0, 100)}})
		if got, warned := shifted(t, "", live); !bytes.Equal(got, want) || warned != 1 {
			t.Errorf("got %s with %d warnings", got, warned)
		}
		honest := map[string]render.Traffic{shiftedRule: {Template: fresh, Weights: weights(100, 0), Live: true}}
		if got, warned := shifted(t, "", honest); !bytes.Equal(got, fresh) || warned != 0 {
			t.Errorf("where the template tells the truth: %s with %d warnings", got, warned)
		}
	})
	t.Run("a rule that changes has those of the load balancer, and a warning of what a rollback would do", func(t *testing.T) {
		t.Parallel()
		moved := bytes.Replace(fresh, []byte(`"Priority":200`), []byte(`"Priority":201`), 1)
		if bytes.Equal(moved, fresh) {
			t.Fatal("the fixture has another priority")
		}
		got, warned := shifted(t, "", map[string]render.Traffic{shiftedRule: {Template: moved, Weights: weights(0, 100)}})
		want, _ := shifted(t, "", map[string]render.Traffic{shiftedRule: {Weights: weights(0, 100)}})
		if !bytes.Equal(got, want) || bytes.Equal(got, fresh) || warned != 1 {
			t.Errorf("got %s with %d warnings", got, warned)
		}
	})
	t.Run("a rule that changes while the template tells the truth needs no warning", func(t *testing.T) {
		t.Parallel()
		moved := bytes.Replace(fresh, []byte(`"Priority":200`), []byte(`"Priority":201`), 1)
		got, warned := shifted(t, "", map[string]render.Traffic{shiftedRule: {Template: moved, Weights: weights(100, 0)}})
		if !bytes.Equal(got, fresh) || warned != 0 {
			t.Errorf("got %s with %d warnings", got, warned)
		}
	})
	t.Run("a rule of a rolling service becomes one of two groups", func(t *testing.T) {
		t.Parallel()
		plain := json.RawMessage(`{"Actions":[{"Type":"forward","TargetGroupArn":{"Ref":"webTargetGroupmain"}}]}`)
		got, _ := shifted(t, "", map[string]render.Traffic{shiftedRule: {Template: plain, Weights: map[string]int{"webTargetGroupmain": 1}}})
		if !bytes.Contains(got, []byte("webSecondTargetGroupmain")) {
			t.Errorf("got %s", got)
		}
	})
}

func TestTheDiffOfAStrategy(t *testing.T) {
	t.Parallel()
	of := func(deployment string) *manifest.Heritage {
		return heritage(t, web("main", "        deployment: "+deployment+"\n"))
	}
	for deployment, want := range map[string]string{
		"{ strategy: blue_green }":                             "blue_green, waits 60 min for a person, old tasks stay 5 min",
		"{ strategy: canary, bake_time: 0, alarms: [a] }":      "canary: 5 %, the rest after 10 min, old tasks stay 0 min, alarms a",
		"{ strategy: linear, step_percent: 25, step_bake: 0 }": "linear: 25 % every 0 min, old tasks stay 5 min",
	} {
		lines, _ := render.Diff(of("{ strategy: rolling }"), of(deployment), digest, digest)
		if got := fmt.Sprint(lines); !strings.Contains(got, want) {
			t.Errorf("%s: %s", deployment, got)
		}
	}
}

// strategies is one feature for each way in which a new version takes over.
func strategies() map[string]feature {
	behind := func(more string) feature { return feature{body: web("main", more)} }
	return map[string]feature{
		"web_blue_green":     behind("        deployment: { strategy: blue_green, alarms: [hello-errors] }\n"),
		"web_blue_green_ssl": {body: web("secure", "        force_ssl: true\n        deployment: { strategy: blue_green, pause: 0, bake_time: 0 }\n")},
		"web_blue_green_ec2": behind("        launch: ec2\n        deployment: { strategy: blue_green }\n"),
		"web_canary":         behind("        deployment: { strategy: canary, canary_percent: 20, canary_bake: 15, bake_time: 30 }\n"),
		"web_canary_ec2":     behind("        launch: ec2\n        deployment: { strategy: canary, pause: 120 }\n"),
		"web_linear":         behind("        deployment: { strategy: linear, step_percent: 30, step_bake: 5 }\n"),
		"web_linear_ec2":     behind("        launch: ec2\n        deployment: { strategy: linear }\n"),
		"web_shifted": {
			body: web("main", "        deployment: { strategy: blue_green }\n"),
			change: func(in *render.Input) {
				in.Traffic = map[string]render.Traffic{shiftedRule: {Weights: weights(0, 100)}}
			},
		},
	}
}
