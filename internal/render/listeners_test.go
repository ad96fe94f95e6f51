package render_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/render"
)

// ruled is what a listener's rule does, by its logical id.
func ruled(t *testing.T, in render.Input) map[string]string {
	t.Helper()
	stacks, _, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				Conditions []struct{ Values []string }
				Actions    []struct{ Type string }
			}
		}
	}
	if err := json.Unmarshal(stacks[1].Template, &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for id, r := range tree.Resources {
		if r.Type == "AWS::ElasticLoadBalancingV2::ListenerRule" {
			out[id] = r.Properties.Actions[0].Type + " " + r.Properties.Conditions[0].Values[0]
		}
	}
	return out
}

func TestPlainHTTPOfOneServiceNeverReachesAnother(t *testing.T) {
	t.Parallel()
	in := input(heritage(t, web("secure", "        force_ssl: true\n")+`            rule_conditions: [{ type: path-pattern, value: /private/* }]
      - name: rest
        service_type: web
        command: x
        listeners: [{ endpoint: secure, rule_priority: 900 }]
`))
	want := map[string]string{
		"webHTTPSRulesecure": "forward /private/*", "webHTTPRulesecure": "redirect /private/*",
		"restHTTPSRulesecure": "forward *", "restHTTPRulesecure": "forward *",
	}
	if diff := cmp.Diff(want, ruled(t, in)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
