// Package logs sends the lines of a district's services to another place than
// CloudWatch, through FireLens.
package logs

import (
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/plugin"
)

// memory is what the log router may use, in MiB (ECS Developer Guide, "Example
// Amazon ECS task definition: Route logs to FireLens" reserves 50).
const memory = 128

// Plugin is a FireLens log router, Fluent Bit, beside each service's
// container. Scheduled tasks go on writing to CloudWatch, where bcn reads why
// one failed.
func Plugin() plugin.Plugin {
	return plugin.Plugin{
		Name: "logs", Image: "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
		Settings: []plugin.Setting{
			{Name: "output", Required: true, Valid: output.MatchString, Form: "datadog, http, splunk or another output of Fluent Bit"},
		},
		More: option, Task: task,
	}
}

var (
	output = regexp.MustCompile(`^[a-z][a-z0-9_]{1,30}$`)
	key    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]{0,39}$`)
	// secret are the words that options with credentials have (Fluent Bit,
	// "Outputs": apikey, splunk_token, http_passwd, licenseKey, shared_key,
	// aws_secret_key, header).
	secret = regexp.MustCompile(`(?i)(key$|token|pass|secret|auth|credential|header|license)`)
	// notSecret are options that only sound so.
	notSecret = regexp.MustCompile(`(?i)^(dd_message_key|(.+_)?(tag|log|time|label|record|host|message|json_date|id|partition|routing|event|data|topic)_key|passthrough)$`)
)

// option is any option of the output, by its own name.
func option(name string) (plugin.Setting, bool) {
	if !key.MatchString(name) || strings.EqualFold(name, "name") || strings.EqualFold(name, "match") {
		return plugin.Setting{}, false // these two are FireLens's own
	}
	return plugin.Setting{Name: name, Secret: secret.MatchString(name) && !notSecret.MatchString(name)}, true
}

func task(t plugin.Task, v plugin.Values) plugin.Change {
	if t.Scheduled {
		return plugin.Change{}
	}
	route := plugin.Route{Options: map[string]string{"Name": v["output"]}, Secrets: map[string]string{}}
	for name, value := range v {
		s, ok := option(name)
		switch {
		case name == "output" || name == "image" || !ok:
		case s.Secret:
			route.Secrets[name] = value
		default:
			route.Options[name] = value
		}
	}
	return plugin.Change{
		Route: &route,
		// Without its router a task would run on and lose its lines.
		Sidecars: []plugin.Sidecar{{Name: "log-router", Essential: true, Memory: memory, Router: true}},
	}
}
