package render_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/plugin"
	"github.com/bcn-bot/bcn/internal/render"
)

const (
	apiKey  = "/barcelona/example/plugin/datadog/api_key"
	license = "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/plugin/newrelic-AbCdEf:license_key::"
)

// set puts a plugin on the example district.
func set(in *render.Input, name, image string, settings map[string]string) {
	in.District.Plugins = append(in.District.Plugins, bcn.Plugin{Name: name, Image: image + "@" + digest, Settings: settings})
}

func datadog(in *render.Input) {
	set(in, "datadog", "public.ecr.aws/datadog/agent", map[string]string{"api_key": apiKey, "site": "datadoghq.eu"})
}

func logs(in *render.Input) {
	set(in, "logs", "123456789012.dkr.ecr.us-east-1.amazonaws.com/fluent-bit", map[string]string{
		"output": "http", "Host": "logs.example.com", "tls": "on", "http_Passwd": "/barcelona/example/plugin/logs/password",
	})
}

func newrelic(in *render.Input) {
	set(in, "newrelic", "docker.io/newrelic/nri-ecs", map[string]string{"license_key": license})
}

// plugins is one feature for each plugin, and one for how a file meets them.
func plugins() map[string]feature {
	both := worker + "    scheduled_tasks:\n      - { schedule: rate(1 hour), command: rake tick }\n"
	return map[string]feature{
		"plugin_datadog":  {both, datadog},
		"plugin_logs":     {both, logs},
		"plugin_newrelic": {both, newrelic},
		"plugin_ec2": {worker + "        cpu: 100\n        memory: 300\n        launch: ec2\n", func(in *render.Input) {
			datadog(in)
			logs(in)
			newrelic(in)
		}},
		"plugin_all": {web("secure", "        cpu: 1024\n        memory: 2048\n"), func(in *render.Input) {
			in.Keys = []string{keyARN}
			datadog(in)
			logs(in)
			newrelic(in)
		}},
	}
}

// pluggedTask is what tests look at of a task definition.
type pluggedTask struct {
	Cpu, Memory          string
	ContainerDefinitions []struct {
		Name, Image      string
		Essential        bool
		Secrets          []struct{ Name, ValueFrom string }
		LogConfiguration struct{ LogDriver string }
	}
}

func definitions(t *testing.T, p bcn.Proposal) map[string]pluggedTask {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties json.RawMessage
		}
	}
	if err := json.Unmarshal(p.Template, &template); err != nil {
		t.Fatal(err)
	}
	out := map[string]pluggedTask{}
	for id, r := range template.Resources {
		if r.Type == "AWS::ECS::TaskDefinition" {
			var d pluggedTask
			if err := json.Unmarshal(r.Properties, &d); err != nil {
				t.Fatal(err)
			}
			out[id] = d
		}
	}
	return out
}

func rendered(t *testing.T, in render.Input) []bcn.Proposal {
	t.Helper()
	stacks, _, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	return stacks
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	t.Run("two renders with all plugins are byte-identical", func(t *testing.T) {
		t.Parallel()
		f := plugins()["plugin_all"]
		in := input(heritage(t, f.body))
		f.change(&in)
		first := rendered(t, in)
		for range 20 {
			for i, again := range rendered(t, in) {
				if !bytes.Equal(first[i].Template, again.Template) {
					t.Fatalf("%s is not the same twice", again.Name)
				}
			}
		}
	})
	t.Run("the app's container stays the first, and the task grows by what the agent may use", func(t *testing.T) {
		t.Parallel()
		in := input(heritage(t, worker))
		datadog(&in)
		d := definitions(t, rendered(t, in)[1])["workerTaskDefinition"]
		if len(d.ContainerDefinitions) != 2 || d.ContainerDefinitions[0].Name != "worker" || d.ContainerDefinitions[0].Essential != true {
			t.Errorf("%+v", d)
		}
		if d.Memory != "1024" {
			t.Errorf("the task has %s MiB, and 512 of its own", d.Memory)
		}
	})
	t.Run("tasks of bcn's own, for run and access, stay as they are", func(t *testing.T) {
		t.Parallel()
		in := input(heritage(t, worker))
		before := definitions(t, rendered(t, in)[0])
		datadog(&in)
		logs(&in)
		for id, d := range definitions(t, rendered(t, in)[0]) {
			if len(d.ContainerDefinitions) != len(before[id].ContainerDefinitions) || d.ContainerDefinitions[0].LogConfiguration.LogDriver != "awslogs" {
				t.Errorf("%s: %+v", id, d)
			}
		}
	})
	t.Run("the execution role alone reads what the plugin refers to", func(t *testing.T) {
		t.Parallel()
		in := input(heritage(t, worker))
		without := string(rendered(t, in)[0].Template)
		datadog(&in)
		with := string(rendered(t, in)[0].Template)
		const arn = "arn:aws:ssm:us-east-1:123456789012:parameter/barcelona/example/plugin/datadog/api_key"
		if strings.Contains(without, arn) || strings.Count(with, arn) != 1 {
			t.Errorf("%d statements name it", strings.Count(with, arn))
		}
		task := roleNamed(t, with, "TaskRole")
		if strings.Contains(task, "plugin") || !strings.Contains(roleNamed(t, with, "ExecutionRole"), arn) {
			t.Error("another role than the execution role reads it")
		}
	})
	t.Run("a service that is called like a plugin's container is refused", func(t *testing.T) {
		t.Parallel()
		in := input(heritage(t, strings.ReplaceAll(worker, "name: worker", "name: datadog-agent")))
		datadog(&in)
		if _, _, err := render.Heritage(in); bcn.CodeOf(err) != bcn.CodeNameTaken {
			t.Error(err)
		}
	})
	t.Run("a plugin that this bcn does not have refuses", func(t *testing.T) {
		t.Parallel()
		in := input(heritage(t, worker))
		set(&in, "gone", "ghcr.io/acme/gone", nil)
		if _, _, err := render.Heritage(in); bcn.CodeOf(err) != bcn.CodeUnknownName {
			t.Error(err)
		}
	})
	t.Run("two plugins cannot both take the lines", func(t *testing.T) {
		t.Parallel()
		in := input(heritage(t, worker))
		in.Plugins = render.Plugins()
		taker := plugin.Plugin{Name: "taker", Task: func(plugin.Task, plugin.Values) plugin.Change {
			return plugin.Change{Route: &plugin.Route{Options: map[string]string{"Name": "null"}}}
		}}
		in.Plugins = append(in.Plugins, taker)
		logs(&in)
		set(&in, "taker", "ghcr.io/acme/taker", nil)
		if _, _, err := render.Heritage(in); bcn.CodeOf(err) != bcn.CodeNameTaken {
			t.Error(err)
		}
	})
}

// roleNamed is the text of one role of a base stack.
func roleNamed(t *testing.T, template, id string) string {
	t.Helper()
	var v struct{ Resources map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(template), &v); err != nil {
		t.Fatal(err)
	}
	return string(v.Resources[id])
}

// A plugin that means no good gets no further than an app would.
func TestGuardrailsRunAfterPlugins(t *testing.T) {
	t.Parallel()
	bad := func(change func(*plugin.Sidecar), image string) []bcn.Proposal {
		in := input(heritage(t, worker))
		c := plugin.Sidecar{Name: "bad", Memory: 256}
		if change != nil {
			change(&c)
		}
		in.Plugins = plugin.Table{{Name: "bad", Task: func(_ plugin.Task, v plugin.Values) plugin.Change {
			v["changed"] = "its own copy"
			return plugin.Change{Sidecars: []plugin.Sidecar{c}}
		}}}
		in.District.Plugins = []bcn.Plugin{{Name: "bad", Image: image, Settings: map[string]string{"one": "1"}}}
		stacks := rendered(t, in)
		if len(in.District.Plugins[0].Settings) != 1 {
			t.Error("the plugin has changed its settings")
		}
		return stacks
	}
	for name, c := range map[string]struct {
		image    string
		change   func(*plugin.Sidecar)
		settings guard.Settings
		want     string
	}{
		"an image by its tag":              {image: "ghcr.io/acme/bad:latest", want: guard.ImageNotPinned},
		"an image of a registry not known": {image: "evil.example.com/bad@" + digest, settings: guard.Settings{Registries: []string{"123456789012.dkr.ecr.us-east-1.amazonaws.com"}}, want: guard.ImageRegistry},
		"a task larger than allowed": {
			image: "ghcr.io/acme/bad@" + digest, change: func(c *plugin.Sidecar) { c.Memory = 4000 },
			settings: guard.Settings{Memory: 2048}, want: guard.TaskSize,
		},
	} {
		t.Run(name+" is found by its guardrail", func(t *testing.T) {
			t.Parallel()
			rails, problems := guard.New(c.settings, nil)
			if problems != nil {
				t.Fatal(problems)
			}
			var plan guard.Input
			for _, p := range bad(c.change, c.image) {
				plan.Stacks = append(plan.Stacks, bcn.StackPlan{Name: p.Name, Template: p.Template})
			}
			found := rails.Check(t.Context(), plan)
			if !slices.ContainsFunc(found, func(f bcn.Finding) bool { return f.ID == c.want && guard.Denies(f) }) {
				t.Errorf("want %s: %+v", c.want, found)
			}
		})
	}
	if names := slices.Sorted(maps.Keys(plugins())); len(names) < len(render.Plugins()) {
		t.Errorf("a plugin has no golden file: %v", names)
	}
}
