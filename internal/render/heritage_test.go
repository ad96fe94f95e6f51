package render_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		body   string
		change func(*render.Input)
		want   string // code and params, as bcn.Error writes them
	}{
		"an unknown endpoint is suggested": {
			web("mian", ""), nil,
			`unknown_name name="mian" suggestion="main" what="endpoint"`,
		},
		"an endpoint of another district is unknown": {web("main", ""), func(in *render.Input) {
			e := in.Endpoints["main"]
			e.District = "other"
			in.Endpoints["main"] = e
		}, `unknown_name name="main" suggestion="" what="endpoint"`},
		"an endpoint that does not serve the environment is refused": {
			web("main", ""), func(in *render.Input) { in.Env = "staging" },
			`environment_foreign env="staging" name="main" what="endpoint"`,
		},
		"an endpoint that is not made yet cannot be used": {web("main", ""), func(in *render.Input) {
			in.Endpoints["main"] = bcn.Endpoint{Name: "main", District: "example", Environments: []string{"production"}}
		}, `unavailable what="endpoint main"`},
		"a digest that is none is refused": {
			worker, func(in *render.Input) { in.Digest = "latest" },
			`internal: render: digest "latest" is not sha256`,
		},
		"a name with a prefix of bcn's is refused": {worker, func(in *render.Input) {
			h := *in.Heritage
			h.Name = "heritage-x"
			in.Heritage = &h
		}, `reserved_name name="heritage-x"`},
		"a name that is no stack name is refused": {worker, func(in *render.Input) {
			h := *in.Heritage
			h.Name = "a_b"
			in.Heritage = &h
		}, `bad_name name="a_b" rule="letters, digits and hyphens, a letter first, no hyphen last"`},
		"a name over the limit is refused": {worker, func(in *render.Input) {
			h := *in.Heritage
			h.Name = strings.Repeat("a", 120)
			in.Heritage = &h
		}, `bad_name name="` + strings.Repeat("a", 120) + `" rule="at most 119 characters"`},
		"resources of one logical id are refused": {web("main", "") + `      - name: web-TaskDefinition
        command: x
`, nil, `name_taken by="another resource of the stack" name="webTaskDefinition"`},
		"more resources than a stack holds are refused": {worker, func(in *render.Input) {
			h := *in.Heritage
			for i := range 250 {
				h.Services = append(h.Services, manifest.Service{Name: fmt.Sprintf("s%d", i), Memory: 512, Deployment: rolling()})
			}
			in.Heritage = &h
		}, `aws_refused what="hello" why="the stack would have 502 resources, at most 500"`},
		"five security groups leave no room for one of the service's own": {worker, func(in *render.Input) {
			in.District.SecurityGroups = []string{"sg-1", "sg-2", "sg-3", "sg-4", "sg-5"}
		}, `district_invalid problems="5 security groups: a task takes 5, one of them its own"`},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			in := input(heritage(t, c.body))
			if c.change != nil {
				c.change(&in)
			}
			stacks, _, err := render.Heritage(in)
			if err == nil || err.Error() != c.want || stacks != nil {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			if coded := (*bcn.Error)(nil); !errors.As(err, &coded) {
				t.Errorf("%T has no code", err)
			}
		})
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	in := input(heritage(t, web("main", "        force_ssl: true\n        public: false\n        cpu: 300\n        memory: 700\n")))
	_, findings, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	want := []bcn.Finding{
		{ID: "fargate_size", Level: bcn.Warn, Where: "barcelona.yml:6:9", Params: map[string]string{
			"service": "web", "cpu": "300", "memory": "700", "new_cpu": "512", "new_memory": "1024",
		}},
		{
			ID: "force_ssl_without_certificate", Level: bcn.Warn, Where: "barcelona.yml:14:13",
			Params: map[string]string{"service": "web", "endpoint": "main"},
		},
		{
			ID: "public_mismatch", Level: bcn.Warn, Where: "barcelona.yml:14:13",
			Params: map[string]string{"service": "web", "endpoint": "main"},
		},
	}
	if diff := cmp.Diff(want, findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestTagsOfTheConfigurationNeverOverrideOurs(t *testing.T) {
	t.Parallel()
	in := input(heritage(t, worker))
	in.Tags = map[string]string{"bcn:installation": "theirs", "a": "1", "z": "2"}
	stacks, _, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	want := []bcn.Tag{
		{Key: "a", Value: "1"},
		{Key: "bcn:app", Value: "hello"},
		{Key: "bcn:environment", Value: "production"},
		{Key: "bcn:installation", Value: "i-0123456789abcdef"},
		{Key: "z", Value: "2"},
	}
	for _, s := range stacks {
		if diff := cmp.Diff(want, s.Tags); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.Name, diff)
		}
		if bytes.Contains(s.Template, []byte("theirs")) {
			t.Errorf("%s holds the overriding tag", s.Name)
		}
	}
}

func TestStacksInTheOrderOfExecution(t *testing.T) {
	t.Parallel()
	stacks, _, err := render.Heritage(input(heritage(t, worker)))
	if err != nil {
		t.Fatal(err)
	}
	if stacks[0].Name != "heritage-hello" || stacks[1].Name != "hello" ||
		!cmp.Equal(stacks[0].Capabilities, []string{"CAPABILITY_NAMED_IAM"}) || stacks[1].Capabilities != nil {
		t.Errorf("%s %v, %s %v", stacks[0].Name, stacks[0].Capabilities, stacks[1].Name, stacks[1].Capabilities)
	}
}

func TestRoleNames(t *testing.T) {
	t.Parallel()
	if got := render.TaskRole("default", "hello"); got != "bcn-default-hello-task" {
		t.Error(got)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z][a-z0-9-]{0,117}[a-z0-9]`)
		district, a, b := rapid.StringMatching(`[a-z][a-z0-9]{1,31}`).Draw(t, "district"), name.Draw(t, "a"), name.Draw(t, "b")
		seen := map[string]bool{}
		for _, h := range []string{a, b} {
			for _, role := range []string{render.TaskRole(district, h), render.ExecutionRole(district, h)} {
				if len(role) > 64 || a != b && seen[role] {
					t.Fatalf("%s for %s", role, h)
				}
				seen[role] = true
			}
		}
	})
}

// anyHeritage draws a valid manifest.
func anyHeritage(t *rapid.T) *manifest.Heritage {
	h := &manifest.Heritage{
		Name:      rapid.StringMatching(`[a-z]{2,20}x`).Draw(t, "name"),
		ImageName: "123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "services") {
		s := manifest.Service{
			Name: fmt.Sprintf("s%d", i), ServiceType: "default", Command: rapid.String().Draw(t, "command"),
			CPU: rapid.IntRange(0, 16384).Draw(t, "cpu"), Memory: rapid.IntRange(1, 122880).Draw(t, "memory"),
			Deployment: rolling(), Port: rapid.IntRange(1, 65535).Draw(t, "port"), Exec: rapid.Bool().Draw(t, "exec"),
		}
		if rapid.Bool().Draw(t, "web") {
			s.ServiceType = "web"
			s.Listeners = []manifest.Listener{{
				Endpoint: rapid.SampledFrom([]string{"main", "secure"}).Draw(t, "endpoint"),
				Interval: 10, Timeout: 5, HealthPath: "/", HealthyThreshold: 2, UnhealthyThreshold: 2, Priority: i + 1,
				Conditions: []manifest.Condition{{Type: "path-pattern", Value: "*"}},
			}}
		}
		h.Services = append(h.Services, s)
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "variables") {
		value := rapid.String().Draw(t, "value")
		h.Environment = append(h.Environment, manifest.Variable{Name: fmt.Sprintf("V%d", i), Value: &value})
	}
	return h
}

func TestRenderingTwiceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := anyHeritage(t)
		first, _, err := render.Heritage(input(h))
		if err != nil {
			t.Fatal(err)
		}
		// The order in which services are written is not what they are.
		turned := *h
		turned.Services = nil
		for i := len(h.Services) - 1; i >= 0; i-- {
			turned.Services = append(turned.Services, h.Services[i])
		}
		second, _, err := render.Heritage(input(&turned))
		if err != nil {
			t.Fatal(err)
		}
		for i := range first {
			if !bytes.Equal(first[i].Template, second[i].Template) {
				t.Fatalf("%s\n%s", first[i].Template, second[i].Template)
			}
		}
	})
}

func TestWhatIsRenderedPassesTheGuardrails(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := anyHeritage(t)
		stacks, _, err := render.Heritage(input(h))
		if err != nil {
			t.Fatal(err)
		}
		if findings := guard.Check(stacks, nil); len(findings) > 0 {
			t.Fatalf("%+v", findings)
		}
	})
}

func BenchmarkHeritage(b *testing.B) {
	for _, services := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			h := heritage(b, worker)
			one := h.Services[0]
			h.Services = nil
			for i := range services {
				one.Name = fmt.Sprintf("worker%d", i)
				h.Services = append(h.Services, one)
			}
			in := input(h)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := render.Heritage(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
