package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
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
		"requests of an endpoint whose load balancer is not known cannot be counted": {
			web("main", "        auto_scaling: { min_count: 1, max_count: 2, requests: 9 }\n"), func(in *render.Input) {
				e := in.Endpoints["main"]
				e.LoadBalancer = ""
				in.Endpoints["main"] = e
			},
			`unavailable what="endpoint main"`,
		},
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
		"resources of one logical id are refused": {web("main", "") + `      - name: zother
        command: x
`, func(in *render.Input) { in.Heritage.Services[1].Name = "web-TaskDefinition" }, `name_taken by="another resource of the stack" name="webTaskDefinition"`},
		"two rules where one is shifted are refused where they stand": {
			web("secure", "        deployment: { strategy: blue_green }\n"), nil,
			`manifest file="barcelona.yml" problems="barcelona.yml:11:13: the strategy blue_green shifts one listener rule, and web has two at the endpoint secure, which has a certificate (set force_ssl: true)"`,
		},
		"a way back to rolling that would send people to no tasks is refused": {
			web("main", ""), func(in *render.Input) {
				in.Traffic = map[string]render.Traffic{"webHTTPRulemain": {Weights: map[string]int{"webTargetGroupmain": 0, "webSecondTargetGroupmain": 100}}}
			},
			`manifest file="barcelona.yml" problems="barcelona.yml:6:9: the traffic of web goes to its second target group, which rolling does not have: deploy it once more with the strategy that it has, then change it"`,
		},
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

func TestPlainHTTPBesideACertificateIsWarnedOf(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{"": 1, "        force_ssl: true\n": 0} {
		_, findings, err := render.Heritage(input(heritage(t, web("secure", body))))
		if err != nil {
			t.Fatal(err)
		}
		if len(findings) != want || want > 0 && (findings[0].ID != render.PlainHTTP || findings[0].Params["endpoint"] != "secure") {
			t.Errorf("%q: %+v", body, findings)
		}
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
	if got := render.TaskRole("default", "hello"); got != "bcn-default-hello-e20959cec7d0-task" {
		t.Error(got)
	}
	if one := render.TaskRole("a", "b-c"); one == render.TaskRole("a-b", "c") {
		t.Errorf("two heritages have the role %s", one)
	}
	rapid.Check(t, func(t *rapid.T) {
		// Few characters, so that hyphens meet and names differ by case alone.
		district, heritage := rapid.StringMatching(`[aA][a-]{0,30}[aA]`), rapid.StringMatching(`[aA][aA-]{0,117}[ab]`)
		d1, d2, h1, h2 := district.Draw(t, "d1"), district.Draw(t, "d2"), heritage.Draw(t, "h1"), heritage.Draw(t, "h2")
		seen := map[string]bool{}
		for _, role := range []string{
			render.TaskRole(d1, h1), render.ExecutionRole(d1, h1), render.ScheduleRole(d1, h1),
			render.TaskRole(d2, h2), render.ExecutionRole(d2, h2), render.ScheduleRole(d2, h2),
		} {
			if len(role) > 64 || !strings.HasPrefix(role, "bcn-"+d1+"-") && !strings.HasPrefix(role, "bcn-"+d2+"-") {
				t.Fatal(role)
			}
			seen[strings.ToLower(role)] = true // IAM does not tell cases apart
		}
		if (d1 != d2 || h1 != h2) != (len(seen) == 6) {
			t.Fatalf("%s of %s and %s of %s have the roles %v", h1, d1, h2, d2, seen)
		}
	})
}

func TestRenderingTwiceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		first, _, err := render.Heritage(in)
		if err != nil {
			t.Fatal(err)
		}
		// The order in which things are written is not what they are.
		second, _, err := render.Heritage(turned(in))
		if err != nil {
			t.Fatal(err)
		}
		for i := range first {
			if !bytes.Equal(first[i].Template, second[i].Template) {
				t.Fatalf("%s\n%s", first[i].Template, second[i].Template)
			}
			if sorted := throughMaps(t, first[i].Template); !bytes.Equal(first[i].Template, sorted) {
				t.Fatalf("not in order:\n%s\n%s", first[i].Template, sorted)
			}
		}
	})
}

// throughMaps writes a template as encoding/json sorts it.
func throughMaps(t *rapid.T, template []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(template))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func TestWhatIsRenderedPassesTheSchemasAndTheGuardrails(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stacks, _, err := render.Heritage(anyInput(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range stacks {
			for _, fault := range faults(s) {
				t.Error(fault)
			}
		}
		if findings := guard.Check(stacks, nil); len(findings) > 0 {
			t.Fatalf("%+v", findings)
		}
	})
}
