// Package datadog puts the Datadog Agent beside the tasks of a district.
package datadog

import (
	"regexp"

	"github.com/bcn-bot/bcn/internal/plugin"
)

// memory is what the agent may use, in MiB (Datadog, "Amazon ECS on AWS
// Fargate": its examples reserve 256 for the agent).
const memory = 256

// Plugin sends metrics and traces of every task on Fargate to Datadog. There
// the agent sees only the task that it runs in (Datadog, "Amazon ECS on AWS
// Fargate"), so that each has its own.
func Plugin() plugin.Plugin {
	return plugin.Plugin{
		Name: "datadog", Image: "public.ecr.aws/datadog/agent:7",
		Settings: []plugin.Setting{
			{Name: "api_key", Required: true, Secret: true},
			{Name: "site", Valid: site.MatchString, Form: "datadoghq.eu"},
		},
		Task: task,
	}
}

// site is a Datadog site (Datadog, "Getting Started with Datadog Sites").
var site = regexp.MustCompile(`^([a-z0-9]+\.)?(datadoghq\.(com|eu)|ddog-gov\.com)$`)

func task(t plugin.Task, v plugin.Values) plugin.Change {
	if !t.Fargate {
		return plugin.Change{}
	}
	agent := plugin.Sidecar{
		Name: "datadog-agent", Memory: memory,
		Environment: map[string]string{
			"ECS_FARGATE": "true",
			"DD_TAGS":     "district:" + t.District + " app:" + t.App + " env:" + t.Env + " heritage:" + t.Heritage + " service:" + t.Name,
		},
		Secrets: map[string]string{"DD_API_KEY": v["api_key"]},
	}
	if v["site"] != "" {
		agent.Environment["DD_SITE"] = v["site"]
	}
	return plugin.Change{Sidecars: []plugin.Sidecar{agent}}
}
