package manifest

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkVariables checks that each variable has one source, and its name once.
func (p *parser) checkVariables(env *node, path string) {
	if env == nil {
		return
	}
	seen := map[string]bool{}
	for i, v := range env.items {
		here := fmt.Sprintf("%s[%d]", path, i)
		name, prefix := v.get("name"), v.get("ssm_prefix")
		id := name.str()
		switch {
		case name != nil && prefix != nil:
			p.atKey(name, here+".name", "ssm_prefix names its variables itself", "leave name out")
		case prefix.str() != "":
			name, id = prefix, "ssm_prefix "+strings.TrimPrefix(prefix.str(), "/")
		}
		if id != "" && seen[id] {
			p.at(name, here, "the variable "+quote(id)+" is there twice", "")
		}
		seen[id] = true
		p.checkSource(v, here)
	}
	for _, k := range env.keys {
		p.checkSource(env.fields[k], path+"."+k)
	}
}

func (p *parser) checkSource(v *node, path string) {
	if v.kind != yaml.MappingNode {
		return // the schema says so
	}
	sources := []string{"value", "ssm_path", "value_from", "ssm_prefix"}
	var given []string
	for _, k := range sources {
		if n := v.get(k); n != nil {
			given = append(given, k)
			if k != "value" && hasDots(n.str()) {
				p.at(n, path+"."+k, k+" must not have the steps . or ..", "")
			}
		}
	}
	switch len(given) {
	case 0:
		p.at(v, path, "a variable needs value, ssm_path or value_from", "")
	case 1:
		if n := v.get("read_at_runtime"); n != nil && given[0] == "value" {
			p.warn(n, path+".read_at_runtime", "a plain value is in the environment already", "read_at_runtime is of references")
		}
	default:
		p.at(v, path, "a variable has only one of "+strings.Join(given, " and "), "")
	}
}

func hasDots(path string) bool {
	for _, step := range strings.Split(path, "/") {
		if step == "." || step == ".." {
			return true
		}
	}
	return false
}
