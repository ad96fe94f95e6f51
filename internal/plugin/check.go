package plugin

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Folder is where, below /barcelona/{district}/, the secrets of plugins are.
// No app can be called so, so that none has its own there.
const Folder = "plugin/"

// maxValue is how long a setting may be, in characters.
const maxValue = 500

// Check answers what is wrong with settings before they are stored. Values are
// never part of an error: one may be a secret in the wrong place. Errors:
// plugin_literal (a secret that is no reference), plugin_settings.
func (p Plugin) Check(d bcn.District, settings map[string]string) error {
	var problems, literal []string
	for _, s := range p.Settings {
		if s.Required && settings[s.Name] == "" {
			problems = append(problems, s.Name+": is missing")
		}
	}
	for _, name := range sorted(settings) {
		s, known := p.setting(name)
		value := settings[name]
		switch {
		case !known:
			problems = append(problems, shown(name)+": is no setting of "+p.Name)
		case value == "":
			problems = append(problems, name+": is empty")
		case len(value) > maxValue || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			problems = append(problems, name+": at most 500 characters, all of them printable ASCII")
		case s.Secret && !Reference(d, value):
			literal = append(literal, name)
		case !s.Secret && s.Valid != nil && !s.Valid(value):
			problems = append(problems, name+": write it like "+s.Form)
		}
	}
	if len(literal) > 0 {
		return bcn.E(bcn.CodePluginLiteral, "plugin", p.Name, "names", strings.Join(literal, ", "),
			"path", "/barcelona/"+d.Name+"/"+Folder+p.Name+"/"+literal[0])
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return bcn.E(bcn.CodePluginSettings, "plugin", p.Name, "problems", strings.Join(problems, "\n"), "settings", strings.Join(p.usage(), ", "))
	}
	return nil
}

// usage names what the plugin takes.
func (p Plugin) usage() []string {
	var out []string
	for _, s := range p.Settings {
		one := s.Name
		if s.Secret {
			one += " (a reference)"
		}
		out = append(out, one)
	}
	return append(out, imageSetting)
}

// shown is a name as it may be said back: what is longer than any is perhaps
// a value that lost its name.
func shown(name string) string {
	if len(name) > 40 || !settingForm.MatchString(name) {
		return "NAME"
	}
	return name
}

var settingForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*$`)

// Reference says whether a value refers to a parameter of Parameter Store, by
// its full name or ARN, or to a secret of Secrets Manager by its ARN with
// perhaps the JSON key, in the district's Folder. Of a district of which only
// the name is known, any region and account will do.
func Reference(d bcn.District, value string) bool {
	place := "barcelona/" + d.Name + "/" + Folder
	if rest, ok := strings.CutPrefix(value, "/"+place); ok {
		return parameterForm.MatchString(rest)
	}
	parts := strings.SplitN(value, ":", 6) // arn:aws:SERVICE:REGION:ACCOUNT:...
	if len(parts) < 6 || parts[0] != "arn" || parts[1] == "" || parts[1] != bcn.Partition(parts[3]) || !accountForm.MatchString(parts[4]) {
		return false
	}
	if d.Account != "" && (parts[3] != d.Region || parts[4] != d.Account) {
		return false
	}
	switch parts[2] {
	case "ssm":
		rest, ok := strings.CutPrefix(parts[5], "parameter/"+place)
		return ok && parameterForm.MatchString(rest)
	case "secretsmanager":
		rest, ok := strings.CutPrefix(parts[5], "secret:"+place)
		return ok && secretForm.MatchString(rest)
	default:
		return false
	}
}

// What may stand behind the folder: names as AWS takes them (Systems Manager
// API, PutParameter; Secrets Manager API, CreateSecret), without the characters
// that a policy would take for more than one.
var (
	parameterForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)
	accountForm   = regexp.MustCompile(`^[0-9]{12}$`)
	secretForm    = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]+(:[A-Za-z0-9_.-]*(:[A-Za-z0-9_.-]*:[A-Za-z0-9-]*)?)?$`)
)

// imageForm is NAME:TAG or NAME@sha256:DIGEST (OCI distribution specification,
// "Pulling manifests").
var imageForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*(:[0-9]+)?(/[a-z0-9._-]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|@sha256:[0-9a-f]{64})$`)

func validImage(s string) bool { return imageForm.MatchString(s) }

// OneOf is a setting's Valid: a value of a list.
func OneOf(list ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(list, s) }
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
