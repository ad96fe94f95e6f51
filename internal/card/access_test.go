package card_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

var accessKinds = []bcn.Kind{bcn.KindAccess, bcn.KindAccessLive, bcn.KindAccessInstance, bcn.KindAccessPort}

var grantStates = []bcn.GrantState{
	bcn.GrantApproved, bcn.GrantMinting, bcn.GrantLive, bcn.GrantEnding, bcn.GrantEnded, bcn.GrantEndFailed, bcn.GrantExpired, bcn.GrantCancelled,
}

func asksFor(kind bcn.Kind, change ...func(*bcn.AccessPlan)) card.View {
	return card.View{
		Change: entry(kind, bcn.ChangeWaiting), Plan: entryPlan(kind, change...), Hash: hash,
		Request: request(bcn.RequestPending), Approvers: "<@U0LEAD> <!subteam^S0LEADS>",
	}
}

func runsWith(kind bcn.Kind, g *bcn.Grant, more ...func(*bcn.Change)) card.View {
	state := bcn.ChangeApplying
	switch g.State {
	case bcn.GrantEnding, bcn.GrantEndFailed:
		state = bcn.ChangeVerifying
	case bcn.GrantEnded, bcn.GrantExpired, bcn.GrantCancelled:
		state = bcn.ChangeSucceeded
	}
	return card.View{
		Change: entry(kind, state, more...), Plan: entryPlan(kind), Hash: hash, Grant: g,
		Request: request(bcn.RequestStarted, by("U0LEAD", bcn.Approve, "")),
	}
}

func accessViews() []view {
	var out []view
	for _, kind := range accessKinds {
		out = append(out, view{string(kind) + " waits for approval", asksFor(kind)})
	}
	wish := deploy.Wish{Access: &deploy.AccessWish{For: 600e9, Command: "rails c"}}
	more := func(v card.View, change func(*card.View)) card.View { change(&v); return v }
	out = append(out, []view{
		{"being planned", card.View{Change: entry(bcn.KindAccess, bcn.ChangePlanning), Wish: wish}},
		{"being planned, for as long as the rule says", card.View{Change: entry(bcn.KindAccessPort, bcn.ChangePlanning), Wish: deploy.Wish{Access: &deploy.AccessWish{Database: "orders-db"}}}},
		{"a command waits for approval", asksFor(bcn.KindAccess, func(a *bcn.AccessPlan) { a.Command = "rails runner 'Job.stuck.each(&:retry!)' && echo `done`" })},
		{"more time waits for approval", asksFor(bcn.KindAccess, func(a *bcn.AccessPlan) { a.Extends, a.From = 1041, at.Add(600e9) })},
		{"the clock starts at the first use", asksFor(bcn.KindAccessInstance, func(a *bcn.AccessPlan) { a.OpenWithin, a.Seconds = 600, 3600 })},
		{"a live task that is stopped at the end", asksFor(bcn.KindAccessLive, func(a *bcn.AccessPlan) { a.StopTask = true })},
		{"an own task that bcn enters", asksFor(bcn.KindAccess, func(a *bcn.AccessPlan) { a.ByBot = true })},
		{"nobody has to approve", more(asksFor(bcn.KindAccess), func(v *card.View) {
			v.Change.State, v.Plan.Needs, v.Request = bcn.ChangeQueued, nil, nil
		})},
		{"rejected", card.View{
			Change: entry(bcn.KindAccess, bcn.ChangeClosed, because(bcn.CodeRejected, "by", "U0LEAD", "reason", "use staging")), Plan: entryPlan(bcn.KindAccess), Hash: hash,
			Request: request(bcn.RequestRejected, by("U0LEAD", bcn.Reject, "use staging")),
		}},
		{"no task takes sessions", card.View{Change: entry(bcn.KindAccessLive, bcn.ChangeClosed, because(bcn.CodeNoTask, "service", "web")), Wish: wish}},
		{"over: the requester is done", runsWith(bcn.KindAccess, granted(bcn.GrantEnded, ends(bcn.WhyDone, "U0ONCALL")))},
		{"over: somebody ended it", runsWith(bcn.KindAccessLive, granted(bcn.GrantEnded, ends(bcn.WhyEnded, "U0LEAD")))},
		{"over: the requester left the team", runsWith(bcn.KindAccess, granted(bcn.GrantEnded, ends(bcn.WhyRemoved, "")), because(bcn.CodeAccessRemoved, "id", "#1042"))},
		{"over: the task is gone", runsWith(bcn.KindAccessLive, granted(bcn.GrantEnded, ends(bcn.WhyGone, "")), because(bcn.CodeTaskStopped, "task", "0123456789ab", "why", "Essential container in task exited"))},
		{"over: what it needs could not be made", runsWith(bcn.KindAccess, granted(bcn.GrantEnded, ends(bcn.WhyFailed, ""), func(g *bcn.Grant) { g.Sessions, g.Key = nil, "" }), because(bcn.CodeAccessDenied, "action", "ecs:RunTask", "role", "bcn-default"))},
		{"over, and somebody else was there", runsWith(bcn.KindAccessInstance, granted(bcn.GrantEnded, intruder))},
		{"ending before its time, with credentials that still work", runsWith(bcn.KindAccessInstance, granted(bcn.GrantEnding, ends(bcn.WhyDone, "U0ONCALL"), early))},
		{"not closed before its time, and bcn opened it", runsWith(bcn.KindAccessLive, granted(bcn.GrantEndFailed, ends(bcn.WhyDone, "U0ONCALL"), early))},
		{"approved, opened by a time", runsWith(bcn.KindAccess, granted(bcn.GrantApproved, func(g *bcn.Grant) { g.StartsAt, g.EndsAt = nil, nil }))},
		{"live, and AWS does not answer", runsWith(bcn.KindAccess, granted(bcn.GrantLive), because(bcn.CodeUnavailable, "what", "AWS"))},
		{"live, and its job is parked", runsWith(bcn.KindAccess, granted(bcn.GrantLive), func(c *bcn.Change) { c.Parked = true })},
		{"everything that people write is hostile", more(asksFor(bcn.KindAccessLive, func(a *bcn.AccessPlan) {
			a.Service, a.Container, a.Command = evil, evil, evil
		}), func(v *card.View) { v.Change.App, v.Change.Env, v.Change.Reason, v.Plan.Tag = evil, evil, evil, evil })},
		{"a node with a hostile name", more(asksFor(bcn.KindAccessInstance, func(a *bcn.AccessPlan) { a.NodeName, a.Document = evil, evil }), func(v *card.View) { v.Change.District = evil })},
		{"a database with a hostile name", asksFor(bcn.KindAccessPort, func(a *bcn.AccessPlan) { a.Database, a.Host = evil, evil })},
	}...)
	for _, state := range grantStates {
		out = append(out, view{"a grant that is " + string(state), runsWith(bcn.KindAccess, granted(state))})
	}
	return out
}

func TestAccessCards(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, v := range accessViews() {
				m := p.Card(v.v)
				said := shown(m)
				if fault := faults(m); fault != "" {
					t.Errorf("%s: there is %s:\n%s", v.name, fault, said)
				}
				fmt.Fprintf(&b, "### %s\n%s\n", v.name, said)
			}
			golden(t, "testdata/access."+lang+".golden", b.String())
		})
	}
}

// Every kind and state of a grant has a card, in the words of the catalogue.
func TestEveryGrantHasACard(t *testing.T) {
	t.Parallel()
	p := presenter(t, text.English)
	for _, kind := range accessKinds {
		for _, state := range grantStates {
			t.Run(string(kind)+" "+string(state)+" has a mark, a number and no hole", func(t *testing.T) {
				t.Parallel()
				m := p.Card(runsWith(kind, granted(state)))
				said := shown(m)
				for _, bad := range []string{"card.", "access_status.", "grant.", "access.may", "access.never", "access.where", "<no value>"} {
					if strings.Contains(said, bad) {
						t.Errorf("%q in it:\n%s", bad, said)
					}
				}
				if lines := strings.SplitN(string(m.Blocks[0].Section), "\n", 2); len(lines) != 2 || strings.HasPrefix(lines[1], " ") || !strings.Contains(lines[1], "*#1042*") {
					t.Errorf("its status: %q", m.Blocks[0].Section)
				}
			})
		}
	}
}

// What is said to be closed was verified, and only what is open has a button.
func TestAccessIsNeverSaidToBeOverTooEarly(t *testing.T) {
	t.Parallel()
	p := presenter(t, text.English)
	rapid.Check(t, func(t *rapid.T) {
		kind, state := rapid.SampledFrom(accessKinds).Draw(t, "kind"), rapid.SampledFrom(grantStates).Draw(t, "state")
		g := granted(state)
		if rapid.Bool().Draw(t, "a session is open") && len(g.Sessions) > 0 {
			g.Sessions[0].Closed = nil
		}
		m := p.Card(runsWith(kind, g))
		said := shown(m)
		if got, want := strings.Contains(string(m.Blocks[0].Section), "verified"), state == bcn.GrantEnded; got != want {
			t.Fatalf("%s says verified: %v\n%s", state, got, said)
		}
		ends := false
		for _, b := range m.Blocks {
			for _, u := range b.Buttons {
				ends = ends || u.Action == chat.ActionAccessEnd
				if u.Value != "1042" {
					t.Fatalf("a button carries %q", u.Value)
				}
			}
		}
		if ends != state.Open() {
			t.Fatalf("%s has a button to end it: %v", state, ends)
		}
	})
}

func accessMoments() []struct {
	name string
	m    deploy.Moment
} {
	of := func(kind deploy.MomentKind, k bcn.Kind, g *bcn.Grant) deploy.Moment {
		v := runsWith(k, g)
		return deploy.Moment{Kind: kind, Change: v.Change, Plan: v.Plan, Request: v.Request, Grant: g}
	}
	unstarted := func(g *bcn.Grant) { g.StartsAt, g.EndsAt = nil, nil }
	stuck := of(deploy.MomentStuck, bcn.KindAccessInstance, granted(bcn.GrantEndFailed))
	stuck.Left = []string{"bcn-g1042-1-0aaaaaaaaaaaaaaaa", "unavailable"}
	used := of(deploy.MomentStuck, bcn.KindAccessInstance, granted(bcn.GrantEndFailed, early))
	hostile := of(deploy.MomentStuck, bcn.KindAccessInstance, granted(bcn.GrantEndFailed))
	hostile.Left, hostile.Plan.Access.NodeName = []string{evil}, evil
	report := of(deploy.MomentReport, bcn.KindAccessInstance, granted(bcn.GrantEnded, intruder))
	report.Trail = trail()
	long := of(deploy.MomentReport, bcn.KindAccess, granted(bcn.GrantEnded))
	for range 40 {
		long.Trail = append(long.Trail, trail()[1])
		long.Grant.Sessions = append(long.Grant.Sessions, long.Grant.Sessions[0])
	}
	asked := deploy.Moment{Kind: deploy.MomentAsked, Change: entry(bcn.KindAccess, bcn.ChangePlanning), Wish: deploy.Wish{Access: &deploy.AccessWish{For: 600e9}}}
	return []struct {
		name string
		m    deploy.Moment
	}{
		{"asked", asked},
		{"planned", deploy.Moment{Kind: deploy.MomentPlanned, Change: entry(bcn.KindAccess, bcn.ChangePlanned), Plan: entryPlan(bcn.KindAccess), Hash: hash}},
		{"granted", of(deploy.MomentGranted, bcn.KindAccess, granted(bcn.GrantApproved))},
		{"granted, from the first use", of(deploy.MomentGranted, bcn.KindAccessPort, granted(bcn.GrantApproved, unstarted))},
		{"handed", of(deploy.MomentHanded, bcn.KindAccess, granted(bcn.GrantLive))},
		{"handed again", of(deploy.MomentHanded, bcn.KindAccess, granted(bcn.GrantLive, func(g *bcn.Grant) { g.Mints = 3 }))},
		{"near", of(deploy.MomentNear, bcn.KindAccessLive, granted(bcn.GrantLive))},
		{"over", of(deploy.MomentOver, bcn.KindAccess, granted(bcn.GrantEnded))},
		{"over, somebody ended it", of(deploy.MomentOver, bcn.KindAccess, granted(bcn.GrantEnded, ends(bcn.WhyEnded, "U0LEAD")))},
		{"expired", of(deploy.MomentOver, bcn.KindAccess, granted(bcn.GrantExpired))},
		{"withdrawn", of(deploy.MomentOver, bcn.KindAccess, granted(bcn.GrantCancelled))},
		{"stuck", stuck},
		{"stuck, with credentials that still work", used},
		{"stuck, with hostile words", hostile},
		{"unstuck", of(deploy.MomentUnstuck, bcn.KindAccessInstance, granted(bcn.GrantEnded))},
		{"a report", report},
		{"a long report", long},
		{"a report without CloudTrail", of(deploy.MomentReport, bcn.KindAccessLive, granted(bcn.GrantEnded, func(g *bcn.Grant) { g.Sessions[0].ByBot = true }))},
		{"rejected", deploy.Moment{Kind: deploy.MomentEnded, Change: entry(bcn.KindAccess, bcn.ChangeClosed, because(bcn.CodeRejected, "by", "U0LEAD"))}},
		{"expired before it was approved", deploy.Moment{Kind: deploy.MomentEnded, Change: entry(bcn.KindAccess, bcn.ChangeClosed, because(bcn.CodeExpired, "id", "#1042"))}},
	}
}

func TestAccessNotes(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, m := range accessMoments() {
				notes := p.Notes(m.m)
				for _, n := range notes {
					if fault := faults(n.Body); fault != "" {
						t.Errorf("%s: there is %s:\n%s", m.name, fault, shown(n.Body))
					}
					if n.Role == deploy.RoleDirect && n.To != "U0ONCALL" {
						t.Errorf("%s is said to %q", m.name, n.To)
					}
				}
				fmt.Fprintf(&b, "### %s\n%s\n", m.name, told(notes))
			}
			golden(t, "testdata/access_notes."+lang+".golden", b.String())
		})
	}
	t.Run("two ends of one grant are told apart", func(t *testing.T) {
		t.Parallel()
		p := presenter(t, text.English)
		first, second := accessMoments()[7].m, accessMoments()[7].m
		later := second.Grant.VerifiedAt.Add(60e9)
		second.Grant.VerifiedAt = &later
		if a, b := p.Notes(first)[0].Key, p.Notes(second)[0].Key; a == b {
			t.Errorf("both are %q", a)
		}
	})
	t.Run("a moment without its grant says nothing", func(t *testing.T) {
		t.Parallel()
		if got := presenter(t, text.English).Notes(deploy.Moment{Kind: deploy.MomentGranted, Change: entry(bcn.KindAccess, bcn.ChangeApplying)}); len(got) > 0 {
			t.Errorf("got %+v", got)
		}
	})
}
