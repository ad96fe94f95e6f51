package manifest_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/manifest"
)

type definition struct {
	Description string
	Deprecated  bool
	Properties  map[string]definition
}

// TestSchemaAndStructs holds the two descriptions of a file together: a
// property without a field would be read by nobody, a field without a
// property could not be written.
func TestSchemaAndStructs(t *testing.T) {
	t.Parallel()
	var schema struct {
		definition
		Defs map[string]definition `json:"$defs"`
	}
	if err := json.Unmarshal(manifest.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		def    definition
		fields any
	}{
		{schema.definition, manifest.File{}},
		{schema.Defs["heritage"], manifest.Heritage{}},
		{schema.Defs["service"], manifest.Service{}},
		{schema.Defs["listener"], manifest.Listener{}},
		{schema.Defs["condition"], manifest.Condition{}},
		{schema.Defs["variable"], manifest.Variable{}},
		{schema.Defs["scheduled_task"], manifest.ScheduledTask{}},
		{schema.Defs["heritage"].Properties["before_deploy"], manifest.BeforeDeploy{}},
		{schema.Defs["auto_scaling"], manifest.AutoScaling{}},
		{schema.Defs["deployment"], manifest.Deployment{}},
		{schema.Defs["ulimit"], manifest.Ulimit{}},
		{schema.Defs["volume"], manifest.Volume{}},
		{schema.Defs["efs"], manifest.EFS{}},
		{schema.Defs["repository"], manifest.Repository{}},
		{schema.Defs["permission"], manifest.Permission{}},
	} {
		kind := reflect.TypeOf(c.fields)
		t.Run(kind.Name(), func(t *testing.T) {
			t.Parallel()
			var properties []string
			for name, p := range c.def.Properties {
				if !p.Deprecated {
					properties = append(properties, name)
				} else if p.Description == "" {
					t.Errorf("%s is dead, and nothing says why", name)
				}
			}
			slices.Sort(properties)
			if fields := tags(kind); !slices.Equal(fields, properties) {
				t.Errorf("fields %v, properties %v", fields, properties)
			}
		})
	}
}

func tags(kind reflect.Type) []string {
	var out []string
	for i := range kind.NumField() {
		if tag, ok := kind.Field(i).Tag.Lookup("json"); ok && tag != "-" {
			out = append(out, strings.Split(tag, ",")[0])
		}
	}
	slices.Sort(out)
	return out
}
