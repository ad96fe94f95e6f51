package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

type logGroup struct {
	arn       string // without the final :*
	name      string
	created   time.Time
	retention int // days; 0 keeps for ever
	tags      map[string]string
	streams   map[string]*logStream
}

type logStream struct {
	name    string
	created time.Time
	events  []logEvent // in the order of their times
}

type logEvent struct {
	id       string
	at       time.Time
	ingested time.Time
	text     string
}

func (c *Cluster) logsActions() map[string]action {
	return map[string]action{
		"CreateLogGroup":        c.createLogGroup,
		"DescribeLogGroups":     c.describeLogGroups,
		"DescribeLogStreams":    c.describeLogStreams,
		"CreateLogStream":       c.createLogStream,
		"PutLogEvents":          c.putLogEvents,
		"GetLogEvents":          c.getLogEvents,
		"FilterLogEvents":       c.filterLogEvents,
		"PutRetentionPolicy":    c.putRetention,
		"DeleteRetentionPolicy": c.deleteRetention,
		"DeleteLogGroup":        c.deleteLogGroup,
	}
}

func groupARN(at site, name string) string { return at.arn("logs", "log-group:"+name) }

// groupName takes the name out of logGroupName or logGroupIdentifier.
func groupName(in tree) string {
	name := cmp.Or(in.str("logGroupName"), in.str("logGroupIdentifier"))
	if _, rest, found := strings.Cut(name, ":log-group:"); found {
		name = strings.TrimSuffix(rest, ":*")
	}
	return name
}

// logGroupFor authorizes and finds a group.
func (c *Cluster) logGroupFor(at site, in tree, action string) (*logGroup, error) {
	arn := groupARN(at, groupName(in))
	g := c.groups[arn]
	tags := map[string]string{}
	if g != nil {
		tags = g.tags
	}
	if err := at.allow(action, arn+":*", keysOf(tags)); err != nil {
		return nil, err
	}
	if g == nil {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	return g, nil
}

func (g *logGroup) stream(name string) (*logStream, error) {
	s := g.streams[name]
	if s == nil {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	return s, nil
}

// add writes a line, keeping the order of time.
func (c *Cluster) add(s *logStream, at time.Time, text string) {
	e := logEvent{id: c.number(), at: at, ingested: c.now, text: text}
	i, _ := slices.BinarySearchFunc(s.events, at, func(e logEvent, t time.Time) int {
		if e.at.After(t) {
			return 1
		}
		return -1
	})
	s.events = slices.Insert(s.events, i, e)
}

// kept are a stream's events that the retention has not removed yet.
func (c *Cluster) kept(g *logGroup, s *logStream) []logEvent {
	if g.retention > 0 {
		limit := c.now.AddDate(0, 0, -g.retention)
		s.events = slices.DeleteFunc(s.events, func(e logEvent) bool { return e.at.Before(limit) })
	}
	return s.events
}

func (c *Cluster) addGroup(at site, name string, retention int, tags map[string]string) (*logGroup, error) {
	arn := groupARN(at, name)
	if name == "" || len(name) > 512 {
		return nil, wire.Errorf("InvalidParameterException", "1 validation error detected: Value '%s' at 'logGroupName' failed to satisfy constraint", name)
	}
	if !retentionOK(retention) {
		return nil, wire.Errorf("InvalidParameterException", "1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint", retention)
	}
	if c.groups[arn] != nil {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	g := &logGroup{arn: arn, name: name, created: c.now, retention: retention, tags: tags, streams: map[string]*logStream{}}
	c.groups[arn] = g
	return g, nil
}

// retentions are the numbers of days that PutRetentionPolicy takes, besides
// none at all (API reference of CloudWatch Logs, PutRetentionPolicy).
var retentions = [...]int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731,
	1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

func retentionOK(days int) bool { return days == 0 || slices.Contains(retentions[:], days) }

func (c *Cluster) createLogGroup(at site, in tree) (tree, error) {
	name := in.str("logGroupName")
	tags := map[string]string{}
	for k, v := range in.node("tags") {
		tags[k] = asText(v)
	}
	if err := at.allow("logs:CreateLogGroup", groupARN(at, name), withRequestTags(map[string][]string{}, tags)); err != nil {
		return nil, err
	}
	_, err := c.addGroup(at, name, 0, tags)
	return tree{}, err
}

func (c *Cluster) describeLogGroups(at site, in tree) (tree, error) {
	if err := at.allow("logs:DescribeLogGroups", at.arn("logs", "log-group:*"), nil); err != nil {
		return nil, err
	}
	var found []*logGroup
	home := groupARN(at, "")
	for _, arn := range slices.Sorted(maps.Keys(c.groups)) {
		g := c.groups[arn]
		if strings.HasPrefix(arn, home) && strings.HasPrefix(g.name, in.str("logGroupNamePrefix")) &&
			strings.Contains(g.name, in.str("logGroupNamePattern")) {
			found = append(found, g)
		}
	}
	part, next, err := page(found, in.str("nextToken"), in.num("limit", 50), "groups")
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, g := range part {
		d := tree{
			"arn": g.arn + ":*", "logGroupArn": g.arn, "logGroupName": g.name, "creationTime": millis(g.created),
			"metricFilterCount": 0, "storedBytes": c.size(g), "logGroupClass": "STANDARD",
		}
		if g.retention > 0 {
			d["retentionInDays"] = g.retention
		}
		out = append(out, plain(d))
	}
	return tree{"logGroups": out}.put("nextToken", next), nil
}

func (c *Cluster) size(g *logGroup) int {
	n := 0
	for _, s := range g.streams {
		for _, e := range c.kept(g, s) {
			n += len(e.text) + 26 // what CloudWatch Logs counts for an event besides its text
		}
	}
	return n
}

func millis(t time.Time) int { return int(t.UnixMilli()) }
