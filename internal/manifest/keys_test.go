package manifest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// badKey is a file in which one key is wrong, and what is said of it, with its
// place.
type badKey struct {
	key  string // as the schema has it: the definition's name, a dot, the key
	file string
	want []string
}

// ofHeritage is a file of one worker whose heritage's further keys are given;
// they start at line 6, column 5.
func ofHeritage(keys ...string) string {
	return one(append([]string{name, image, service}, keys...)...)
}

// ofWorker is a file of one worker whose further keys are given; they start at
// line 8, column 9.
func ofWorker(keys ...string) string {
	return one(append([]string{name, image, "services:", "  - name: worker", "    command: run"}, indented(keys)...)...)
}

// ofWeb is a file of one web service with a listener; its further keys start
// at line 10, column 9.
func ofWeb(keys ...string) string {
	return one(append([]string{
		name, image, "services:", "  - name: web", "    command: run", "    service_type: web", "    listeners: [{endpoint: main}]",
	}, indented(keys)...)...)
}

// ofListeners is a file of one web service whose listeners start at line 9,
// column 21.
func ofListeners(list string) string {
	return one(name, image, "services:", "  - name: web", "    command: run", "    service_type: web", "    listeners: ["+list+"]")
}

// ofTasks is a file whose scheduled tasks start at line 6, column 23.
func ofTasks(list string) string { return ofHeritage("scheduled_tasks: [" + list + "]") }

func indented(keys []string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = "    " + k
	}
	return out
}

func badHeritageKeys() []badKey {
	return []badKey{
		{"environments", "environments: 3\n", []string{"1:15: environments must be a mapping, not a number"}},
		{"heritage.name", one("name: 1hello", image, service), []string{`3:11: name cannot be "1hello"`}},
		{"heritage.image_name", one(name, "image_name: Hello World", service), []string{`4:17: image_name cannot be "Hello World"`}},
		{"heritage.services", one(name, image, "services: {}"), []string{"5:15: services must be a list, not a mapping"}},
		{"heritage.environment", ofHeritage("environment: text"), []string{"6:18: environment must be a list or a mapping (leave the key out if there are none)"}},
		{"heritage.before_deploy", ofHeritage("before_deploy: [rake, db:migrate]"), []string{"6:20: before_deploy must be text or a mapping, not a list"}},
		{"heritage.before_deploy.command", ofHeritage("before_deploy: {cpu: 256}"), []string{"6:20: the key command is missing"}},
		{"heritage.before_deploy.command", ofHeritage(`before_deploy: {command: "rake 'db"}`), []string{"6:30: command cannot be split into words: a quote or a backslash is left open"}},
		{"heritage.before_deploy", ofHeritage(`before_deploy: " "`), []string{"6:20: before_deploy must not be empty"}},
		{"heritage.before_deploy.cpu", ofHeritage("before_deploy: {command: rake, cpu: 0}"), []string{"6:41: cpu must be at least 1"}},
		{"heritage.before_deploy.memory", ofHeritage("before_deploy: {command: rake, memory: 512MB}"), []string{"6:44: memory must be a whole number, not text"}},
		{"heritage.before_deploy.timeout", ofHeritage("before_deploy: {command: rake, timeout: soon}"), []string{`6:45: timeout cannot be "soon" (such as 90m, 1h30m, or a number of seconds)`}},
		{"heritage.before_deploy.timeout", ofHeritage("before_deploy: {command: rake, timeout: 7h}"), []string{`6:45: timeout must be between 1m and 6h, not "7h"`}},
		{"heritage.before_deploy.timeout", ofHeritage("before_deploy: {command: rake, timeout: 30}"), []string{"6:45: timeout must be at least 60"}},
		{"heritage.before_deploy.timeout", ofHeritage("before_deploy: {command: rake, timeuot: 30m}"), []string{`6:36: unknown key "timeuot" (did you mean timeout?)`}},
		{"heritage.scheduled_tasks", ofHeritage("scheduled_tasks: rate(1 minute)"), []string{"6:22: scheduled_tasks must be a list, not text"}},
		{"heritage.run_env", ofHeritage("run_env: [A]"), []string{"6:14: run_env must be a mapping, not a list"}},
		{"heritage.run_env", ofHeritage("run_env: {A: x}"), []string{`6:15: unknown key "A"`}},
		{"heritage.run_env.vars", ofHeritage("run_env: {vars: {A: [x]}}"), []string{"6:25: A must be text or a number or true or false, not a list"}},
		{"heritage.run_env.vars", ofHeritage(`run_env: {vars: {"A B": x}}`), []string{`6:22: "A B" cannot be a name here (letters, digits, hyphens and underscores, starting with a letter)`}},
		{"heritage.repositories", ofHeritage("repositories: quay.io"), []string{"6:19: repositories must be a list, not text"}},
		{"heritage.task_role", ofHeritage("task_role: [s3:GetObject]"), []string{"6:17: an item of task_role must be a mapping, not text"}},
		{"heritage.kms_key", ofHeritage("kms_key: 1234abcd-12ab-34cd-56ef-1234567890ab"), []string{`6:14: kms_key cannot be "1234abcd-12ab-34cd-56ef-1234567890ab" (the ARN of a key, or alias/NAME)`}},
		{"heritage.kms_key", ofHeritage("kms_key: alias/aws/ssm"), []string{"6:14: kms_key is a key of AWS's own (leave it out, and Parameter Store uses its own)"}},
		{"heritage.launch", ofHeritage("launch: spot"), []string{`6:13: launch must be fargate or ec2, not "spot"`}},
		{"variable.name", ofHeritage("environment: [{name: 1A, value: x}]"), []string{`6:26: name cannot be "1A"`}},
		{"variable.name", ofHeritage("environment: [{value: x}]"), []string{"6:19: the key name is missing"}},
		{"variable.name", ofHeritage("environment: [{name: A, ssm_prefix: a/}]"), []string{"6:20: ssm_prefix names its variables itself (leave name out)"}},
		{"variable.value", ofHeritage("environment: [{name: A, value: [x]}]"), []string{"6:36: value must be text or a number or true or false, not a list"}},
		{"variable.ssm_path", ofHeritage("environment: [{name: A, ssm_path: a//b}]"), []string{`6:39: ssm_path cannot be "a//b"`}},
		{"variable.value_from", ofHeritage("environment: [{name: A, value_from: a}]"), []string{`6:41: value_from cannot be "a"`}},
		{"variable.ssm_prefix", ofHeritage("environment: [{ssm_prefix: redash}]"), []string{`6:32: ssm_prefix cannot be "redash" (a path that ends with a slash)`}},
		{"variable.ssm_prefix", ofHeritage("environment: [{ssm_prefix: redash/}, {ssm_prefix: /redash/}]"), []string{`6:55: the variable "ssm_prefix redash/" is there twice`}},
		{"variable.ssm_prefix", ofHeritage("environment: [{ssm_prefix: redash/../other/}]"), []string{"6:32: ssm_prefix must not have the steps . or .."}},
		{"variable.ssm_prefix", ofHeritage("environment: [{ssm_prefix: redash/, value: x}]"), []string{"6:19: a variable has only one of value and ssm_prefix"}},
		{"variable.read_at_runtime", ofHeritage("environment: [{name: A, ssm_path: a, read_at_runtime: 1}]"), []string{"6:59: read_at_runtime must be true or false, not a number"}},
		{"variable.read_at_runtime", ofHeritage("environment: [{name: A, value: a, read_at_runtime: true}]"), []string{"6:39: a plain value is in the environment already (read_at_runtime is of references) [warning]"}},
		{"variable_value.value", ofHeritage("environment: {A: {value: }}"), []string{"6:30: value is empty, it must be text or a number or true or false"}},
		{"variable_value.ssm_path", ofHeritage("environment: {A: {ssm_path: ../b}}"), []string{"6:33: ssm_path must not have the steps . or .."}},
		{"variable_value.value_from", ofHeritage(`environment: {A: {value_from: "arn:aws:s3:::bucket"}}`), []string{`6:35: value_from cannot be "arn:aws:s3:::bucket"`}},
		{"variable_value.read_at_runtime", ofHeritage(`environment: {A: {ssm_path: a, read_at_runtime: "yes"}}`), []string{"6:53: read_at_runtime must be true or false, not text"}},
		{"variable_value.ssm_prefix", ofHeritage("environment: {A: {ssm_prefix: a/}}"), []string{`6:23: unknown key "ssm_prefix" (it is of the list form: - ssm_prefix: hello/)`}},
		{"scheduled_task.name", ofTasks("{name: 1st, schedule: rate(1 hour), command: x1}"), []string{`6:30: name cannot be "1st"`}},
		{"scheduled_task.name", ofTasks("{name: re-port, schedule: rate(1 hour), command: x1}, {name: report, schedule: rate(1 day), command: x2}"), []string{`6:84: the scheduled tasks 1 and 2 have the same name "report" (give one another name)`}},
		{"scheduled_task.name", ofTasks("{schedule: rate(1 hour), command: rake x}, {schedule: rate(1 day), command: [rake, x]}"), []string{`6:66: the scheduled tasks 1 and 2 have the same name "rake-x" (give one another name)`}},
		{"scheduled_task.schedule", ofTasks(`{schedule: "0 9 * * *", command: x1}`), []string{`6:34: schedule cannot be "0 9 * * *" (cron(0 9 ? * MON-FRI *), rate(5 minutes) or at(2027-01-31T09:00:00))`}},
		{"scheduled_task.schedule", ofTasks(`{schedule: "cron(0 9 * * MON-FRI)", command: x1}`), []string{"6:34: cron has six fields, not 5 (minutes hours day-of-month month day-of-week year; is the year missing?)"}},
		{"scheduled_task.timezone", ofTasks(`{schedule: "cron(0 9 ? * MON-FRI *)", timezone: Asia/Tokio, command: x1}`), []string{`6:71: there is no time zone "Asia/Tokio" (a name of the tz database, such as Asia/Tokyo)`}},
		{"scheduled_task.timezone", ofTasks("{schedule: rate(5 minutes), timezone: Asia/Tokyo, command: x1}"), []string{"6:51: a rate has no time zone (use cron(...)) [warning]"}},
		{"scheduled_task.timezone", ofTasks(`{schedule: "cron(0 9 ? * MON-FRI *)", timezone: Local, command: x1}`), []string{`6:71: there is no time zone "Local" (a name of the tz database, such as Asia/Tokyo)`}},
		{"scheduled_task.timezone", ofTasks(`{schedule: "cron(0 9 ? * MON-FRI *)", timezone: Factory, command: x1}`), []string{`6:71: there is no time zone "Factory" (a name of the tz database, such as Asia/Tokyo)`}},
		{"scheduled_task.command", ofTasks("{schedule: rate(1 hour), command: {a: b}}"), []string{"6:57: command must be text or a list, not a mapping"}},
		{"scheduled_task.command", ofTasks(`{schedule: rate(1 hour), command: "a 'b"}`), []string{"6:57: command cannot be split into words: a quote or a backslash is left open"}},
		{"scheduled_task.command", ofTasks("{schedule: rate(1 hour), command: [a, 1]}"), []string{"6:61: an item of command must be text, not a number"}},
		{"scheduled_task.cpu", ofTasks("{schedule: rate(1 hour), command: x1, cpu: 16385}"), []string{"6:66: cpu must be at most 16384"}},
		{"scheduled_task.memory", ofTasks("{schedule: rate(1 hour), command: x1, memory: 1.5}"), []string{"6:69: memory must be a whole number, not a number"}},
		{"scheduled_task.enabled", ofTasks(`{schedule: rate(1 hour), command: x1, enabled: "no"}`), []string{"6:70: enabled must be true or false, not text"}},
		{"scheduled_task.enable", ofTasks("{schedule: rate(1 hour), command: x1, enable: false}"), []string{`6:61: unknown key "enable" (did you mean enabled?)`}},
		{"repository.name", ofHeritage(`repositories: [{name: "https://quay.io", credentials: "arn:aws:secretsmanager:us-east-1:123456789012:secret:quay-AbCdEf"}]`), []string{
			`6:27: image_name does not begin with "https://quay.io" (the repository is not used) [warning]`,
			`6:27: name cannot be "https://quay.io"`,
		}},
		{"repository.name", ofHeritage(`repositories: [{name: quay.io, credentials: "arn:aws:secretsmanager:us-east-1:123456789012:secret:quay-AbCdEf"}]`), []string{`6:27: image_name does not begin with "quay.io" (the repository is not used) [warning]`}},
		{"repository.name", ofHeritage(`repositories: [{name: acme, credentials: "arn:aws:secretsmanager:us-east-1:123456789012:secret:a"}, {name: acme, credentials: "arn:aws:secretsmanager:us-east-1:123456789012:secret:b"}]`), []string{`6:112: the repository "acme" is there twice`}},
		{"repository.credentials", ofHeritage("repositories: [{name: acme, credentials: user:password}]"), []string{`6:46: credentials cannot be "user:password" (the ARN of a Secrets Manager secret)`}},
		{"permission.actions", ofHeritage(`task_role: [{actions: ["s3:*"], resources: ["arn:aws:s3:::bucket/*"]}]`), []string{`6:28: an item of actions cannot be "s3:*" (the full name of one action, such as s3:GetObject)`}},
		{"permission.actions", ofHeritage(`task_role: [{actions: ["*"], resources: ["arn:aws:s3:::bucket/*"]}]`), []string{`6:28: an item of actions cannot be "*" (the full name of one action, such as s3:GetObject)`}},
		{"permission.resources", ofHeritage("task_role: [{actions: [s3:GetObject], resources: [bucket]}]"), []string{`6:55: an item of resources cannot be "bucket" (an ARN, such as arn:aws:s3:::bucket/*)`}},
		{"permission.actions", ofHeritage(`task_role: [{actions: [s3:GetObject, logs:putLogEvents], resources: ["arn:aws:s3:::b/*"]}]`), []string{`6:42: "logs:putLogEvents" would reach what is other apps' in the district (bcn gives each app its own logs, images and volumes)`}},
		{"permission.actions", ofHeritage(`task_role: [{actions: [ecr:BatchGetImage, elasticfilesystem:ClientWrite], resources: ["arn:aws:s3:::b/*"]}]`), []string{
			`6:28: "ecr:BatchGetImage" would reach what is other apps' in the district (bcn gives each app its own logs, images and volumes)`,
			`6:47: "elasticfilesystem:ClientWrite" would reach what is other apps' in the district (bcn gives each app its own logs, images and volumes)`,
		}},
		{"permission.resources", ofHeritage(`task_role: [{actions: [cloudwatch:PutMetricData], resources: ["*"]}]`), []string{`6:67: "*" is everything that the district's boundary lets the app reach (name what it needs, unless the actions know no resource) [warning]`}},
		{"permission.effect", ofHeritage(`task_role: [{actions: [s3:GetObject], resources: ["arn:aws:s3:::bucket/a"], effect: Deny}]`), []string{`6:81: unknown key "effect"`}},
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(badHeritageKeys(), badServiceKeys()) {
		t.Run(c.key+" at "+c.want[0], func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, lines(c.file)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryKeyIsRefusedSomewhere holds that the tables above have a bad value
// for each key that the schema has.
func TestEveryKeyIsRefusedSomewhere(t *testing.T) {
	t.Parallel()
	var schema struct {
		definition
		Defs map[string]definition `json:"$defs"`
	}
	if err := json.Unmarshal(manifest.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	keys := livingKeys("", schema.definition)
	for def, d := range schema.Defs {
		keys = append(keys, livingKeys(def+".", d)...)
	}
	refused := map[string]bool{}
	for _, c := range slices.Concat(badHeritageKeys(), badServiceKeys()) {
		refused[c.key] = true
	}
	if len(keys) < 80 {
		t.Errorf("the schema has %d keys only", len(keys))
	}
	for _, k := range keys {
		if !refused[k] {
			t.Errorf("no bad value of %s is tried", k)
		}
	}
}

// livingKeys lists the keys of a definition, and of what it holds, that are
// not deprecated.
func livingKeys(prefix string, d definition) []string {
	var out []string
	for key, p := range d.Properties {
		if !p.Deprecated {
			out = append(out, prefix+key)
			out = append(out, livingKeys(prefix+key+".", p)...)
		}
	}
	return out
}

// dead is a file with every key that is known and read by nobody, and the
// place of each.
const dead = `environments:
  production:
    name: hello
    image_name: acme/hello
    image_tag: v1
    version: 2
    token: abc
    slack_url: https://example.com
    env_vars: {A: b}
    services:
      - name: web
        command: run
        service_type: web
        port_mappings:
          - {container_port: 25, lb_port: 25, host_port: 10025, protocol: tcp}
          - {container_port: 80, enable_proxy_protocol: true}
        hosts: [{hostname: a.example.com, ssl_cert_path: "s3://b/c", ssl_key_path: "s3://b/k"}]
        health_check: {protocol: tcp, port: 1}
        reverse_proxy_image: acme/proxy
        status: ACTIVE
        running_count: 1
        pending_count: 0
        endpoint: main.example.com
        listeners: [{endpoint: main, health_check_port: 80}]
    scheduled_tasks:
      - {schedule: rate(1 day), command: rake, external_task_def: "other:latest"}
review: {group: x}
bcnd: {mainline_branch: main}
`

func TestDeadKeysWarn(t *testing.T) {
	t.Parallel()
	file, problems := manifest.Parse("f", []byte(dead))
	if file == nil {
		t.Fatalf("warnings refuse nothing: %v", problems)
	}
	var got []string
	for _, p := range problems {
		if !p.Warning || p.Hint == "" {
			t.Errorf("%v is more than a warning, or nothing says why", p)
		}
		place, _, _ := strings.Cut(strings.TrimPrefix(p.String(), "f:"), ": ")
		got = append(got, place+" "+p.Path)
	}
	const service = "environments.production.services[0]."
	want := []string{
		"5:5 environments.production.image_tag", "6:5 environments.production.version", "7:5 environments.production.token",
		"8:5 environments.production.slack_url", "9:5 environments.production.env_vars",
		"14:9 " + service + "port_mappings", "16:34 " + service + "port_mappings[1].enable_proxy_protocol",
		"17:9 " + service + "hosts", "18:9 " + service + "health_check", "19:9 " + service + "reverse_proxy_image",
		"20:9 " + service + "status", "21:9 " + service + "running_count", "22:9 " + service + "pending_count",
		"23:9 " + service + "endpoint", "24:38 " + service + "listeners[0].health_check_port",
		"26:48 environments.production.scheduled_tasks[0].external_task_def", "27:1 review", "28:1 bcnd",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestTyposAreSuggested misspells every key of a definition by leaving out its
// second letter.
func TestTyposAreSuggested(t *testing.T) {
	t.Parallel()
	var schema struct {
		Defs map[string]definition `json:"$defs"`
	}
	if err := json.Unmarshal(manifest.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for def, file := range map[string]func(typo string) string{
		"heritage":       func(typo string) string { return ofHeritage(typo) },
		"service":        func(typo string) string { return ofWorker(typo) },
		"listener":       func(typo string) string { return ofListeners("{endpoint: main, " + typo + "}") },
		"deployment":     func(typo string) string { return ofWorker("deployment: {" + typo + "}") },
		"auto_scaling":   func(typo string) string { return ofWorker("auto_scaling: {min_count: 1, max_count: 2, " + typo + "}") },
		"scheduled_task": func(typo string) string { return ofTasks("{schedule: rate(1 day), command: rake, " + typo + "}") },
		"volume":         func(typo string) string { return ofWorker("volumes: [{name: data, path: /data, " + typo + "}]") },
		"variable":       func(typo string) string { return ofHeritage("environment: [{name: A, value: x, " + typo + "}]") },
	} {
		for key, p := range schema.Defs[def].Properties {
			if p.Deprecated {
				continue
			}
			t.Run(def+"."+key, func(t *testing.T) {
				t.Parallel()
				typo := key[:1] + key[2:]
				got := strings.Join(lines(file(typo+": 1")), "\n")
				if want := "unknown key \"" + typo + "\" (did you mean " + key + "?)"; !strings.Contains(got, want) {
					t.Errorf("want %s, got\n%s", want, got)
				}
			})
		}
	}
}
