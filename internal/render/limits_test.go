package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// many is a heritage of n workers.
func many(t testing.TB, n int) *manifest.Heritage {
	t.Helper()
	h := heritage(t, worker)
	one := h.Services[0]
	h.Services = nil
	for i := range n {
		one.Name = fmt.Sprintf("worker%d", i)
		h.Services = append(h.Services, one)
	}
	return h
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("x", 6000)
	variables := func(h *manifest.Heritage, n int) {
		for i := range n {
			h.Environment = append(h.Environment, manifest.Variable{Name: fmt.Sprintf("V%d", i), Value: &value})
		}
	}
	for title, c := range map[string]struct {
		change func(*render.Input)
		want   string
	}{
		"more resources than a stack holds": {
			func(in *render.Input) { in.Heritage = many(t, 251) },
			`aws_refused what="hello" why="the stack would have 502 resources, at most 500"`,
		},
		"more scheduled tasks than a stack has outputs": {
			func(in *render.Input) {
				for i := range 201 {
					in.Heritage.ScheduledTasks = append(in.Heritage.ScheduledTasks, manifest.ScheduledTask{
						Name: fmt.Sprintf("task%d", i), Schedule: "rate(1 day)", Timezone: "UTC", Command: []string{"x"}, CPU: 256, Memory: 512,
					})
				}
			},
			`aws_refused what="hello" why="the stack would have 201 outputs, at most 200: it has one for each scheduled task"`,
		},
		"a template over CloudFormation's size": {
			func(in *render.Input) {
				in.Heritage = many(t, 60)
				variables(in.Heritage, 3)
			},
			`aws_refused what="hello" why="the stack's template would have `,
		},
		"a task definition over ECS's size": {
			func(in *render.Input) { variables(in.Heritage, 11) },
			`aws_refused what="task definition hello-access" why="it would have `,
		},
		"a policy over IAM's size": {
			func(in *render.Input) {
				for i := range 200 {
					in.Heritage.Environment = append(in.Heritage.Environment, manifest.Variable{Name: fmt.Sprintf("V%03d", i), SSMPath: fmt.Sprintf("hello/v%03d", i)})
				}
			},
			`aws_refused what="role bcn-example-hello-d7612b3e1def-execution" why="its policies would have `,
		},
		"more overrides than ECS takes with a task": {
			func(in *render.Input) {
				in.Heritage.ScheduledTasks = []manifest.ScheduledTask{{Name: "big", Schedule: "rate(1 day)", Command: []string{strings.Repeat("x", 8200)}, Memory: 512}}
			},
			`aws_refused what="scheduled task big" why="its command would be 8291 characters of overrides, at most 8192"`,
		},
		"more tags than a resource has": {
			func(in *render.Input) {
				in.Tags = map[string]string{}
				for i := range 48 {
					in.Tags[fmt.Sprintf("t%d", i)] = "x"
				}
			},
			`why="the stack would have 51 tags, at most 50"`,
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			in := input(heritage(t, worker))
			c.change(&in)
			stacks, _, err := render.Heritage(in)
			if err == nil || !strings.Contains(err.Error(), c.want) || stacks != nil {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestWhatJustFitsIsRenderedWhole(t *testing.T) {
	t.Parallel()
	in := input(many(t, 250))
	stacks, _, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(stacks[1].Template), `"Type":"AWS::ECS::Service"`); n != 250 {
		t.Errorf("%d services of 250", n)
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	below := func(names ...string) map[string][]string {
		return map[string][]string{"/barcelona/example/hello/": names}
	}
	for title, c := range map[string]struct {
		body       string
		parameters map[string][]string
		want       string
	}{
		"nothing below it is refused":                      {"      - ssm_prefix: hello/\n", nil, `missing_secret names="ssm_prefix (/barcelona/example/hello/)"`},
		"a parameter that is not below it is refused":      {"      - ssm_prefix: hello/\n", below("/barcelona/example/other/X"), `internal: render: the parameter "/barcelona/example/other/X" is not below "/barcelona/example/hello/"`},
		"a last word that is no variable is refused":       {"      - ssm_prefix: hello/\n", below("/barcelona/example/hello/api-key"), `bad_name name="/barcelona/example/hello/api-key" rule="a parameter that becomes a variable ends with letters, digits and underscores, no digit first"`},
		"one variable of two parameters is refused":        {"      - ssm_prefix: hello/\n", below("/barcelona/example/hello/a/X", "/barcelona/example/hello/b/X"), `name_taken by="/barcelona/example/hello/a/X" name="/barcelona/example/hello/b/X"`},
		"a variable that is written decides between them":  {"      - ssm_prefix: hello/\n      - { name: X, value: y }\n", below("/barcelona/example/hello/a/X", "/barcelona/example/hello/b/X"), ""},
		"one parameter below two prefixes is one variable": {"      - ssm_prefix: hello/\n      - ssm_prefix: hello/a/\n", map[string][]string{"/barcelona/example/hello/": {"/barcelona/example/hello/a/X"}, "/barcelona/example/hello/a/": {"/barcelona/example/hello/a/X"}}, ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			in := input(heritage(t, worker+"    environment:\n"+c.body))
			in.Parameters = c.parameters
			_, _, err := render.Heritage(in)
			if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestKeysAreKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"*", "alias/hello", "arn:aws:kms:us-east-1:123456789012:key/*", "arn:aws:kms:us-east-1:123456789012:alias/hello"} {
		in := input(heritage(t, worker))
		in.Keys = []string{key}
		if _, _, err := render.Heritage(in); err == nil {
			t.Errorf("%s is taken", key)
		}
	}
}

func TestWhatChatChangedIsSaid(t *testing.T) {
	t.Parallel()
	in := input(heritage(t, worker+`        desired_count: 2
      - name: scaled
        command: x
        auto_scaling: { min_count: 1, max_count: 3 }
    environment:
      - { name: LEVEL, value: info }
`))
	in.Overlay = bcn.Overlay{Env: map[string]string{"LEVEL": "a-value", "NEW": "b"}, Counts: map[string]int{"worker": 5, "scaled": 9, "gone": 1}}
	stacks, findings, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, f := range findings {
		said = append(said, fmt.Sprint(f.ID, " ", f.Params))
	}
	want := "overlay_env map[name:LEVEL] overlay_count map[count:5 file:2 service:worker] count_auto_scaled map[count:9 service:scaled]"
	if got := strings.Join(said, " "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	services := string(stacks[1].Template)
	if !strings.Contains(services, `"DesiredCount":5`) || strings.Contains(services, `"DesiredCount":9`) || strings.Contains(services, `"info"`) {
		t.Errorf("%s", services)
	}
}
