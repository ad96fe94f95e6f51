package manifest

import (
	"encoding/json"
	"fmt"
	"sort"
)

// Defaults of barcelona.yml (reference/barcelona.md section 1.11).
const (
	DefaultMemory    = 512
	DefaultPort      = 3000
	DefaultInterval  = 10
	DefaultTimeout   = 5
	DefaultThreshold = 2
	DefaultPriority  = 100
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
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	*v = list
	return nil
}

// fill puts defaults where nothing was written.
func (h *Heritage) fill() {
	for i := range h.Services {
		s := &h.Services[i]
		orString(&s.ServiceType, TypeDefault)
		orInt(&s.Memory, DefaultMemory)
		orInt(&s.Port, DefaultPort)
		for j := range s.Listeners {
			l := &s.Listeners[j]
			orInt(&l.Interval, DefaultInterval)
			orString(&l.HealthPath, "/")
			orInt(&l.Timeout, min(DefaultTimeout, l.Interval-1))
			orInt(&l.HealthyThreshold, DefaultThreshold)
			orInt(&l.UnhealthyThreshold, DefaultThreshold)
			orInt(&l.Priority, DefaultPriority)
			if len(l.Conditions) == 0 {
				l.Conditions = []Condition{{Type: "path-pattern", Value: "*"}}
			}
		}
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
	env := n.get("environment")
	places := map[string]Position{}
	for _, entry := range env.list() {
		places[entry.get("name").str()] = entry.at
	}
	if env != nil {
		for _, k := range env.keys {
			places[k] = env.fields[k].keyAt
		}
	}
	for i := range h.Environment {
		h.Environment[i].At = places[h.Environment[i].Name]
	}
}
