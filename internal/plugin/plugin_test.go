package plugin_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/plugin"
	"github.com/bcn-bot/bcn/internal/plugin/shipped"
)

var tokyo = bcn.District{Name: "tokyo", Region: "ap-northeast-1", Account: "123456789012"}

const (
	parameter = "/barcelona/tokyo/plugin/key"
	secretARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:barcelona/tokyo/plugin/key-AbCdEf"
)

func TestReference(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		parameter:            true,
		parameter + "/below": true,
		"arn:aws:ssm:ap-northeast-1:123456789012:parameter/barcelona/tokyo/plugin/key": true,
		secretARN:                      true,
		secretARN + ":api_key::":       true,
		secretARN + ":api_key":         true,
		"":                             false,
		"plugin/key":                   false,
		"/barcelona/tokyo/plugin/":     false,
		"/barcelona/tokyo/plugin/*":    false,
		"/barcelona/tokyo/plugin/a//b": false,
		"/barcelona/tokyo/plugin/$key": false,
		"/barcelona/tokyo/hello/key":   false,
		"/barcelona/tokyo2/plugin/key": false,
		strings.Replace(secretARN, "123456789012", "210987654321", 1):         false,
		strings.Replace(secretARN, "ap-northeast-1", "us-east-1", 1):          false,
		strings.Replace(secretARN, "plugin", "hello", 1):                      false,
		strings.Replace(secretARN, "arn:aws:", "arn:aws-cn:", 1):              false,
		strings.Replace(secretARN, "key-AbCdEf", "*", 1):                      false,
		"arn:aws:ssm:ap-northeast-1:123456789012:parameter/barcelona/tokyo/*": false,
	} {
		if got := plugin.Reference(tokyo, value); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		plugin   string
		settings map[string]string
		want     bcn.Code
	}{
		"everything of datadog":         {"datadog", map[string]string{"api_key": parameter, "site": "us5.datadoghq.com"}, ""},
		"a pinned image":                {"datadog", map[string]string{"api_key": parameter, "image": "ghcr.io/acme/agent@sha256:" + strings.Repeat("0a", 32)}, ""},
		"options of an output":          {"logs", map[string]string{"output": "http", "tls.verify": "on", "Header": secretARN}, ""},
		"no key":                        {"newrelic", nil, bcn.CodePluginSettings},
		"an empty key":                  {"newrelic", map[string]string{"license_key": ""}, bcn.CodePluginSettings},
		"a key itself":                  {"newrelic", map[string]string{"license_key": "0123456789"}, bcn.CodePluginLiteral},
		"a site that is none":           {"datadog", map[string]string{"api_key": parameter, "site": "datadoghq.com.evil.example"}, bcn.CodePluginSettings},
		"a setting of another plugin":   {"datadog", map[string]string{"api_key": parameter, "license_key": parameter}, bcn.CodePluginSettings},
		"a second output":               {"logs", map[string]string{"output": "http", "Name": "null"}, bcn.CodePluginSettings},
		"another match":                 {"logs", map[string]string{"output": "http", "match": "*"}, bcn.CodePluginSettings},
		"a line of configuration":       {"logs", map[string]string{"output": "http", "Host": "a\n[OUTPUT]"}, bcn.CodePluginSettings},
		"a name with a line":            {"logs", map[string]string{"output": "http", "Host\nName": "a"}, bcn.CodePluginSettings},
		"a value that is too long":      {"logs", map[string]string{"output": "http", "Host": strings.Repeat("a", 501)}, bcn.CodePluginSettings},
		"addresses of packages":         {"pcidss", map[string]string{"repository": "https://rpm.example.com/wazuh/4.x/", "key": "https://rpm.example.com:8443/KEY"}, ""},
		"no address of packages":        {"pcidss", map[string]string{"key": "https://rpm.example.com/KEY"}, bcn.CodePluginSettings},
		"packages without encryption":   {"pcidss", map[string]string{"repository": "http://rpm.example.com", "key": "https://rpm.example.com/KEY"}, bcn.CodePluginSettings},
		"an address with a command":     {"pcidss", map[string]string{"repository": "https://rpm.example.com/$(id)", "key": "https://rpm.example.com/KEY"}, bcn.CodePluginSettings},
		"an address with a quote":       {"pcidss", map[string]string{"repository": "https://rpm.example.com/'", "key": "https://rpm.example.com/KEY"}, bcn.CodePluginSettings},
		"an image that nobody can pull": {"logs", map[string]string{"output": "http", "image": "Acme agent:1"}, bcn.CodePluginSettings},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := shipped.Table().Find(x.plugin)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(tokyo, x.settings); bcn.CodeOf(err) != x.want {
				t.Errorf("%v, want %q", err, x.want)
			}
		})
	}
}

func TestOptionsOfLogsThatAreCredentials(t *testing.T) {
	t.Parallel()
	p, err := shipped.Table().Find("logs")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"apikey": true, "api_key": true, "licenseKey": true, "splunk_token": true, "http_Passwd": true, "Header": true,
		"shared_key": true, "aws_secret_key": true, "password": true, "HTTP_Token": true, "bearer_token": true, "pass": true,
		"Host": false, "Port": false, "TLS": false, "dd_message_key": false, "json_date_key": false, "output": false, "image": false, "tag_key": false,
	} {
		if got := p.Secret(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestImagesAreNamesAndTags(t *testing.T) {
	t.Parallel()
	for _, p := range shipped.Table() {
		name, tag := p.Wanted(nil)
		if name == "" || tag == "" || name+":"+tag != p.Image {
			t.Errorf("%s: %s %s", p.Name, name, tag)
		}
	}
	p := shipped.Table()[0]
	for image, want := range map[string][2]string{
		"localhost:5000/agent:7":     {"localhost:5000/agent", "7"},
		"ghcr.io/acme/agent@sha256:": {"ghcr.io/acme/agent", "sha256:"},
	} {
		if name, tag := p.Wanted(map[string]string{"image": image}); name != want[0] || tag != want[1] {
			t.Errorf("%s: %s %s", image, name, tag)
		}
	}
}

func TestTableIsSortedAndItsPluginsArePure(t *testing.T) {
	t.Parallel()
	if names := shipped.Table().Names(); !slices.IsSorted(names) || len(names) != len(slices.Compact(slices.Clone(names))) {
		t.Errorf("the table is not sorted: %v", names)
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z][a-z0-9-]{1,12}`)
		task := plugin.Task{
			District: word.Draw(t, "district"), App: word.Draw(t, "app"), Env: word.Draw(t, "env"), Name: word.Draw(t, "name"),
			Scheduled: rapid.Bool().Draw(t, "scheduled"), Fargate: rapid.Bool().Draw(t, "fargate"),
		}
		p := rapid.SampledFrom([]plugin.Plugin(shipped.Table())).Draw(t, "plugin")
		settings := rapid.MapOf(word, rapid.String()).Draw(t, "settings")
		for _, s := range p.Settings {
			settings[s.Name] = parameter
		}
		before := maps.Clone(settings)
		one, two := p.Task(task, settings), p.Task(task, settings)
		if !reflect.DeepEqual(one, two) || !maps.Equal(before, settings) {
			t.Fatalf("%s is not pure", p.Name)
		}
		for _, c := range one.Sidecars {
			if c.Memory <= 0 || c.Name == "" {
				t.Fatalf("%s: %+v", p.Name, c)
			}
		}
	})
}

// FuzzReference: what is taken for a reference can be put into a policy, and
// means one parameter or secret of the district's folder.
func FuzzReference(f *testing.F) {
	for _, seed := range []string{parameter, secretARN, "/barcelona/tokyo/plugin/../hello/key", parameter + "*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if plugin.Reference(tokyo, value) && (strings.ContainsAny(value, "*?$\n\"") || !strings.Contains(value, "barcelona/tokyo/plugin/")) {
			t.Errorf("%q is taken for a reference", value)
		}
	})
}
