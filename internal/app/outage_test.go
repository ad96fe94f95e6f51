package app

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// Promise 9: what is outside may be down. Nothing is granted, nothing is lost,
// and work goes on by itself.
func TestOutages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.setUp("/bcn deploy hello production v1")

	t.Run("GitHub is down at a click: could not check, nothing recorded, works when it is back", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		w.github.Fault(localgithub.Fault{Status: 503})
		r.press("U0LEAD", "approve")
		w.told("U0LEAD", "could not check")
		if n := ask[int](t, w, `select count(*) from decision where request = $1`, int64(r.id)); n != 0 {
			t.Errorf("%d decisions are recorded", n)
		}
		r.state(bcn.ChangeWaiting)
		w.github.ClearFaults()
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
	})
	t.Run("GitHub is down at the start: it waits, and goes on by itself", func(t *testing.T) {
		w := w.in(t)
		w.halt(true)
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		w.github.Fault(localgithub.Fault{Status: 503})
		w.halt(false)
		w.stuck(r)
		if r.ran() != 0 {
			t.Error("it was started without a check")
		}
		w.github.ClearFaults()
		r.state(bcn.ChangeSucceeded)
	})
	for _, c := range []struct {
		name  string
		fault localslack.Fault
	}{
		{"Slack limits posts", localslack.Fault{Method: "chat.postMessage", Times: 3, RetryAfter: time.Second}},
		{"Slack limits edits", localslack.Fault{Method: "chat.update", Times: 3, RetryAfter: time.Second}},
		{"Slack does not answer posts", localslack.Fault{Method: "chat.postMessage", Times: 3, Status: 503}},
		{"Slack takes posts and loses the answer", localslack.Fault{Method: "chat.postMessage", Times: 3, LoseAnswer: true}},
	} {
		t.Run(c.name+": all is said in the end, once", func(t *testing.T) {
			w := &crash{world: w.in(t)}
			defer w.slack.Fault(c.fault)()
			started, tag := time.Now(), w.other()
			r := w.waiting(tag)
			r.press("U0LEAD", "approve")
			r.state(bcn.ChangeSucceeded)
			r.says("succeeded after")
			w.settled(t, r.id)
			w.endedOnce(t, r.id, r.card, tag, started)
		})
	}
	t.Run("Slack cannot say who somebody is: could not check, nothing recorded", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		back := w.slack.Fault(localslack.Fault{Method: "users.info", Status: 503})
		r.press("U0LEAD", "approve")
		w.told("U0LEAD", "Slack")
		back()
		if n := ask[int](t, w, `select count(*) from decision where request = $1`, int64(r.id)); n != 0 {
			t.Errorf("%d decisions are recorded", n)
		}
		r.press("U0DEV", "cancel")
		r.says("closed")
	})
	t.Run("AWS is down while it is planned: it is planned when AWS is back", func(t *testing.T) {
		w := w.in(t)
		w.aws.Faults().Fail("cloudformation", "*", "ServiceUnavailable", 503, -1)
		r := w.ask("production", w.other(), "being planned")
		w.stuck(r)
		w.aws.Faults().Clear()
		r.says("waits for approval")
		r.press("U0DEV", "cancel")
		r.says("closed")
	})
	t.Run("AWS is down while it is applied: it is executed once when AWS is back", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		w.aws.Faults().Fail("cloudformation", "ExecuteChangeSet", "ServiceUnavailable", 503, -1)
		r.press("U0LEAD", "approve")
		w.stuck(r)
		w.aws.Faults().Clear()
		r.state(bcn.ChangeSucceeded)
		if r.ran() != 2 {
			t.Errorf("%d executions", r.ran())
		}
	})
	t.Run("AWS takes an execution and loses the answer: it is executed once", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		w.aws.Faults().DropAnswer("cloudformation", "ExecuteChangeSet", 4)
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		begun := ask[int](t, w, `select count(*) from stack_event where change = $1 and status = 'UPDATE_IN_PROGRESS'
			and type = 'AWS::CloudFormation::Stack'`, int64(r.id))
		if begun != 2 {
			t.Errorf("%d operations", begun)
		}
	})
	t.Run("AWS is down while it is followed: the verdict is true when AWS is back", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeApplying)
		w.aws.Faults().Fail("cloudformation", "Describe*", "ServiceUnavailable", 503, -1)
		w.aws.Faults().Fail("cloudformation", "DescribeStacks", "ServiceUnavailable", 503, 20)
		w.aws.Faults().Fail("ecs", "DescribeServices", "ServiceUnavailable", 503, 8)
		r.state(bcn.ChangeSucceeded)
		w.aws.Faults().Clear()
	})
	t.Run("the database is down when a command arrives: its user is told, and it works when it is back", func(t *testing.T) {
		w := w.in(t)
		w.database(t, false)
		said := w.slash("U0DEV", deploys, "deploy hello production v1 --reason while-down")
		if !strings.Contains(said, "could not store") {
			t.Errorf("said %q", said)
		}
		w.database(t, true)
		r := w.waiting(w.other())
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		if n := ask[int](t, w, `select count(*) from change where reason = 'while-down'`); n != 0 {
			t.Errorf("what was refused ran %d times", n)
		}
	})
	t.Run("the database is down while it is applied: it goes on when it is back", func(t *testing.T) {
		w := &crash{world: w.in(t)}
		started, tag := time.Now(), w.other()
		r := w.waiting(tag)
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeApplying)
		w.database(t, false)
		w.database(t, true)
		w.timePasses(t)
		r.says("succeeded after")
		w.settled(t, r.id)
		w.endedOnce(t, r.id, r.card, tag, started)
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
	w.noSecrets(t)
}

// other is the tag that does not run now.
func (w *world) other() string {
	w.t.Helper()
	if ask[string](w.t, w, `select tag from release where outcome = 'succeeded' and heritage = 'hello' order by number desc limit 1`) == "v1" {
		return "v2"
	}
	return "v1"
}

// stuck waits until a step of the change has failed for a reason outside.
func (w *world) stuck(r request) {
	w.t.Helper()
	w.until("a step failed", `select failures > 0 and code in ('unavailable', 'could_not_check') and not parked from change where id = $1`, int64(r.id))
}

// database takes the world's database away, or gives it back.
func (w *world) database(t *testing.T, up bool) {
	t.Helper()
	u, err := url.Parse(w.owner)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, u.String())
	if err != nil {
		t.Fatal(err)
	}
	allow := "false"
	if up {
		allow = "true"
	}
	if _, err := conn.Exec(ctx, `alter database `+name+` allow_connections `+allow); err != nil {
		t.Fatal(err)
	}
	if !up {
		if _, err := conn.Exec(ctx, `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(ctx); err != nil {
		t.Fatal(err)
	}
}
