package manifest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listeners is a file with one web service whose listeners are given in flow
// style; they start at line 5, column 78.
func listeners(list string) string {
	return one(name, image, "services: [{name: web, service_type: web, command: run, listeners: ["+list+"]}]")
}

func TestListeners(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		file string
		want []string
	}{
		"a web service needs none":              {one(name, image, "services: [{name: web, service_type: web, command: run}]"), nil},
		"the lowest priority":                   {listeners("{endpoint: main, rule_priority: 1}"), nil},
		"the highest priority":                  {listeners("{endpoint: main, rule_priority: 50000}"), nil},
		"priority 0 is refused":                 {listeners("{endpoint: main, rule_priority: 0}"), []string{"rule_priority must be at least 1"}},
		"priority 50001 is refused":             {listeners("{endpoint: main, rule_priority: 50001}"), []string{"rule_priority must be at most 50000"}},
		"the endpoint is required":              {listeners("{rule_priority: 1}"), []string{"the key endpoint is missing"}},
		"one listener per endpoint":             {listeners("{endpoint: main}, {endpoint: main, rule_priority: 2}"), []string{`the service is joined to the endpoint "main" twice`}},
		"two endpoints are fine":                {listeners("{endpoint: main}, {endpoint: other}"), nil},
		"a timeout below the interval":          {listeners("{endpoint: main, health_check_timeout: 9}"), nil},
		"a timeout as long as the interval":     {listeners("{endpoint: main, health_check_timeout: 10}"), []string{"the timeout of 10 s must be less than the interval of 10 s"}},
		"an interval below 5":                   {listeners("{endpoint: main, health_check_interval: 4}"), []string{"health_check_interval must be at least 5"}},
		"a health check path without slash":     {listeners("{endpoint: main, health_check_path: healthz}"), []string{`health_check_path cannot be "healthz"`}},
		"an unknown condition is refused":       {listeners("{endpoint: main, rule_conditions: [{type: source-ip, value: a}]}"), []string{`type must be path-pattern or host-header, not "source-ip"`}},
		"a condition twice is refused":          {listeners("{endpoint: main, rule_conditions: [{type: path-pattern, value: /a}, {type: path-pattern, value: /b}]}"), []string{"a rule takes one condition of type path-pattern"}},
		"a path without slash is refused":       {listeners("{endpoint: main, rule_conditions: [{type: path-pattern, value: a}]}"), []string{"path-pattern must start with / or *"}},
		"a host without dot is refused":         {listeners("{endpoint: main, rule_conditions: [{type: host-header, value: a}]}"), []string{`host-header cannot be "a" (letters, digits, hyphens, dots and wildcards, with at least one dot)`}},
		"six wildcards are refused":             {listeners(`{endpoint: main, rule_conditions: [{type: path-pattern, value: "/******"}]}`), []string{"a rule takes at most five wildcards, not 6"}},
		"a path of other characters is refused": {listeners(`{endpoint: main, rule_conditions: [{type: path-pattern, value: "/a b"}]}`), []string{`value cannot be "/a b"`}},
		"a worker has no listeners":             {one(name, image, "services: [{name: worker, command: run, listeners: [{endpoint: main}]}]"), []string{"only a web service has listeners (add service_type: web)"}},
		"two services of the same conditions": {
			one(name, image, "services:",
				"  - {name: a1, service_type: web, command: x, listeners: [{endpoint: main, rule_priority: 2}]}",
				"  - {name: b1, service_type: web, command: x, listeners: [{endpoint: main, rule_priority: 1}]}",
				"  - {name: c1, service_type: web, command: x, listeners: [{endpoint: other, rule_priority: 3}]}",
				"  - {name: d1, service_type: web, command: x, listeners: [{endpoint: main, rule_priority: 4, rule_conditions: [{type: path-pattern, value: /d}]}]}"),
			[]string{`no request reaches "a1" on the endpoint "main": "b1" has the same conditions and is tried first (give it other rule_conditions) [warning]`},
		},
		"two services of one priority": {
			one(name, image, "services:",
				"  - {name: a1, service_type: web, command: x, listeners: [{endpoint: main}]}",
				"  - {name: b1, service_type: web, command: x, listeners: [{endpoint: main, rule_priority: 100}]}",
				"  - {name: c1, service_type: web, command: x, listeners: [{endpoint: other, rule_priority: 100}]}"),
			[]string{`the services "a1" and "b1" both have priority 100 on the endpoint "main" (give one another rule_priority)`},
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			compare(t, c.want, c.file)
		})
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	env := func(list string) string { return one(name, image, service, "environment: "+list) }
	for title, c := range map[string]struct {
		file string
		want []string
	}{
		"a mapping of sources":               {env("{A: {value: x}, B: {ssm_path: a/b}, C: {value_from: /x/y}}"), nil},
		"a list of sources":                  {env("[{name: A, value: x}, {name: B, ssm_path: /a/b}]"), nil},
		"an empty list":                      {env("[]"), nil},
		"a plain value is refused":           {env("{A: x}"), []string{"A must be a mapping, not text"}},
		"no source is refused":               {env("[{name: A}]"), []string{"a variable needs value, ssm_path or value_from"}},
		"two sources are refused":            {env("{A: {value: x, ssm_path: a}}"), []string{"a variable has only one of value and ssm_path"}},
		"a name twice is refused":            {env("[{name: A, value: x}, {name: A, value: y}]"), []string{`the variable "A" is there twice`}},
		"a null value is refused":            {env("{A: {value: }}"), []string{"value is empty, it must be text or a number or true or false"}},
		"a list as value is refused":         {env("{A: {value: [1]}}"), []string{"value must be text or a number or true or false, not a list"}},
		"an unknown source is suggested":     {env("[{name: A, valu: x}]"), []string{"a variable needs value, ssm_path or value_from", `unknown key "valu" (did you mean value?)`}},
		"an unknown source in a mapping":     {env("{A: {ssmpath: x}}"), []string{"a variable needs value, ssm_path or value_from", `unknown key "ssmpath" (did you mean ssm_path?)`}},
		"a name with a space is refused":     {env(`[{name: "A B", value: x}]`), []string{`name cannot be "A B"`}},
		"a key with a space is refused":      {env(`{"A B": {value: x}}`), []string{`"A B" cannot be a name here (letters, digits, hyphens and underscores, starting with a letter)`}},
		"a star in ssm_path is refused":      {env("{A: {ssm_path: other/*}}"), []string{`ssm_path cannot be "other/*"`}},
		"a step up in ssm_path is refused":   {env("{A: {ssm_path: hello/../other/x}}"), []string{"ssm_path must not have the steps . or .."}},
		"a star in value_from is refused":    {env(`{A: {value_from: "arn:aws:ssm:us-east-1:123456789012:parameter/*"}}`), []string{`value_from cannot be "arn:aws:ssm:us-east-1:123456789012:parameter/*"`}},
		"a relative value_from is refused":   {env("{A: {value_from: hello/x}}"), []string{`value_from cannot be "hello/x"`}},
		"a secret by ARN with key":           {env(`{A: {value_from: "arn:aws:secretsmanager:us-east-1:123456789012:secret:a/b-AbCdEf:key::"}}`), nil},
		"a dynamic reference is refused":     {env(`{A: {value: "x{{resolve:ssm-secure:/other/secret}}"}}`), []string{"a value must not hold {{resolve: (use ssm_path or value_from)"}},
		"an unlikely one too":                {env(`{A: {value: "{{ Resolve :secretsmanager:x}}"}}`), []string{"a value must not hold {{resolve: (use ssm_path or value_from)"}},
		"other braces are fine":              {env(`{A: {value: "{{name}}"}}`), nil},
		"a dynamic reference in a command":   {one(name, image, `services: [{name: worker, command: "echo {{resolve:ssm:/x}}"}]`), []string{"a value must not hold {{resolve: (use ssm_path or value_from)"}},
		"a PORT of one's own":                {one(name, image, "services: [{name: web, service_type: web, command: x}]", "environment: {PORT: {value: 8080}}"), []string{`PORT is "8080", but "web" is asked on port 3000 (set web_container_port instead) [warning]`}},
		"the same PORT again":                {one(name, image, "services: [{name: web, service_type: web, command: x}]", "environment: [{name: PORT, value: 3000}]"), nil},
		"a worker's PORT":                    {env("{PORT: {value: 8080}}"), nil},
		"a null environment is refused":      {env(""), []string{"environment must be a list or a mapping (leave the key out if there are none)"}},
		"an item that is text is refused":    {env("[a]"), []string{"an item of environment must be a mapping, not text"}},
		"a tag of another type is refused":   {env("{A: {value: !!binary aGk=}}"), []string{"the tag !!binary is not allowed"}},
		"a tag of somebody's own is refused": {env("{A: {value: !mine x}}"), []string{"the tag !mine is not allowed"}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			compare(t, c.want, c.file)
		})
	}
}

// compare compares messages, without their places.
func compare(t *testing.T, want []string, file string) {
	t.Helper()
	var got []string
	for _, l := range lines(file) {
		got = append(got, strings.SplitN(l, ": ", 2)[1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
