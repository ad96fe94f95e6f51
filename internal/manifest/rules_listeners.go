package manifest

import (
	"fmt"
	"sort"
	"strings"
)

// claims holds what the listeners of a heritage took of their endpoints.
type claims struct {
	priorities map[string]string // service by endpoint and priority
	rules      map[string]rule   // the first that is tried, by endpoint and conditions
}

// rule is a listener's rule.
type rule struct {
	service  string
	priority int64
	at       *node
	path     string
}

func newClaims() claims {
	return claims{priorities: map[string]string{}, rules: map[string]rule{}}
}

// checkListeners checks one service's listeners, among each other and against
// what others claimed.
func (p *parser) checkListeners(s *node, path string, claimed claims) {
	listeners := s.get("listeners")
	if len(listeners.list()) > 0 && s.get("service_type").str() != TypeWeb {
		p.atKey(listeners, path+".listeners", "only a web service has listeners", "add service_type: web")
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
		r := rule{service: s.get("name").str(), priority: l.get("rule_priority").number(DefaultPriority), at: l, path: here}
		p.checkPriority(r, endpoint, claimed.priorities)
		p.warnUnreached(r, endpoint, claimed.rules)
		p.checkHealth(l, here)
		p.checkConditions(l.get("rule_conditions"), here+".rule_conditions")
	}
}

func (p *parser) checkPriority(r rule, endpoint string, taken map[string]string) {
	at := r.at
	if n := at.get("rule_priority"); n != nil {
		at = n
	}
	claim := fmt.Sprintf("%s %d", endpoint, r.priority)
	if other, ok := taken[claim]; ok && other != r.service {
		p.at(at, r.path+".rule_priority", fmt.Sprintf("the services %s and %s both have priority %d on the endpoint %s",
			quote(other), quote(r.service), r.priority, quote(endpoint)), "give one another rule_priority")
	}
	taken[claim] = r.service
}

// warnUnreached warns of a service that another one takes all requests from.
func (p *parser) warnUnreached(r rule, endpoint string, first map[string]rule) {
	conditions := []string{endpoint}
	for _, c := range r.at.get("rule_conditions").list() {
		conditions = append(conditions, c.get("type").str()+" "+c.get("value").str())
	}
	sort.Strings(conditions[1:])
	key := strings.Join(conditions, " and ")
	other, taken := first[key]
	if !taken || r.priority < other.priority {
		first[key] = r
	}
	if !taken || r.priority == other.priority || r.service == other.service {
		return
	}
	if r.priority < other.priority {
		r, other = other, r
	}
	p.add(Problem{
		Line: r.at.at.Line, Column: r.at.at.Column, Path: r.path, Warning: true,
		Message: fmt.Sprintf("no request reaches %s on the endpoint %s: %s has the same conditions and is tried first",
			quote(r.service), quote(endpoint), quote(other.service)),
		Hint: "give it other rule_conditions",
	})
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
