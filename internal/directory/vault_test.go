package directory_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/directory"
	localvault "github.com/bcn-bot/bcn/internal/local/vault"
	"github.com/bcn-bot/bcn/internal/vault"
)

var hello = bcn.Matter{District: "default", App: "hello", Env: "production"}

// vaultWorld is the local Vault's sample: olu keeps hello, in every district but
// bank.
func vaultWorld(t *testing.T) (*directory.Directory, *localvault.Server) {
	t.Helper()
	s := localvault.New(localvault.Options{})
	if err := s.Sample(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.SetEntity(localvault.Entity{Name: "lee", Policies: []string{"keep-hello"}})
	v, err := vault.New(vault.Options{Addr: s.URL(), AppRole: &vault.AppRole{RoleID: localvault.SampleRole, SecretID: s.SampleSecret()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close(); _ = s.Close() })
	policy := &config.VaultPolicy{Path: "secret/barcelona/districts/{district}/heritages/{app}/{env}", Capability: "update"}
	return directory.New(directory.Options{
		Vault:  v,
		People: []config.Person{{Slack: "U0ONCALL", Vault: "Olu"}, {Slack: "U0LEAD", Vault: "lee"}, {Slack: "U0DEV"}, {Slack: "U0TYPO", Vault: "nobody"}},
		Teams: map[string]config.Team{
			"keepers": {VaultPolicy: policy}, "both": {VaultPolicy: policy, Members: []string{"U0DEV"}},
		},
	}), s
}

func TestVault(t *testing.T) {
	t.Parallel()
	t.Run("who has the capability on the heritage's path is in the team, for it alone", func(t *testing.T) {
		t.Parallel()
		d, _ := vaultWorld(t)
		for _, c := range []struct {
			user string
			of   bcn.Matter
			in   bool
		}{
			{"U0ONCALL", hello, true},
			{"U0ONCALL", bcn.Matter{District: "tokyo", App: "hello", Env: "staging"}, true},
			{"U0ONCALL", bcn.Matter{District: "default", App: "other", Env: "production"}, false},
			{"U0ONCALL", bcn.Matter{District: "bank", App: "hello", Env: "production"}, false},
			{"U0ONCALL", bcn.Matter{App: "hello", Env: "production"}, false},
			{"U0ONCALL", bcn.Matter{District: "default"}, false},
			{"U0ONCALL", bcn.Matter{}, false},
			{"U0DEV", hello, false},  // no entity in bot.yaml
			{"U0TYPO", hello, false}, // no such entity in Vault
			{"U0ADMIN", hello, false},
		} {
			in, err := d.Member(t.Context(), c.user, "keepers", c.of, time.Now())
			if in != c.in || err != nil {
				t.Errorf("%s of %+v: %v, %v", c.user, c.of, in, err)
			}
		}
	})
	t.Run("all of a team are those whom Vault gives it, and those it lists", func(t *testing.T) {
		t.Parallel()
		d, s := vaultWorld(t)
		got, err := d.Members(t.Context(), "both", hello, time.Now())
		if want := []string{"U0DEV", "U0LEAD", "U0ONCALL"}; !slices.Equal(got, want) || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := d.Members(t.Context(), "both", bcn.Matter{}, time.Now()); !slices.Equal(got, []string{"U0DEV"}) || err != nil {
			t.Errorf("of nothing: %v, %v", got, err)
		}
		s.Seal(true)
		if got, err := d.Members(t.Context(), "both", hello, time.Now()); !slices.Equal(got, []string{"U0DEV"}) || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("sealed: %v, %v", got, err)
		}
	})
	t.Run("who loses it is out at the next fresh read, and within a minute for others", func(t *testing.T) {
		t.Parallel()
		d, s := vaultWorld(t)
		if in, _ := d.Member(t.Context(), "U0ONCALL", "keepers", hello, time.Now()); !in {
			t.Fatal("olu keeps nothing")
		}
		s.SampleDisabled(true)
		if in, err := d.Member(t.Context(), "U0ONCALL", "keepers", hello, time.Time{}); !in || err != nil {
			t.Errorf("from the cache: %v, %v", in, err)
		}
		if in, err := d.Member(t.Context(), "U0ONCALL", "keepers", hello, time.Now()); in || err != nil {
			t.Errorf("fresh: %v, %v", in, err)
		}
	})
	t.Run("an outage is could_not_check, unless the team lists them", func(t *testing.T) {
		t.Parallel()
		d, s := vaultWorld(t)
		s.Seal(true)
		if in, err := d.Member(t.Context(), "U0ONCALL", "keepers", hello, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("sealed: %v, %v", in, err)
		}
		if in, err := d.Member(t.Context(), "U0DEV", "both", hello, time.Now()); !in || err != nil {
			t.Errorf("listed: %v, %v", in, err)
		}
		s.Seal(false)
		s.StorePolicy("keep-hello", `path "secret/{{identity.entity.id}}/*" { capabilities = ["update"] }`)
		if in, err := d.Member(t.Context(), "U0ONCALL", "keepers", hello, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("a template: %v, %v", in, err)
		}
	})
	t.Run("without a Vault nobody can be asked about", func(t *testing.T) {
		t.Parallel()
		policy := &config.VaultPolicy{Path: "{district}/{app}/{env}", Capability: "update"}
		d := directory.New(directory.Options{
			People: []config.Person{{Slack: "U0ONCALL", Vault: "olu"}}, Teams: map[string]config.Team{"keepers": {VaultPolicy: policy}},
		})
		if in, err := d.Member(t.Context(), "U0ONCALL", "keepers", hello, time.Now()); in || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("%v, %v", in, err)
		}
	})
}
