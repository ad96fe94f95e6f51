package authz_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

func TestWhoApprovesWhatAGuardrailWantsApproved(t *testing.T) {
	t.Parallel()
	leads := &config.Approve{By: list("leads"), Count: 2, Within: 10 * time.Minute}
	boss := &config.Approve{By: list("bosses"), Within: time.Minute}
	deploy := authz.Ask{Verb: "deploy", Env: "production", App: "hello"}
	for _, c := range []struct {
		name   string
		rules  []config.Rule
		want   []bcn.Need
		within time.Duration
	}{
		{"nobody is named: an administrator", nil, []bcn.Need{{Teams: list("admins"), Count: 1}}, time.Hour},
		{"those of the first rule about it", []config.Rule{
			{Allow: list("developers"), To: list("deploy"), On: list("production")},
			{Allow: list("oncall"), To: list("deploy"), On: list("production"), Approve: leads},
			{Allow: list("oncall"), To: list("*"), Approve: boss},
		}, []bcn.Need{{Teams: list("leads"), Count: 2}}, 10 * time.Minute},
		{"also of one for destructive plans", []config.Rule{
			{Allow: list("developers"), To: list("deploy"), Destructive: yes(), Approve: leads},
		}, []bcn.Need{{Teams: list("leads"), Count: 2}}, 10 * time.Minute},
		{"not of one about something else", []config.Rule{
			{Allow: list("developers"), To: list("deploy"), On: list("staging"), Approve: leads},
			{Allow: list("developers"), To: list("access"), Approve: leads},
			{Allow: list("developers"), To: list("deploy"), Apps: list("shop"), Approve: leads},
			{Allow: list("developers"), To: list("*"), Approve: boss},
		}, []bcn.Need{{Teams: list("bosses"), Count: 1}}, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := staff().authorizer(c.rules...).Approvers(deploy)
			if diff := cmp.Diff(c.want, v.Needs); diff != "" || v.Within != c.within {
				t.Errorf("%s %s", v.Within, diff)
			}
		})
	}
}

func TestAVerdictKnowsWhetherItsRuleIsForDestructivePlans(t *testing.T) {
	t.Parallel()
	a := staff().authorizer(
		config.Rule{Allow: list("developers"), To: list("deploy"), Destructive: yes()},
		config.Rule{Allow: list("developers"), To: list("*")},
	)
	judge := func(ask authz.Ask) authz.Verdict {
		v, err := a.Judge(context.Background(), person("U0DEV"), ask)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	command := judge(authz.Ask{Verb: "deploy", DestructiveNotKnown: true})
	harmless, removes := judge(authz.Ask{Verb: "deploy"}), judge(authz.Ask{Verb: "deploy", Destructive: true})
	other := judge(authz.Ask{Verb: "rollback", Destructive: true})
	if command.Destructive || harmless.Destructive || !removes.Destructive || other.Destructive {
		t.Errorf("%v %v %v %v", command.Destructive, harmless.Destructive, removes.Destructive, other.Destructive)
	}
	if !authz.Stricter(command, removes).Destructive || authz.Stricter(removes, command).Destructive {
		t.Error("it is that of the verdict that knows the plan")
	}
	command.Needs = []bcn.Need{{Teams: list("leads"), Count: 1}}
	if v := authz.Stricter(command, removes); !v.Destructive || !v.Gated() {
		t.Errorf("the command's approval takes it away: %+v", v)
	}
}
