package conform_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// written makes a log group with a stream for each of the names, and a line in
// each, oldest first.
func (c *cloud) written(streams ...string) *cloudwatchlogs.Client {
	c.t.Helper()
	logs := cloudwatchlogs.NewFromConfig(c.config)
	must[*cloudwatchlogs.CreateLogGroupOutput](c)(logs.CreateLogGroup(c.t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &c.id}))
	c.t.Cleanup(func() {
		_, _ = logs.DeleteLogGroup(c.context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &c.id})
	})
	at := time.Now().Add(-time.Minute)
	for i, name := range streams {
		must[*cloudwatchlogs.CreateLogStreamOutput](c)(logs.CreateLogStream(c.t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &c.id, LogStreamName: &name}))
		must[*cloudwatchlogs.PutLogEventsOutput](c)(logs.PutLogEvents(c.t.Context(), &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: &c.id, LogStreamName: &name,
			LogEvents: []logtypes.InputLogEvent{{Message: aws.String("of " + name), Timestamp: aws.Int64(at.Add(time.Duration(i) * time.Second).UnixMilli())}},
		}))
	}
	return logs
}

// readRows are what bcn believes of the calls that answer what is there: logs,
// rules of load balancers, secrets, drift.
func readRows() []row[*cloud] {
	return append(logRows(), missingRows()...)
}

func logRows() []row[*cloud] {
	const page = "CloudWatch Logs API Reference, "
	return []row[*cloud]{
		{"events are found by the beginning of their stream's name, oldest first", "logs:FilterLogEvents", "of web/a, of web/b", page + "FilterLogEvents, logStreamNamePrefix", func(c *cloud) string {
			logs := c.written("web/a", "worker/a", "web/b")
			var said []string
			c.until("both lines can be found", func() bool {
				out := must[*cloudwatchlogs.FilterLogEventsOutput](c)(logs.FilterLogEvents(c.t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &c.id, LogStreamNamePrefix: aws.String("web/")}))
				said = nil
				for _, e := range out.Events {
					said = append(said, aws.ToString(e.Message))
				}
				return len(said) == 2
			})
			return strings.Join(said, ", ")
		}},
		{"events of a group that is not there", "logs:FilterLogEvents", "ResourceNotFoundException: *", page + "FilterLogEvents, Errors", func(c *cloud) string {
			_, err := cloudwatchlogs.NewFromConfig(c.config).FilterLogEvents(c.t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &c.id})
			return says(err)
		}},
		{"streams of a group that is not there", "logs:DescribeLogStreams", "ResourceNotFoundException: *", page + "DescribeLogStreams, Errors", func(c *cloud) string {
			_, err := cloudwatchlogs.NewFromConfig(c.config).DescribeLogStreams(c.t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{
				LogGroupName: &c.id, OrderBy: logtypes.OrderByLastEventTime, Descending: aws.Bool(true),
			})
			return says(err)
		}},
	}
}

func missingRows() []row[*cloud] {
	return []row[*cloud]{
		{"rules of a listener that is not there", "elasticloadbalancing:DescribeRules", "ListenerNotFound: *", "Elastic Load Balancing API Reference, DescribeRules, Errors", func(c *cloud) string {
			gone := c.arn("elasticloadbalancing", "listener/app/"+c.id+"/0123456789abcdef/0123456789abcdef")
			_, err := elb.NewFromConfig(c.config).DescribeRules(c.t.Context(), &elb.DescribeRulesInput{ListenerArn: &gone})
			return says(err)
		}},
		{"the value of a secret that is not there", "secretsmanager:GetSecretValue", "ResourceNotFoundException: *", "Secrets Manager API Reference, GetSecretValue, Errors", func(c *cloud) string {
			_, err := secretsmanager.NewFromConfig(c.config).GetSecretValue(c.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &c.id})
			return says(err)
		}},
		{"a parameter that was deleted is gone, and is not deleted twice", "ssm:DeleteParameter", "ok, then ParameterNotFound: *", "Systems Manager API Reference, DeleteParameter, Errors", func(c *cloud) string {
			name := "/" + c.id + "/gone"
			must[*ssm.PutParameterOutput](c)(c.ssm().PutParameter(c.t.Context(), &ssm.PutParameterInput{Name: &name, Value: aws.String("x"), Type: ssmtypes.ParameterTypeSecureString}))
			_, first := c.ssm().DeleteParameter(c.t.Context(), &ssm.DeleteParameterInput{Name: &name})
			_, second := c.ssm().DeleteParameter(c.t.Context(), &ssm.DeleteParameterInput{Name: &name})
			return fmt.Sprintf("%s, then %s", says(first), says(second))
		}},
		{"a look for drift that nobody began", "cloudformation:DescribeStackDriftDetectionStatus", "ValidationError: *", apiCFN + "DescribeStackDriftDetectionStatus", func(c *cloud) string {
			_, err := cloudformation.NewFromConfig(c.config).DescribeStackDriftDetectionStatus(c.t.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{
				StackDriftDetectionId: aws.String("00000000-0000-0000-0000-000000000000"),
			})
			return says(err)
		}},
	}
}
