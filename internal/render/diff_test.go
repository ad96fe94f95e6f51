package render_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

const other = "sha256:0000000000000000000000000000000000000000000000000000000000000001"

func TestDiff(t *testing.T) {
	t.Parallel()
	before := heritage(t, web("main", "")+strings.Split(worker, "    services:\n")[1]+`    environment:
      KEPT: { value: kept-value }
      CHANGED: { value: old-value }
      MOVED: { value: moved-value }
      GONE: { value: gone-value }
`)
	after := heritage(t, web("main", "        memory: 1024\n        exec: true\n")+`            health_check_path: /healthz
      - name: mailer
        command: bundle exec mailer
        exec: true
    environment:
      KEPT: { value: kept-value }
      CHANGED: { value: new-value }
      MOVED: { ssm_path: hello/moved }
      NEW: { value: added-value }
`)
	lines, unified := render.Diff(before, after, digest, other)
	want := []bcn.Line{
		{Mark: bcn.MarkChanged, What: "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/hello@9f86d081884c → 123456789012.dkr.ecr.us-east-1.amazonaws.com/hello@000000000000"},
		{Mark: bcn.MarkChanged, What: "service web: memory: 512 → 1024"},
		{Mark: bcn.MarkChanged, What: "service web: exec: false → true"},
		{Mark: bcn.MarkChanged, What: "service web: endpoint main: health check: / every 10 s, timeout 5 s, 2 good, 2 bad → /healthz every 10 s, timeout 5 s, 2 good, 2 bad"},
		{Mark: bcn.MarkAdded, What: "service mailer: worker, cpu as needed, memory 512, exec"},
		{Mark: bcn.MarkRemoved, What: "service worker"},
		{Mark: bcn.MarkChanged, What: "environment CHANGED"},
		{Mark: bcn.MarkChanged, What: "environment MOVED: a value → ssm_path hello/moved"},
		{Mark: bcn.MarkAdded, What: "environment NEW"},
		{Mark: bcn.MarkRemoved, What: "environment GONE"},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	for _, l := range []string{"-  CHANGED: a value\n", "+  CHANGED: another value\n", " KEPT: a value\n", "-  worker:\n", "+    memory: 1024\n", "+    exec: true\n"} {
		if !strings.Contains(unified, l) {
			t.Errorf("the diff lacks %q:\n%s", l, unified)
		}
	}
	t.Run("values are in neither", func(t *testing.T) {
		t.Parallel()
		all := unified
		for _, l := range lines {
			all += l.What
		}
		for _, v := range []string{"kept-value", "old-value", "new-value", "moved-value", "gone-value", "added-value"} {
			if strings.Contains(all, v) {
				t.Errorf("%s is shown", v)
			}
		}
	})
	t.Run("nothing changed is nothing said", func(t *testing.T) {
		t.Parallel()
		if lines, unified := render.Diff(before, before, digest, digest); len(lines) > 0 || unified != "" {
			t.Errorf("%v\n%s", lines, unified)
		}
	})
	t.Run("the first release is all added", func(t *testing.T) {
		t.Parallel()
		lines, unified := render.Diff(nil, before, "", digest)
		for _, l := range lines {
			if l.Mark != bcn.MarkAdded {
				t.Errorf("%+v", l)
			}
		}
		if len(lines) != 7 || !strings.Contains(unified, "+name: hello\n") {
			t.Errorf("%v\n%s", lines, unified)
		}
	})
}

// every key that a line of the plan tells, from one file to another.
const (
	fullBefore = worker + `        desired_count: 1
        stop_timeout: 30
        ulimits: [{ name: nofile, soft: 1, hard: 2 }]
        volumes: [{ name: scratch, path: /scratch }]
      - name: gone
        command: x
    before_deploy: bin/migrate
    scheduled_tasks:
      - { name: report, schedule: rate(1 day), command: bin/report }
      - { name: sweep, schedule: rate(1 hour), command: bin/sweep }
    run_env: { vars: { KEPT: kept-value, CHANGED: old-value, GONE: gone-value } }
    task_role:
      - { actions: [s3:GetObject], resources: ["arn:aws:s3:::b/*"] }
    environment:
      - { ssm_prefix: hello/ }
      - { name: LICENCE, ssm_path: hello/licence }
`
	fullAfter = worker + `        entrypoint: [/entry, "two words"]
        auto_scaling: { min_count: 2, max_count: 4, cpu: 50, memory: 60 }
        deployment: { minimum_percent: 50, alarms: [errors] }
        stop_timeout: 60
        ulimits: [{ name: nofile, soft: 1, hard: 3 }]
        volumes: [{ name: shared, path: /shared, read_only: true, efs: { file_system: fs-0a1b2c3d, access_point: fsap-0a1b2c3d } }]
        launch: ec2
    before_deploy: { command: bin/migrate, memory: 1024, timeout: 1h }
    scheduled_tasks:
      - { name: report, schedule: rate(2 days), command: bin/report, enabled: false }
      - { name: digest, schedule: "cron(0 1 * * ? *)", timezone: Asia/Tokyo, command: [bin/digest, "last week"] }
    run_env: { vars: { KEPT: kept-value, CHANGED: new-value, NEW: added-value } }
    repositories:
      - { name: quay.io, credentials: "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/hello/quay-AbCdEf" }
    task_role:
      - { actions: [s3:GetObject, s3:PutObject], resources: ["arn:aws:s3:::b/*"] }
    kms_key: alias/hello
    environment:
      - { name: LICENCE, ssm_path: hello/licence, read_at_runtime: true }
`
)

func TestDiffOfEveryKey(t *testing.T) {
	t.Parallel()
	lines, unified := render.Diff(heritage(t, fullBefore), heritage(t, fullAfter), digest, digest)
	var got []string
	for _, l := range lines {
		got = append(got, string(l.Mark)+" "+l.What)
	}
	want := []string{
		"added service worker: entrypoint: /entry \"two words\"",
		"removed service worker: desired_count: 1",
		"added service worker: auto_scaling: 2 to 4 tasks, cpu 50 %, memory 60 %",
		"added service worker: deployment: rolling: 50 % to 200 %, alarms errors",
		"changed service worker: stop_timeout: 30 s → 60 s",
		"changed service worker: ulimits: nofile 1/2 → nofile 1/3",
		"changed service worker: volumes: scratch at /scratch → shared at /shared from fs-0a1b2c3d by fsap-0a1b2c3d, read only",
		"added service worker: launch: ec2",
		"removed service gone",
		"changed environment LICENCE: ssm_path hello/licence → ssm_path hello/licence, read at run time",
		"removed environment ssm_prefix hello/",
		"changed before_deploy: bin/migrate, cpu as needed, memory 512, timeout 30m0s → bin/migrate, cpu as needed, memory 1024, timeout 1h0m0s",
		"added scheduled task digest: cron(0 1 * * ? *) Asia/Tokyo: bin/digest \"last week\", cpu 512, memory 1512",
		"changed scheduled task report: rate(1 day) UTC: bin/report, cpu 512, memory 1512 → rate(2 days) UTC: bin/report, cpu 512, memory 1512, disabled",
		"removed scheduled task sweep",
		"changed run_env CHANGED",
		"added run_env NEW",
		"removed run_env GONE",
		"added repository quay.io: arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/hello/quay-AbCdEf",
		"added task_role: s3:PutObject on arn:aws:s3:::b/*",
		"added kms_key: alias/hello",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	for _, l := range []string{"+    launch: ec2\n", "+  CHANGED: another value\n", "+kms_key: alias/hello\n", "-  gone:\n", "+  s3:PutObject on arn:aws:s3:::b/*\n"} {
		if !strings.Contains(unified, l) {
			t.Errorf("the diff lacks %q:\n%s", l, unified)
		}
	}
	all := unified + strings.Join(got, "\n")
	for _, v := range []string{"kept-value", "old-value", "new-value", "gone-value", "added-value"} {
		if strings.Contains(all, v) {
			t.Errorf("%s is shown", v)
		}
	}
}

func TestDiffOfTheSameIsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := anyHeritage(t)
		other := turned(input(h)).Heritage
		if lines, unified := render.Diff(h, h, digest, digest); len(lines) > 0 || unified != "" {
			t.Fatalf("%v\n%s", lines, unified)
		}
		if lines, _ := render.Diff(h, other, digest, digest); len(lines) > 0 {
			t.Fatalf("%v", lines)
		}
	})
}
