package guard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The ids of findings.
const (
	ImageNotPinned   = "image_not_pinned"   // a container's image is not name@sha256:...
	WildcardAction   = "wildcard_action"    // a policy allows * or service:* actions
	WildcardPerson   = "wildcard_principal" // a policy allows everybody
	ManagedPolicy    = "managed_policy"     // a role takes a policy that is not in the plan
	NoBoundary       = "no_boundary"        // a role without a permissions boundary
	OpenIngress      = "open_ingress"       // reachable from everywhere, but no public load balancer's 80 or 443
	Privileged       = "privileged"         // a container with the machine's rights
	LogGroupLost     = "log_group_lost"     // a log group would be removed or replaced
	DynamicReference = "dynamic_reference"  // {{resolve:...}} would be read with CloudFormation's rights
	Unresolved       = "unresolved"         // a guarded value is not known before it runs
	Unreadable       = "unreadable"         // a template or a rule of ours is broken
)

// rule looks at one template and reports what it refuses.
type rule struct {
	id    string
	check func(t tree, deny deny)
}

// deny reports a refusal: id, where in the template, and what was found there.
type deny func(id, where string, params ...string)

// rules are all guardrails that look at templates.
func rules() []rule {
	return []rule{
		{DynamicReference, noDynamicReferences},
		{ImageNotPinned, imagesPinned},
		{Privileged, nothingPrivileged},
		{WildcardAction, policiesNarrow},
		{NoBoundary, rolesBounded},
		{OpenIngress, ingressClosed},
	}
}

// Check applies every guardrail to what would be executed. deltas holds what
// CloudFormation says would change, by stack name; a stack without deltas is
// not changed. The findings are sorted; any of level deny refuses the plan.
func Check(stacks []bcn.Proposal, deltas map[string][]bcn.ResourceDelta) []bcn.Finding {
	var out []bcn.Finding
	for _, s := range stacks {
		out = append(out, checkTemplate(s)...)
	}
	names := make([]string, 0, len(deltas))
	for name := range deltas {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		out = append(out, checkDeltas(name, deltas[name])...)
	}
	return sorted(out)
}

// Denied says whether any finding refuses the plan.
func Denied(findings []bcn.Finding) bool {
	for _, f := range findings {
		if f.Level != bcn.Warn {
			return true
		}
	}
	return false
}

func checkTemplate(s bcn.Proposal) []bcn.Finding {
	var out []bcn.Finding
	report := func(id, where string, params ...string) {
		f := bcn.Finding{ID: id, Level: bcn.Deny, Where: s.Name, Params: map[string]string{}}
		if where != "" {
			f.Where += "/" + where
		}
		for i := 0; i+1 < len(params); i += 2 {
			f.Params[params[i]] = params[i+1]
		}
		out = append(out, f)
	}
	t, err := parse(s.Template)
	if err != nil {
		report(Unreadable, "", "what", err.Error())
		return out
	}
	for _, r := range rules() {
		run(r, t, report)
	}
	return out
}

// run applies a rule; one that breaks denies.
func run(r rule, t tree, report deny) {
	defer func() {
		if broken := recover(); broken != nil {
			report(Unreadable, "", "what", "the guardrail "+r.id+" broke")
		}
	}()
	r.check(t, report)
}

func checkDeltas(stack string, deltas []bcn.ResourceDelta) []bcn.Finding {
	var out []bcn.Finding
	for _, d := range deltas {
		harmless := d.Action == "Add" || d.Action == "Import" || d.Action == "Modify" && (d.Replacement == "False" || d.Replacement == "")
		if d.Type == "AWS::Logs::LogGroup" && !harmless {
			out = append(out, bcn.Finding{
				ID: LogGroupLost, Level: bcn.Deny, Where: stack + "/" + d.LogicalID,
				Params: map[string]string{"action": d.Action},
			})
		}
	}
	return out
}

func sorted(list []bcn.Finding) []bcn.Finding {
	key := func(f bcn.Finding) string { return fmt.Sprint(f.Where, "\x00", f.ID, "\x00", f.Params) }
	sort.SliceStable(list, func(i, j int) bool { return key(list[i]) < key(list[j]) })
	out := list[:0]
	for i, f := range list {
		if i == 0 || key(f) != key(out[len(out)-1]) {
			out = append(out, f)
		}
	}
	return out
}

// tree is a template as JSON has it.
type tree struct {
	root      map[string]any
	resources []resource // sorted by logical id
}

type resource struct {
	id, kind   string
	properties map[string]any
}

func parse(data []byte) (tree, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var t tree
	if err := d.Decode(&t.root); err != nil {
		return t, fmt.Errorf("the template is not JSON")
	}
	if d.More() {
		return t, fmt.Errorf("the template holds more than one value")
	}
	for _, key := range []string{"Transform", "Rules", "Parameters", "Mappings", "Conditions", "Hooks"} {
		if _, there := t.root[key]; there {
			return t, fmt.Errorf("the template has %s, which can change what it says", key)
		}
	}
	resources, ok := t.root["Resources"].(map[string]any)
	if !ok {
		return t, fmt.Errorf("the template has no resources")
	}
	for id, value := range resources {
		r, ok := value.(map[string]any)
		if !ok {
			return t, fmt.Errorf("the resource %s is no mapping", id)
		}
		kind, _ := r["Type"].(string)
		properties, fine := r["Properties"].(map[string]any)
		if kind == "" || !fine && r["Properties"] != nil {
			return t, fmt.Errorf("the resource %s has no type or no properties that can be read", id)
		}
		t.resources = append(t.resources, resource{id, kind, properties})
	}
	sort.Slice(t.resources, func(i, j int) bool { return t.resources[i].id < t.resources[j].id })
	return t, nil
}
