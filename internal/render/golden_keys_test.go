package render_test

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

const (
	keyARN       = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8192-a3b4c5d6e7f8"
	pullPassword = "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/hello/quay-AbCdEf"
)

// feature is a file's environment, and what else its stacks are made of.
type feature struct {
	body   string
	change func(*render.Input)
}

// keys is one feature for each key of the file that has an effect in AWS.
func keys() map[string]feature {
	service := func(more string) feature { return feature{body: worker + more} }
	behind := func(more string) feature { return feature{body: web("main", more)} }
	return map[string]feature{
		"worker_entrypoint":   service("        entrypoint: [/app/bin/entry, --quiet]\n"),
		"worker_stop_timeout": service("        stop_timeout: 90\n"),
		"worker_ulimits":      service("        ulimits:\n          - { name: nofile, soft: 4096, hard: 65536 }\n"),
		"worker_volumes": service(`        volumes:
          - { name: scratch, path: /scratch }
          - { name: shared, path: /shared, efs: { file_system: fs-0a1b2c3d4e5f60711, access_point: fsap-0a1b2c3d4e5f60711 } }
          - { name: models, path: /models, read_only: true, efs: { file_system: fs-0a1b2c3d4e5f60712, root: /models } }
`),
		"worker_auto_scaling": service("        auto_scaling: { min_count: 2, max_count: 10, cpu: 50, memory: 70 }\n"),
		"worker_deployment":   service("        desired_count: 4\n        deployment: { minimum_percent: 50, maximum_percent: 150, alarms: [hello-errors] }\n"),
		"worker_ec2":          service("        cpu: 100\n        memory: 300\n        launch: ec2\n"),
		"web_machines": {
			body: web("main", "        launch: ec2\n        cpu: 256\n        memory: 512\n") + strings.Split(worker, "    services:\n")[1] +
				"    scheduled_tasks:\n      - { name: sweep, schedule: rate(1 day), command: bin/sweep }\n    launch: ec2\n",
			change: func(in *render.Input) {
				in.District.Network = &bcn.Network{NAT: render.NATGateway, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 2}
				in.District.CapacityProvider = render.CapacityProvider(in.District.Name)
			},
		},
		"variables_listed": {body: worker + `    environment:
      - { name: SHARED, value_from: /barcelona/example/shared/key }
      - { name: SESSION_SECRET, ssm_path: hello/session_secret }
`},
		"variables_read_at_runtime": {body: worker + `    environment:
      SESSION_SECRET: { ssm_path: hello/session_secret, read_at_runtime: true }
`},
		"web_public":       behind("        public: true\n"),
		"web_auto_scaling": behind("        auto_scaling: { min_count: 1, max_count: 4, requests: 1000 }\n"),
		"web_grace_period": behind("        health_check_grace_period: 300\n"),
		"task_role": {body: worker + `    task_role:
      - actions: [s3:PutObject, s3:GetObject]
        resources: ["arn:aws:s3:::hello-uploads/*"]
      - actions: [ses:SendEmail]
        resources: ["*"]
`},
		"repositories": {body: strings.ReplaceAll(worker, "123456789012.dkr.ecr.us-east-1.amazonaws.com/hello", "quay.io/acme/hello") + `    repositories:
      - { name: quay.io, credentials: "` + strings.Replace(pullPassword, "hello/quay", "hello/other", 1) + `" }
      - { name: quay.io/acme, credentials: "` + pullPassword + `" }
`},
		"keys": {
			body: worker + `    kms_key: alias/hello
    environment:
      DATABASE_URL: { ssm_path: hello/database_url }
      TOKEN: { value_from: "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/hello/api" }
`,
			change: func(in *render.Input) { in.Keys = []string{keyARN} },
		},
		"ssm_prefix": {
			body: worker + `    environment:
      - { name: WRITTEN, value: here }
      - { ssm_prefix: hello/ }
`,
			change: func(in *render.Input) {
				in.Parameters = map[string][]string{"/barcelona/example/hello/": {
					"/barcelona/example/hello/DATABASE_URL", "/barcelona/example/hello/WRITTEN", "/barcelona/example/hello/deep/SECRET",
				}}
			},
		},
		"read_at_runtime": {
			body: worker + `    environment:
      - { name: LICENCE, ssm_path: hello/licence, read_at_runtime: true }
      - { name: OTHER, ssm_path: hello/other }
`,
			change: func(in *render.Input) { in.Keys = []string{keyARN} },
		},
		"before_deploy": {body: worker + "    before_deploy: { command: bin/migrate, cpu: 1024, memory: 2048, timeout: 1h }\n"},
		"run_env":       {body: worker + "    run_env:\n      vars: { DISABLE_SPRING: \"1\" }\n"},
		"scheduled_tasks": {body: worker + `    scheduled_tasks:
      - { schedule: "cron(0 1 ? * MON-FRI *)", timezone: Asia/Tokyo, command: bin/rake report "last week" }
      - { name: sweep, schedule: rate(5 minutes), command: [bin/sweep, --all], cpu: 1024, memory: 2048, enabled: false }
      - { name: again, schedule: "at(2027-01-01T00:00:00)", command: bin/again }
`},
		"scheduled_tasks_ec2": {body: strings.Replace(worker, "    services:", "    launch: ec2\n    services:", 1) + `    scheduled_tasks:
      - { name: a-rather-long-name-of-a-task-that-is-hashed, schedule: rate(1 day), command: bin/sweep }
`, change: func(in *render.Input) {
			h := *in.Heritage
			h.Name = "a-heritage-with-a-long-name"
			in.Heritage = &h
		}},
		"overlay": {
			body: worker + "        desired_count: 1\n    environment:\n      - { name: LEVEL, value: info }\n      - { name: TOKEN, ssm_path: hello/token }\n",
			change: func(in *render.Input) {
				in.Overlay = bcn.Overlay{
					Env:    map[string]string{"LEVEL": "debug", "TOKEN": "none", "NEW": "1"},
					Counts: map[string]int{"worker": 3}, Restarts: map[string]string{"": "bcn-7"},
				}
			},
		},
	}
}
