package manifest

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkServices checks services against each other.
func (p *parser) checkServices(h *node, path string) {
	names := map[string]string{}
	claims := map[string]string{}
	for i, s := range h.get("services").list() {
		here := fmt.Sprintf("%s.services[%d]", path, i)
		name := s.get("name")
		if id := strings.ToLower(strings.ReplaceAll(name.str(), "-", "")); id != "" {
			if other, taken := names[id]; taken {
				p.at(name, here+".name", fmt.Sprintf("the services %s and %s have the same name without hyphens", quote(other), quote(name.str())), "")
			}
			names[id] = name.str()
		}
		if id := strings.ToLower(name.str()); id == "access" || id == "oneoff" || id == "schedule" {
			p.at(name, here+".name", "the service name "+quote(name.str())+" is taken by bcn's own task definitions", "choose another")
		}
		p.checkListeners(s, here, claims)
		p.warnPort(h.get("environment"), s, here)
	}
}

// warnPort warns where a PORT of the file's own is not the port that the load
// balancer asks: it wins, as in Barcelona, and the service would seem dead.
func (p *parser) warnPort(env, s *node, path string) {
	given := env.get("PORT").get("value")
	for _, v := range env.list() {
		if v.get("name").str() == "PORT" {
			given = v.get("value")
		}
	}
	port := fmt.Sprint(DefaultPort)
	if n := s.get("web_container_port"); n != nil {
		port = n.text
	}
	if given == nil || s.get("service_type").str() != TypeWeb || given.text == port {
		return
	}
	p.add(Problem{
		Line: given.at.Line, Column: given.at.Column, Path: path, Warning: true,
		Message: "PORT is " + quote(given.text) + ", but " + quote(s.get("name").str()) + " is asked on port " + port,
		Hint:    "set web_container_port instead",
	})
}

// checkListeners checks one service's listeners; claims holds which service
// took which priority of which endpoint.
func (p *parser) checkListeners(s *node, path string, claims map[string]string) {
	listeners := s.get("listeners")
	if len(listeners.list()) > 0 && s.get("service_type").str() != TypeWeb {
		p.add(Problem{
			Line: listeners.keyAt.Line, Column: listeners.keyAt.Column, Path: path + ".listeners",
			Message: "only a web service has listeners", Hint: "add service_type: web",
		})
	}
	endpoints := map[string]bool{}
	for i, l := range listeners.list() {
		here := fmt.Sprintf("%s.listeners[%d]", path, i)
		endpoint := l.get("endpoint").str()
		if endpoint == "" {
			continue
		}
		if endpoints[endpoint] {
			p.at(l, here, "the service is joined to the endpoint "+quote(endpoint)+" twice", "")
		}
		endpoints[endpoint] = true
		p.checkPriority(l, here, endpoint, s.get("name").str(), claims)
		p.checkHealth(l, here)
		p.checkConditions(l.get("rule_conditions"), here+".rule_conditions")
	}
}

func (p *parser) checkPriority(l *node, path, endpoint, service string, claims map[string]string) {
	at, priority := l, int64(DefaultPriority)
	if n := l.get("rule_priority"); n != nil {
		at = n
		priority, _ = n.value.(int64)
	}
	claim := fmt.Sprintf("%s %d", endpoint, priority)
	if other, taken := claims[claim]; taken && other != service {
		p.at(at, path+".rule_priority", fmt.Sprintf("the services %s and %s both have priority %d on the endpoint %s",
			quote(other), quote(service), priority, quote(endpoint)), "give one another rule_priority")
	}
	claims[claim] = service
}

// checkHealth holds ELB's rule that the timeout is less than the interval.
func (p *parser) checkHealth(l *node, path string) {
	timeout := l.get("health_check_timeout")
	if timeout == nil {
		return
	}
	interval := int64(DefaultInterval)
	if n := l.get("health_check_interval"); n != nil {
		interval, _ = n.value.(int64)
	}
	if t, ok := timeout.value.(int64); ok && t >= interval {
		p.at(timeout, path+".health_check_timeout",
			fmt.Sprintf("the timeout of %d s must be less than the interval of %d s", t, interval), "")
	}
}

// checkConditions holds ELB's limits of a rule (ELB API, RuleCondition): each
// field once, at most five wildcards together, a host has a dot.
func (p *parser) checkConditions(list *node, path string) {
	seen := map[string]bool{}
	wildcards := 0
	for i, c := range list.list() {
		field, value := c.get("type").str(), c.get("value")
		here := fmt.Sprintf("%s[%d]", path, i)
		if field != "" && seen[field] {
			p.at(c, here, "a rule takes one condition of type "+field, "")
		}
		seen[field] = true
		if value == nil {
			continue
		}
		wildcards += strings.Count(value.str(), "*") + strings.Count(value.str(), "?")
		if field == "host-header" && value.str() != "" && !validHost(value.str()) {
			p.at(value, here+".value", "host-header cannot be "+quote(value.str()), "letters, digits, hyphens, dots and wildcards, with at least one dot")
		}
		if field == "path-pattern" && value.str() != "" && value.str()[0] != '/' && value.str()[0] != '*' {
			p.at(value, here+".value", "path-pattern must start with / or *", "")
		}
	}
	if wildcards > 5 {
		p.at(list, path, fmt.Sprintf("a rule takes at most five wildcards, not %d", wildcards), "")
	}
}

func validHost(s string) bool {
	for _, r := range s {
		known := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-.*?", r)
		if !known {
			return false
		}
	}
	return strings.Contains(s, ".")
}

// checkVariables checks that each variable has one source, and its name once.
func (p *parser) checkVariables(env *node, path string) {
	if env == nil {
		return
	}
	seen := map[string]bool{}
	for i, v := range env.items {
		here := fmt.Sprintf("%s[%d]", path, i)
		if name := v.get("name"); name.str() != "" {
			if seen[name.str()] {
				p.at(name, here+".name", "the variable "+quote(name.str())+" is there twice", "")
			}
			seen[name.str()] = true
		}
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
	var given []string
	for _, k := range []string{"value", "ssm_path", "value_from"} {
		if v.get(k) != nil {
			given = append(given, k)
		}
	}
	switch len(given) {
	case 0:
		p.at(v, path, "a variable needs value, ssm_path or value_from", "")
	case 1:
	default:
		p.at(v, path, "a variable has only one of "+strings.Join(given, " and "), "")
	}
	for _, k := range []string{"ssm_path", "value_from"} {
		if n := v.get(k); n != nil && hasDots(n.str()) {
			p.at(n, path+"."+k, k+" must not have the steps . or ..", "")
		}
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
