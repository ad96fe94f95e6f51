package manifest

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Defaults of barcelona.yml (reference/barcelona.md section 1.11) that the
// schema gives too, for what is made without a file.
const (
	DefaultMemory         = 512
	DefaultPort           = 3000
	DefaultInterval       = 10
	DefaultTimeout        = 5
	DefaultPriority       = 100
	DefaultTaskCPU        = 512  // of scheduled tasks
	DefaultTaskMemory     = 1512 // of scheduled tasks
	DefaultDeployTimeout  = 30 * time.Minute
	DefaultScalingCPU     = 60 // per cent
	DefaultMinimumPercent = 100
	DefaultMaximumPercent = 200
)

// Defaults of deployments that shift traffic, in minutes and per cent: ECS's own
// (API reference, CanaryConfiguration and LinearConfiguration) where it has one.
const (
	DefaultPause         = 60 // of blue_green
	DefaultBake          = 5
	DefaultCanaryPercent = 5
	DefaultCanaryBake    = 10
	DefaultStepPercent   = 10
	DefaultStepBake      = 6
)

// Variables is the environment block, sorted by name; it is written as a list
// or as a mapping.
type Variables []Variable

// UnmarshalJSON reads either form.
func (v *Variables) UnmarshalJSON(data []byte) error {
	var list []Variable
	if len(data) > 0 && data[0] == '{' {
		var byName map[string]Variable
		if err := json.Unmarshal(data, &byName); err != nil {
			return fmt.Errorf("read environment: %w", err)
		}
		for name, one := range byName {
			one.Name = name
			list = append(list, one)
		}
	} else if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("read environment: %w", err)
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].Name != list[j].Name {
			return list[i].Name < list[j].Name
		}
		return list[i].SSMPrefix < list[j].SSMPrefix
	})
	*v = list
	return nil
}

// fillDefaults puts the schema's defaults where nothing was written.
func fillDefaults(s *jsonschema.Schema, v any) {
	for s != nil && s.Ref != nil {
		s = s.Ref
	}
	if s == nil {
		return
	}
	for _, form := range s.OneOf {
		fillDefaults(form, v)
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			fillDefaults(s.Items2020, item)
		}
	case map[string]any:
		all, _ := s.AdditionalProperties.(*jsonschema.Schema)
		for key, value := range v {
			if property := s.Properties[key]; property != nil {
				fillDefaults(property, value)
			} else {
				fillDefaults(all, value)
			}
		}
		for key, property := range s.Properties {
			if _, written := v[key]; !written && property.Default != nil {
				v[key] = *property.Default
			}
		}
	}
}

// fill puts the defaults that follow from something else.
func (h *Heritage) fill(n *node) {
	for i := range h.Services {
		s, written := &h.Services[i], n.get("services").list()[i]
		orString(&s.Launch, h.Launch)
		s.Deployment.fill(written.get("deployment"))
		if a := s.AutoScaling; a != nil && a.CPU == 0 && a.Memory == 0 && a.Requests == 0 {
			a.CPU = DefaultScalingCPU
		}
		for j := range s.Listeners {
			l := &s.Listeners[j]
			orInt(&l.Timeout, min(DefaultTimeout, l.Interval-1))
			if len(l.Conditions) == 0 {
				l.Conditions = []Condition{{Type: "path-pattern", Value: "*"}}
			}
		}
	}
	for i := range h.ScheduledTasks {
		t := &h.ScheduledTasks[i]
		orString(&t.Name, taskName(t.Command))
	}
}

// fill puts the defaults where no mapping is, where the schema's are not looked
// at, and those that follow from the strategy.
func (d *Deployment) fill(n *node) {
	if n == nil {
		*d = Deployment{Strategy: Rolling, MinimumPercent: DefaultMinimumPercent, MaximumPercent: DefaultMaximumPercent}
	}
	if d.Rolling() {
		return
	}
	missing := func(v *int, key string, def int) {
		if n.get(key) == nil {
			*v = def
		}
	}
	missing(&d.Bake, "bake_time", DefaultBake)
	switch d.Strategy {
	case BlueGreen:
		missing(&d.Pause, "pause", DefaultPause)
	case Canary:
		missing(&d.CanaryPercent, "canary_percent", DefaultCanaryPercent)
		missing(&d.CanaryBake, "canary_bake", DefaultCanaryBake)
	case Linear:
		missing(&d.StepPercent, "step_percent", DefaultStepPercent)
		missing(&d.StepBake, "step_bake", DefaultStepBake)
	}
}

func orInt(v *int, def int) {
	if *v == 0 {
		*v = def
	}
}

func orString(v *string, def string) {
	if *v == "" {
		*v = def
	}
}

// place copies positions from the tree.
func (h *Heritage) place(n *node) {
	h.At = n.at
	for i, s := range n.get("services").list() {
		h.Services[i].At = s.at
		for j, l := range s.get("listeners").list() {
			h.Services[i].Listeners[j].At = l.at
		}
	}
	for i, t := range n.get("scheduled_tasks").list() {
		h.ScheduledTasks[i].At = t.at
	}
	if h.BeforeDeploy != nil {
		h.BeforeDeploy.At = n.get("before_deploy").at
	}
	env := n.get("environment")
	places := map[[2]string]Position{}
	for _, entry := range env.list() {
		places[[2]string{entry.get("name").str(), entry.get("ssm_prefix").str()}] = entry.at
	}
	if env != nil {
		for _, k := range env.keys {
			places[[2]string{k, ""}] = env.fields[k].keyAt
		}
	}
	for i, v := range h.Environment {
		h.Environment[i].At = places[[2]string{v.Name, v.SSMPrefix}]
	}
}
