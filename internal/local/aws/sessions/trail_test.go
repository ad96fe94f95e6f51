package sessions_test

import (
	"encoding/json"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// lookup asks CloudTrail, within its rate.
func (w *world) lookup(t *testing.T, key, value string) []types.Event {
	t.Helper()
	w.clock.Advance(time.Second)
	in := &cloudtrail.LookupEventsInput{}
	if key != "" {
		in.LookupAttributes = []types.LookupAttribute{{AttributeKey: types.LookupAttributeKey(key), AttributeValue: &value}}
	}
	out, err := cloudtrail.NewFromConfig(w.as()).LookupEvents(t.Context(), in)
	wantCode(t, err, "")
	return out.Events
}

func TestLookupEvents(t *testing.T) {
	t.Parallel()
	t.Run("a session's start is told with who, by their source identity, and without its token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		out := w.open(t, w.as(w.assume(t, "access", broad, "grant-7", grant)))
		got := w.lookup(t, "Username", "grant-7")
		if len(got) != 1 || *got[0].EventName != "StartSession" || *got[0].EventSource != "ssm.amazonaws.com" || *got[0].ReadOnly != "false" {
			t.Fatalf("got %+v", got)
		}
		var record struct {
			UserIdentity struct {
				Type, Arn      string
				SessionContext struct{ SourceIdentity string }
			}
			RequestParameters struct{ Target, DocumentName string }
			ResponseElements  struct{ SessionID, TokenValue string }
		}
		if err := json.Unmarshal([]byte(*got[0].CloudTrailEvent), &record); err != nil {
			t.Fatal(err)
		}
		if record.UserIdentity.SessionContext.SourceIdentity != "dana" || record.UserIdentity.Type != "AssumedRole" ||
			record.RequestParameters.Target != node || record.ResponseElements.SessionID != *out.SessionId ||
			record.ResponseElements.TokenValue != "Value hidden due to security reasons." {
			t.Fatalf("got %s", *got[0].CloudTrailEvent)
		}
	})
	t.Run("events are found by what they are about", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := w.open(t, w.as()).SessionId
		w.terminate(t, *id)
		for _, c := range []struct {
			key, value string
			want       int
		}{
			{"EventName", "TerminateSession", 1},
			{"EventName", "ResumeSession", 0},
			{"ResourceName", *id, 2},
			{"ResourceName", node, 1},
			{"EventSource", "ssm.amazonaws.com", 3},
			{"AccessKeyId", "AKIDNOBODY", 0},
		} {
			if got := w.lookup(t, c.key, c.value); len(got) != c.want {
				t.Errorf("%s=%s: %d events, want %d", c.key, c.value, len(got), c.want)
			}
		}
	})
	t.Run("a refused call is told with its error", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := ssm.NewFromConfig(w.as(w.assume(t, "access", broad, "grant-7", grant))).DeleteDocument(t.Context(), &ssm.DeleteDocumentInput{Name: awssdk.String(ten)})
		wantCode(t, err, "AccessDeniedException")
		got := w.lookup(t, "EventName", "DeleteDocument")
		if len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
		var record struct{ ErrorCode string }
		if err := json.Unmarshal([]byte(*got[0].CloudTrailEvent), &record); err != nil || record.ErrorCode != "AccessDeniedException" {
			t.Fatalf("%v: %s", err, *got[0].CloudTrailEvent)
		}
	})
	t.Run("events come late", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Sessions().TrailLag(5 * time.Minute)
		w.open(t, w.as())
		before := len(w.lookup(t, "EventName", "StartSession"))
		w.clock.Advance(5 * time.Minute)
		if after := len(w.lookup(t, "EventName", "StartSession")); before != 0 || after != 1 {
			t.Fatalf("%d, then %d", before, after)
		}
	})
	t.Run("the third call within a second is throttled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		c := cloudtrail.NewFromConfig(w.as())
		for _, want := range []string{"", "", "ThrottlingException"} {
			_, err := c.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{})
			wantCode(t, err, want)
		}
		w.clock.Advance(500 * time.Millisecond)
		_, err := c.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{})
		wantCode(t, err, "")
	})
	t.Run("pages hold all within the times asked for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.clock.Advance(time.Minute)
		for range 7 {
			w.open(t, w.as())
		}
		w.clock.Advance(time.Minute)
		w.open(t, w.as())
		in := &cloudtrail.LookupEventsInput{MaxResults: awssdk.Int32(3), StartTime: awssdk.Time(start.Add(30 * time.Second)), EndTime: awssdk.Time(start.Add(90 * time.Second))}
		seen := map[string]bool{}
		pages := cloudtrail.NewLookupEventsPaginator(cloudtrail.NewFromConfig(w.as()), in)
		for pages.HasMorePages() {
			w.clock.Advance(time.Second)
			out, err := pages.NextPage(t.Context())
			wantCode(t, err, "")
			for _, e := range out.Events {
				seen[*e.EventId] = true
			}
		}
		if len(seen) != 7 {
			t.Fatalf("%d events", len(seen))
		}
	})
	for name, in := range map[string]*cloudtrail.LookupEventsInput{
		"two attributes": {LookupAttributes: []types.LookupAttribute{
			{AttributeKey: "EventName", AttributeValue: awssdk.String("a")}, {AttributeKey: "Username", AttributeValue: awssdk.String("b")},
		}},
		"51 results":            {MaxResults: awssdk.Int32(51)},
		"an end before a start": {StartTime: awssdk.Time(start), EndTime: awssdk.Time(start.Add(-time.Hour))},
	} {
		t.Run(name+" are refused", func(t *testing.T) {
			t.Parallel()
			_, err := cloudtrail.NewFromConfig(newWorld(t).as()).LookupEvents(t.Context(), in)
			if err == nil {
				t.Fatal("taken")
			}
		})
	}
}
