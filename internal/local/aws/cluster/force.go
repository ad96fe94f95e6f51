package cluster

// forced is a failure that was ordered.
type forced struct{ match, reason string }

// FailNextTask lets the next task that a service (by its name) or a family
// starts fail before its containers do, with the reason, such as
// "ResourceInitializationError: ...". An empty match means any. Ordered twice,
// it fails two.
func (c *Cluster) FailNextTask(match, reason string) {
	unlock, err := c.enter()
	if err != nil {
		return
	}
	defer unlock()
	c.forced = append(c.forced, forced{match, reason})
}

func (c *Cluster) takeForced(t *task) string {
	for i, f := range c.forced {
		if f.match == "" || f.match == t.def.family || t.svc != nil && f.match == t.svc.name {
			c.forced = append(c.forced[:i:i], c.forced[i+1:]...)
			return f.reason
		}
	}
	return ""
}
