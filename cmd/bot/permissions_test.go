package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/app"
)

// slackApp is what of the Slack app's manifest gives rights.
type slackApp struct {
	OAuth struct {
		Scopes map[string][]string `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		SocketMode bool `yaml:"socket_mode_enabled"`
	} `yaml:"settings"`
}

func manifest(t *testing.T) (parsed slackApp, text string) {
	t.Helper()
	var out bytes.Buffer
	if err := app.Manifest(&out); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(out.Bytes(), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed, out.String()
}

// TestPermissions holds that docs/security.md gives the reason for each scope
// and event of the Slack app, and for no other.
func TestPermissions(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := manifest(t)
	for heading, has := range map[string][]string{"| scope |": m.OAuth.Scopes["bot"], "| event |": m.Settings.Events.Bot} {
		_, table, found := strings.Cut(string(data), heading)
		table, _, _ = strings.Cut(table, "\n\n")
		if !found {
			t.Fatalf("docs/security.md has no table %q", heading)
		}
		var explained []string
		for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_:.]+)` \\| (.+) \\|$").FindAllStringSubmatch(table, -1) {
			explained = append(explained, row[1])
		}
		slices.Sort(explained)
		slices.Sort(has)
		if !slices.Equal(explained, has) {
			t.Errorf("%s explained are %v, the manifest has %v", heading, explained, has)
		}
	}
	if len(m.OAuth.Scopes) != 1 {
		t.Errorf("the manifest asks for scopes of others than the bot: %v", m.OAuth.Scopes)
	}
}

// Row T16 of docs/threats.md: there is no address at which clicks could be
// forged with a signing secret.
func TestThreatT16TheManifestNamesNoAddress(t *testing.T) {
	t.Parallel()
	m, text := manifest(t)
	if !m.Settings.SocketMode || strings.Contains(text, "request_url") || strings.Contains(text, "url:") {
		t.Errorf("Slack would call bcn by HTTP:\n%s", text)
	}
}
