package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

const someGuardrails = `
guardrails:
  - { id: image_registry, level: warn, registries: [ghcr.io/acme] }
  - id: web-in-production
    level: deny
    on: [AWS::ECS::Service]
    when: plan.env == "production" && resource.id == "web"
    message: the web is closed for the season
    remedy: Come back in spring.
  - id: ask-an-administrator
    level: approve
    on: [AWS::ECS::Service]
    when: change.action == "Add" && resource.id == "web"
    message: a new web service
    remedy: Have it looked at.
  - id: broken
    level: warn
    on: [AWS::Logs::LogGroup]
    when: plan.env == "production" && resource.properties.Nothing == 1
    message: never said
    remedy: Mend it.
`

// Guardrails of bot.yaml, over the wire: what they deny is refused whoever
// asks, and what they want approved is approved where the rule asks for nobody.
func TestGuardrails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config += someGuardrails
	a, _ := w.bot()
	w.setUp()

	t.Run("what is denied is refused with all that was found, and nothing is changed", func(t *testing.T) {
		w := w.in(t)
		r := w.ask("production", "v1", "closed", "the web is closed for the season", "Come back in spring.", "the guardrail", "broken", "Nothing")
		if r.code() != bcn.CodeGuardrail || r.ran() != 0 {
			t.Errorf("%s, %d executions", r.code(), r.ran())
		}
	})
	t.Run("what wants an approval waits for an administrator though the rule asks for nobody", func(t *testing.T) {
		w := w.in(t)
		r := w.ask("staging", "v1", "waits for approval", "Guardrails that need an approval", "a new web service", "Warnings", "not from a registry")
		plan, _ := r.plan(a)
		if len(plan.Needs) != 1 || strings.Join(plan.Needs[0].Teams, " ") != "admins" || plan.Needs[0].Count != 1 {
			t.Errorf("needs %+v", plan.Needs)
		}
		r.press("U0LEAD", "approve")
		w.told("U0LEAD", "admins")
		if r.ran() != 0 {
			t.Error("it runs without an approval")
		}
		r.press("U0ADMIN", "approve")
		r.says("succeeded")
		if r.ran() != 2 {
			t.Errorf("%d executions", r.ran())
		}
	})
	t.Run("the same again changes no service, and needs nobody", func(t *testing.T) {
		w := w.in(t)
		r := w.ask("staging", "v2", "succeeded")
		plan, _ := r.plan(a)
		if len(plan.Needs) != 0 {
			t.Errorf("needs %+v", plan.Needs)
		}
		if s := plan.Scan; s == nil || s.State != bcn.ScanComplete || s.Before != bcn.ScanComplete || s.AtLeast(bcn.SeverityLow) != 1 || s.AtLeast(bcn.SeverityMedium) != 0 || s.Fixed != 1 {
			t.Errorf("the scans of v1 and v2 say %+v", s)
		}
	})
	t.Run("they are listed, and tried on what runs", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "guardrails list")
		w.told("U0DEV", "open_ingress", "web-in-production", "Come back in spring.", "ghcr.io/acme")
		w.slash("U0DEV", deploys, "guardrails test hello staging")
		w.told("U0DEV", "Guardrails on", "warns", "not from a registry", "Find nothing", "ask-an-administrator")
	})
	t.Run("drift: nothing was changed outside, and then something was", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "drift hello staging")
		w.told("U0DEV", "nothing was changed outside", "heritage-hello-staging", "hello-staging")
		w.slash("U0ADMIN", deploys, "drift --district default")
		w.told("U0ADMIN", "nothing was changed outside", "endpoint-main")
		w.outside(t, "hello-staging")
		w.slash("U0LEAD", deploys, "drift hello staging")
		w.told("U0LEAD", "changed outside", "EnableExecuteCommand")
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// outside changes each service of a stack as somebody would in the console.
func (w *world) outside(t *testing.T, stack string) {
	t.Helper()
	list, err := w.aws.Do(t.Context(), "cloudformation", "DescribeStackResources", map[string]any{"StackName": stack})
	if err != nil {
		t.Fatal(err)
	}
	resources, _ := list["StackResources"].([]any)
	n := 0
	for _, one := range resources {
		r, _ := one.(map[string]any)
		if r["ResourceType"] != "AWS::ECS::Service" {
			continue
		}
		n++
		if _, err := w.aws.Do(t.Context(), "ecs", "UpdateService", map[string]any{
			"cluster": "default", "service": r["PhysicalResourceId"], "enableExecuteCommand": r["LogicalResourceId"] != "web",
		}); err != nil {
			t.Fatal(err)
		}
	}
	if n == 0 {
		t.Fatalf("no services in %v", list)
	}
}
