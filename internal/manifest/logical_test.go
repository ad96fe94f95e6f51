package manifest_test

import "testing"

func TestPartsOfOneLogicalID(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		file string
		want []string
	}{
		"a service called like another's task definition": {
			one(name, image, "services: [{name: web, command: x}, {name: web-TaskDefinition, command: x}]"),
			[]string{`the service "web-TaskDefinition" and the service "web" would both be webTaskDefinition in the stack (rename one)`},
		},
		"the other way around": {
			one(name, image, "services: [{name: webTaskDefinition, command: x}, {name: web, command: x}]"),
			[]string{`the service "web" and the service "webTaskDefinition" would both be webTaskDefinition in the stack (rename one)`},
		},
		"two endpoints that differ by hyphens": {
			listeners("{endpoint: my-lb}, {endpoint: mylb}"),
			[]string{
				`the service "web" at the endpoint "mylb" and the service "web" at the endpoint "my-lb" would both be webTargetGroupmylb in the stack (rename one)`,
			},
		},
		"a service called like a task": {
			one(name, image, "services: [{name: Schedulereport, command: x}]", "scheduled_tasks: [{name: report, schedule: rate(1 day), command: x}]"),
			[]string{
				`the scheduled task "report" and the service "Schedulereport" would both be Schedulereport in the stack (rename one)`,
			},
		},
		"names that only begin alike": {one(name, image, "services: [{name: web, command: x}, {name: webTask, command: x}]"), nil},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			compare(t, c.want, c.file)
		})
	}
}
