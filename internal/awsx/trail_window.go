package awsx

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Assumed is a call that changed something, or would have, made by who had
// assumed a role.
type Assumed struct {
	Call
	Identity string // the session's SourceIdentity
	Role     string // ARN
	By       string // the service that called in the role's name, such as cloudformation.amazonaws.com
}

// Changing reads all calls between two times that were made by an assumed role
// and are no reads. wait is called before each page: LookupEvents takes two
// calls a second in an account and region. CloudTrail has no attribute for a
// SourceIdentity, nor for a role: whoever asks picks what they look for.
func (s *Session) Changing(ctx context.Context, from, to time.Time, wait func(context.Context) error) ([]Assumed, error) {
	var list []Assumed
	err := s.lookUp(ctx, types.LookupAttributeKeyReadOnly, "false", from, to, wait, func(v types.Event) bool {
		if a, ok := assumedOf(v); ok {
			list = append(list, a)
		}
		return true
	})
	return list, err
}

// Seen says whether CloudTrail shows any call under a role's session name between
// two times, reads too.
func (s *Session) Seen(ctx context.Context, session string, from, to time.Time, wait func(context.Context) error) (seen bool, err error) {
	err = s.lookUp(ctx, types.LookupAttributeKeyUsername, session, from, to, wait, func(types.Event) bool {
		seen = true
		return false
	})
	return seen, err
}

func (s *Session) lookUp(ctx context.Context, key types.LookupAttributeKey, value string, from, to time.Time, wait func(context.Context) error, each func(types.Event) bool) error {
	pages := cloudtrail.NewLookupEventsPaginator(s.trail(), &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: aws.String(value)}},
		StartTime:        aws.Time(from), EndTime: aws.Time(to), MaxResults: aws.Int32(eventsPerPage),
	})
	for pages.HasMorePages() {
		if err := wait(ctx); err != nil {
			return err
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.wrap(err)
		}
		for _, v := range page.Events {
			if !each(v) {
				return nil
			}
		}
	}
	return nil
}

// assumedOf reads an event's record. One that is not JSON, or of who assumed no
// role, is left out.
func assumedOf(v types.Event) (Assumed, bool) {
	var record struct {
		ErrorCode    string
		UserIdentity struct {
			Type           string
			InvokedBy      string
			SessionContext struct {
				SourceIdentity string
				SessionIssuer  struct{ ARN string }
			}
		}
	}
	if json.Unmarshal([]byte(aws.ToString(v.CloudTrailEvent)), &record) != nil || record.UserIdentity.Type != "AssumedRole" {
		return Assumed{}, false
	}
	u := record.UserIdentity
	return Assumed{
		Call:     Call{ID: aws.ToString(v.EventId), Name: aws.ToString(v.EventName), User: aws.ToString(v.Username), At: aws.ToTime(v.EventTime), Error: record.ErrorCode},
		Identity: u.SessionContext.SourceIdentity, Role: u.SessionContext.SessionIssuer.ARN, By: u.InvokedBy,
	}, true
}
