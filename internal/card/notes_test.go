package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

func moments() []struct {
	name string
	m    deploy.Moment
} {
	one := 1
	event := func(id, kind, status string) deploy.StackEvent {
		return deploy.StackEvent{LogicalID: id, Type: kind, Status: status}
	}
	const service, stack = "AWS::ECS::Service", "AWS::CloudFormation::Stack"
	failed := &deploy.StackEvent{
		LogicalID: "webService", Type: service, Status: "UPDATE_FAILED",
		Reason: "Resource handler returned message: \"ECS Deployment Circuit Breaker was triggered.\" (RequestToken: 11111111-2222, HandlerErrorCode: GeneralServiceException)",
	}
	release := &bcn.Release{Number: 4, StartedAt: at, EndedAt: at.Add(95 * time.Second)}
	ended := func(state bcn.ChangeState, more ...func(*bcn.Change)) deploy.Moment {
		return deploy.Moment{Kind: deploy.MomentEnded, Change: deployment(state, more...), Plan: plan(), Release: release}
	}
	stackFailed := because(bcn.CodeStackFailed, "stack", "hello", "resource", "webService", "why", "ECS Deployment Circuit Breaker was triggered")
	decided := func(d bcn.Decision) deploy.Moment {
		return deploy.Moment{Kind: deploy.MomentDecided, Change: deployment(bcn.ChangeWaiting), Request: request(bcn.RequestPending, d), Decision: &d}
	}
	left := ended(bcn.ChangeRollbackFailed, stackFailed)
	left.Left = []string{"heritage-hello", "hello"}
	return []struct {
		name string
		m    deploy.Moment
	}{
		{"asked", deploy.Moment{Kind: deploy.MomentAsked, Change: deployment(bcn.ChangePlanning)}},
		{"asked for a plan", deploy.Moment{Kind: deploy.MomentAsked, Change: deployment(bcn.ChangePlanning, func(c *bcn.Change) { c.Kind = bcn.KindPlan })}},
		{"planned", deploy.Moment{Kind: deploy.MomentPlanned, Change: deployment(bcn.ChangePlanned), Plan: plan(destroys), Hash: hash}},
		{"planned again", deploy.Moment{Kind: deploy.MomentPlanned, Change: deployment(bcn.ChangePlanned), Plan: plan(), Hash: hash, Moved: "--- #1041\n+++ #1042\n-file: 0a\n+file: 1b\n"}},
		{"approved", decided(by("U0LEAD", bcn.Approve, ""))},
		{"approved with words", decided(by("U0LEAD", bcn.Approve, "go on"))},
		{"rejected", decided(by("U0LEAD", bcn.Reject, "not on a Friday"))},
		{"rejected without a word", decided(by("U0LEAD", bcn.Reject, ""))},
		{"rejected with hostile words", decided(by("U0LEAD", bcn.Reject, evil))},
		{"started", deploy.Moment{Kind: deploy.MomentStarted, Change: deployment(bcn.ChangeQueued), Plan: plan()}},
		{"events", deploy.Moment{Kind: deploy.MomentEvents, Change: deployment(bcn.ChangeApplying), Plan: plan(), Events: []deploy.StackEvent{
			event("hello", stack, "UPDATE_IN_PROGRESS"), event("webTaskDefinition", "AWS::ECS::TaskDefinition", "UPDATE_COMPLETE"),
			event("webService", service, "UPDATE_IN_PROGRESS"), event("newService", service, "CREATE_IN_PROGRESS"), event("webService", service, "UPDATE_COMPLETE"),
			event("oldService", service, "DELETE_IN_PROGRESS"), event("hello", stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), event("hello", stack, "UPDATE_COMPLETE"),
		}}},
		{"events of a rollback", deploy.Moment{Kind: deploy.MomentEvents, Change: deployment(bcn.ChangeApplying), Plan: plan(), Events: []deploy.StackEvent{
			event("hello", stack, "UPDATE_ROLLBACK_IN_PROGRESS"), event("hello", stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"), event("hello", stack, "UPDATE_ROLLBACK_COMPLETE"),
		}}},
		{"failing", deploy.Moment{Kind: deploy.MomentFailing, Change: deployment(bcn.ChangeApplying), Plan: plan(), Failed: failed, Stopped: []deploy.Stopped{
			{Service: "web", Task: "0123456789abcdef0123456789abcdef", Reason: "Essential container in task exited", ExitCode: &one, Logs: []string{"connecting to db", "panic: no route to host"}},
			{Service: "web", Task: "fedcba9876543210fedcba9876543210", Reason: "Essential container in task exited", ExitCode: &one, Logs: []string{"connecting to db", "panic: no route to host"}},
			{Service: "web", Task: "00001111222233334444555566667777", Reason: "CannotPullContainerError: not found", Detail: "pull access denied"},
		}}},
		{"failing without tasks", deploy.Moment{Kind: deploy.MomentFailing, Change: deployment(bcn.ChangeApplying), Plan: plan(), Failed: failed}},
		{"failing with hostile words", deploy.Moment{
			Kind: deploy.MomentFailing, Change: deployment(bcn.ChangeApplying), Plan: plan(),
			Failed:  &deploy.StackEvent{LogicalID: evil, Type: evil, Reason: evil},
			Stopped: []deploy.Stopped{{Service: evil, Task: evil, Reason: evil, Detail: evil}},
		}},
		{"succeeded", ended(bcn.ChangeSucceeded)},
		{"an endpoint succeeded", deploy.Moment{Kind: deploy.MomentEnded, Change: other(bcn.KindEndpoint, "endpoint:main", bcn.ChangeSucceeded)}},
		{"failed", ended(bcn.ChangeFailed, because(bcn.CodeRolloutFailed, "service", "web", "why", "not steady in time"))},
		{"rolled back", ended(bcn.ChangeRolledBack, stackFailed)},
		{"rolled back after a cancel", ended(bcn.ChangeRolledBack, because(bcn.CodeCancelled, "by", "U0ADMIN"))},
		{"rollback failed, and things are left", left},
		{"cancelled", ended(bcn.ChangeCancelled, because(bcn.CodeCancelled, "by", "U0ADMIN"))},
		{"closed: expired", ended(bcn.ChangeClosed, because(bcn.CodeExpired, "id", "#1042"))},
		{"closed: nothing would change", ended(bcn.ChangeClosed, because(bcn.CodeNoChange))},
		{"closed: only a plan", ended(bcn.ChangeClosed, because(bcn.CodePlanOnly))},
		{"closed: no such tag", ended(bcn.ChangeClosed, because(bcn.CodeUnknownTag, "image", "hello", "tag", "v22", "suggestion", "v2"))},
		{"superseded", deploy.Moment{Kind: deploy.MomentSuperseded, Code: bcn.CodeSuperseded, Change: deployment(bcn.ChangeClosed, because(bcn.CodeSuperseded, "id", "#1042", "by", "#1043"))}},
		{"parked", deploy.Moment{Kind: deploy.MomentParked, Change: deployment(bcn.ChangeApplying, func(c *bcn.Change) { c.Fence = 7 })}},
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, m := range moments() {
				notes := p.Notes(m.m)
				said := told(notes)
				keys := map[string]bool{}
				for _, n := range notes {
					if fault := faults(n.Body); fault != "" {
						t.Errorf("%s: there is %s:\n%s", m.name, fault, shown(n.Body))
					}
					if n.Key == "" || keys[n.Key] || (n.Role != deploy.RoleCard && n.Body.Text == "") {
						t.Errorf("%s: the note %q is empty, or said twice", m.name, n.Key)
					}
					keys[n.Key] = true
				}
				fmt.Fprintf(&b, "### %s\n%s\n", m.name, said)
			}
			golden(t, "testdata/notes."+lang+".golden", b.String())
		})
	}
}

// An app's own channel comes before the one for all.
func TestAnnouncements(t *testing.T) {
	t.Parallel()
	words, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		all, own string
		state    bcn.ChangeState
		want     string
	}{
		"the channel for all":        {"C0DEPLOY", "", bcn.ChangeSucceeded, "C0DEPLOY"},
		"the app's own channel":      {"C0DEPLOY", "C0HELLO", bcn.ChangeSucceeded, "C0HELLO"},
		"no channel":                 {"", "", bcn.ChangeSucceeded, ""},
		"a rollback is announced":    {"C0DEPLOY", "", bcn.ChangeRolledBack, "C0DEPLOY"},
		"a cancel is not":            {"C0DEPLOY", "", bcn.ChangeCancelled, ""},
		"what never started is not":  {"C0DEPLOY", "", bcn.ChangeClosed, ""},
		"a failed rollback is":       {"C0DEPLOY", "", bcn.ChangeRollbackFailed, "C0DEPLOY"},
		"and in the app's own place": {"", "C0HELLO", bcn.ChangeFailed, "C0HELLO"},
	} {
		p := card.New(card.Options{Text: words, Lang: text.English, Announce: c.all, ChannelOf: func(app, env string) string {
			if app != "hello" || env != "production" {
				t.Errorf("asked for %s %s", app, env)
			}
			return c.own
		}})
		got := ""
		for _, n := range p.Notes(deploy.Moment{Kind: deploy.MomentEnded, Change: deployment(c.state)}) {
			if n.Role == deploy.RoleAnnounce {
				got = n.Channel
			}
		}
		if got != c.want {
			t.Errorf("%s: announced in %q, want %q", name, got, c.want)
		}
	}
}
