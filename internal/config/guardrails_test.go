package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

const ownGuardrail = `
  - id: no-public-buckets
    level: approve
    on: [AWS::S3::Bucket]
    when: "true"
    message: a bucket
    remedy: none`

func TestGuardrailsAreRead(t *testing.T) {
	t.Parallel()
	c, problems := Load("bot.yaml", []byte(least+`guardrails:
  - { id: image_registry, registries: [ghcr.io/acme, docker.io/library] }
  - { id: task_size, level: warn, memory: 4096, cpu: 2048 }
  - { id: service_count, level: approve, max: 10 }`+ownGuardrail), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := Guardrails{
		Settings: guard.Settings{
			Registries: []string{"ghcr.io/acme", "docker.io/library"}, Memory: 4096, CPU: 2048, Count: 10,
			Levels: map[string]bcn.Level{"task_size": bcn.Warn, "service_count": bcn.AskFirst},
		},
		Own: []guard.Custom{{
			ID: "no-public-buckets", Level: bcn.AskFirst, On: []string{"AWS::S3::Bucket"}, When: "true", Message: "a bucket", Remedy: "none", Line: 7,
		}},
	}
	if diff := cmp.Diff(want, c.Guardrails); diff != "" {
		t.Error(diff)
	}
}

func TestBadGuardrailsAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	own := func(rest string) string { return "guardrails:\n  - { id: mine, message: m, remedy: r, " + rest + " }" }
	block := func(header, when string) string {
		return "guardrails:\n  - id: mine\n    level: deny\n    message: m\n    remedy: r\n    when: " + header + "\n" + when
	}
	for _, c := range []struct{ name, yaml, want string }{
		{"no list", "guardrails: {}", "3:13: guardrails must be a list"},
		{"an unknown key", own("level: deny, wen: x"), `4:53: unknown key "wen" in guardrails[0]; did you mean "when"?`},
		{"no level", own(`when: "true"`), "4:5: guardrails[0] needs level"},
		{"no expression", own("level: deny"), "4:5: guardrails[0] needs when"},
		{"an unknown level", own(`when: "true", level: block`), `level: "block" is not deny, approve or warn`},
		{"what is no type", own(`when: "true", level: deny, on: [bucket]`), `guardrails[0].on[0]: "bucket" is not a resource type`},
		{"what is no name", "guardrails: [{ id: My Rule }]", `"My Rule" is not a guardrail's name`},
		{"two of a name", "guardrails:" + ownGuardrail + ownGuardrail, `10:5: guardrails[1].id: there are two guardrails "no-public-buckets"`},
		{"an unknown field, in quotes", own(`level: deny, when: "resource.propertis.x == 1"`), "4:68: guardrails[0].when: undefined field 'propertis'"},
		{"an unknown name, without quotes", own(`level: deny, when: resourc.type == "x"`), "4:59: guardrails[0].when: undeclared reference to 'resourc'"},
		{"an unknown name in the second line", block("|", "      true &&\n        plann.env == \"x\"\n"), "10:9: guardrails[0].when: undeclared reference to 'plann'"},
		{"an unknown name in folded lines", block(">", "      true &&\n      plann.env == \"x\"\n"), "8:11: guardrails[0].when: undeclared reference to 'plann' (did you mean 'plan'?) (line 1, column 9 of the expression)"},
		{"a comparison of two types", own(`level: deny, when: "resource.type == 1"`), "found no matching overload for '_==_'"},
		{"what is not true or false", own(`level: deny, when: "resource.type"`), "guardrails[0].when: it must say true or false, and says string"},
		{"what may be anything", own(`level: deny, when: "resource.properties.x"`), "guardrails[0].when: it must say true or false, and says dyn"},
		{"no expression at all", own(`level: deny, when: "a ||"`), "guardrails[0].when: Syntax error"},
		{"a pattern that is none", own(`level: deny, when: "resource.id.matches('(')"`), "guardrails[0].when: invalid matches argument"},
		{"a long expression", own(`level: deny, when: "true` + strings.Repeat(" ", 4000) + `"`), "it has 4004 characters, more than 4000"},
		{"a long message", "guardrails: [{ id: mine, message: " + strings.Repeat("x", 301) + " }]", "it has 301 characters, more than 300"},
		{"one of bcn's own that cannot be set", "guardrails: [{ id: open_ingress, level: warn }]", "3:14: guardrails[0]: nothing can be set of open_ingress, which is in force as it is"},
		{"an expression for one of bcn's own", `guardrails: [{ id: task_size, memory: 1, when: "true" }]`, `unknown key "when" in guardrails[0]`},
		{"nothing to compare with", "guardrails: [{ id: task_size, level: warn }]", "guardrails[0] sets nothing that task_size could compare with"},
		{"set twice", "guardrails:\n  - { id: service_count, max: 1 }\n  - { id: service_count, max: 2 }", "5:5: guardrails[1]: service_count is set twice, first on line 4"},
		{"no number", "guardrails: [{ id: service_count, max: many }]", `guardrails[0].max must be a whole number, it is "many"`},
		{"a count of nothing", "guardrails: [{ id: service_count, max: 0 }]", "must be between 1 and"},
		{"a registry without a host", "guardrails: [{ id: image_registry, registries: [acme] }]", `"acme" has no host; of Docker Hub it is docker.io/acme`},
		{"no registries", "guardrails: [{ id: image_registry, registries: [] }]", "guardrails[0].registries must name at least one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := Load("bot.yaml", []byte(least+c.yaml), Options{})
			got := fmt.Sprint(problems)
			if !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
