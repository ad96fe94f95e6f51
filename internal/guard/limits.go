package guard

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
)

const (
	serviceType  = "AWS::ECS::Service"
	scalableType = "AWS::ApplicationAutoScaling::ScalableTarget"
	logGroupType = "AWS::Logs::LogGroup"
)

// values is what is set of a guardrail that needs something set.
func (s *Set) values(id string) []string {
	var out []string
	add := func(n int, unit string) {
		if n > 0 {
			out = append(out, strconv.Itoa(n)+unit)
		}
	}
	switch id {
	case ImageRegistry:
		return s.settings.Registries
	case TaskSize:
		add(s.settings.Memory, " MiB")
		add(s.settings.CPU, " CPU")
	case ServiceCount:
		add(s.settings.Count, "")
	}
	return out
}

// tasksSmall: no task asks for more than bot.yaml allows.
func (s *Set) tasksSmall(t tree, report deny) {
	s.small(t, report, s.settings.Memory, "Memory", "Memory", "MemoryReservation")
	s.small(t, report, s.settings.CPU, "Cpu", "Cpu")
}

// small compares each task definition's key, and what its containers ask for
// together, with the limit.
func (s *Set) small(t tree, report deny, limit int, key string, ofContainer ...string) {
	for _, r := range t.resources {
		if r.kind != taskDefinitionType || limit == 0 {
			continue
		}
		size, ok := amount(r.properties[key])
		if !ok { // "1 GB" is none that bcn writes
			report(Unresolved, r.id, "what", key)
		}
		if size = max(size, sumOf(r, ofContainer, report)); size > int64(limit) {
			report(TaskSize, r.id, "what", key, "size", strconv.FormatInt(size, 10), "limit", strconv.Itoa(limit))
		}
	}
}

// oneoff: no task that runs once is larger than bot.yaml allows.
func (s *Set) oneoff(o *bcn.OneoffPlan) []bcn.Finding {
	if o == nil {
		return nil
	}
	var out []bcn.Finding
	for _, c := range []struct {
		key         string
		size, limit int
	}{{"Memory", o.Memory, s.settings.Memory}, {"Cpu", o.CPU, s.settings.CPU}} {
		if c.limit > 0 && c.size > c.limit {
			out = append(out, bcn.Finding{ID: TaskSize, Level: s.level(TaskSize), Where: "one-off task", Params: map[string]string{
				"what": c.key, "size": strconv.Itoa(c.size), "limit": strconv.Itoa(c.limit),
			}})
		}
	}
	return out
}

// sumOf is what the containers of a task ask for together, each with the
// largest of its keys.
func sumOf(r resource, keys []string, report deny) int64 {
	var sum int64
	list, _ := r.properties["ContainerDefinitions"].([]any) // what is no list is denied by itself
	for i, one := range list {
		c, _ := one.(map[string]any)
		var most int64
		for _, key := range keys {
			n, ok := amount(c[key])
			if !ok {
				report(Unresolved, fmt.Sprintf("%s.ContainerDefinitions[%d]", r.id, i), "what", key)
			}
			most = max(most, n)
		}
		sum += most
	}
	return sum
}

// servicesFew: no service has more tasks than bot.yaml allows, nor may its auto
// scaling give it more.
func (s *Set) servicesFew(t tree, report deny) {
	most := int64(s.settings.Count)
	if most == 0 {
		return
	}
	keys := map[string]string{serviceType: "DesiredCount", scalableType: "MaxCapacity"}
	for _, r := range t.resources {
		key, guarded := keys[r.kind]
		if !guarded {
			continue
		}
		n, ok := amount(r.properties[key])
		if !ok {
			report(Unresolved, r.id, "what", key)
		}
		if n > most {
			report(ServiceCount, r.id, "what", key, "count", strconv.FormatInt(n, 10), "limit", strconv.Itoa(s.settings.Count))
		}
	}
}

// amount reads a whole number, which CloudFormation takes as a string too; what
// is not there is 0. What is neither is not known.
func amount(v any) (int64, bool) {
	switch v := v.(type) {
	case nil:
		return 0, true
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		return n, err == nil
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	default:
		return 0, false
	}
}

// logsExpire: what is logged goes after a time that the template names.
func logsExpire(t tree, report deny) {
	for _, r := range t.resources {
		if r.kind != logGroupType {
			continue
		}
		v, there := r.properties["RetentionInDays"]
		n, ok := amount(v)
		switch {
		case there && !ok:
			report(Unresolved, r.id, "what", "RetentionInDays")
		case n <= 0:
			report(LogRetention, r.id)
		}
	}
}
