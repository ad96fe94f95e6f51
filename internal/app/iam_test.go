package app

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// printed is a template, as far as these tests look.
type printed struct {
	Resources map[string]struct {
		Type       string
		Properties struct {
			Name, RoleName string
			Content        struct {
				Inputs struct{ RunAsDefaultUser, IdleSessionTimeout string }
			}
		}
	}
}

func iam(t *testing.T, access bool) (printed, error) {
	t.Helper()
	var out bytes.Buffer
	err := IAM(t.Context(), IAMArgs{
		District: "main", Account: "123456789012", Region: "eu-west-1", Principal: "arn:aws:iam::999999999999:role/bcn", Access: access,
	}, &out)
	var tree printed
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &tree)
	}
	return tree, err
}

func TestIAMPrintsTheRoles(t *testing.T) {
	t.Setenv("BCN_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	t.Setenv("BCN_CONFIG", filepath.Join(t.TempDir(), "bot.yaml"))
	for access, want := range map[bool]string{false: "bcn-main-bot", true: "bcn-main-access-instance"} {
		tree, err := iam(t, access)
		found := false
		for _, r := range tree.Resources {
			found = found || r.Properties.RoleName == want
		}
		if err != nil || !found {
			t.Errorf("no %s: %v, %v", want, tree, err)
		}
	}
}

func TestIAMTakesTheActionsOfApps(t *testing.T) {
	t.Setenv("BCN_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	show := func(actions ...string) (string, error) {
		var out bytes.Buffer
		err := IAM(t.Context(), IAMArgs{
			District: "main", Account: "123456789012", Region: "us-east-1", Principal: "arn:aws:iam::123456789012:role/bcn", TaskActions: actions,
		}, &out)
		return out.String(), err
	}
	if got, err := show("s3:GetObject"); err != nil || !strings.Contains(got, `"s3:GetObject"`) {
		t.Errorf("%v\n%s", err, got)
	}
	if got, err := show("iam:PassRole"); err == nil || got != "" {
		t.Errorf("an app may pass roles:\n%s", got)
	}
}

func TestIAMPrintsAccessAsBotYamlSays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bot.yaml")
	t.Setenv("BCN_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	t.Setenv("BCN_CONFIG", file)
	write := func(runAs string) {
		text := `
teams: { admins: { members: [U0ADMIN] } }
rules: [{ allow: [admins], to: ["*"] }]
access:
  run_as: ` + runAs + `
  idle: 3m
  ports:
    - { district: main, name: orders, host: orders.internal, port: 5432, through: i-0123456789abcdef0 }
    - { district: other, name: users, host: users.internal, port: 5432, through: i-0123456789abcdef0 }
`
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("operator")
	tree, err := iam(t, true)
	ten := tree.Resources["Session10"].Properties
	if err != nil || ten.Name != "bcn-main-session-10m" || ten.Content.Inputs.RunAsDefaultUser != "operator" || ten.Content.Inputs.IdleSessionTimeout != "3" {
		t.Errorf("%+v, %v", ten, err)
	}
	if tree.Resources["PortOrders"].Type == "" || tree.Resources["PortUsers"].Type != "" {
		t.Error("not the databases of the district")
	}
	// What bcn would not start with is not printed from: it would print other
	// documents than bcn then compares with.
	write("root")
	if _, err := iam(t, true); err == nil || !strings.Contains(err.Error(), "run_as") {
		t.Error(err)
	}
}
