package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each example of the documentation is a bot.yaml, or a part of one.
func TestTheExamplesOfTheDocumentationLoad(t *testing.T) {
	t.Parallel()
	var text []byte
	for _, name := range []string{"configuration", "guardrails", "rules"} {
		one, err := os.ReadFile("../../docs/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, one...)
	}
	const teams = "teams: { admins: { members: [U0A] }, leads: { github_team: acme/leads }, oncall: { members: [U0B] } }\n"
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, block := range blocks {
		example := block[1]
		if !strings.Contains(example, "\nteams:") {
			example = teams + example
		}
		if !strings.Contains(example, "\nrules:") {
			example += "rules: []\n"
		}
		if _, problems := Load("bot.yaml", []byte(example), Options{}); len(problems) > 0 {
			t.Errorf("%v in\n%s", problems, example)
		}
	}
}
