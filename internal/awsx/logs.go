package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
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
