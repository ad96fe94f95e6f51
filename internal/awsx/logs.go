package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// LastLines reads the last lines of a log stream, oldest first, at most limit.
// A stream that nothing was written to is ErrNotFound.
func (s *Session) LastLines(ctx context.Context, group, stream string, limit int) ([]string, error) {
	out, err := s.logs().GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(group), LogStreamName: aws.String(stream),
		Limit: aws.Int32(int32(limit)), StartFromHead: aws.Bool(false),
	})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return nil, s.missing(err)
		}
		return nil, s.wrap(err)
	}
	list := make([]string, 0, len(out.Events))
	for _, e := range out.Events {
		list = append(list, aws.ToString(e.Message))
	}
	return list, nil
}

// LogEvent is one line of a log group.
type LogEvent struct {
	At           time.Time
	Stream, Text string
}

// LogEvents reads one page of the events of a log group from from (included) to
// to (excluded), of the streams that begin with prefix, by their time, and the
// token of the next page; "" after the last. A group that is not there is
// ErrNotFound.
func (s *Session) LogEvents(ctx context.Context, group, prefix string, from, to time.Time, token string) ([]LogEvent, string, error) {
	out, err := s.logs().FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String(group), LogStreamNamePrefix: optional(prefix), NextToken: optional(token),
		StartTime: aws.Int64(from.UnixMilli()), EndTime: aws.Int64(to.UnixMilli()),
	})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return nil, "", s.missing(err)
		}
		return nil, "", s.wrap(err)
	}
	var list []LogEvent
	for _, e := range out.Events {
		list = append(list, LogEvent{At: time.UnixMilli(aws.ToInt64(e.Timestamp)), Stream: aws.ToString(e.LogStreamName), Text: aws.ToString(e.Message)})
	}
	return list, aws.ToString(out.NextToken), nil
}

// LogStreamsWith says whether a group has a stream whose name begins with
// prefix. A group that is not there is ErrNotFound.
func (s *Session) LogStreamsWith(ctx context.Context, group, prefix string) (bool, error) {
	out, err := s.logs().DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: aws.String(group), LogStreamNamePrefix: aws.String(prefix), Limit: aws.Int32(1),
	})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return false, s.missing(err)
		}
		return false, s.wrap(err)
	}
	return len(out.LogStreams) > 0, nil
}

// LogStreams lists the names of a group's streams that were written to last,
// the newest first, at most 50. A group that is not there is ErrNotFound.
func (s *Session) LogStreams(ctx context.Context, group string) ([]string, error) {
	out, err := s.logs().DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: aws.String(group), OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true),
	})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return nil, s.missing(err)
		}
		return nil, s.wrap(err)
	}
	var list []string
	for _, v := range out.LogStreams {
		list = append(list, aws.ToString(v.LogStreamName))
	}
	return list, nil
}
