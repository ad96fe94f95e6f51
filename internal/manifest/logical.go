package manifest

import (
	"fmt"
	"strings"
)

// checkParts checks that no two parts of a heritage's services stack would have
// one logical id: these are made of names without their hyphens and of words for
// what they are, so that webTaskDefinition is a service and part of another.
func (p *parser) checkParts(h *node, path string) {
	owners := map[string]string{} // whose part it is, by logical id
	said, seen := map[string]bool{}, map[string]bool{}
	claim := func(at *node, where, owner, id string) {
		other, taken := owners[id]
		if taken && other != owner && !said[owner+other] {
			said[owner+other] = true
			p.at(at, where, owner+" and "+other+" would both be "+id+" in the stack", "rename one")
		}
		if !taken {
			owners[id] = owner
		}
	}
	for i, s := range h.get("services").list() {
		name := s.get("name")
		id, here := logical(name.str()), fmt.Sprintf("%s.services[%d]", path, i)
		if id == "" || seen["service "+strings.ToLower(id)] {
			continue // said of the names themselves
		}
		seen["service "+strings.ToLower(id)] = true
		owner := "the service " + quote(name.str())
		for _, part := range partsOf(s) {
			claim(name, here+".name", owner, id+part)
		}
		for j, l := range s.get("listeners").list() {
			endpoint := l.get("endpoint")
			if endpoint.str() == "" {
				continue
			}
			of := owner + " at the endpoint " + quote(endpoint.str())
			for _, part := range []string{"TargetGroup", "HTTPRule", "HTTPSRule"} {
				claim(endpoint, fmt.Sprintf("%s.listeners[%d].endpoint", here, j), of, id+part+logical(endpoint.str()))
			}
		}
	}
	for i, t := range h.get("scheduled_tasks").list() {
		name, at := taskNameOf(t)
		if key := "task " + strings.ToLower(logical(name)); name != "" && !seen[key] {
			seen[key] = true
			owner, here := "the scheduled task "+quote(name), fmt.Sprintf("%s.scheduled_tasks[%d]", path, i)
			claim(at, here, owner, "Schedule"+logical(name))
			claim(at, here, owner, "Schedule"+logical(name)+"TaskDefinition")
		}
	}
}

// partsOf are the ends of the logical ids that a service has of its own.
func partsOf(s *node) []string {
	out := []string{"", "TaskDefinition"}
	if len(s.get("listeners").list()) > 0 {
		out = append(out, "SecurityGroup")
	}
	if s.get("auto_scaling") != nil {
		out = append(out, "ScalableTarget", "CPUPolicy", "MemoryPolicy")
		for _, l := range s.get("listeners").list() {
			out = append(out, "Requests"+logical(l.get("endpoint").str())+"Policy")
		}
	}
	return out
}

func logical(name string) string { return strings.ReplaceAll(name, "-", "") }
