package sessions_test

import (
	"encoding/json"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
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
