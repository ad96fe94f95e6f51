package commands

import (
	"errors"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// typedKey is what nobody should type.
const typedKey = "0123456789abcdef0123456789abcdef"

func TestPluginSetRefuses(t *testing.T) {
	t.Parallel()
	const ref = "/barcelona/main/plugin/datadog/api_key"
	for name, x := range map[string]struct {
		text string
		want bcn.Code
	}{
		"a key itself":                          {"district plugin set main datadog api_key=" + typedKey, bcn.CodePluginLiteral},
		"a key of another plugin":               {"district plugin set main newrelic license_key=" + typedKey, bcn.CodePluginLiteral},
		"a password of a log destination":       {"district plugin set main logs output=http http_Passwd=" + typedKey, bcn.CodePluginLiteral},
		"a key under a name that needs no ref":  {"district plugin set main logs output=http Host=" + typedKey, bcn.CodeLooksSecret},
		"a key beside an unknown name":          {"district plugin set main datadog api_key=" + ref + " other=" + typedKey, bcn.CodeLooksSecret},
		"a reference to an app's secret":        {"district plugin set main datadog api_key=/barcelona/main/hello/database_url", bcn.CodePluginLiteral},
		"a reference to another district's":     {"district plugin set main datadog api_key=/barcelona/tokyo/plugin/key", bcn.CodePluginLiteral},
		"a plugin that is none":                 {"district plugin set main vpn a=b", bcn.CodeUnknownName},
		"a missing setting":                     {"district plugin set main datadog site=datadoghq.eu", bcn.CodePluginSettings},
		"an unknown setting":                    {"district plugin set main datadog api_key=" + ref + " colour=red", bcn.CodePluginSettings},
		"a setting of the wrong form":           {"district plugin set main datadog api_key=" + ref + " site=example.com", bcn.CodePluginSettings},
		"an image without tag or digest":        {"district plugin set main datadog api_key=" + ref + " image=agent", bcn.CodePluginSettings},
		"a setting twice":                       {"district plugin set main datadog api_key=" + ref + " api_key=" + ref, bcn.CodeUsage},
		"a word that is no pair":                {"district plugin set main datadog " + typedKey, bcn.CodeUsage},
		"no settings":                           {"district plugin set main datadog", bcn.CodeUsage},
		"taking out nothing":                    {"district plugin unset main", bcn.CodeUsage},
		"a third word that is none":             {"district plugin install main", bcn.CodeUnknownVerb},
		"an output of the log router in quotes": {"district plugin set main logs 'output=ht tp'", bcn.CodePluginSettings},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(x.text, "/bcn")
			if bcn.CodeOf(err) != x.want {
				t.Errorf("%s: %v, want %s", x.text, err, x.want)
			}
			var e *bcn.Error
			if errors.As(err, &e) {
				for k, v := range e.Params {
					if strings.Contains(v, typedKey) {
						t.Errorf("%s says the key back", k)
					}
				}
			}
		})
	}
	for name, text := range map[string]string{
		"a parameter":                 "district plugin set main datadog api_key=" + ref + " --reason metrics for all",
		"a secret by its ARN":         "district plugin set main newrelic license_key=arn:aws:secretsmanager:eu-west-1:123456789012:secret:barcelona/main/plugin/nr-AbCdEf",
		"a key of a secret":           "district plugin set main newrelic license_key=arn:aws:secretsmanager:eu-west-1:123456789012:secret:barcelona/main/plugin/nr-AbCdEf:key::",
		"an image of one's own":       "district plugin set main datadog api_key=" + ref + " image=123456789012.dkr.ecr.eu-west-1.amazonaws.com/agent:7",
		"options of a log's output":   "district plugin set main logs output=datadog Host=http-intake.logs.datadoghq.eu TLS=on dd_message_key=log apikey=/barcelona/main/plugin/logs/key",
		"taking one out":              "district plugin unset main datadog",
		"the list":                    "district plugin list main",
		"a second word with capitals": "district Plugin LIST main",
	} {
		t.Run(name+" is understood", func(t *testing.T) {
			t.Parallel()
			if _, err := parse(text, "/bcn"); err != nil {
				t.Error(err)
			}
		})
	}
}
