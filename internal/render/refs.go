package render

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// Grant is an entry of bot.yaml's secrets: the app may refer to what path
// names, counted from /barcelona/{district}/ or, with a leading slash or as an
// ARN, in full. A star at its end stands for anything. App may be "*".
type Grant struct {
	App  string
	Path string
}

// ParameterName is the full Parameter Store name of an ssm_path: below
// /barcelona/{district}/, where it is not written so already.
func ParameterName(district, path string) string {
	path = "/" + strings.TrimPrefix(path, "/")
	prefix := "/barcelona/" + district
	if path == prefix || strings.HasPrefix(path, prefix+"/") {
		return path
	}
	return prefix + path
}

// wildcards and variables of policies.
const wildcards = "*?$"

// References sorts what a heritage refers to: refs are below the app's or the
// heritage's own name, foreign are allowed by an entry (and shown on the
// card), refused are neither. All keep the manifest's order; credentials of
// repositories come after the variables, under "repository " and their name,
// and last what task_role reads, under "task_role " and the action. A reference
// to what lies below a path says so (SecretRef.Prefix).
func References(h *manifest.Heritage, d bcn.District, app string, grants []Grant) (own, foreign, refused []bcn.SecretRef) {
	for _, r := range refs(h, d.Name) {
		path, inside := relative(d, r.From)
		switch {
		case strings.ContainsAny(r.From, wildcards): // a policy would take it for more than one
			refused = append(refused, r)
		case inside && (below(path, app, r.Prefix()) || below(path, h.Name, r.Prefix())):
			own = append(own, r)
		case granted(grants, app, path, inside, r.From):
			foreign = append(foreign, r)
		default:
			refused = append(refused, r)
		}
	}
	return own, foreign, refused
}

// refs lists what the file refers to.
func refs(h *manifest.Heritage, district string) []bcn.SecretRef {
	var out []bcn.SecretRef
	for _, v := range h.Environment {
		if r, ok := reference(v, district); ok {
			out = append(out, r)
		} else if v.SSMPrefix != "" {
			out = append(out, bcn.SecretRef{Name: "ssm_prefix", From: prefixName(district, v.SSMPrefix)})
		}
	}
	for _, r := range h.Repositories {
		out = append(out, bcn.SecretRef{Name: "repository " + r.Name, From: r.Credentials})
	}
	return append(out, permitted(h)...)
}

// permitted lists what task_role would let the app's code read. The boundary
// lets through all of the district's secrets, so that these are references as
// any other: exact, and the app's own or allowed.
func permitted(h *manifest.Heritage) []bcn.SecretRef {
	var out []bcn.SecretRef
	for _, p := range h.TaskRole {
		for _, action := range p.Actions {
			switch strings.ToLower(action) { // IAM does not tell cases apart
			case "ssm:getparameter", "ssm:getparameters", "ssm:getparametersbypath", "ssm:getparameterhistory",
				"secretsmanager:getsecretvalue", "secretsmanager:batchgetsecretvalue":
				for _, resource := range p.Resources {
					out = append(out, bcn.SecretRef{Name: "task_role " + action, From: resource})
				}
			}
		}
	}
	return out
}

// reference answers what a single variable refers to, and false for a plain
// value or a prefix.
func reference(v manifest.Variable, district string) (bcn.SecretRef, bool) {
	switch {
	case v.SSMPath != "":
		return bcn.SecretRef{Name: v.Name, From: ParameterName(district, v.SSMPath)}, true
	case v.ValueFrom != "":
		return bcn.SecretRef{Name: v.Name, From: v.ValueFrom}, true
	default:
		return bcn.SecretRef{}, false
	}
}

// relative answers the path below the district's place in Parameter Store or
// Secrets Manager, and false for what is elsewhere: another place, account,
// region or partition.
func relative(d bcn.District, from string) (string, bool) {
	name := from
	if strings.HasPrefix(from, "arn:") {
		parts := strings.Split(from, ":")
		if len(parts) < 6 || parts[1] != bcn.Partition(d.Region) || parts[3] != d.Region || parts[4] != d.Account {
			return "", false
		}
		switch {
		case parts[2] == "ssm":
			name = strings.TrimPrefix(parts[5], "parameter")
		case parts[2] == "secretsmanager" && len(parts) > 6:
			name = "/" + parts[6]
		default:
			return "", false
		}
	}
	return strings.CutPrefix(name, "/barcelona/"+d.Name+"/")
}

// below says that the path is inside the folder. The folder itself is no
// parameter, but a prefix may be all that is in it.
func below(path, folder string, prefix bool) bool {
	rest, ok := strings.CutPrefix(path, folder+"/")
	return ok && folder != "" && (rest != "" || prefix)
}

func granted(grants []Grant, app, path string, inside bool, from string) bool {
	for _, g := range grants {
		if g.App != app && g.App != "*" {
			continue
		}
		if inside && matches(g.Path, path) || matches(g.Path, from) {
			return true
		}
	}
	return false
}

func matches(pattern, s string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(s, prefix)
	}
	return pattern == s
}
