package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// parsed is the heritage of a file without errors.
func parsed(t *testing.T, file string) *manifest.Heritage {
	t.Helper()
	f, problems := manifest.Parse("f", []byte(file))
	if f == nil {
		t.Fatalf("%s\n%v", file, problems)
	}
	return f.Environments["production"]
}

func TestBeforeDeploy(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]manifest.BeforeDeploy{
		"before_deploy: rake db:migrate":                                         {Command: "rake db:migrate", Memory: 512, Timeout: 30 * time.Minute},
		"before_deploy: {command: rake db:migrate}":                              {Command: "rake db:migrate", Memory: 512, Timeout: 30 * time.Minute},
		"before_deploy: {command: rake, cpu: 1024, memory: 2048, timeout: 2h5m}": {Command: "rake", CPU: 1024, Memory: 2048, Timeout: 125 * time.Minute},
		"before_deploy: {command: rake, timeout: 90}":                            {Command: "rake", Memory: 512, Timeout: 90 * time.Second},
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			want.At = manifest.Position{Line: 6, Column: 20}
			if diff := cmp.Diff(&want, parsed(t, ofHeritage(written)).BeforeDeploy); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a null one is none", func(t *testing.T) {
		t.Parallel()
		if got := parsed(t, ofHeritage("before_deploy:")).BeforeDeploy; got != nil {
			t.Errorf("%+v", got)
		}
	})
	t.Run("its words are a shell's", func(t *testing.T) {
		t.Parallel()
		words, err := manifest.BeforeDeploy{Command: `rake "db:migrate now" 'a b' c\ d`}.Words()
		if diff := cmp.Diff([]string{"rake", "db:migrate now", "a b", "c d"}, words); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

func TestScheduledTask(t *testing.T) {
	t.Parallel()
	got := parsed(t, ofHeritage("scheduled_tasks:",
		"  - {schedule: rate(1 hour), command: bundle exec rake 'reports:daily now'}",
		"  - {name: nightly, schedule: \"cron(0 1 * * ? *)\", timezone: Asia/Tokyo, command: [rake, a b], cpu: 256, memory: 512, enabled: false}",
	)).ScheduledTasks
	want := []manifest.ScheduledTask{
		{
			Name: "bundle-exec-rake-reports-daily-now", Schedule: "rate(1 hour)", Timezone: "UTC",
			Command: manifest.Words{"bundle", "exec", "rake", "reports:daily now"}, CPU: 512, Memory: 1512, Enabled: true,
			At: manifest.Position{Line: 7, Column: 9},
		},
		{
			Name: "nightly", Schedule: "cron(0 1 * * ? *)", Timezone: "Asia/Tokyo",
			Command: manifest.Words{"rake", "a b"}, CPU: 256, Memory: 512, At: manifest.Position{Line: 8, Column: 9},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTaskNames(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"rake reports:daily":         "rake-reports-daily",
		"./bin/Sync --all":           "bin-sync-all",
		"7z a":                       "z-a",
		"+":                          "task-a318c242",
		strings.Repeat("rake x ", 9): "rake-x-rake-x-rake-x-rake-x-rake-x-rake-267dd044",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := parsed(t, ofTasks("{schedule: rate(1 day), command: \""+command+"\"}")).ScheduledTasks[0].Name; got != want {
				t.Errorf("%q is %s, want %s", command, got, want)
			}
		})
	}
	t.Run("every made name could have been written", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			words := rapid.SliceOfN(rapid.StringMatching(`[ -z~]{1,40}`), 1, 8).Draw(t, "words")
			encoded, err := json.Marshal(words)
			if err != nil {
				t.Fatal(err)
			}
			task := "{schedule: rate(1 day), command: " + string(encoded) + "}"
			file, problems := manifest.Parse("f", []byte(ofTasks(task)))
			if file == nil {
				t.Fatal(problems)
			}
			name := file.Environments["production"].ScheduledTasks[0].Name
			if file, problems := manifest.Parse("f", []byte(ofTasks("{name: "+name+", schedule: rate(1 day), command: x1}"))); file == nil {
				t.Error(problems)
			}
			other := "{schedule: rate(1 hour), command: something else}"
			moved, problems := manifest.Parse("f", []byte(ofTasks(other+", "+task)))
			if moved == nil || moved.Environments["production"].ScheduledTasks[1].Name != name {
				t.Errorf("the name changes with the place: %v", problems)
			}
		})
	})
}

func TestDeploymentDefaults(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]manifest.Deployment{
		"cpu: 256":                           {Strategy: "rolling", MinimumPercent: 100, MaximumPercent: 200},
		"deployment: {minimum_percent: 0}":   {Strategy: "rolling", MinimumPercent: 0, MaximumPercent: 200},
		"deployment: {strategy: blue_green}": {Strategy: "blue_green", MinimumPercent: 100, MaximumPercent: 200, Pause: 60, Bake: 5},
		"deployment: {strategy: blue_green, pause: 0, bake_time: 0}": {Strategy: "blue_green", MinimumPercent: 100, MaximumPercent: 200},
		"deployment: {strategy: canary}":                             {Strategy: "canary", MinimumPercent: 100, MaximumPercent: 200, Bake: 5, CanaryPercent: 5, CanaryBake: 10},
		"deployment: {strategy: linear, step_percent: 30}":           {Strategy: "linear", MinimumPercent: 100, MaximumPercent: 200, Bake: 5, StepPercent: 30, StepBake: 6},
	} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, parsed(t, ofWeb(written)).Services[0].Deployment); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAServiceOfEveryKey(t *testing.T) {
	t.Parallel()
	h := parsed(t, ofHeritage("launch: ec2", "kms_key: alias/hello", "run_env: {vars: {A: 010, B: true}}",
		`repositories: [{name: acme, credentials: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hub-AbCdEf"}]`,
		`task_role: [{actions: [s3:GetObject], resources: ["arn:aws:s3:::bucket/*"]}]`,
		"environment: [{ssm_prefix: redash/}, {name: A, ssm_path: a, read_at_runtime: true}, {ssm_prefix: /hello/}]"))
	want := &manifest.Heritage{
		Name: "hello", ImageName: "acme/hello", Launch: "ec2", KMSKey: "alias/hello", RunEnv: manifest.Vars{"A": "010", "B": "true"},
		Repositories: []manifest.Repository{{Name: "acme", Credentials: "arn:aws:secretsmanager:us-east-1:123456789012:secret:hub-AbCdEf"}},
		TaskRole:     []manifest.Permission{{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::bucket/*"}}},
		Environment: manifest.Variables{
			{SSMPrefix: "/hello/", At: manifest.Position{Line: 11, Column: 89}},
			{SSMPrefix: "redash/", At: manifest.Position{Line: 11, Column: 19}},
			{Name: "A", SSMPath: "a", ReadAtRuntime: true, At: manifest.Position{Line: 11, Column: 42}},
		},
	}
	if diff := cmp.Diff(want, h, cmpopts.IgnoreFields(manifest.Heritage{}, "Services", "At")); diff != "" {
		t.Error(diff)
	}
	if !h.Repositories[0].Of("acme/hello") || h.Repositories[0].Of("acmeother/hello") {
		t.Error("a repository is of whole words")
	}
	s := parsed(t, ofWeb("entrypoint: /entry 'a b'", "auto_scaling: {min_count: 2, max_count: 4}", "health_check_grace_period: 0",
		"stop_timeout: 90", "ulimits: [{name: memlock, soft: -1, hard: -1}]", "launch: ec2",
		"volumes: [{name: tmp, path: /tmp}, {name: data, path: /data, read_only: true, efs: {file_system: fs-01234567, access_point: fsap-01234567}}]")).Services[0]
	service := manifest.Service{
		Name: "web", ServiceType: "web", Command: "run", EntryPoint: manifest.Words{"/entry", "a b"}, Memory: 512, Port: 3000,
		AutoScaling: &manifest.AutoScaling{Min: 2, Max: 4, CPU: 60}, StopTimeout: 90, Launch: "ec2",
		Deployment: manifest.Deployment{Strategy: "rolling", MinimumPercent: 100, MaximumPercent: 200},
		Ulimits:    []manifest.Ulimit{{Name: "memlock", Soft: -1, Hard: -1}},
		Volumes: []manifest.Volume{{Name: "tmp", Path: "/tmp"}, {
			Name: "data", Path: "/data", ReadOnly: true, EFS: &manifest.EFS{FileSystem: "fs-01234567", AccessPoint: "fsap-01234567"},
		}},
	}
	if diff := cmp.Diff(service, s, cmpopts.IgnoreFields(manifest.Service{}, "Listeners", "At")); diff != "" {
		t.Error(diff)
	}
	for written, want := range map[string]int{"cpu: 256": 60, "health_check_grace_period: 5": 5} {
		if got := parsed(t, ofWeb(written)).Services[0].GracePeriod; got != want {
			t.Errorf("%s: grace period %d, want %d", written, got, want)
		}
	}
	if got := parsed(t, ofHeritage("launch: ec2")).Services[0].Launch; got != "ec2" {
		t.Errorf("a service runs on %s, want what the environment says", got)
	}
}
