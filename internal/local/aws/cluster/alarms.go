package cluster

import (
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// guards are the CloudWatch alarms that guard a service's deployments.
type guards struct {
	names            []string
	enable, rollback bool
}

// read takes over a configuration.
func (a *guards) read(in tree) error {
	next := guards{names: in.strs("alarmNames"), enable: in.flag("enable", false), rollback: in.flag("rollback", false)}
	if next.enable && len(next.names) == 0 {
		return wire.Errorf("InvalidParameterException", "alarmNames must not be empty when alarms are enabled")
	}
	*a = next
	return nil
}

func (a guards) describe() map[string]any {
	return map[string]any{"alarmNames": anys(a.names), "enable": a.enable, "rollback": a.rollback}
}

// PutAlarm says whether the CloudWatch alarm of a region is in ALARM. One that
// nobody put is not.
func (c *Cluster) PutAlarm(region, name string, ringing bool) {
	unlock, err := c.enter()
	if err != nil {
		return
	}
	defer unlock()
	c.ringing[region+"/"+name] = ringing
	for _, s := range c.services {
		if s.status == "ACTIVE" && slices.Contains(s.alarms.names, name) {
			c.kick(s, 0)
		}
	}
}

// heed fails a deployment in progress while one of its service's alarms is in
// ALARM (ECS Developer Guide, "How CloudWatch alarms detect Amazon ECS
// deployment failures").
func (c *Cluster) heed(s *service) {
	d := s.primary()
	if !s.alarms.enable || d.state != "IN_PROGRESS" || d.returned { // a way back is not watched
		return
	}
	if slices.ContainsFunc(s.alarms.names, func(name string) bool { return c.ringing[s.at.region+"/"+name] }) {
		d.alarmed = true
		c.abort(s, d, "ECS deployment failed: alarm detected.", "alarm detected.", s.alarms.rollback)
	}
}

// describeAlarms answers the alarms that somebody put, which are all metric
// alarms.
func (c *Cluster) describeAlarms(at site, in tree) (tree, error) {
	if err := at.allow("cloudwatch:DescribeAlarms", at.arn("cloudwatch", "alarm:*"), nil); err != nil {
		return nil, err
	}
	names := in.strs("AlarmNames")
	out := []any{}
	for _, key := range slices.Sorted(maps.Keys(c.ringing)) {
		region, name, _ := strings.Cut(key, "/")
		if region != at.region || len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		state := "OK"
		if c.ringing[key] {
			state = "ALARM"
		}
		out = append(out, map[string]any{"AlarmName": name, "AlarmArn": at.arn("cloudwatch", "alarm:"+name), "StateValue": state})
	}
	return tree{"MetricAlarms": out, "CompositeAlarms": []any{}}, nil
}
