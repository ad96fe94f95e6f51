package deploy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

func TestWhatTheRunningVersionLoses(t *testing.T) {
	t.Parallel()
	read := func(rest string) *manifest.Heritage {
		f, problems := manifest.Parse("file", []byte("environments:\n  production:\n    name: hello\n    image_name: hello\n    services: [{ name: worker, command: work }]\n"+rest))
		if manifest.Failed(problems) {
			t.Fatal(problems)
		}
		h, problem := f.Environment("production")
		if problem != nil {
			t.Fatal(problem)
		}
		return h
	}
	const (
		a, b, both = "    environment: { A: { ssm_path: hello/a } }\n", "    environment: { B: { ssm_path: hello/b } }\n", "    environment: { A: { ssm_path: hello/a }, B: { ssm_path: hello/b } }\n"
		renamed    = "    environment: { C: { ssm_path: hello/a } }\n"
		tasks      = "    scheduled_tasks: [{ name: report, schedule: rate(1 hour), command: report }]\n"
		reads      = "    task_role: [{ actions: [\"s3:GetObject\", \"s3:PutObject\"], resources: [\"arn:aws:s3:::acme/*\"] }]\n"
		getsOnly   = "    task_role: [{ actions: [\"s3:GetObject\"], resources: [\"arn:aws:s3:::acme/*\"] }]\n"
	)
	names := func(list string) []bcn.Finding {
		return []bcn.Finding{{ID: "references_go", Level: bcn.Warn, Params: map[string]string{"names": list}}}
	}
	for _, c := range []struct {
		name        string
		before, now string
		want        []bcn.Finding
	}{
		{"the same", both, both, nil},
		{"more", a, both, nil},
		{"a reference that goes", both, a, names("B")},
		{"one in place of another", a, b, names("A")},
		{"another name for the same parameter", a, renamed, nil},
		{"some of several scheduled tasks", tasks, tasks, nil},
		{"the last scheduled task", tasks, "", []bcn.Finding{{ID: "schedule_role_goes", Level: bcn.Warn}}},
		{"an action of the task role", reads, getsOnly, []bcn.Finding{{ID: "task_role_goes", Level: bcn.Warn, Params: map[string]string{"actions": "s3:putobject"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := deployment{before: read(c.before), manifest: read(c.now), district: bcn.District{Name: "default"}, bound: bcn.Heritage{App: "hello"}}
			d.narrows()
			if diff := cmp.Diff(c.want, d.warnings); diff != "" {
				t.Error(diff)
			}
		})
	}
	first := deployment{manifest: read(a)}
	first.narrows()
	if len(first.warnings) != 0 {
		t.Errorf("the first deploy: %+v", first.warnings)
	}
}
