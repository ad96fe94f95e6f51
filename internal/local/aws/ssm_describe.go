package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (a *Account) describeParameters(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("ssm:DescribeParameters", "arn:aws:ssm:"+c.Region+":"+a.ID+":*", nil); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	store := a.in(c.Region).parameters
	filters := list(c.Params, "ParameterFilters")
	// The service model bounds the values (API reference, ParameterStringFilter),
	// whatever is stored.
	for i, e := range filters {
		if f, _ := e.(map[string]any); len(texts(f, "Values")) > maxDescribed {
			return nil, invalid("1 validation error detected: Value at 'parameterFilters.%d.member.values' failed to satisfy constraint: "+
				"Member must have length less than or equal to %d", i+1, maxDescribed)
		}
	}
	var found []string
	for _, n := range sortedKeys(store) {
		ok, err := passes(store[n], filters)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, n)
		}
	}
	from, to, next, err := ssmPage(c, maxDescribed, maxDescribed, len(found))
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, n := range found[from:to] {
		p := store[n]
		d := map[string]any{
			"Name": n, "Type": p.kind, "Version": p.version, "LastModifiedDate": p.modified, "LastModifiedUser": p.by,
			"ARN": a.parameterARN(c.Region, n), "Tier": "Standard", "DataType": "text", "Policies": []any{},
		}
		if p.description != "" {
			d["Description"] = p.description
		}
		if p.key != "" {
			d["KeyId"] = p.key
		}
		out = append(out, d)
	}
	return withToken(map[string]any{"Parameters": out}, next), nil
}

// passes applies ParameterFilters; all must hold, each by any of its values.
func passes(p *parameter, filters []any) (bool, error) {
	for _, e := range filters {
		f, _ := e.(map[string]any)
		key, option, values := str(f, "Key"), str(f, "Option"), texts(f, "Values")
		match, err := parameterFilter(p, key, option)
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(values, match) {
			return false, nil
		}
	}
	return true, nil
}

func parameterFilter(p *parameter, key, option string) (func(string) bool, error) {
	if option == "" {
		option = "Equals"
	}
	tag, isTag := strings.CutPrefix(key, "tag:")
	if isTag {
		key = "tag"
	}
	if !slices.Contains([]string{"Name", "Path", "Type", "KeyId", "tag"}, key) {
		return nil, wire.Errorf("InvalidFilterKey", "The specified key isn't valid: %s", key)
	}
	filters := map[string]func(string) bool{
		"Name Equals":     func(v string) bool { return strings.TrimPrefix(v, "/") == strings.TrimPrefix(p.name, "/") },
		"Name BeginsWith": func(v string) bool { return strings.HasPrefix(p.name, v) },
		"Name Contains":   func(v string) bool { return strings.Contains(p.name, v) },
		"Path OneLevel":   func(v string) bool { return p.below(v, false) },
		"Path Recursive":  func(v string) bool { return p.below(v, true) },
		"Type Equals":     func(v string) bool { return v == p.kind },
		"KeyId Equals":    func(v string) bool { return v == p.key },
		"tag Equals":      func(v string) bool { return p.tags[tag] == v },
	}
	f, ok := filters[key+" "+option]
	if !ok {
		return nil, wire.Errorf("InvalidFilterOption", "The specified filter option isn't valid: %s %s", key, option)
	}
	return f, nil
}
