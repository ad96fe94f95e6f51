package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) describeLogStreams(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:DescribeLogStreams")
	if err != nil {
		return nil, err
	}
	prefix, byTime := in.str("logStreamNamePrefix"), in.str("orderBy") == "LastEventTime"
	if prefix != "" && byTime {
		return nil, wire.Errorf("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	var found []*logStream
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		if strings.HasPrefix(name, prefix) {
			found = append(found, g.streams[name])
		}
	}
	if byTime {
		slices.SortStableFunc(found, func(a, b *logStream) int { return c.last(g, a).Compare(c.last(g, b)) })
	}
	if in.flag("descending", false) {
		slices.Reverse(found)
	}
	part, next, err := page(found, in.str("nextToken"), in.num("limit", 50), "streams "+g.name)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, s := range part {
		d := tree{"logStreamName": s.name, "creationTime": millis(s.created), "arn": g.arn + ":log-stream:" + s.name, "storedBytes": 0}
		if events := c.kept(g, s); len(events) > 0 {
			d["firstEventTimestamp"] = millis(events[0].at)
			d["lastEventTimestamp"] = millis(events[len(events)-1].at)
			d["lastIngestionTime"] = millis(events[len(events)-1].ingested)
		}
		out = append(out, plain(d))
	}
	return tree{"logStreams": out}.put("nextToken", next), nil
}

// last is the time of a stream's newest event, or of its making.
func (c *Cluster) last(g *logGroup, s *logStream) time.Time {
	if events := c.kept(g, s); len(events) > 0 {
		return events[len(events)-1].at
	}
	return s.created
}

func (c *Cluster) createLogStream(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:CreateLogStream")
	if err != nil {
		return nil, err
	}
	name := in.str("logStreamName")
	if g.streams[name] != nil {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.streams[name] = &logStream{name: name, created: c.now}
	return tree{}, nil
}

func (c *Cluster) putLogEvents(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:PutLogEvents")
	if err != nil {
		return nil, err
	}
	s, err := g.stream(in.str("logStreamName"))
	if err != nil {
		return nil, err
	}
	for _, e := range in.items("logEvents") {
		c.add(s, time.UnixMilli(int64(e.num("timestamp", millis(c.now)))), e.str("message"))
	}
	return tree{"nextSequenceToken": c.number()}, nil
}

// window keeps the events from startTime (included) to endTime (excluded).
func window(events []logEvent, in tree) []logEvent {
	from, to := in.num("startTime", 0), in.num("endTime", 1<<62)
	var out []logEvent
	for _, e := range events {
		if t := millis(e.at); t >= from && t < to {
			out = append(out, e)
		}
	}
	return out
}

// getLogEvents pages both ways. A token names a place in the stream: f/N
// starts at event N, b/N ends before it. At the end the same token comes back.
func (c *Cluster) getLogEvents(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:GetLogEvents")
	if err != nil {
		return nil, err
	}
	s, err := g.stream(in.str("logStreamName"))
	if err != nil {
		return nil, err
	}
	events := window(c.kept(g, s), in)
	limit := in.num("limit", 10000)
	if limit < 1 || limit > 10000 {
		return nil, wire.Errorf("InvalidParameterException", "1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint", limit)
	}
	from, to, err := span(len(events), limit, in)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, e := range events[from:to] {
		out = append(out, map[string]any{"timestamp": millis(e.at), "ingestionTime": millis(e.ingested), "message": e.text})
	}
	return tree{
		"events": out, "nextForwardToken": "f/" + strconv.Itoa(to), "nextBackwardToken": "b/" + strconv.Itoa(from),
	}, nil
}

func span(n, limit int, in tree) (from, to int, err error) {
	token := in.str("nextToken")
	if token == "" {
		if in.flag("startFromHead", false) {
			return 0, min(n, limit), nil
		}
		return max(0, n-limit), n, nil
	}
	way, place, _ := strings.Cut(token, "/")
	p, perr := strconv.Atoi(place)
	if perr != nil || p < 0 || way != "f" && way != "b" {
		return 0, 0, wire.Errorf("InvalidParameterException", "The specified nextToken is invalid.")
	}
	p = min(p, n)
	if way == "f" {
		return p, min(n, p+limit), nil
	}
	return max(0, p-limit), p, nil
}

func (c *Cluster) filterLogEvents(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:FilterLogEvents")
	if err != nil {
		return nil, err
	}
	if in.has("logStreamNames") && in.str("logStreamNamePrefix") != "" {
		return nil, wire.Errorf("InvalidParameterException", "logStreamNames and logStreamNamePrefix cannot be used together.")
	}
	if p := in.str("filterPattern"); strings.ContainsAny(p[:min(1, len(p))], "{[%?") {
		return nil, wire.Errorf("InvalidParameterException", "the local AWS has no filter patterns of this kind: %s", p)
	}
	type hit struct {
		stream string
		logEvent
	}
	var hits []hit
	names := in.strs("logStreamNames")
	for _, name := range names {
		if _, err := g.stream(name); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		if len(names) > 0 && !slices.Contains(names, name) || !strings.HasPrefix(name, in.str("logStreamNamePrefix")) {
			continue
		}
		for _, e := range window(c.kept(g, g.streams[name]), in) {
			if matchesPattern(e.text, in.str("filterPattern")) {
				hits = append(hits, hit{name, e})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.stream, b.stream)) })
	part, next, err := page(hits, in.str("nextToken"), in.num("limit", 10000), "events "+g.name)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, h := range part {
		out = append(out, map[string]any{
			"eventId": h.id, "logStreamName": h.stream, "timestamp": millis(h.at),
			"ingestionTime": millis(h.ingested), "message": h.text,
		})
	}
	return tree{"events": out, "searchedLogStreams": []any{}}.put("nextToken", next), nil
}

// matchesPattern knows the unstructured patterns: all terms must occur, a term
// in quotes is taken as it is, one with a minus must not occur.
func matchesPattern(text, pattern string) bool {
	for pattern = strings.TrimSpace(pattern); pattern != ""; pattern = strings.TrimSpace(pattern) {
		not := strings.HasPrefix(pattern, "-")
		pattern = strings.TrimPrefix(pattern, "-")
		var term string
		if strings.HasPrefix(pattern, `"`) {
			term, pattern, _ = strings.Cut(pattern[1:], `"`)
		} else {
			term, pattern, _ = strings.Cut(pattern, " ")
		}
		if strings.Contains(text, term) == not {
			return false
		}
	}
	return true
}

// WriteLog adds an event to a stream of a log group, which it makes; a group
// that is not there gets nothing.
func (c *Cluster) WriteLog(account, region, group, stream string, at time.Time, text string) {
	unlock, err := c.enter()
	if err != nil {
		return
	}
	defer unlock()
	g := c.groups[groupARN(site{account: account, region: region}, group)]
	if g == nil {
		return
	}
	s := g.streams[stream]
	if s == nil {
		s = &logStream{name: stream, created: c.now}
		g.streams[stream] = s
	}
	c.add(s, at, text)
}
