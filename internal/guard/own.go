package guard

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Custom is an operator's own guardrail: it finds something where When is true
// of a resource.
type Custom struct {
	ID      string
	Level   bcn.Level
	On      []string // resource types; empty: all
	When    string   // a CEL expression over resource, change and plan
	Message string
	Remedy  string
	Line    int // where it is written
}

// Resource is what an expression calls resource.
type Resource struct {
	Type       string         `cel:"type"`
	ID         string         `cel:"id"` // logical id
	Stack      string         `cel:"stack"`
	Properties map[string]any `cel:"properties"` // as rendered; empty of what is removed
}

// Change is what an expression calls change: what the change set says of the
// resource.
type Change struct {
	Action      string   `cel:"action"`      // Add, Modify, Remove, Import, Dynamic; None: it stays
	Replacement string   `cel:"replacement"` // True, False, Conditional, or empty
	Properties  []string `cel:"properties"`  // paths that change
}

// Plan is what an expression calls plan.
type Plan struct {
	App      string `cel:"app"`
	Env      string `cel:"env"`
	Heritage string `cel:"heritage"`
	District string `cel:"district"`
	Kind     string `cel:"kind"` // deploy, rollback, scale, ...
}

// Problem is what is wrong with an operator's guardrail.
type Problem struct {
	Guardrail int    // index in what New was given
	Field     string // when, id, ...
	Line      int    // in the expression, from 1; 0: the field as a whole
	Column    int    // from 1
	Message   string
}

const (
	// longestExpression is in characters: what is longer is no sentence that
	// anybody reviews.
	longestExpression = 4000
	// costLimit bounds one evaluation, in CEL's units: about as many steps.
	costLimit = 200_000
	// interruptEvery is after how many steps of a loop the context is asked.
	interruptEvery = 100
)

// compiled is a guardrail that is ready to be evaluated.
type compiled struct {
	Custom
	program cel.Program
}

// New makes the guardrails in force, or answers everything that is wrong with
// the operators' own.
func New(s Settings, own []Custom) (*Set, []Problem) {
	set := &Set{settings: s}
	env, err := environment()
	if err != nil {
		return nil, []Problem{{Message: err.Error()}}
	}
	var problems []Problem
	seen := map[string]bool{}
	for i, c := range own {
		if wrong := misnamed(c.ID, seen); wrong != "" {
			problems = append(problems, Problem{Guardrail: i, Field: "id", Message: wrong})
		}
		seen[c.ID] = true
		program, wrong := compile(env, c.When)
		for _, p := range wrong {
			p.Guardrail, p.Field = i, "when"
			problems = append(problems, p)
		}
		set.own = append(set.own, compiled{Custom: c, program: program})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return set, nil
}

func misnamed(id string, seen map[string]bool) string {
	switch {
	case seen[id]:
		return fmt.Sprintf("there are two guardrails %q", id)
	case slices.Contains(IDs(), id) || slices.Contains([]string{Unresolved, Unreadable, Own, OwnFailed}, id):
		return fmt.Sprintf("%q is a guardrail of bcn's own, which has no when", id)
	default:
		return ""
	}
}

// environment is what an expression may speak of.
func environment() (*cel.Env, error) {
	env, err := cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[Resource](), reflect.TypeFor[Change](), reflect.TypeFor[Plan](), ext.ParseStructTags(true)),
		ext.Strings(),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.ASTValidators(cel.ValidateRegexLiterals()),
		cel.ParserExpressionSizeLimit(longestExpression),
		cel.Variable("resource", cel.ObjectType("guard.Resource")),
		cel.Variable("change", cel.ObjectType("guard.Change")),
		cel.Variable("plan", cel.ObjectType("guard.Plan")),
	)
	if err != nil {
		return nil, fmt.Errorf("make the environment of guardrails: %w", err)
	}
	return env, nil
}

// compile parses and checks an expression; it must say true or false.
func compile(env *cel.Env, when string) (cel.Program, []Problem) {
	if n := len([]rune(when)); n > longestExpression {
		return nil, []Problem{{Message: fmt.Sprintf("it has %d characters, more than %d", n, longestExpression)}}
	}
	ast, issues := env.Compile(when)
	if issues.Err() != nil {
		var out []Problem
		for _, e := range issues.Errors() {
			message, _, _ := strings.Cut(strings.TrimSpace(e.Message), "\n")
			out = append(out, Problem{Line: e.Location.Line(), Column: e.Location.Column() + 1, Message: message})
		}
		return nil, out
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) {
		return nil, []Problem{{Line: 1, Column: 1, Message: fmt.Sprintf("it must say true or false, and says %s; compare it, such as %s == true", t, "X")}}
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit), cel.InterruptCheckFrequency(interruptEvery))
	if err != nil {
		return nil, []Problem{{Message: err.Error()}}
	}
	return program, nil
}
