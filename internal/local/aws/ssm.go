package aws

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Limits of Parameter Store (its API reference).
const (
	maxParameterNames  = 10 // of GetParameters and DeleteParameters, and results of GetParametersByPath
	maxDescribed       = 50
	maxParameterValue  = 4096 // bytes, standard tier
	maxParameterLevels = 15
	maxParameterName   = 1011
)

var parameterName = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// parameter is one entry of Parameter Store.
type parameter struct {
	name, kind, value, description string
	key, keyID                     string // as it was written, and the id of the key that this meant then
	version                        int
	modified                       time.Time
	by                             string
	tags                           map[string]string
}

func (a *Account) ssm() wire.Actions {
	return wire.Actions{
		"PutParameter":        accepts(a.putParameter, "Name", "Value", "Type", "Overwrite", "Tags", "Description", "KeyId"),
		"GetParameter":        accepts(a.getParameter, "Name", "WithDecryption"),
		"GetParameters":       accepts(a.getParameters, "Names", "WithDecryption"),
		"GetParametersByPath": accepts(a.parametersByPath, "Path", "Recursive", "WithDecryption", "MaxResults", "NextToken"),
		"DescribeParameters":  accepts(a.describeParameters, "ParameterFilters", "MaxResults", "NextToken"),
		"DeleteParameter":     accepts(a.deleteParameter, "Name"),
		"DeleteParameters":    accepts(a.deleteParameters, "Names"),
	}
}

func (a *Account) parameterARN(region, name string) string {
	return "arn:aws:ssm:" + region + ":" + a.ID + ":parameter/" + strings.TrimPrefix(name, "/")
}

// onParameter authorizes an action on one parameter by its tags, as they are.
func (a *Account) onParameter(c *wire.Call, action, name string, extra map[string][]string) error {
	a.mu.Lock()
	keys := map[string][]string{}
	if p, ok := a.in(c.Region).parameters[name]; ok {
		keys = tagKeys("aws:ResourceTag/", p.tags)
		maps.Copy(keys, tagKeys("ssm:resourceTag/", p.tags))
	}
	a.mu.Unlock()
	maps.Copy(keys, extra)
	return c.Authorize(action, a.parameterARN(c.Region, name), keys)
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// nameARN lets a parameter be named by its ARN.
func nameARN(name string) string {
	if _, rest, ok := strings.Cut(name, ":parameter/"); ok && strings.HasPrefix(name, "arn:") {
		return "/" + rest
	}
	return name
}

func checkParameterName(name string) error {
	lower := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case !parameterName.MatchString(name) || len(name) > maxParameterName:
		return invalid("Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case strings.HasPrefix(lower, "aws") || strings.HasPrefix(lower, "ssm"):
		return wire.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.Count(name, "/") > maxParameterLevels:
		return wire.Errorf("HierarchyLevelLimitExceededException", "Parameter names can have at most %d levels.", maxParameterLevels)
	}
	return nil
}

// show is a parameter with its value; a SecureString is readable only with
// decryption, which decrypts has authorized.
func (a *Account) show(p *parameter, region string, decrypt bool) map[string]any {
	value := p.value
	if p.kind == "SecureString" && !decrypt {
		value = "AQICAHh" + random(48, base64Like)
	}
	return map[string]any{
		"Name": p.name, "Type": p.kind, "Value": value, "Version": p.version,
		"LastModifiedDate": p.modified, "ARN": a.parameterARN(region, p.name), "DataType": "text",
	}
}

func (a *Account) getParameter(_ context.Context, c *wire.Call) (any, error) {
	name := nameARN(str(c.Params, "Name"))
	if err := a.onParameter(c, "ssm:GetParameter", name, nil); err != nil {
		return nil, err
	}
	if err := a.decrypts(c, name); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.in(c.Region).parameters[name]
	if !ok {
		return nil, wire.Errorf("ParameterNotFound", "")
	}
	return map[string]any{"Parameter": a.show(p, c.Region, boolean(c.Params, "WithDecryption"))}, nil
}

// names reads a list of at most ten different parameters' names.
func names(c *wire.Call) ([]string, error) {
	all := texts(c.Params, "Names")
	if len(all) == 0 || len(all) > maxParameterNames {
		return nil, invalid("1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to %d, and at least 1", maxParameterNames)
	}
	for i, n := range all {
		if slices.Contains(all[:i], n) {
			return nil, invalid("1 validation error detected: Value at 'names' failed to satisfy constraint: Member must not have duplicates")
		}
	}
	return all, nil
}

func (a *Account) getParameters(_ context.Context, c *wire.Call) (any, error) {
	asked, err := names(c)
	if err != nil {
		return nil, err
	}
	for _, n := range asked {
		if err := a.onParameter(c, "ssm:GetParameters", nameARN(n), nil); err != nil {
			return nil, err
		}
	}
	for _, n := range asked {
		if err := a.decrypts(c, nameARN(n)); err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	found, missing := []any{}, []any{}
	for _, n := range asked {
		if p, ok := a.in(c.Region).parameters[nameARN(n)]; ok {
			found = append(found, a.show(p, c.Region, boolean(c.Params, "WithDecryption")))
		} else {
			missing = append(missing, n)
		}
	}
	return map[string]any{"Parameters": found, "InvalidParameters": missing}, nil
}

func (a *Account) parametersByPath(_ context.Context, c *wire.Call) (any, error) {
	path := str(c.Params, "Path")
	if err := c.Authorize("ssm:GetParametersByPath", a.parameterARN(c.Region, path), map[string][]string{"ssm:Recursive": {scalar(boolean(c.Params, "Recursive"))}}); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(path, "/") {
		return nil, invalid("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".")
	}
	a.mu.Lock()
	found := below(a.in(c.Region).parameters, path, boolean(c.Params, "Recursive"))
	a.mu.Unlock()
	from, to, next, err := ssmPage(c, maxParameterNames, maxParameterNames, len(found))
	if err != nil {
		return nil, err
	}
	for _, n := range found[from:to] {
		if err := a.decrypts(c, n); err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []any{}
	for _, n := range found[from:to] {
		if p, ok := a.in(c.Region).parameters[n]; ok {
			out = append(out, a.show(p, c.Region, boolean(c.Params, "WithDecryption")))
		}
	}
	return withToken(map[string]any{"Parameters": out}, next), nil
}

// below lists the names under a path, in order.
func below(store map[string]*parameter, path string, recursive bool) []string {
	var out []string
	for _, n := range sortedKeys(store) {
		if store[n].below(path, recursive) {
			out = append(out, n)
		}
	}
	return out
}

// below says whether the parameter is under the path, directly or anywhere.
func (p *parameter) below(path string, recursive bool) bool {
	rest, ok := strings.CutPrefix(p.name, strings.TrimSuffix(path, "/")+"/")
	return ok && (recursive || !strings.Contains(rest, "/"))
}

func ssmPage(c *wire.Call, def, most, n int) (from, to int, next string, err error) {
	size, ok := number(c.Params, "MaxResults", def)
	if !ok || size < 1 || size > most {
		return 0, 0, "", invalid("1 validation error detected: Value '%v' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to %d", c.Params["MaxResults"], most)
	}
	return page(str(c.Params, "NextToken"), size, n)
}

func withToken(out map[string]any, next string) map[string]any {
	if next != "" {
		out["NextToken"] = next
	}
	return out
}

func (a *Account) deleteParameter(_ context.Context, c *wire.Call) (any, error) {
	name := nameARN(str(c.Params, "Name"))
	if err := a.onParameter(c, "ssm:DeleteParameter", name, nil); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	store := a.in(c.Region).parameters
	if _, ok := store[name]; !ok {
		return nil, wire.Errorf("ParameterNotFound", "")
	}
	delete(store, name)
	return map[string]any{}, nil
}

func (a *Account) deleteParameters(_ context.Context, c *wire.Call) (any, error) {
	asked, err := names(c)
	if err != nil {
		return nil, err
	}
	for _, n := range asked {
		if err := a.onParameter(c, "ssm:DeleteParameters", nameARN(n), nil); err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	store := a.in(c.Region).parameters
	deleted, missing := []any{}, []any{}
	for _, n := range asked {
		if _, ok := store[nameARN(n)]; !ok {
			missing = append(missing, n)
			continue
		}
		delete(store, nameARN(n))
		deleted = append(deleted, n)
	}
	return map[string]any{"DeletedParameters": deleted, "InvalidParameters": missing}, nil
}
