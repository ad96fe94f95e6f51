package manifest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// lines parses and answers the problems as people see them, without the name.
func lines(data string) []string {
	_, problems := manifest.Parse("f", []byte(data))
	out := []string{}
	for _, p := range problems {
		out = append(out, strings.TrimPrefix(p.String(), "f:"))
	}
	return out
}

// one is a file of one environment whose heritage's keys are given; they
// start at line 3, column 5.
func one(keys ...string) string {
	return "environments:\n  production:\n    " + strings.ReplaceAll(strings.Join(keys, "\n"), "\n", "\n    ") + "\n"
}

const (
	name    = "name: hello"
	image   = "image_name: acme/hello"
	service = "services: [{name: worker, command: run}]"
)

func TestSample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../examples/hello/barcelona.yml")
	if err != nil {
		t.Fatal(err)
	}
	file, problems := manifest.Parse("barcelona.yml", data)
	if len(problems) > 0 {
		t.Fatalf("the sample app has problems: %v", problems)
	}
	for env, want := range map[string]string{"production": "hello", "staging": "hello-staging"} {
		h, problem := file.Environment(env)
		if problem != nil || h.Name != want || len(h.Services) != 2 || !h.Services[0].Web() || len(h.Environment) != 2 ||
			!h.Services[0].Exec || h.Services[1].Exec {
			t.Errorf("%s: %+v, %v", env, h, problem)
		}
	}
	if _, problem := file.Environment("prodction"); problem == nil || problem.Hint != "did you mean production?" {
		t.Errorf("suggestion: %v", problem)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	file, problems := manifest.Parse("f", []byte(one(name, image, "services:", "  - name: web", "    service_type: web",
		"    command: run", "    listeners: [{endpoint: main, health_check_interval: 5}]", "environment:",
		"  B: {value: 0010}", "  A: {value: true}", "  C: {value: 2026-01-02}", "  D: {ssm_path: hello/x}", `  E: {value: ""}`)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	h := file.Environments["production"]
	s := h.Services[0]
	if s.Memory != 512 || s.CPU != 0 || s.Port != 3000 || s.ForceSSL || s.Public != nil || s.Exec {
		t.Errorf("service: %+v", s)
	}
	l := s.Listeners[0]
	if l.Priority != 100 || l.HealthPath != "/" || l.Timeout != 4 || l.HealthyThreshold != 2 || l.UnhealthyThreshold != 2 ||
		!cmp.Equal(l.Conditions, []manifest.Condition{{Type: "path-pattern", Value: "*"}}) {
		t.Errorf("listener: %+v", l)
	}
	var got []string
	for _, v := range h.Environment {
		if v.Value != nil {
			got = append(got, v.Name+"="+*v.Value)
		} else {
			got = append(got, v.Name+"<"+v.SSMPath)
		}
	}
	if want := []string{"A=true", "B=0010", "C=2026-01-02", "D<hello/x", "E="}; !cmp.Equal(got, want) {
		t.Errorf("values are the text that was written, sorted by name: %v", got)
	}
	if want := []manifest.Claim{{Endpoint: "main", Priority: 100, Service: "web"}}; !cmp.Equal(h.Claims(), want) {
		t.Errorf("claims: %v", h.Claims())
	}
	if h.Services[0].At != (manifest.Position{Line: 6, Column: 9}) || h.Environment[0].At != (manifest.Position{Line: 12, Column: 7}) {
		t.Errorf("positions: %v, %v", h.Services[0].At, h.Environment[0].At)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		file string
		want []string
	}{
		"an empty file is refused":                   {"", []string{"1:1: the file is empty"}},
		"a file of comments is refused":              {"# nothing\n", []string{"1:1: the file is empty"}},
		"a list is refused":                          {"- a\n", []string{"1:1: the file must be a mapping with the key environments"}},
		"two documents are refused":                  {one(name, image, service) + "---\na: 1\n", []string{"6:1: the file holds more than one document"}},
		"what is not YAML is refused with its place": {"a: [1\nb: 2\n", []string{"1:1: this is not YAML: did not find expected ',' or ']'"}},
		"an unknown alias is refused":                {"a: *b\n", []string{"1:1: this is not YAML: unknown anchor 'b' referenced"}},
		"a missing environments is refused":          {"x-a: 1\n", []string{"1:1: the key environments is missing"}},
		"a misspelt environments is suggested": {"enviroments: {}\n", []string{
			`1:1: nothing reads the key "enviroments" (did you mean environments?) [warning]`,
			`1:1: the key environments is missing (is "enviroments" meant to be it?)`,
		}},
		"an empty environments is refused": {"environments: {}\n", []string{"1:15: environments must not be empty"}},
		"a null environments is refused":   {"environments:\n", []string{"1:14: environments is empty, it must be a mapping"}},
		"all problems are answered at once": {one("name: 7", "image_name: [a]", "services:", "  - {name: web, comand: run, memory: lots}", "environment: 3"), []string{
			"3:11: name must be text, not a number",
			"4:17: image_name must be text, not a list",
			`6:21: the key command is missing (is "comand" meant to be it?)`,
			`6:21: unknown key "comand" (did you mean command?)`,
			"6:42: memory must be a whole number, not text",
			"7:18: environment must be a list or a mapping (leave the key out if there are none)",
		}},
		"misspelt services are refused": {one(name, image, "service: []"), []string{
			`5:5: the key services is missing (is "service" meant to be it?)`, `5:5: unknown key "service" (did you mean services?)`,
		}},
		"empty services are refused":          {one(name, image, "services: []"), []string{"5:15: services must not be empty"}},
		"a null services is refused":          {one(name, image, "services:"), []string{"5:14: services is empty, it must be a list"}},
		"a duplicate key is refused":          {one(name, name, image, service), []string{`4:5: the key "name" is there twice`}},
		"a tag on the image is refused":       {one(name, "image_name: acme/hello:v1", service), []string{`4:17: image_name cannot be "acme/hello:v1"`}},
		"a digest on the image is refused":    {one(name, "image_name: acme/hello@sha256:00", service), []string{`4:17: image_name cannot be "acme/hello@sha256:00"`}},
		"octal numbers are not read":          {one(name, image, "services: [{name: worker, command: run, memory: 0512}]"), []string{"5:53: memory must be a whole number, not text"}},
		"a fraction of memory is refused":     {one(name, image, "services: [{name: worker, command: run, memory: 1.5}]"), []string{"5:53: memory must be a whole number, not a number"}},
		"too much memory is refused":          {one(name, image, "services: [{name: worker, command: run, memory: 999999}]"), []string{"5:53: memory must be at most 122880"}},
		"a huge number is refused":            {one(name, image, "services: [{name: worker, command: run, cpu: 99999999999999999999}]"), []string{"5:50: cpu must be at most 16384"}},
		"an unknown service type is refused":  {one(name, image, "services: [{name: worker, command: run, service_type: wob}]"), []string{`5:59: service_type must be default or web, not "wob"`}},
		"an empty command is refused":         {one(name, image, `services: [{name: worker, command: ""}]`), []string{"5:40: command must not be empty"}},
		"a list as command is refused":        {one(name, image, "services: [{name: worker, command: [a]}]"), []string{"5:40: command must be text, not a list"}},
		"a null before_deploy is fine":        {one(name, image, service, "before_deploy:"), []string{}},
		"no scheduled tasks are fine":         {one(name, image, service, "scheduled_tasks: []"), []string{}},
		"a name that starts with a digit":     {one("name: 1hello", image, service), []string{`3:11: name cannot be "1hello"`}},
		"a name that ends with a hyphen":      {one("name: hello-", image, service), []string{`3:11: name cannot be "hello-"`}},
		"a name with a prefix of bcn's":       {one("name: endpoint-x", image, service), []string{`3:11: the name "endpoint-x" starts with endpoint-, which stacks of bcn's own do (choose another)`}},
		"a name that is a word":               {one("name: all", image, service), []string{`3:11: the name "all" is a word of the chat grammar (choose another)`}},
		"a name that is too long":             {one("name: "+strings.Repeat("a", 120), image, service), []string{"3:11: name is too long: 120 characters, at most 119"}},
		"an environment that is a word":       {strings.Replace(one(name, image, service), "production", "all", 1), []string{`2:3: the environment's name "all" is a word of the chat grammar (choose another)`}},
		"an environment that cannot be typed": {strings.Replace(one(name, image, service), "production", "a b", 1), []string{`2:3: "a b" cannot be a name here (letters, digits, hyphens and underscores, starting with a letter)`}},
		"two environments of one name": {one(name, image, service) + "  staging: {name: Hello, image_name: a, services: [{name: worker, command: x}]}\n", []string{
			"6:19: the environments production and staging have the same name (each is a heritage of its own)",
		}},
		"service names equal without hyphens": {one(name, image, "services: [{name: a-b, command: x}, {name: ab, command: x}]"), []string{
			`5:48: the services "a-b" and "ab" have the same name without hyphens`,
		}},
		"a service named as a family of bcn's": {one(name, image, "services: [{name: oneoff, command: x}]"), []string{
			`5:23: the service name "oneoff" is taken by bcn's own task definitions (choose another)`,
		}},
		"a service named as the tasks of grants": {one(name, image, "services: [{name: Access, command: x}]"), []string{
			`5:23: the service name "Access" is taken by bcn's own task definitions (choose another)`,
		}},
		"an exec that is neither true nor false is refused": {one(name, image, `services: [{name: worker, command: x, exec: "true"}]`), []string{
			"5:49: exec must be true or false, not text",
		}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, lines(c.file)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	file, problems := manifest.Parse("f", []byte(`
x-extension: {a: 1}
base: &base {name: worker, command: run}
list: [{deep: &deep 1}]
other: 2
review: {group: x}
environments:
  production:
    name: hello
    image_name: acme/hello
    version: 2
    services:
      - <<: *base
        desired_count: 0
        hosts: [{hostname: a}]
bcnd: {mainline_branch: main}
`))
	if file == nil {
		t.Fatalf("warnings refuse nothing: %v", problems)
	}
	var got []string
	for _, p := range problems {
		if !p.Warning {
			t.Errorf("%v is more than a warning", p)
		}
		got = append(got, p.Path)
	}
	want := []string{
		"other", "review", "environments.production.version",
		"environments.production.services[0].hosts", "bcnd",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	t.Run("a file that is too large is refused", func(t *testing.T) {
		t.Parallel()
		if got := lines(strings.Repeat("#\n", 200_000)); len(got) != 1 || !strings.Contains(got[0], "too large") {
			t.Error(got)
		}
	})
	t.Run("aliases that multiply are refused", func(t *testing.T) {
		t.Parallel()
		bomb := "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
		for c := 'b'; c < 'k'; c++ {
			p := string(c - 1)
			bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+p+",", 10), ",") + "]\n"
		}
		if got := lines(bomb); len(got) != 1 || !strings.Contains(got[0], "once its aliases are expanded") {
			t.Error(got)
		}
	})
	t.Run("merges that multiply are refused", func(t *testing.T) {
		t.Parallel()
		bomb := "a: &a {k: 1, l: 2}\n"
		for c := 'b'; c < 'z'; c++ {
			p := string(c - 1)
			bomb += string(c) + ": &" + string(c) + " {<<: [*" + p + ", *" + p + "], x: *" + p + "}\n"
		}
		if got := lines(bomb); len(got) != 1 || !strings.Contains(got[0], "once its aliases are expanded") {
			t.Error(got)
		}
	})
	t.Run("deep nesting is refused", func(t *testing.T) {
		t.Parallel()
		if got := lines("a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000)); len(got) != 1 {
			t.Error(got)
		}
	})
	for title, file := range map[string]string{
		"an alias within its own anchor is refused": "a: &a [*a]\n",
		"a merge of itself is refused":              "a: &a {<<: *a}\n",
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(lines(file), "\n")
			if !strings.Contains(got, "contains itself") {
				t.Error(got)
			}
		})
	}
}

func TestMergeKeys(t *testing.T) {
	t.Parallel()
	file, problems := manifest.Parse("f", []byte(`
x-a: &a {name: web, command: a, memory: 1024}
x-b: &b {command: b, cpu: 512}
environments:
  production:
    name: hello
    image_name: acme/hello
    services:
      - <<: [*a, *b]
        name: mine
`))
	if file == nil {
		t.Fatal(problems)
	}
	s := file.Environments["production"].Services[0]
	if s.Name != "mine" || s.Command != "a" || s.CPU != 512 || s.Memory != 1024 {
		t.Errorf("what is written wins, then the first merge: %+v", s)
	}
	t.Run("a problem behind a merge points at where it was written", func(t *testing.T) {
		t.Parallel()
		got := lines("x-a: &a {name: web, memory: lots}\n" + one(name, image, "services:", "  - <<: *a", "    command: x"))
		if want := []string{"1:29: memory must be a whole number, not text"}; !cmp.Equal(got, want) {
			t.Error(got)
		}
	})
	t.Run("a problem of an anchor that is used twice is told once", func(t *testing.T) {
		t.Parallel()
		got := lines("x-a: &a {name: w, memory: lots, command: x}\n" + one(name, image, "services: [*a]") +
			"  staging: {name: hello-staging, image_name: a, services: [*a]}\n")
		if len(got) != 2 { // the name of one letter, and memory
			t.Error(got)
		}
	})
}
