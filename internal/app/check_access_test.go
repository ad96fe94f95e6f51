package app

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/roles"
)

func TestCheckLooksAtWhatAccessNeeds(t *testing.T) {
	t.Parallel()
	server, err := aws.New(aws.Options{Sample: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := awsx.New(t.Context(), awsx.Options{Isolated: true, Endpoint: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	in := roles.Input{District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion}
	target := bcn.Target{
		ExternalID: "any", Session: "bcn-check", Identity: bcn.SystemIdentity,
		District: bcn.District{
			Name: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion, Role: in.BotRoleARN(), Environments: []string{"production"},
		},
	}
	sample := config.Access{RunAs: roles.DefaultRunAs, Idle: 5 * time.Minute}
	changed := sample
	changed.RunAs = "operator"
	withPort := sample
	withPort.Ports = []config.Port{{District: "default", Name: "orders", Host: "orders.db.internal", Port: 5432, Through: aws.SampleNode}}
	unknown, elsewhere := sample, sample
	unknown.Ports = []config.Port{{District: "default", Name: "billing", Host: "billing.db.internal", Port: 5432, Through: aws.SampleNode}}
	elsewhere.Ports = []config.Port{{District: "default", Name: "orders", Host: "another.db.internal", Port: 5432, Through: aws.SampleNode}}
	rule := func(to ...string) config.Rule { return config.Rule{Allow: []string{"oncall"}, To: to} }
	staging := rule("access")
	staging.On = []string{"staging"}
	const command = "bot iam --district default --access"
	for name, c := range map[string]struct {
		access config.Access
		rules  []config.Rule
		faults int
		says   []string
	}{
		"rules that name no access ask for nothing":      {sample, []config.Rule{rule("*"), rule("deploy")}, 0, nil},
		"a rule for environments elsewhere asks nothing": {sample, []config.Rule{staging}, 0, nil},
		"tasks need their role":                          {sample, []config.Rule{rule("access", "access:live")}, 0, []string{"ok    district default: access, access:live"}},
		"nodes need their role and all documents":        {sample, []config.Rule{rule("access:instance")}, 0, []string{"ok    district default: access:instance"}},
		"documents that are not as printed are told":     {changed, []config.Rule{rule("access:instance")}, 5, []string{"bcn-default-session-10m", "not as printed", command}},
		"a port needs its role and document":             {withPort, []config.Rule{rule("access:port")}, 0, []string{"ok    district default: access:port"}},
		"a port without a document is told":              {unknown, []config.Rule{rule("access:port")}, 1, []string{"bcn-default-port-billing", "missing", command}},
		"a port whose document goes elsewhere is told":   {elsewhere, []config.Rule{rule("access:port")}, 1, []string{"bcn-default-port-orders", "not as printed", command}},
		"a port without a database needs nothing":        {sample, []config.Rule{rule("access:port")}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := &config.Config{Rules: c.rules, Access: c.access}
			var out strings.Builder
			check := &checker{out: &out}
			check.access(t.Context(), apply.New(client, apply.Options{AccessInput: accessOf(cfg)}), cfg, target)
			if check.faults != c.faults || c.says == nil && out.Len() > 0 {
				t.Errorf("%d faults:\n%s", check.faults, out.String())
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("says nothing of %q:\n%s", want, out.String())
				}
			}
		})
	}
}
