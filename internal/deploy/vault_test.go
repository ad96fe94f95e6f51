package deploy_test

import (
	"context"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/directory"
	localvault "github.com/bcn-bot/bcn/internal/local/vault"
	"github.com/bcn-bot/bcn/internal/vault"
)

// keeps is the policy of who keeps an app in the district default.
func keeps(app string) string {
	return `path "secret/barcelona/districts/default/heritages/` + app + `/+" { capabilities = ["update"] }`
}

// vaulted is a world in which Vault decides who the leads of a heritage are: two
// of hello, and one of another app.
func vaulted(t *testing.T) (*world, *localvault.Server) {
	t.Helper()
	s := localvault.New(localvault.Options{})
	if err := s.Sample(); err != nil {
		t.Fatal(err)
	}
	for name, rules := range map[string]string{"hello": keeps("hello"), "other": keeps("other")} {
		if err := s.SetPolicy(name, rules); err != nil {
			t.Fatal(err)
		}
	}
	s.SetEntity(localvault.Entity{Name: "lead", Policies: []string{"hello"}})
	s.SetEntity(localvault.Entity{Name: "lead2", Policies: []string{"hello"}})
	s.SetEntity(localvault.Entity{Name: "lead3", Policies: []string{"other"}})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(vault.Options{Addr: s.URL(), AppRole: &vault.AppRole{RoleID: localvault.SampleRole, SecretID: s.SampleSecret()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close(); _ = s.Close() })
	people := []config.Person{{Slack: "U0LEAD", Vault: "lead"}, {Slack: "U0LEAD2", Vault: "lead2"}, {Slack: "U0LEAD3", Vault: "lead3"}}
	dir := directory.New(directory.Options{Vault: v, People: people, Teams: map[string]config.Team{
		"developers": {Members: []string{"U0DEV"}}, "admins": {Members: []string{"U0ADMIN"}},
		"leads": {VaultPolicy: &config.VaultPolicy{Path: "secret/barcelona/districts/{district}/heritages/{app}/{env}", Capability: "update"}},
	}})
	w := newWorld(t).settled()
	w.Members = dir
	w.Authz = authz.New(authz.Options{
		Rules: []config.Rule{rule(func(*config.Rule) {})}, People: w.staff, Teams: dir, Persons: people, Workspace: authz.Workspace{Team: home},
	})
	return w, s
}

// Who approves is asked of Vault about the heritage of the request and its
// district, at the click and before anything runs.
func TestVaultDecidesWhoApproves(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("keepers of the heritage approve, those of another do not", func(t *testing.T) {
		t.Parallel()
		w, s := vaulted(t)
		id := w.waiting("U0DEV", time.Hour)
		pending, err := w.store.Pending(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for user, want := range map[string]bool{"U0LEAD": true, "U0LEAD3": false} {
			if mine, err := w.Decides(ctx, person(user), pending); mine[id] != want || err != nil {
				t.Errorf("it waits for %s: %v, %v", user, mine[id], err)
			}
		}
		if _, err := w.decide("U0LEAD3", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeNotEligible {
			t.Errorf("a keeper of another app: %v", err)
		}
		w.must(w.decide("U0LEAD", id, bcn.Approve))
		w.must(w.decide("U0LEAD2", id, bcn.Approve))
		if err := w.still(id, bcn.Plan{}); err != nil {
			t.Errorf("approved: %v", err)
		}
		s.SetEntity(localvault.Entity{Name: "lead2", Policies: []string{"hello"}, Disabled: true})
		if err := w.still(id, bcn.Plan{}); bcn.CodeOf(err) != bcn.CodePlanMoved {
			t.Errorf("one of them is disabled since: %v", err)
		}
		s.Seal(true)
		if err := w.still(id, bcn.Plan{}); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("sealed before it runs: %v", err)
		}
	})
	t.Run("while Vault is sealed nothing is decided, and nothing recorded", func(t *testing.T) {
		t.Parallel()
		w, s := vaulted(t)
		id := w.waiting("U0DEV", time.Hour)
		s.Seal(true)
		if _, err := w.decide("U0LEAD", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("%v", err)
		}
		if n := w.look(id, `select count(*) from decision where request = {id}`); n != "0" {
			t.Errorf("%s decisions", n)
		}
		s.Seal(false)
		w.must(w.decide("U0LEAD", id, bcn.Approve))
	})
	t.Run("nobody else is asked where the keepers are enough", func(t *testing.T) {
		t.Parallel()
		w, _ := vaulted(t)
		asked, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0DEV"), wishDeploy())
		if err != nil || asked.Empty != "" {
			t.Errorf("%+v, %v", asked, err)
		}
	})
}
