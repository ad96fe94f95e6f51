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

// References sorts what a heritage refers to: refs are below the app's or the
// heritage's own name, foreign are allowed by an entry (and shown on the
// card), refused are neither. All keep the manifest's order.
func References(h *manifest.Heritage, d bcn.District, app string, grants []Grant) (own, foreign, refused []bcn.SecretRef) {
	for _, r := range refs(h, d.Name) {
		path, inside := relative(d, r.From)
		switch {
		case inside && (below(path, app) || below(path, h.Name)):
			own = append(own, r)
		case granted(grants, app, path, inside, r.From):
			foreign = append(foreign, r)
		default:
			refused = append(refused, r)
		}
	}
	return own, foreign, refused
}

// refs lists the variables that are references.
func refs(h *manifest.Heritage, district string) []bcn.SecretRef {
	var out []bcn.SecretRef
	for _, v := range h.Environment {
		switch {
		case v.SSMPath != "":
			out = append(out, bcn.SecretRef{Name: v.Name, From: ParameterName(district, v.SSMPath)})
		case v.ValueFrom != "":
			out = append(out, bcn.SecretRef{Name: v.Name, From: v.ValueFrom})
		}
	}
	return out
}

// relative answers the path below the district's place in Parameter Store or
// Secrets Manager, and false for what is elsewhere: another place, account,
// region or partition.
func relative(d bcn.District, from string) (string, bool) {
	name := from
	if strings.HasPrefix(from, "arn:") {
		parts := strings.Split(from, ":")
		if len(parts) < 6 || parts[1] != "aws" || parts[3] != d.Region || parts[4] != d.Account {
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

// below says that the path is inside the folder, not the folder itself.
func below(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder+"/")
	return ok && folder != "" && rest != ""
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
