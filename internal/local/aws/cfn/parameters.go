package cfn

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// readParametersOf joins what a call gives with the template's declarations
// and, where it says so, with what the stack has.
func readParametersOf(c *wire.Call, t *template, had []parameterValue) ([]parameterValue, error) {
	given := map[string]string{}
	var strange []string
	for _, p := range objects(c, "Parameters") {
		key := text(p, "ParameterKey")
		if _, declared := t.parameters[key]; !declared {
			strange = append(strange, key)
			continue
		}
		value, has := p["ParameterValue"].(string)
		if previous := p["UsePreviousValue"]; previous == "true" || previous == true {
			i := slices.IndexFunc(had, func(v parameterValue) bool { return v.key == key })
			if i < 0 {
				return nil, invalid("Parameters: [%s] must have values", key)
			}
			value, has = had[i].value, true
		}
		if has {
			given[key] = value
		}
	}
	if len(strange) > 0 {
		return nil, invalid("Parameters: [%s] do not exist in the template", strings.Join(strange, ", "))
	}
	return complete(t, given)
}

// complete adds defaults and finds what is missing or refused.
func complete(t *template, given map[string]string) ([]parameterValue, error) {
	var out []parameterValue
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(t.parameters)) {
		p := t.parameters[name]
		value, ok := given[name]
		if d, has := p["Default"]; !ok && has {
			value, ok = scalar(d), true
		}
		if !ok {
			missing = append(missing, name)
			continue
		}
		if err := constraints(name, p, value); err != nil {
			return nil, err
		}
		out = append(out, parameterValue{key: name, value: value})
	}
	if len(missing) > 0 {
		return nil, invalid("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	return out, nil
}

func constraints(name string, p map[string]any, value string) error {
	refuse := func(format string, args ...any) error {
		if said := text(p, "ConstraintDescription"); said != "" {
			return invalid("Parameter '%s' failed to satisfy constraint: %s", name, said)
		}
		return invalid(format, args...)
	}
	if allowed, ok := p["AllowedValues"].([]any); ok && !slices.ContainsFunc(allowed, func(a any) bool { return scalar(a) == value }) {
		return refuse("Parameter '%s' must be one of AllowedValues", name)
	}
	if pattern := text(p, "AllowedPattern"); pattern != "" {
		re, err := regexp.Compile(`^(?:` + pattern + `)$`)
		if err != nil {
			return invalid("Template format error: AllowedPattern of parameter %s is not a regular expression", name)
		}
		if !re.MatchString(value) {
			return refuse("Parameter '%s' must match pattern %s", name, pattern)
		}
	}
	if n, err := strconv.ParseFloat(value, 64); text(p, "Type") == "Number" {
		switch {
		case err != nil:
			return invalid("Parameter '%s' must be a number.", name)
		case outside(p, "MinValue", "MaxValue", n):
			return refuse("Parameter '%s' must be a number between %v and %v", name, p["MinValue"], p["MaxValue"])
		}
	}
	if outside(p, "MinLength", "MaxLength", float64(len(value))) {
		return refuse("Parameter '%s' must contain between %v and %v characters", name, p["MinLength"], p["MaxLength"])
	}
	return nil
}

func outside(p map[string]any, low, high string, n float64) bool {
	limit := func(key string) (float64, bool) {
		f, err := strconv.ParseFloat(fmt.Sprint(p[key]), 64)
		return f, err == nil
	}
	least, hasLeast := limit(low)
	most, hasMost := limit(high)
	return (hasLeast && n < least) || (hasMost && n > most)
}

// typed are the values that Ref gives: numbers of Number parameters, lists of
// lists, text of the rest.
func typed(t *template, given []parameterValue) (map[string]any, error) {
	out := make(map[string]any, len(given))
	for _, g := range given {
		kind := text(t.parameters[g.key], "Type")
		switch {
		case kind == "Number":
			out[g.key], _ = strconv.ParseFloat(g.value, 64)
		case kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<"):
			out[g.key] = listOf(g.value, kind == "List<Number>")
		case storeKind(kind):
			out[g.key] = g.resolved
		case kind == "String" || (strings.HasPrefix(kind, "AWS::") && !strings.HasPrefix(kind, "AWS::SSM::")):
			out[g.key] = g.value
		default:
			return nil, invalid("Template format error: the local AWS does not have the parameter type %s", kind)
		}
	}
	return out, nil
}

// storeKind says that the value of a parameter is a name in Parameter Store,
// whose value of that moment counts. Lists of them are not known here.
func storeKind(kind string) bool {
	return kind == "AWS::SSM::Parameter::Value<String>" || kind == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
}

// resolve looks the names in Parameter Store up, in the name of the stack's
// role, or else the caller's (User Guide, "Specify existing resources at
// runtime with CloudFormation-supplied parameter types").
func (e *Engine) resolve(c *wire.Call, set settings) error {
	allow := asOperation(c, set.roleARN)
	for i, p := range set.parameters {
		kind := text(set.template.parameters[p.key], "Type")
		if !storeKind(kind) {
			continue
		}
		if e.opt.Parameter == nil {
			return invalid("Template format error: the local AWS does not have the parameter type %s", kind)
		}
		arn := "arn:aws:ssm:" + c.Region + ":" + c.Account + ":parameter/" + strings.TrimPrefix(p.value, "/")
		if strings.HasPrefix(p.value, "/aws/service/") {
			arn = "arn:aws:ssm:" + c.Region + "::parameter" + p.value
		}
		if err := allow("ssm:GetParameters", arn, nil); err != nil {
			return err
		}
		value, ok := e.opt.Parameter(c.Region, p.value)
		if !ok {
			return invalid("Unable to fetch parameters [%s] from parameter store for this account.", p.value)
		}
		set.parameters[i].resolved = value
	}
	return nil
}

func listOf(value string, numbers bool) []any {
	out := []any{}
	if value == "" {
		return out
	}
	for _, part := range strings.Split(value, ",") {
		part = strings.TrimSpace(part)
		if n, err := strconv.ParseFloat(part, 64); numbers && err == nil {
			out = append(out, n)
			continue
		}
		out = append(out, part)
	}
	return out
}

// shown are parameters as Describe answers them, secrets masked.
func shown(t *template, given []parameterValue) []any {
	out := make([]any, 0, len(given))
	for _, g := range given {
		value := g.value
		if hidden := t.parameters[g.key]["NoEcho"]; hidden == true || hidden == "true" {
			value = "****"
		}
		one := map[string]any{"ParameterKey": g.key, "ParameterValue": value}
		if g.resolved != "" {
			one["ResolvedValue"] = g.resolved
		}
		out = append(out, one)
	}
	return out
}
