package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

const vaultPath = "secret/barcelona/districts/{district}/heritages/{app}/{env}"

// vaulted is a bot.yaml with these people, and this team.
func vaulted(people, team string) string {
	return "people: [" + people + "]\nteams:\n  admins: { members: [U0ADMIN] }\n" + team + "\nrules: []\n"
}

func TestVaultPolicy(t *testing.T) {
	t.Parallel()
	good := `  keepers: { vault_policy: { path: "` + vaultPath + `", capability: update } }`
	t.Run("is read, and is asked about the heritage and its district", func(t *testing.T) {
		t.Parallel()
		c, wrong := config.Load("bot.yaml", []byte(vaulted("{slack: U0DEV, vault: dana}", good)), config.Options{})
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		if !c.NeedsVault() || c.People[0].Vault != "dana" {
			t.Errorf("%+v", c)
		}
		p := c.Teams["keepers"].VaultPolicy
		path, ok := p.For(bcn.Matter{District: "tokyo", App: "hello", Env: "production"})
		if want := "secret/barcelona/districts/tokyo/heritages/hello/production"; !ok || path != want || p.Capability != "update" {
			t.Errorf("%q, %v, %+v", path, ok, p)
		}
	})
	t.Run("says nothing of what is not one heritage in one district", func(t *testing.T) {
		t.Parallel()
		p := config.VaultPolicy{Path: vaultPath, Capability: "update"}
		for _, of := range []bcn.Matter{
			{},
			{App: "hello", Env: "production"},
			{District: "tokyo", Env: "production"},
			{District: "tokyo", App: "hello"},
			{District: "tokyo", App: "hello", Env: "+"},
			{District: "tokyo", App: "*", Env: "production"},
			{District: "tokyo/heritages/other", App: "hello", Env: "production"},
			{District: "..", App: "hello", Env: "production"},
			{District: "{app}", App: "hello", Env: "production"},
		} {
			if path, ok := p.For(of); ok {
				t.Errorf("%+v: %s", of, path)
			}
		}
	})
	for name, c := range map[string]struct{ people, team, says string }{
		"a path without the district":     {"", `  k: { vault_policy: { path: "secret/{app}/{env}", capability: update } }`, "each once and as a segment"},
		"a path without the app":          {"", `  k: { vault_policy: { path: "secret/{district}/{env}", capability: update } }`, "each once and as a segment"},
		"a path without the environment":  {"", `  k: { vault_policy: { path: "secret/{district}/{app}", capability: update } }`, "each once and as a segment"},
		"two names in one segment":        {"", `  k: { vault_policy: { path: "secret/{district}/{app}-{env}", capability: update } }`, "each once and as a segment"},
		"a name twice":                    {"", `  k: { vault_policy: { path: "{app}/{district}/{app}/{env}", capability: update } }`, "each once and as a segment"},
		"a glob":                          {"", `  k: { vault_policy: { path: "secret/{district}/{app}/{env}/*", capability: update } }`, "is not a path of Vault"},
		"a place that there is not":       {"", `  k: { vault_policy: { path: "{team}/{district}/{app}/{env}", capability: update } }`, "is not a path of Vault"},
		"a path upwards":                  {"", `  k: { vault_policy: { path: "../{district}/{app}/{env}", capability: update } }`, "must not hold"},
		"another capability":              {"", `  k: { vault_policy: { path: "{district}/{app}/{env}", capability: root } }`, "is not one of create"},
		"no capability":                   {"", `  k: { vault_policy: { path: "{district}/{app}/{env}" } }`, "needs both path and capability"},
		"administrators":                  {"", `  more: { members: [U0X] }` + "\n" + `  admins2: { members: [U0X] }`, ""},
		"one entity of two people":        {"{slack: U0A, vault: Dana}, {slack: U0B, vault: dana}", good, "belongs to the person of line"},
		"an entity that leads elsewhere":  {"{slack: U0A, vault: a/b}", good, "the id or the name of an entity"},
		"an id beside a name":             {"{slack: U0A, vault: dana}, {slack: U0B, vault: 7d2e3179-f69b-450c-7179-ac8ee8bd8ca9}", good, "all by their names"},
		"an id in capitals beside a name": {"{slack: U0A, vault: dana}, {slack: U0B, vault: 7D2E3179-F69B-450C-7179-AC8EE8BD8CA9}", good, "all by their names"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			if c.says == "" { // the team that must exist for everything
				c.team, c.says = "  x: { members: [U0X] }", "administrators are asked for"
				text := strings.Replace(vaulted("", c.team), "{ members: [U0ADMIN] }", `{ members: [U0ADMIN], vault_policy: { path: "{district}/{app}/{env}", capability: update } }`, 1)
				says(t, text, c.says)
				return
			}
			says(t, vaulted(c.people, c.team), c.says)
		})
	}
	t.Run("is compared with that of the last start", func(t *testing.T) {
		t.Parallel()
		before := config.Ruleset{Teams: map[string]config.Team{"keepers": {VaultPolicy: &config.VaultPolicy{Path: vaultPath, Capability: "update"}}}}
		read, err := config.ReadRuleset(before.Lines())
		if err != nil || read.Teams["keepers"].VaultPolicy == nil || *read.Teams["keepers"].VaultPolicy != *before.Teams["keepers"].VaultPolicy {
			t.Errorf("%+v, %v", read, err)
		}
	})
}

// says wants a problem that says something.
func says(t *testing.T, text, what string) {
	t.Helper()
	_, wrong := config.Load("bot.yaml", []byte(text), config.Options{})
	for _, w := range wrong {
		if strings.Contains(w.Message, what) {
			return
		}
	}
	t.Errorf("nothing says %q: %v", what, wrong)
}

func TestRequireVault(t *testing.T) {
	t.Parallel()
	needs, wrong := config.Load("bot.yaml", []byte(vaulted("", `  k: { vault_policy: { path: "`+vaultPath+`", capability: update } }`)), config.Options{})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	file := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		env  map[string]string
		bad  int // -1: already when the environment is read
	}{
		{"nothing is given", nil, 2},
		{"a token", map[string]string{"VAULT_ADDR": "https://vault.example.com:8200", "VAULT_TOKEN": "t"}, 0},
		{"AppRole", map[string]string{"VAULT_ADDR": "https://vault.example.com:8200", "VAULT_ROLE_ID": "r", "VAULT_SECRET_ID": "s"}, 0},
		{"AppRole from files", map[string]string{"VAULT_ADDR": "https://v", "VAULT_ROLE_ID_FILE": file, "VAULT_SECRET_ID_FILE": file}, 0},
		{"Kubernetes", map[string]string{"VAULT_ADDR": "https://v", "VAULT_KUBERNETES_ROLE_FILE": file}, 0},
		{"without TLS on this machine", map[string]string{"VAULT_ADDR": "http://127.0.0.1:8200", "VAULT_TOKEN": "t"}, 0},
		{"without TLS elsewhere", map[string]string{"VAULT_ADDR": "http://vault.example.com:8200", "VAULT_TOKEN": "t"}, 1},
		{"with a password in the address", map[string]string{"VAULT_ADDR": "https://a:b@vault.example.com", "VAULT_TOKEN": "t"}, 1},
		{"two ways to a token", map[string]string{"VAULT_ADDR": "https://v", "VAULT_TOKEN": "t", "VAULT_KUBERNETES_ROLE": "r"}, -1},
		{"half of AppRole", map[string]string{"VAULT_ADDR": "https://v", "VAULT_ROLE_ID": "r"}, -1},
		{"a mount that leads elsewhere", map[string]string{"VAULT_APPROLE_PATH": "../sys"}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, wrong := config.FromEnv(func(name string) string { return c.env[name] }, os.ReadFile)
			if c.bad < 0 {
				if len(wrong) == 0 {
					t.Errorf("%+v", p.Vault)
				}
				return
			}
			if len(wrong) > 0 {
				t.Fatal(wrong)
			}
			if got := p.RequireVault(needs); len(got) != c.bad {
				t.Error(got)
			}
			if got := p.RequireVault(&config.Config{}); len(got) > 0 {
				t.Errorf("without a team of Vault's: %v", got)
			}
		})
	}
}
