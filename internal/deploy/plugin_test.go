package deploy_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// proposed answers every proposal with a change set that holds its template.
type proposed struct{ deploy.Stacks }

func (proposed) Propose(_ context.Context, _ bcn.Target, name string, p bcn.Proposal, _ string) (bcn.StackPlan, error) {
	return bcn.StackPlan{Name: p.Name, ChangeSet: name, Template: p.Template}, nil
}

// pinnedTag is a registry in which every tag is one image.
type pinnedTag struct{ deploy.Images }

const pinnedDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func (pinnedTag) Resolve(context.Context, bcn.Target, string, string, string) (string, error) {
	return pinnedDigest, nil
}

// allThere has whatever a plugin refers to.
type allThere struct{ deploy.References }

func (allThere) Missing(context.Context, bcn.Target, []bcn.SecretRef) ([]bcn.SecretRef, error) {
	return nil, nil
}

// A plugin for machines changes the district's own stack, and one plan says so.
func TestAPluginForMachinesIsPlanned(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	wazuh := map[string]string{"repository": "https://rpm.example.com/wazuh/4.x", "key": "https://rpm.example.com/wazuh/KEY"}
	// asked stores the wish for a district that bcn made; the plan is its own.
	asked := func(t *testing.T, launch string, set []bcn.Plugin, edit deploy.PluginEdit) (*world, bcn.ID, error) {
		t.Helper()
		w := newWorld(t)
		n := bcn.Network{NAT: "managed_gateway", Launch: launch}
		if launch == "ec2" {
			n.InstanceType, n.Size = "m6i.large", 2
		}
		d, err := json.Marshal(bcn.District{
			Name: "tokyo", Region: "ap-northeast-1", Account: "123456789012", CIDR: "10.0.0.0/16", Network: &n,
			Environments: []string{"production"}, Bucket: "bcn-tokyo-123456789012", Plugins: set,
		})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, w.owner, `insert into district (name, body) values ('tokyo', '`+string(d)+`')`)
		w.Stacks, w.Images, w.References, w.ExternalID = proposed{}, pinnedTag{}, allThere{}, func(string) string { return "" }
		a, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), deploy.Wish{
			Kind: bcn.KindDistrictUpdate, Edit: &deploy.Edit{Name: "tokyo", Plugin: &edit},
		})
		return w, a.ID, err
	}
	planned := func(t *testing.T, set []bcn.Plugin, edit deploy.PluginEdit) (bcn.Plan, string) {
		t.Helper()
		w, id, err := asked(t, "ec2", set, edit)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tick(ctx, id); err != nil {
			t.Fatal(err)
		}
		stored, err := w.store.Plan(ctx, id)
		if err != nil {
			t.Fatalf("%v: %+v", err, w.change(id))
		}
		var p bcn.Plan
		if err := json.Unmarshal(stored.Bytes, &p); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, l := range p.Lines {
			lines = append(lines, string(l.Mark)+" "+l.What)
		}
		return p, strings.Join(lines, "\n")
	}
	t.Run("setting pcidss pins the manager's image, renders the network anew and says that machines are exchanged", func(t *testing.T) {
		t.Parallel()
		p, lines := planned(t, nil, deploy.PluginEdit{Name: "pcidss", Settings: wazuh})
		for _, want := range []string{
			"plugin pcidss: runs docker.io/wazuh/wazuh-manager@" + pinnedDigest,
			"plugin pcidss: repository=" + wazuh["repository"], "the machines are exchanged one by one",
		} {
			if !strings.Contains(lines, want) {
				t.Errorf("not said: %q\n%s", want, lines)
			}
		}
		if len(p.Stacks) != 1 || !strings.Contains(string(p.Stacks[0].Template), "wazuh-manager@"+pinnedDigest) {
			t.Errorf("%d stacks; the manager is not in the network's", len(p.Stacks))
		}
		var d bcn.District
		if err := json.Unmarshal(p.Record, &d); err != nil || len(d.Plugins) != 1 || !maps.Equal(d.Plugins[0].Settings, wazuh) {
			t.Errorf("recorded: %+v, %v", d.Plugins, err)
		}
	})
	t.Run("taking it out takes the manager out of the network's stack", func(t *testing.T) {
		t.Parallel()
		p, lines := planned(t, []bcn.Plugin{{Name: "pcidss", Image: "docker.io/wazuh/wazuh-manager@" + pinnedDigest, Settings: wazuh}},
			deploy.PluginEdit{Name: "pcidss", Unset: true})
		if !strings.Contains(lines, string(bcn.MarkRemoved)+" plugin pcidss: runs ") {
			t.Errorf("the removal is not said\n%s", lines)
		}
		if len(p.Stacks) != 1 || strings.Contains(string(p.Stacks[0].Template), "wazuh") {
			t.Errorf("%d stacks, or the manager stays", len(p.Stacks))
		}
	})
	t.Run("a district without machines refuses it before there is a plan", func(t *testing.T) {
		t.Parallel()
		if _, _, err := asked(t, "fargate", nil, deploy.PluginEdit{Name: "pcidss", Settings: wazuh}); bcn.CodeOf(err) != bcn.CodePluginMachines {
			t.Error(err)
		}
	})
	t.Run("a repository that a shell would read more into is refused", func(t *testing.T) {
		t.Parallel()
		bad := map[string]string{"repository": "https://rpm.example.com/$(id)", "key": wazuh["key"]}
		if _, _, err := asked(t, "ec2", nil, deploy.PluginEdit{Name: "pcidss", Settings: bad}); err == nil {
			t.Error("accepted")
		}
	})
}
