package guard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// tree is a template as JSON has it.
type tree struct {
	root      map[string]any
	resources []resource // sorted by logical id
}

type resource struct {
	id, kind   string
	properties map[string]any
}

// imageParameter is a parameter that names one of AWS's public parameters for
// machine images; it stands for an id of one, and for nothing else.
const imageParameter = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"

func onlyImages(parameters any) bool {
	if parameters == nil {
		return true
	}
	all, ok := parameters.(map[string]any)
	for _, v := range all {
		p, _ := v.(map[string]any)
		path, _ := p["Default"].(string)
		if p["Type"] != imageParameter || !strings.HasPrefix(path, "/aws/service/") {
			return false
		}
	}
	return ok
}

func parse(data []byte) (tree, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var t tree
	if err := d.Decode(&t.root); err != nil {
		return t, fmt.Errorf("the template is not JSON")
	}
	if d.More() {
		return t, fmt.Errorf("the template holds more than one value")
	}
	for _, key := range []string{"Transform", "Rules", "Mappings", "Conditions", "Hooks"} {
		if _, there := t.root[key]; there {
			return t, fmt.Errorf("the template has %s, which can change what it says", key)
		}
	}
	if !onlyImages(t.root["Parameters"]) {
		return t, fmt.Errorf("the template has Parameters, which can change what it says")
	}
	resources, ok := t.root["Resources"].(map[string]any)
	if !ok {
		return t, fmt.Errorf("the template has no resources")
	}
	for id, value := range resources {
		r, ok := value.(map[string]any)
		if !ok {
			return t, fmt.Errorf("the resource %s is no mapping", id)
		}
		kind, _ := r["Type"].(string)
		properties, fine := r["Properties"].(map[string]any)
		if kind == "" || !fine && r["Properties"] != nil {
			return t, fmt.Errorf("the resource %s has no type or no properties that can be read", id)
		}
		t.resources = append(t.resources, resource{id, kind, properties})
	}
	sort.Slice(t.resources, func(i, j int) bool { return t.resources[i].id < t.resources[j].id })
	return t, nil
}
