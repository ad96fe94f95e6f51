package awsx

import (
	"context"
	"encoding/xml"
	"errors"
	"net/url"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/cenkalti/backoff/v5"
)

// alarmsPerCall is how many names DescribeAlarms takes (CloudWatch API
// reference).
const alarmsPerCall = 100

// Alarms answers the states of CloudWatch alarms by name: OK, ALARM or
// INSUFFICIENT_DATA. Those that are not there are left out. It is sent in
// CloudWatch's query protocol (API version 2010-08-01): its module of the SDK
// would be there for this one call.
func (s *Session) Alarms(ctx context.Context, names []string) (map[string]string, error) {
	out := map[string]string{}
	for len(names) > 0 {
		n := min(len(names), alarmsPerCall)
		form := url.Values{"Action": {"DescribeAlarms"}, "Version": {"2010-08-01"}, "MaxRecords": {strconv.Itoa(alarmsPerCall)}}
		for i, name := range names[:n] {
			form.Set("AlarmNames.member."+strconv.Itoa(i+1), name)
		}
		form.Set("AlarmTypes.member.1", "MetricAlarm")
		form.Set("AlarmTypes.member.2", "CompositeAlarm")
		if err := s.describeAlarms(ctx, []byte(form.Encode()), out); err != nil {
			return nil, err
		}
		names = names[n:]
	}
	return out, nil
}

func (s *Session) describeAlarms(ctx context.Context, body []byte, out map[string]string) error {
	answer, err := backoff.Retry(ctx, func() ([]byte, error) {
		answer, err := s.send(ctx, "monitoring", s.queryEndpoint("monitoring"), body)
		var api smithy.APIError
		if err != nil && errors.As(err, &api) && !transient(api.ErrorCode()) {
			return nil, backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithMaxTries(uint(retry.DefaultMaxAttempts)))
	type alarm struct{ AlarmName, StateValue string }
	var in struct {
		Metric    []alarm `xml:"DescribeAlarmsResult>MetricAlarms>member"`
		Composite []alarm `xml:"DescribeAlarmsResult>CompositeAlarms>member"`
	}
	if err == nil {
		err = xml.Unmarshal(answer, &in)
	}
	if err != nil {
		return s.wrap(&smithy.OperationError{ServiceID: "CloudWatch", OperationName: "DescribeAlarms", Err: err})
	}
	for _, a := range append(in.Metric, in.Composite...) {
		out[a.AlarmName] = a.StateValue
	}
	return nil
}
