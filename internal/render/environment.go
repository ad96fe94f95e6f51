package render

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// environment is what the containers of a heritage find in theirs.
type environment struct {
	plain   []keyValue      // sorted by name
	secrets []bcn.SecretRef // read by ECS when a task starts; sorted by name
	runtime []bcn.SecretRef // those that the app's own code may read too
}

// Prefixes are the full names, each ending with a slash, of the paths whose
// parameters the file brings in by ssm_prefix: sorted, the keys of
// Input.Parameters.
func Prefixes(h *manifest.Heritage, d bcn.District) []string {
	var out []string
	for _, v := range h.Environment {
		if v.SSMPrefix != "" {
			out = append(out, prefixName(d.Name, v.SSMPrefix))
		}
	}
	return unique(out)
}

func prefixName(district, prefix string) string {
	return strings.TrimSuffix(ParameterName(district, prefix), "/") + "/"
}

// environment puts together what the file says, what lies below its prefixes,
// and what chat set. Chat wins over the file, and a variable that has a name
// in the file wins over one that a prefix brings in.
func (s *source) environment() (environment, error) {
	var out environment
	named := map[string]bool{}
	for _, v := range s.Heritage.Environment {
		if v.SSMPrefix == "" {
			named[v.Name] = true
			s.one(&out, v)
		}
	}
	if err := s.prefixed(&out, named); err != nil {
		return out, err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Overlay.Env)) {
		out.plain = append(out.plain, keyValue{name, s.Overlay.Env[name]})
	}
	sort.Slice(out.plain, func(i, j int) bool { return out.plain[i].Name < out.plain[j].Name })
	sort.Slice(out.secrets, func(i, j int) bool { return out.secrets[i].Name < out.secrets[j].Name })
	return out, nil
}

// one adds a variable of the file, unless chat set it to something else, which
// a finding then says.
func (s *source) one(out *environment, v manifest.Variable) {
	ref, secret := reference(v, s.District.Name)
	if secret && v.ReadAtRuntime {
		out.runtime = append(out.runtime, ref)
	}
	if _, set := s.Overlay.Env[v.Name]; set {
		s.findings = append(s.findings, bcn.Finding{
			ID: OverlayEnv, Level: bcn.Warn, Where: s.where(v.At), Params: map[string]string{"name": v.Name},
		})
		return
	}
	if secret {
		out.secrets = append(out.secrets, ref)
	} else if v.Value != nil {
		out.plain = append(out.plain, keyValue{v.Name, *v.Value})
	}
}

// prefixed adds what lies below the prefixes, each by the last word of its
// name.
func (s *source) prefixed(out *environment, named map[string]bool) error {
	from := map[string]string{} // by variable
	for _, v := range s.Heritage.Environment {
		if v.SSMPrefix == "" {
			continue
		}
		prefix := prefixName(s.District.Name, v.SSMPrefix)
		for _, parameter := range s.Parameters[prefix] {
			name, err := lastWord(prefix, parameter)
			if err != nil {
				return err
			}
			ref := bcn.SecretRef{Name: name, From: parameter}
			if v.ReadAtRuntime {
				out.runtime = append(out.runtime, ref)
			}
			if _, set := s.Overlay.Env[name]; set || named[name] {
				continue
			}
			if other, taken := from[name]; taken && other != parameter {
				return bcn.E(bcn.CodeNameTaken, "name", parameter, "by", other)
			} else if taken {
				continue
			}
			from[name] = parameter
			out.secrets = append(out.secrets, ref)
		}
	}
	return nil
}

// lastWord is the variable that a parameter below a prefix becomes.
func lastWord(prefix, parameter string) (string, error) {
	if !strings.HasPrefix(parameter, prefix) {
		return "", bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("render: the parameter %q is not below %q", parameter, prefix))
	}
	name := parameter[strings.LastIndex(parameter, "/")+1:]
	if name == "" || name[0] >= '0' && name[0] <= '9' || strings.Trim(name, variableCharacters) != "" {
		return "", bcn.E(bcn.CodeBadName, "name", parameter, "rule", "a parameter that becomes a variable ends with letters, digits and underscores, no digit first")
	}
	return name, nil
}

const variableCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// checkPrefixes refuses a prefix below which there is nothing.
func checkPrefixes(in Input) error {
	var empty []string
	for _, prefix := range Prefixes(in.Heritage, in.District) {
		if len(in.Parameters[prefix]) == 0 {
			empty = append(empty, "ssm_prefix ("+prefix+")")
		}
	}
	if len(empty) > 0 {
		return bcn.E(bcn.CodeMissingSecret, "names", strings.Join(empty, "\n"))
	}
	return nil
}
