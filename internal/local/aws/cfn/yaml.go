package cfn

import (
	"errors"
	"strings"

	"gopkg.in/yaml.v3"
)

// decodeYAML reads a YAML template into the values that encoding/json would
// give, with the short forms of functions (!Ref x) written out.
func decodeYAML(body string) (any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(body), &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return fromYAML(doc.Content[0])
}

func fromYAML(n *yaml.Node) (any, error) {
	v, err := plainYAML(n)
	if err != nil || !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return v, err
	}
	name := strings.TrimPrefix(n.Tag, "!")
	switch name {
	case "Ref", "Condition":
	case "GetAtt":
		if s, ok := v.(string); ok {
			of, attr, _ := strings.Cut(s, ".")
			v = []any{of, attr}
		}
		fallthrough
	default:
		name = "Fn::" + name
	}
	return map[string]any{name: v}, nil
}

func plainYAML(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return nil, errors.New("aliases are not allowed in CloudFormation templates")
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := fromYAML(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[n.Content[i].Value] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, e := range n.Content {
			v, err := fromYAML(e)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	default:
		return scalarYAML(n)
	}
}

// scalarYAML keeps dates as text (2010-09-09, 2012-10-17), as CloudFormation
// does, and numbers as encoding/json has them.
func scalarYAML(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!int", "!!float":
		var f float64
		err := n.Decode(&f)
		return f, err
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!null":
		return nil, nil
	default:
		return n.Value, nil
	}
}
