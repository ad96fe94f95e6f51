package awsx

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// The pages of LookupEvents: 50 events each, of which AWS answers two a second
// (CloudTrail API reference). A grant has few events; who made more than these
// is shown the newest.
const (
	eventsPerPage = 50
	maxEventPages = 10
)

// Call is one line of CloudTrail's event history.
type Call struct {
	ID, Name, User string // the user is a role's session name
	At             time.Time
	Error          string // AWS's code; empty: it was carried out
}

// Write is a call of CloudTrail's event history that changed something.
type Write struct {
	Call
	ARN      string // of who called: a role's session, a user, the account's root
	Identity string // the session's SourceIdentity, where it has one
	Request  string // the request's parameters, as JSON
}

// Calls reads what was called under a role's session name, the newest first.
// CloudTrail knows of a call some minutes after it, 15 at most as a rule.
func (s *Session) Calls(ctx context.Context, session string, since time.Time) ([]Call, error) {
	pages := cloudtrail.NewLookupEventsPaginator(s.trail(), &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyUsername, AttributeValue: aws.String(session)}},
		StartTime:        aws.Time(since), MaxResults: aws.Int32(eventsPerPage),
	})
	var list []Call
	for n := 0; pages.HasMorePages() && n < maxEventPages; n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, v := range page.Events {
			var record struct{ ErrorCode string }
			// A record that is not JSON tells no error; the rest stands.
			_ = json.Unmarshal([]byte(aws.ToString(v.CloudTrailEvent)), &record)
			list = append(list, Call{
				ID: aws.ToString(v.EventId), Name: aws.ToString(v.EventName), User: aws.ToString(v.Username),
				At: aws.ToTime(v.EventTime), Error: record.ErrorCode,
			})
		}
	}
	return list, nil
}

// Writes reads what was carried out at a service (ecs.amazonaws.com) and
// changed something, the newest first. Not every service tells CloudTrail which
// resource a call was about, so that whoever asks for one looks for it in the
// request.
func (s *Session) Writes(ctx context.Context, source string, since time.Time) ([]Write, error) {
	pages := cloudtrail.NewLookupEventsPaginator(s.trail(), &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyEventSource, AttributeValue: aws.String(source)}},
		StartTime:        aws.Time(since), MaxResults: aws.Int32(eventsPerPage),
	})
	var list []Write
	for n := 0; pages.HasMorePages() && n < maxEventPages; n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, v := range page.Events {
			if w, ok := writeOf(v); ok {
				list = append(list, w)
			}
		}
	}
	return list, nil
}

// writeOf reads an event's record; what only read or was refused is left out,
// and what is not JSON.
func writeOf(v types.Event) (Write, bool) {
	var record struct {
		ErrorCode         string
		ReadOnly          bool
		RequestParameters json.RawMessage
		UserIdentity      struct {
			ARN            string
			SessionContext struct{ SourceIdentity string }
		}
	}
	if json.Unmarshal([]byte(aws.ToString(v.CloudTrailEvent)), &record) != nil || record.ReadOnly || record.ErrorCode != "" {
		return Write{}, false
	}
	return Write{
		Call: Call{ID: aws.ToString(v.EventId), Name: aws.ToString(v.EventName), User: aws.ToString(v.Username), At: aws.ToTime(v.EventTime)},
		ARN:  record.UserIdentity.ARN, Identity: record.UserIdentity.SessionContext.SourceIdentity, Request: string(record.RequestParameters),
	}, true
}
