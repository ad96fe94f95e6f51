package sessions_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/bcn-bot/bcn/internal/local/aws/plugintest"
)

// recorded is a session document that streams to a log group, or would.
func recorded(group, streaming string) string {
	return `{"schemaVersion":"1.0","sessionType":"Standard_Stream","inputs":{"maxSessionDuration":"10","runAsEnabled":true,"runAsDefaultUser":"engineer",
		"cloudWatchLogGroupName":"` + group + `","cloudWatchStreamingEnabled":` + streaming + `}}`
}

// typed opens a session with the document, has something said in it, ends it
// and answers its id.
func (w *world) typed(t *testing.T, document string) string {
	t.Helper()
	out, err := ssm.NewFromConfig(w.as()).StartSession(t.Context(), &ssm.StartSessionInput{Target: awssdk.String(node), DocumentName: &document})
	wantCode(t, err, "")
	p := plugintest.Start(t, plugintest.Options{
		Path: plugintest.Build(t), Response: answer(out.SessionId, out.StreamUrl, out.TokenValue), Target: node, Endpoint: w.URL(),
	})
	p.Expect(t, "$ ")
	p.Type(t, "echo sum=$((40+2))\n")
	p.Expect(t, "sum=42")
	p.Type(t, "printf unfinished$((1+1))\n")
	p.Expect(t, "unfinished2")
	w.terminate(t, *out.SessionId)
	p.ExpectEnd(t)
	return *out.SessionId
}

func TestSessionsAreRecorded(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	const group = "/bcn/default/sessions"
	t.Run("in a stream of the session's id", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		logs := cloudwatchlogs.NewFromConfig(w.as())
		_, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: s(group)})
		wantCode(t, err, "")
		w.document(t, "bcn-recorded", recorded(group, "true"))
		id := w.typed(t, "bcn-recorded")
		streams, err := logs.DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: s(group)})
		wantCode(t, err, "")
		if len(streams.LogStreams) != 1 || *streams.LogStreams[0].LogStreamName != id {
			t.Fatalf("%+v", streams.LogStreams)
		}
		events, err := logs.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: s(group), LogStreamName: &id, StartFromHead: awssdk.Bool(true)})
		wantCode(t, err, "")
		var lines []string
		for _, e := range events.Events {
			var event struct {
				EventTime, RunAsUser, SessionId string
				Target                          struct{ ID string }
				SessionData                     []string
			}
			if err := json.Unmarshal([]byte(*e.Message), &event); err != nil {
				t.Fatal(err)
			}
			if event.SessionId != id || event.Target.ID != node || event.RunAsUser != "engineer" || event.EventTime != "2026-11-21T10:00:00Z" {
				t.Fatalf("%+v", event)
			}
			lines = append(lines, event.SessionData...)
		}
		text := strings.Join(lines, "\n")
		for _, want := range []string{"$ echo sum=$((40+2))", "\nsum=42\n", "unfinished2"} {
			if !strings.Contains(text, want) {
				t.Fatalf("%q is not in:\n%s", want, text)
			}
		}
		found, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: s(group), FilterPattern: s(`"sum=42"`)})
		wantCode(t, err, "")
		if len(found.Events) == 0 || *found.Events[0].LogStreamName != id {
			t.Fatalf("%+v", found.Events)
		}
	})
	for name, document := range map[string]string{"not in a group that is not there": recorded("/nowhere", "true"), "not without streaming": recorded(group, "false")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			logs := cloudwatchlogs.NewFromConfig(w.as())
			_, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: s(group)})
			wantCode(t, err, "")
			w.document(t, "bcn-recorded", document)
			w.typed(t, "bcn-recorded")
			streams, err := logs.DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: s(group)})
			wantCode(t, err, "")
			groups, err := logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
			wantCode(t, err, "")
			if len(streams.LogStreams) != 0 || len(groups.LogGroups) != 1 {
				t.Fatalf("%+v in %+v", streams.LogStreams, groups.LogGroups)
			}
		})
	}
}

// streams are the names of a log group's streams.
func (w *world) streams(t *testing.T, group string) []string {
	t.Helper()
	out, err := cloudwatchlogs.NewFromConfig(w.as()).DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: &group})
	wantCode(t, err, "")
	names := []string{}
	for _, x := range out.LogStreams {
		names = append(names, *x.LogStreamName)
	}
	return names
}

// recordedTask runs a task that logs to the group, in the name of the role.
func (w *world) recordedTask(t *testing.T, role, group string) string {
	t.Helper()
	s, c := awssdk.String, ecs.NewFromConfig(w.as())
	_, err := c.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: s("recorded"), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: s("256"), Memory: s("512"),
		RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
		TaskRoleArn:             s("arn:aws:iam::123456789012:role/" + role), ExecutionRoleArn: s("arn:aws:iam::123456789012:role/logging"),
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: s("main"), Image: s("shell:1"), LogConfiguration: &ecstypes.LogConfiguration{
			LogDriver: ecstypes.LogDriverAwslogs, Options: map[string]string{"awslogs-group": group, "awslogs-region": region, "awslogs-stream-prefix": "run"},
		}}},
	})
	wantCode(t, err, "")
	out, err := c.RunTask(t.Context(), &ecs.RunTaskInput{
		TaskDefinition: s("recorded"), Cluster: s("default"), LaunchType: ecstypes.LaunchTypeFargate, EnableExecuteCommand: true,
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: []string{"subnet-0a11ce00000000001"}, SecurityGroups: []string{"sg-0a11ce00000000001"},
		}},
	})
	wantCode(t, err, "")
	w.clock.Advance(30 * time.Second)
	return *out.Tasks[0].TaskArn
}

func TestSessionsInTasksAreRecorded(t *testing.T) {
	t.Parallel()
	const (
		group   = "/bcn/default/hello"
		logging = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["logs:*","ssmmessages:*"]}]}`
	)
	for role, want := range map[string]int{"logging": 1, "enterable": 0} {
		t.Run("of the role "+role+": "+itoa(want), func(t *testing.T) {
			t.Parallel()
			w := newECS(t)
			w.taskRole(t, "logging", logging)
			logs := cloudwatchlogs.NewFromConfig(w.as())
			_, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: awssdk.String(group)})
			wantCode(t, err, "")
			in, err := w.enter(t, w.as(), w.recordedTask(t, role, group), asIs)
			wantCode(t, err, "")
			p := plugintest.Start(t, plugintest.Options{
				Path: plugintest.Build(t), Response: answer(in.Session.SessionId, in.Session.StreamUrl, in.Session.TokenValue),
				Target: *w.listed(t, "Active")[0].Target, Endpoint: w.URL(),
			})
			p.Expect(t, "$ ")
			p.Type(t, "echo sum=$((40+2))\n")
			p.Expect(t, "sum=42")
			w.terminate(t, *in.Session.SessionId)
			p.ExpectEnd(t)
			found, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: awssdk.String(group), LogStreamNames: []string{*in.Session.SessionId}})
			if want == 0 {
				wantCode(t, err, "ResourceNotFoundException")
				return
			}
			wantCode(t, err, "")
			lines := ""
			for _, e := range found.Events {
				lines += *e.Message + "\n"
			}
			if !strings.Contains(lines, "\nsum=42\n") {
				t.Fatalf("got:\n%s", lines)
			}
		})
	}
}
