package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// agentKey is where the district's API key is, in the sample.
const agentKey = "/barcelona/default/plugin/datadog/key"

// A plugin from its command to the tasks that run with it.
func TestPluginOfADistrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.aws.Cluster().PutImage("agent", "7", cluster.Image{Behaviour: cluster.Healthy("agent listens")})
	commands := w.aws.SampleCommands()
	w.type1(commands[0], commands[1], "/bcn create ticker production --district default --source dir:examples/worker")
	const set = "district plugin set default datadog site=datadoghq.eu image=123456789012.dkr.ecr.us-east-1.amazonaws.com/agent:7 api_key="

	t.Run("a key that is typed is refused, and kept nowhere", func(t *testing.T) {
		w := w.in(t)
		const typed = "0123456789abcdef0123456789abcdef"
		if said := w.slash("U0ADMIN", deploys, set+typed); !strings.Contains(said, "takes a reference") || strings.Contains(said, typed) {
			t.Errorf("it says %s", said)
		}
		w.until("nothing of it is stored", `select not exists (select 1 from change where wish::text like '%0123456789abcdef%')
			and not exists (select 1 from inbox where request::text like '%0123456789abcdef%') and $1 = 0`, int64(0))
	})
	t.Run("who may not change districts cannot set one", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, set+agentKey)
		w.told("U0DEV", "district")
	})
	t.Run("what it refers to must be there", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate(set+agentKey, "change the district")
		r.ends(bcn.ChangeClosed, bcn.CodeMissingSecret)
	})
	t.Run("it is set with its image pinned, and says who picks it up", func(t *testing.T) {
		w := w.in(t)
		w.beside("ssm", "PutParameter", map[string]any{"Name": agentKey, "Value": "0123456789abcdef", "Type": "SecureString"})
		before := len(w.aws.Calls())
		r := w.administrate(set+agentKey, "change the district")
		r.ends(bcn.ChangeSucceeded, "")
		r.says("agent@sha256:", agentKey, "ticker production")
		w.nothingWritten(t, before)
		w.slash("U0ADMIN", deploys, "district plugin list default")
		w.told("U0ADMIN", "datadog", "agent@sha256:", agentKey)
	})
	t.Run("the next deploy runs it beside the app, and its execution role alone reads the key", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate("deploy ticker production v1", "ticker")
		r.ends(bcn.ChangeSucceeded, "")
		r.says("plugins: datadog")
		d := w.beside("ecs", "DescribeTaskDefinition", map[string]any{"taskDefinition": "ticker-worker"})["taskDefinition"].(map[string]any)
		list := d["containerDefinitions"].([]any)
		if len(list) != 2 {
			t.Fatalf("%d containers", len(list))
		}
		agent := list[1].(map[string]any)
		secret := agent["secrets"].([]any)[0].(map[string]any)
		if agent["name"] != "datadog-agent" || secret["name"] != "DD_API_KEY" || secret["valueFrom"] != agentKey {
			t.Errorf("%+v", agent)
		}
		if !strings.Contains(agent["image"].(string), "/agent@sha256:") {
			t.Errorf("it runs %s", agent["image"])
		}
		if !w.roleOf("ticker").reads(agentKey) {
			t.Error("the execution role cannot read the key")
		}
		if w.roleOf("ticker").reads("/barcelona/default/plugin/datadog/other") {
			t.Error("the execution role reads more than the key")
		}
		if w.taskRoleOf("ticker").reads(agentKey) {
			t.Error("the app itself can read the key")
		}
	})
	t.Run("once it is taken out, the next deploy runs without it", func(t *testing.T) {
		w := w.in(t)
		w.administrate("district plugin unset default datadog", "change the district").ends(bcn.ChangeSucceeded, "")
		w.administrate("restart ticker production", "ticker").ends(bcn.ChangeSucceeded, "")
		d := w.beside("ecs", "DescribeTaskDefinition", map[string]any{"taskDefinition": "ticker-worker"})["taskDefinition"].(map[string]any)
		if n := len(d["containerDefinitions"].([]any)); n != 1 {
			t.Errorf("%d containers", n)
		}
		if w.roleOf("ticker").reads(agentKey) {
			t.Error("the execution role still reads the key")
		}
		w.slash("U0ADMIN", deploys, "district plugin unset default datadog")
		w.told("U0ADMIN", "There is no plugin `datadog`")
	})
}
