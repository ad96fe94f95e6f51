package render_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/render"
)

func TestOffline(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("../../examples/hello/barcelona.yml")
	if err != nil {
		t.Fatal(err)
	}
	const district = `
name: tokyo
region: ap-northeast-1
account: "999999999999"
vpc: vpc-1
cluster: tokyo
subnets: [subnet-1, subnet-2]
endpoints:
  - name: main
    http_listener: arn:aws:elasticloadbalancing:ap-northeast-1:999999999999:listener/app/main/1/2
    security_group: sg-1
`
	t.Run("the sample app renders in the example district", func(t *testing.T) {
		t.Parallel()
		stacks, problems, err := render.Offline(sample, "production", "v2", nil)
		if err != nil || len(problems) > 0 || len(stacks) != 2 {
			t.Fatal(stacks, problems, err)
		}
		if !strings.Contains(string(stacks["hello"]), "amazonaws.com/hello:v2") || !json.Valid(stacks["heritage-hello"]) {
			t.Errorf("%s", stacks["hello"])
		}
	})
	t.Run("a district of one's own is used", func(t *testing.T) {
		t.Parallel()
		stacks, problems, err := render.Offline(sample, "staging", "v2", []byte(district))
		if err != nil || len(problems) > 0 || !strings.Contains(string(stacks["hello-staging"]), "listener/app/main/1/2") ||
			!strings.Contains(string(stacks["heritage-hello-staging"]), "Barcelona/tokyo/hello-staging") {
			t.Fatal(stacks, problems, err)
		}
	})
	t.Run("its plugins, its machines and what lies below a path are rendered", func(t *testing.T) {
		t.Parallel()
		more := strings.Replace(district, "endpoints:", `capacity_provider: bcn-tokyo
plugins:
  - { name: datadog, settings: { api_key: /barcelona/tokyo/plugin/datadog/key } }
parameters: [/barcelona/tokyo/hello/B, /barcelona/tokyo/hello/A, /barcelona/tokyo/other/C]
endpoints:`, 1)
		file := "environments:\n  production:\n" + worker + "      - name: machine\n        command: work\n        launch: ec2\n" +
			"    environment:\n      - { ssm_prefix: hello/ }\n"
		stacks, problems, err := render.Offline([]byte(file), "production", "v2", []byte(more))
		if err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		for _, want := range []string{`"Name":"datadog-agent"`, "public.ecr.aws/datadog/agent:7", `"CapacityProvider":"bcn-tokyo"`, `"Name":"A"`, `"Name":"B"`} {
			if !strings.Contains(string(stacks["hello"]), want) {
				t.Errorf("%s is missing in %s", want, stacks["hello"])
			}
		}
		if strings.Contains(string(stacks["hello"]), "/other/C") {
			t.Error("what is below another path is there")
		}
	})
	for title, c := range map[string]struct{ env, tag, district, want string }{
		"a plugin that there is not is refused":           {"production", "v2", district + "plugins: [{ name: magic }]\n", "unknown_name"},
		"a plugin with a key itself is refused":           {"production", "v2", district + "plugins: [{ name: newrelic, settings: { license_key: abc } }]\n", "plugin_literal"},
		"an unknown environment is a problem of the file": {"prod", "v2", "", "there is no environment"},
		"a tag that is none is refused":                   {"production", "a:b", "", "is not a tag"},
		"an unknown key of the district is refused":       {"production", "v2", district + "colour: red\n", "field colour not found"},
		"a missing key of the district is refused":        {"production", "v2", "name: x\n", "is missing"},
		"an endpoint that the district lacks is refused":  {"production", "v2", strings.Split(district, "endpoints:")[0], "unknown_name"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			stacks, problems, err := render.Offline(sample, c.env, c.tag, []byte(c.district))
			said := ""
			if err != nil {
				said = err.Error()
			}
			for _, p := range problems {
				said += p.String()
			}
			if stacks != nil || !strings.Contains(said, c.want) {
				t.Errorf("got %s, want %s", said, c.want)
			}
		})
	}
	t.Run("a size that Fargate lacks is a warning", func(t *testing.T) {
		t.Parallel()
		file := "environments:\n  production:\n" + worker + "        memory: 700\n"
		stacks, problems, err := render.Offline([]byte(file), "production", "v2", nil)
		if err != nil || len(stacks) != 2 || len(problems) != 1 || !problems[0].Warning || problems[0].Line != 6 {
			t.Errorf("%v %v", problems, err)
		}
	})
	t.Run("what lies below a path is not known, and said so", func(t *testing.T) {
		t.Parallel()
		file := "environments:\n  production:\n" + worker + "    environment:\n      - ssm_prefix: hello/\n"
		stacks, problems, err := render.Offline([]byte(file), "production", "v2", nil)
		if err != nil || len(stacks) != 2 || len(problems) != 1 || !problems[0].Warning || problems[0].Line != 9 {
			t.Errorf("%v %v", problems, err)
		}
	})
	t.Run("an odd size of a scheduled task is a warning at its place", func(t *testing.T) {
		t.Parallel()
		file := "environments:\n  production:\n" + worker + "    scheduled_tasks:\n      - { schedule: rate(1 day), command: x, memory: 700 }\n"
		stacks, problems, err := render.Offline([]byte(file), "production", "v2", nil)
		if err != nil || len(stacks) != 2 || len(problems) != 1 || !problems[0].Warning || problems[0].Line != 9 {
			t.Errorf("%v %v", problems, err)
		}
	})
}
