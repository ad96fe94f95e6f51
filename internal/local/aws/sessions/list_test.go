package sessions_test

import (
	"fmt"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func TestDescribeSessions(t *testing.T) {
	t.Parallel()
	t.Run("a session is active with all that is known of it, and then history", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := w.open(t, w.as(w.assume(t, "access", broad, "grant-7", grant))).SessionId
		w.clock.Advance(time.Minute)
		got := w.listed(t, "Active")
		if len(got) != 1 {
			t.Fatalf("%d sessions", len(got))
		}
		x := got[0]
		text := fmt.Sprintln(*x.SessionId == *id, *x.Target, *x.DocumentName, *x.Owner, *x.Reason, *x.MaxSessionDuration, x.Status, x.StartDate.UTC(), x.EndDate)
		const want = "true i-0123456789abcdef0 bcn-shell-10m arn:aws:sts::123456789012:assumed-role/access/grant-7 grant 7 10 Connected 2026-11-21 10:00:00 +0000 UTC <nil>\n"
		if text != want {
			t.Fatalf("got  %s\nwant %s", text, want)
		}
		w.terminate(t, *id)
		over := w.listed(t, "History")
		if len(w.listed(t, "Active")) != 0 || len(over) != 1 || over[0].Status != "Terminated" || !over[0].EndDate.Equal(start.Add(time.Minute)) {
			t.Fatalf("got %+v", over)
		}
	})
	t.Run("filters choose", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := w.open(t, w.as(w.assume(t, "access", broad, "grant-7", grant))).SessionId
		w.clock.Advance(time.Minute)
		w.open(t, w.as())
		for _, c := range []struct {
			key, value string
			want       int
		}{
			{"Owner", "arn:aws:sts::123456789012:assumed-role/access/grant-7", 1},
			{"Owner", "arn:aws:sts::123456789012:assumed-role/access/grant-8", 0},
			{"SessionId", *id, 1},
			{"Target", node, 2},
			{"Target", other, 0},
			{"Status", "Connected", 2},
			{"Status", "Failed", 0},
			{"InvokedAfter", "2026-11-21T10:00:30Z", 1},
			{"InvokedBefore", "2026-11-21T10:00:30Z", 1},
			{"AccessType", "JustInTime", 0},
		} {
			got := w.listed(t, "Active", ssmtypes.SessionFilter{Key: ssmtypes.SessionFilterKey(c.key), Value: &c.value})
			if len(got) != c.want {
				t.Errorf("%s=%s: %d sessions, want %d", c.key, c.value, len(got), c.want)
			}
		}
	})
	t.Run("pages hold all, once each", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for range 7 {
			w.open(t, w.as())
		}
		seen := map[string]bool{}
		pages := ssm.NewDescribeSessionsPaginator(ssm.NewFromConfig(w.as()), &ssm.DescribeSessionsInput{State: "Active", MaxResults: awssdk.Int32(3)})
		n := 0
		for ; pages.HasMorePages(); n++ {
			out, err := pages.NextPage(t.Context())
			wantCode(t, err, "")
			for _, x := range out.Sessions {
				seen[*x.SessionId] = true
			}
		}
		if n != 3 || len(seen) != 7 {
			t.Fatalf("%d pages, %d sessions", n, len(seen))
		}
	})
	for name, in := range map[string]*ssm.DescribeSessionsInput{
		"a state that is none":     {State: "Dead"},
		"too many results":         {State: "Active", MaxResults: awssdk.Int32(201)},
		"a filter that is none":    {State: "Active", Filters: []ssmtypes.SessionFilter{{Key: "Colour", Value: awssdk.String("red")}}},
		"a time that is none":      {State: "Active", Filters: []ssmtypes.SessionFilter{{Key: "InvokedAfter", Value: awssdk.String("noon")}}},
		"a token of somebody else": {State: "Active", NextToken: awssdk.String("MTIz")},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := ssm.NewFromConfig(newWorld(t).as()).DescribeSessions(t.Context(), in)
			if err == nil {
				t.Fatal("taken")
			}
		})
	}
}

func TestOnDemand(t *testing.T) {
	t.Parallel()
	t.Run("a termination that lies says yes and leaves the session as it is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := *w.open(t, w.as()).SessionId
		w.Sessions().LieAboutTermination(1)
		w.terminate(t, id)
		if got := w.listed(t, "Active"); len(got) != 1 || got[0].Status != "Connected" {
			t.Fatalf("got %+v", got)
		}
		w.terminate(t, id)
		if n := len(w.listed(t, "Active")); n != 0 {
			t.Fatalf("%d active sessions", n)
		}
	})
	t.Run("a session that refuses to die is Terminating until it is told again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := *w.open(t, w.as()).SessionId
		w.Sessions().RefuseToDie(1)
		w.terminate(t, id)
		w.clock.Advance(time.Minute)
		if got := w.listed(t, "Active"); len(got) != 1 || got[0].Status != "Terminating" {
			t.Fatalf("got %+v", got)
		}
		w.terminate(t, id)
		if n := len(w.listed(t, "Active")); n != 0 {
			t.Fatalf("%d active sessions", n)
		}
	})
	t.Run("a list that lags shows new sessions late, and ended ones too long", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Sessions().ListLag(15 * time.Second)
		id := *w.open(t, w.as()).SessionId
		counts := func() string { return fmt.Sprint(len(w.listed(t, "Active")), len(w.listed(t, "History"))) }
		var got []string
		got = append(got, counts())
		w.clock.Advance(15 * time.Second)
		got = append(got, counts())
		w.terminate(t, id)
		got = append(got, counts())
		w.clock.Advance(15 * time.Second)
		got = append(got, counts())
		if fmt.Sprint(got) != "[0 0 1 0 1 0 0 1]" {
			t.Fatalf("got %v", got)
		}
	})
	t.Run("terminating what is not there says yes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.terminate(t, "dana-0123456789abcdef0")
	})
}

func TestTargets(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	t.Run("a machine that lost its connection takes no session", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		n := sessionsNode(node, "production")
		n.Offline = true
		w.Sessions().PutNode(n)
		c := ssm.NewFromConfig(w.as())
		_, err := c.StartSession(t.Context(), &ssm.StartSessionInput{Target: s(node)})
		wantCode(t, err, "TargetNotConnected")
		out, err := c.GetConnectionStatus(t.Context(), &ssm.GetConnectionStatusInput{Target: s(node)})
		wantCode(t, err, "")
		if out.Status != "notconnected" {
			t.Fatal(out.Status)
		}
	})
	t.Run("a machine that is not there takes none either", func(t *testing.T) {
		t.Parallel()
		for _, id := range []string{"i-00000000000000000", "mi-00000000000000000", "web", "ecs:x", "ecs:default_1_1-1"} {
			_, err := ssm.NewFromConfig(newWorld(t).as()).StartSession(t.Context(), &ssm.StartSessionInput{Target: s(id)})
			wantCode(t, err, "TargetNotConnected")
		}
	})
	t.Run("machines are listed and filtered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Sessions().PutNode(sessionsNode("mi-0123456789abcdef0", "staging"))
		for _, c := range []struct {
			key  string
			is   string
			want int
		}{{"InstanceIds", node, 1}, {"tag:env", "production", 2}, {"PingStatus", "Online", 3}, {"ResourceType", "ManagedInstance", 1}} {
			out, err := ssm.NewFromConfig(w.as()).DescribeInstanceInformation(t.Context(), &ssm.DescribeInstanceInformationInput{
				Filters: []ssmtypes.InstanceInformationStringFilter{{Key: s(c.key), Values: []string{c.is}}},
			})
			wantCode(t, err, "")
			if len(out.InstanceInformationList) != c.want {
				t.Errorf("%s=%s: %d machines, want %d", c.key, c.is, len(out.InstanceInformationList), c.want)
			}
		}
	})
}
