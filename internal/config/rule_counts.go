package config

import "gopkg.in/yaml.v3"

// The tasks of a service that scale may set where a rule does not say, and the
// most that any rule may give: what ECS takes for a service (service quotas of
// Amazon ECS, tasks per service).
const (
	DefaultMinCount = 1
	DefaultMaxCount = 20
	MaxCount        = 5000
)

// RuleCounts is how many tasks of a service somebody may ask for by a rule.
type RuleCounts struct {
	Min, Max *int // nil: DefaultMinCount, DefaultMaxCount
}

// Bounds answers the least and the most.
func (c RuleCounts) Bounds() (least, most int) {
	least, most = DefaultMinCount, DefaultMaxCount
	if c.Min != nil {
		least = *c.Min
	}
	if c.Max != nil {
		most = *c.Max
	}
	return least, most
}

// countFields reads min_count and max_count.
func (l *loader) countFields(c *RuleCounts) []field {
	return []field{
		{"min_count", l.count(&c.Min)},
		{"max_count", l.count(&c.Max)},
	}
}

func (l *loader) count(to **int) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		before, v := len(l.problems), 0
		l.number(&v, 0, MaxCount)(path, n)
		if len(l.problems) == before {
			*to = &v
		}
	}
}

// countsMean refuses bounds between which there is no number.
func (l *loader) countsMean(path string, rule Rule, at map[string]*yaml.Node) {
	n := at["max_count"]
	if n == nil {
		n = at["min_count"]
	}
	if least, most := rule.Counts.Bounds(); n != nil && least > most {
		l.fault(n, "%s: min_count %d is over max_count %d", path, least, most)
	}
}
