// Package newrelic puts New Relic's infrastructure agent beside the tasks of a
// district.
package newrelic

import (
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/plugin"
)

// memory is what the agent may use, in MiB (newrelic/nri-ecs: its own task
// definition gives the container 256).
const memory = 256

// Plugin sends metrics of every task on Fargate to New Relic. There the agent
// sees only the task that it runs in.
func Plugin() plugin.Plugin {
	return plugin.Plugin{
		Name: "newrelic", Image: "docker.io/newrelic/nri-ecs:1.11.15",
		Settings: []plugin.Setting{{Name: "license_key", Required: true, Secret: true}},
		Task:     task,
	}
}

func task(t plugin.Task, v plugin.Values) plugin.Change {
	if !t.Fargate {
		return plugin.Change{}
	}
	return plugin.Change{Sidecars: []plugin.Sidecar{{
		Name: "newrelic-infra", Memory: memory,
		Environment: map[string]string{
			"FARGATE":                      "true",
			"NRIA_CUSTOM_ATTRIBUTES":       attributes(t),
			"NRIA_IS_FORWARD_ONLY":         "true",
			"NRIA_OVERRIDE_HOST_ROOT":      "",
			"NRIA_PASSTHROUGH_ENVIRONMENT": "ECS_CONTAINER_METADATA_URI,ECS_CONTAINER_METADATA_URI_V4,FARGATE",
		},
		Secrets: map[string]string{"NRIA_LICENSE_KEY": v["license_key"]},
	}}}
}

// attributes is a JSON object of strings. All are names, which JSON quotes as
// Go does.
func attributes(t plugin.Task) string {
	var out []string
	for _, p := range [][2]string{{"app", t.App}, {"district", t.District}, {"env", t.Env}, {"heritage", t.Heritage}, {"service", t.Name}} {
		out = append(out, strconv.Quote(p[0])+":"+strconv.Quote(p[1]))
	}
	return "{" + strings.Join(out, ",") + "}"
}
