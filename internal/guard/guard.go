package guard

import (
	"context"
	"fmt"
	"sort"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The ids of findings. But for the last four they are those of guardrails.
const (
	ImageNotPinned   = "image_not_pinned"   // a container's image is not name@sha256:...
	ImageRegistry    = "image_registry"     // an image of a registry that is not listed
	WildcardAction   = "wildcard_action"    // a policy allows * or service:* actions
	WildcardPerson   = "wildcard_principal" // a policy allows everybody
	ManagedPolicy    = "managed_policy"     // a role takes a policy that is not in the plan
	NoBoundary       = "no_boundary"        // a role without a permissions boundary
	OpenIngress      = "open_ingress"       // reachable from everywhere, but no public load balancer's 80 or 443
	Privileged       = "privileged"         // a container with the machine's rights
	DynamicReference = "dynamic_reference"  // {{resolve:...}} would be read with CloudFormation's rights
	LogRetention     = "log_retention"      // a log group that keeps its logs for ever
	TaskSize         = "task_size"          // a task larger than bot.yaml allows
	ServiceCount     = "service_count"      // more tasks of a service than bot.yaml allows
	StatefulLost     = "stateful_lost"      // what holds data would be removed or replaced

	Unresolved = "unresolved" // a guarded value is not known before it runs
	Unreadable = "unreadable" // a template or a rule of ours is broken
	Own        = "own"        // an operator's guardrail matched
	OwnFailed  = "own_failed" // an operator's guardrail could not be evaluated
)

// Input is what would be executed.
type Input struct {
	Plan   Plan
	Stacks []bcn.StackPlan
	Oneoff *bcn.OneoffPlan // the task that runs once; nil: none
	// Removes says that taking the stacks away is what was asked for: what they
	// hold is not judged, nor that it goes, but by the operators' guardrails.
	Removes bool
}

// Check applies every guardrail in force. The findings are sorted; what they do
// is their level's to say (Denied, NeedsApproval). An operator's guardrail that
// ctx does not leave the time for denies.
func (s *Set) Check(ctx context.Context, in Input) []bcn.Finding {
	out := s.oneoff(in.Oneoff)
	for _, sp := range in.Stacks {
		t, found := s.template(sp, in.Removes)
		out = append(out, found...)
		if !in.Removes {
			out = append(out, lost(sp)...)
		}
		out = append(out, s.operators(ctx, in.Plan, sp, t)...)
	}
	return sorted(out)
}

// Check applies bcn's own guardrails as they are where bot.yaml says nothing.
// deltas holds what CloudFormation says would change, by stack name; a stack
// without deltas is not changed.
func Check(stacks []bcn.Proposal, deltas map[string][]bcn.ResourceDelta) []bcn.Finding {
	var in Input
	known := map[string]bool{}
	for _, s := range stacks {
		in.Stacks = append(in.Stacks, bcn.StackPlan{Name: s.Name, Template: s.Template, Changes: deltas[s.Name]})
		known[s.Name] = true
	}
	out := Builtin().Check(context.Background(), in)
	for name, changes := range deltas {
		if !known[name] {
			out = append(out, lost(bcn.StackPlan{Name: name, Changes: changes})...)
		}
	}
	return sorted(out)
}

// Denied says whether any finding refuses the plan. A level that is not known
// refuses.
func Denied(findings []bcn.Finding) bool {
	for _, f := range findings {
		if Denies(f) {
			return true
		}
	}
	return false
}

// Denies says whether a finding refuses the plan.
func Denies(f bcn.Finding) bool { return f.Level != bcn.Warn && f.Level != bcn.AskFirst }

// NeedsApproval says whether a finding wants somebody to approve the plan.
func NeedsApproval(findings []bcn.Finding) bool {
	for _, f := range findings {
		if f.Level == bcn.AskFirst {
			return true
		}
	}
	return false
}

// Settle answers what the findings do under the rule that lets the plan pass:
// a rule with destructive: true lets stateful resources go, and says so.
func Settle(findings []bcn.Finding, destructive bool) []bcn.Finding {
	out := make([]bcn.Finding, len(findings))
	copy(out, findings)
	for i, f := range out {
		if f.ID == StatefulLost && destructive {
			out[i].Level = bcn.Warn
		}
	}
	return out
}

// rule looks at one template and reports what it refuses.
type rule struct {
	id    string
	check func(t tree, deny deny)
}

// deny reports a refusal: id, where in the template, and what was found there.
type deny func(id, where string, params ...string)

// rules are all guardrails of bcn's own that look at templates.
func (s *Set) rules() []rule {
	return []rule{
		{DynamicReference, noDynamicReferences},
		{ImageNotPinned, imagesPinned},
		{ImageRegistry, s.imagesKnown},
		{Privileged, nothingPrivileged},
		{WildcardAction, policiesNarrow},
		{NoBoundary, rolesBounded},
		{OpenIngress, ingressClosed},
		{LogRetention, logsExpire},
		{TaskSize, s.tasksSmall},
		{ServiceCount, s.servicesFew},
	}
}

// template applies bcn's own guardrails to a stack's template. The tree is
// empty where it cannot be read.
func (s *Set) template(sp bcn.StackPlan, removes bool) (tree, []bcn.Finding) {
	var out []bcn.Finding
	report := func(id, where string, params ...string) {
		f := bcn.Finding{ID: id, Level: s.level(id), Where: sp.Name, Params: map[string]string{}}
		if where != "" {
			f.Where += "/" + where
		}
		for i := 0; i+1 < len(params); i += 2 {
			f.Params[params[i]] = params[i+1]
		}
		out = append(out, f)
	}
	t, err := parse(sp.Template)
	if err != nil && removes { // it goes, whatever it says
		return tree{}, nil
	}
	if err != nil {
		report(Unreadable, "", "what", err.Error())
		return tree{}, out
	}
	if removes {
		return t, nil
	}
	for _, r := range s.rules() {
		run(r, t, report)
	}
	return t, out
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
