package sessions

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// lookupRate is how often LookupEvents may be called (CloudTrail API
// reference: two requests a second per account and region).
const lookupRate = 2

// maxHistory is how far back the event history goes.
const maxHistory = 90 * 24 * time.Hour

// Event is one call as CloudTrail knows it.
type Event struct {
	ID             string
	At             time.Time
	Service        string // as signed: ssm, ecs, ...
	Action         string
	Region         string
	Account        string
	ARN            string // who called
	UserID         string
	AccessKey      string
	RoleARN        string // empty for the account's root
	SessionName    string
	SourceIdentity string
	Request        map[string]any // secrets left out
	Response       map[string]any // secrets left out; nil where nothing is told
	ErrorCode      string
	ErrorMessage   string
}

// CloudTrail is the service cloudtrail.
func (s *Service) CloudTrail() wire.Actions {
	return wire.Actions{
		"LookupEvents": accepts(s.lookupEvents, "LookupAttributes", "StartTime", "EndTime", "MaxResults", "NextToken"),
	}
}

// question is what LookupEvents was asked for.
type question struct {
	key, value string
	from, to   time.Time
}

// lookupEvents lists events, the newest first. What is refused for want of a
// permission counts towards the rate too.
func (s *Service) lookupEvents(_ context.Context, c *wire.Call) (any, error) {
	if !s.lookup(c.Region) {
		return nil, wire.Errorf("ThrottlingException", "Rate exceeded")
	}
	if err := c.Authorize("cloudtrail:LookupEvents", "*", nil); err != nil {
		return nil, err
	}
	q, err := s.question(c)
	if err != nil {
		return nil, err
	}
	n, err := size(c, 1, 50, 50)
	if err != nil {
		return nil, wire.Errorf("InvalidMaxResultsException", "The maximum number of results must be between 1 and 50.")
	}
	found := []any{}
	for _, e := range slices.Backward(s.trail()) {
		if e.Region == c.Region && q.matches(e) {
			found = append(found, e.describe())
		}
	}
	part, next, err := page(c, found, n)
	if err != nil {
		return nil, wire.Errorf("InvalidNextTokenException", "The token is not valid.")
	}
	return withToken(map[string]any{"Events": part}, next), nil
}

func (s *Service) lookup(region string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.lookups[region]
	if !ok {
		l = rate.NewLimiter(lookupRate, lookupRate)
		s.lookups[region] = l
	}
	return l.AllowN(s.clock.Now(), 1)
}

func (s *Service) question(c *wire.Call) (question, error) {
	s.mu.Lock()
	lag := s.faults.trailLag
	s.mu.Unlock()
	now := s.clock.Now()
	q := question{from: now.Add(-maxHistory), to: now.Add(-lag)}
	attributes := items(c.Params, "LookupAttributes")
	if len(attributes) > 1 {
		return q, wire.Errorf("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
	}
	for _, a := range attributes {
		q.key, q.value = str(a, "AttributeKey"), str(a, "AttributeValue")
		known := []string{"EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"}
		if !slices.Contains(known, q.key) || q.value == "" || len(q.value) > 2000 {
			return q, wire.Errorf("InvalidLookupAttributesException", "The lookup attribute is not valid: %s=%s", q.key, q.value)
		}
	}
	from, hasFrom := c.Params["StartTime"].(float64)
	to, hasTo := c.Params["EndTime"].(float64)
	if hasFrom && hasTo && from > to {
		return q, wire.Errorf("InvalidTimeRangeException", "The start time must be before the end time.")
	}
	if at := epoch(from); hasFrom && at.After(q.from) {
		q.from = at
	}
	if at := epoch(to); hasTo && at.Before(q.to) {
		q.to = at
	}
	return q, nil
}

func epoch(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)) }

func (q question) matches(e Event) bool {
	if e.At.Before(q.from) || e.At.After(q.to) {
		return false
	}
	switch q.key {
	case "":
		return true
	case "EventId":
		return e.ID == q.value
	case "EventName":
		return e.Action == q.value
	case "ReadOnly":
		return q.value == fmt.Sprint(readOnly(e.Action))
	case "Username":
		return e.username() == q.value
	case "EventSource":
		return e.source() == q.value
	case "AccessKeyId":
		return e.AccessKey == q.value
	}
	return slices.ContainsFunc(e.resources(), func(r any) bool {
		m, _ := r.(map[string]any)
		return m[q.key] == q.value
	})
}

// username is a role's session name; CloudTrail calls the root "root".
func (e Event) username() string {
	if e.SessionName != "" {
		return e.SessionName
	}
	return "root"
}

func (e Event) source() string { return e.Service + ".amazonaws.com" }

// resourceKinds are the parameters that name a resource, and its type.
func resourceKinds() map[string]string {
	return map[string]string{
		"Target": "AWS::EC2::Instance", "SessionId": "AWS::SSM::Session", "DocumentName": "AWS::SSM::Document",
		"RoleArn": "AWS::IAM::Role", "RoleName": "AWS::IAM::Role", "StackName": "AWS::CloudFormation::Stack",
		"RuleArn": "AWS::ElasticLoadBalancingV2::ListenerRule", "logGroupName": "AWS::Logs::LogGroup", "service": "AWS::ECS::Service",
		"GroupId": "AWS::EC2::SecurityGroup", "task": "AWS::ECS::Task", "cluster": "AWS::ECS::Cluster", "Name": "AWS::SSM::Parameter",
	}
}

func (e Event) resources() []any {
	kinds, out := resourceKinds(), []any{}
	for _, in := range []map[string]any{e.Request, e.Response} {
		for _, k := range slices.Sorted(maps.Keys(in)) {
			if name := str(in, k); kinds[k] != "" && name != "" {
				out = append(out, map[string]any{"ResourceType": kinds[k], "ResourceName": name})
			}
		}
	}
	return out
}

// describe is the event as LookupEvents shows it. CloudTrailEvent is the record
// itself, as JSON in a text (CloudTrail User Guide, "CloudTrail record contents").
func (e Event) describe() map[string]any {
	record := map[string]any{
		"eventVersion": "1.11", "eventID": e.ID, "requestID": e.ID, "eventTime": e.At.UTC().Format(time.RFC3339),
		"eventName": e.Action, "eventSource": e.source(), "awsRegion": e.Region, "recipientAccountId": e.Account,
		"eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true, "readOnly": readOnly(e.Action),
		"sourceIPAddress": "127.0.0.1", "userIdentity": e.identity(),
		"requestParameters": members(e.Request), "responseElements": members(e.Response),
	}
	if e.ErrorCode != "" {
		record["errorCode"], record["errorMessage"] = e.ErrorCode, e.ErrorMessage
	}
	text, err := json.Marshal(record)
	if err != nil {
		text = []byte("{}")
	}
	out := map[string]any{
		"EventId": e.ID, "EventName": e.Action, "EventSource": e.source(), "EventTime": e.At, "Username": e.username(),
		"ReadOnly": fmt.Sprint(readOnly(e.Action)), "Resources": e.resources(), "CloudTrailEvent": string(text),
	}
	if e.AccessKey != "" {
		out["AccessKeyId"] = e.AccessKey
	}
	return out
}

func (e Event) identity() map[string]any {
	id := map[string]any{"type": "Root", "arn": e.ARN, "principalId": e.UserID, "accountId": e.Account, "accessKeyId": e.AccessKey}
	if e.RoleARN == "" {
		return id
	}
	id["type"] = "AssumedRole"
	role, _ := cutLast(e.UserID, ':')
	_, name := cutLast(e.RoleARN, '/')
	from := map[string]any{
		"sessionIssuer": map[string]any{"type": "Role", "principalId": role, "arn": e.RoleARN, "accountId": e.Account, "userName": name},
	}
	if e.SourceIdentity != "" {
		from["sourceIdentity"] = e.SourceIdentity
	}
	id["sessionContext"] = from
	return id
}
