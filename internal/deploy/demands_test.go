package deploy_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/ticket"
)

// clock is the time by which hours are judged, in minutes from a Friday noon.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).Add(time.Duration(c.Load()) * time.Minute)
}

// demanding is a world whose rules are the given ones.
func demanding(t *testing.T, rules ...config.Rule) (*world, *clock) {
	t.Helper()
	w, at := newWorld(t).settled(), &clock{}
	w.Authz = authz.New(authz.Options{Rules: rules, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}, Now: at.now})
	return w, at
}

// rule is one for deploys that two leads approve.
func rule(change func(r *config.Rule)) config.Rule {
	r := config.Rule{Allow: []string{"developers"}, To: []string{"deploy"}, Approve: &config.Approve{By: []string{"leads"}, Count: 2, Within: time.Hour}}
	change(&r)
	return r
}

// still asks what is asked before an approved change runs.
func (w *world) still(id bcn.ID, p bcn.Plan) error {
	w.t.Helper()
	r, err := w.store.Request(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.StillApproved(context.Background(), deploy.Claimed{Change: w.change(id), Request: &r, Now: time.Now()}, p)
}

func (w *world) askFor(user, reason string) error {
	wish := wishDeploy()
	wish.Reason = reason
	_, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person(user), wish)
	return err
}

func TestReasonsAreCheckedWhenAsked(t *testing.T) {
	t.Parallel()
	w, _ := demanding(t, rule(func(r *config.Rule) {
		r.Reason = config.RuleReason{Required: true, Pattern: "^OPS-[0-9]+", Hint: "a ticket such as OPS-12"}
	}))
	err := w.askFor("U0DEV", "because")
	if bcn.CodeOf(err) != bcn.CodeReasonWanted || param(err, "rule") != "rules[0]" || param(err, "wants") != "a ticket such as OPS-12" {
		t.Errorf("another reason: %v", err)
	}
	if got := w.refusals(); got != "U0DEV ask deploy: reason_wanted" {
		t.Errorf("the log says %q", got)
	}
	if err := w.askFor("U0DEV", "OPS-12 as agreed"); err != nil {
		t.Errorf("one that fits: %v", err)
	}
	t.Run("and again before it runs, when the rules want another", func(t *testing.T) {
		t.Parallel()
		w, at := demanding(t, rule(func(*config.Rule) {}))
		id := w.waiting("U0DEV", time.Hour)
		w.Authz = authz.New(authz.Options{Rules: []config.Rule{rule(func(r *config.Rule) {
			r.Reason = config.RuleReason{Required: true, Pattern: "^OPS"}
		})}, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}, Now: at.now})
		if err := w.still(id, bcn.Plan{}); bcn.CodeOf(err) != bcn.CodeReasonWanted {
			t.Errorf("it runs: %v", err)
		}
	})
}

func TestHoursHoldFromAskingToRunning(t *testing.T) {
	t.Parallel()
	office := rule(func(r *config.Rule) {
		r.When = []config.Window{{Days: [7]bool{time.Friday: true}, From: 9 * 60, To: 17 * 60, Zone: time.UTC}}
	})
	const evening = 6 * 60
	t.Run("outside of them nothing is asked", func(t *testing.T) {
		t.Parallel()
		w, at := demanding(t, office)
		at.Store(evening)
		if err := w.askFor("U0DEV", ""); bcn.CodeOf(err) != bcn.CodeOutsideHours || param(err, "opens") != "2026-11-27T09:00:00Z" {
			t.Errorf("asked: %v", err)
		}
	})
	t.Run("nor approved, and rejecting is possible at any time", func(t *testing.T) {
		t.Parallel()
		w, at := demanding(t, office)
		id := w.waiting("U0DEV", time.Hour)
		at.Store(evening)
		if _, err := w.decide("U0LEAD", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeOutsideHours {
			t.Errorf("approved: %v", err)
		}
		w.must(w.decide("U0LEAD2", id, bcn.Reject))
	})
	t.Run("nor run", func(t *testing.T) {
		t.Parallel()
		w, at := demanding(t, office)
		id := w.waiting("U0DEV", time.Hour)
		w.must(w.decide("U0LEAD", id, bcn.Approve))
		w.must(w.decide("U0LEAD2", id, bcn.Approve))
		if err := w.still(id, bcn.Plan{}); err != nil {
			t.Fatalf("in time: %v", err)
		}
		at.Store(evening)
		if err := w.still(id, bcn.Plan{}); bcn.CodeOf(err) != bcn.CodeOutsideHours {
			t.Errorf("it runs: %v", err)
		}
	})
}

// Row T34 of docs/threats.md: what was approved by other rules than those of now.
func TestWhatWasApprovedStopsWhereTheRulesWantMore(t *testing.T) {
	t.Parallel()
	w, at := demanding(t, rule(func(*config.Rule) {}))
	id := w.waiting("U0DEV", time.Hour)
	w.must(w.decide("U0LEAD", id, bcn.Approve))
	w.must(w.decide("U0LEAD2", id, bcn.Approve))
	for _, c := range []struct {
		name   string
		change func(*config.Rule)
		want   bcn.Code
	}{
		{"the same", func(*config.Rule) {}, ""},
		{"fewer", func(r *config.Rule) { r.Approve.Count = 1 }, ""},
		{"one more", func(r *config.Rule) { r.Approve.Count = 3 }, bcn.CodePlanMoved},
		{"other people", func(r *config.Rule) { r.Approve.By = []string{"admins"} }, bcn.CodePlanMoved},
		{"nothing of who asked", func(r *config.Rule) { r.Allow = []string{"admins"} }, bcn.CodeNotAllowed},
	} {
		w.Authz = authz.New(authz.Options{Rules: []config.Rule{rule(c.change)}, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}, Now: at.now})
		if err := w.still(id, bcn.Plan{}); bcn.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestLimitsHoldPerPerson(t *testing.T) {
	t.Parallel()
	w, _ := demanding(t, rule(func(r *config.Rule) { r.Limit = &config.Limit{Count: 2, Per: time.Hour} }))
	for i, want := range []bcn.Code{"", "", bcn.CodeLimitReached} {
		if err := w.askFor("U0DEV", ""); bcn.CodeOf(err) != want {
			t.Errorf("deploy %d: %v", i+1, err)
		}
	}
	if err := w.askFor("U0OTHER", ""); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if got := w.refusals(); got != "U0DEV ask deploy: limit_reached" {
		t.Errorf("the log says %q", got)
	}
}

// What stops something is refused by no hours, reason, ticket or limit, and what
// acts at once counts as what is asked for does.
func TestRulesAboutWhatActsAtOnce(t *testing.T) {
	t.Parallel()
	all := config.Rule{
		Allow: []string{"developers"}, To: []string{"*"},
		When:   []config.Window{{Days: [7]bool{time.Friday: true}, From: 9 * 60, To: 17 * 60, Zone: time.UTC}},
		Limit:  &config.Limit{Count: 2, Per: time.Hour},
		Reason: config.RuleReason{Required: true, Pattern: "^OPS-"},
		Ticket: &config.Ticket{Pattern: "OPS-[0-9]+", URL: "https://tickets.invalid/{ticket}"},
	}
	ctx := context.Background()
	halt := func(w *world, on bool) error {
		return w.SetHalt(ctx, deploy.Origin{}, person("U0DEV"), on, "the site is down")
	}
	t.Run("a halt, a cancel and a rejection always work", func(t *testing.T) {
		t.Parallel()
		w, at := demanding(t, rule(func(*config.Rule) {}))
		mine, theirs := w.waiting("U0DEV", time.Hour), w.waiting("U0DEV", time.Hour)
		w.Authz = authz.New(authz.Options{Rules: []config.Rule{all}, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}, Now: at.now})
		at.Store(6 * 60)
		for range 4 {
			if err := halt(w, true); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.cancel("U0OTHER", mine); err != nil {
			t.Error(err)
		}
		w.must(w.decide("U0LEAD2", theirs, bcn.Reject))
	})
	t.Run("a resume has hours and is counted", func(t *testing.T) {
		t.Parallel()
		w, at := demanding(t, all)
		for i, want := range []bcn.Code{"", "", bcn.CodeLimitReached} {
			if err := halt(w, false); bcn.CodeOf(err) != want {
				t.Errorf("%d: %v", i, err)
			}
		}
		at.Store(6 * 60)
		if err := halt(w, false); bcn.CodeOf(err) != bcn.CodeOutsideHours {
			t.Error(err)
		}
		if got := w.refusals(); got != "U0DEV resume: limit_reached, U0DEV resume: outside_hours" {
			t.Errorf("the log says %q", got)
		}
	})
	t.Run("a lock is counted, at any hour", func(t *testing.T) {
		t.Parallel()
		locks := all
		locks.Reason, locks.Ticket = config.RuleReason{}, nil
		w, at := demanding(t, locks)
		at.Store(6 * 60)
		for i, want := range []bcn.Code{"", "", bcn.CodeLimitReached} {
			_, err := w.Freeze(ctx, deploy.Origin{}, person("U0DEV"), deploy.HoldWish{Reason: "an outage"})
			if bcn.CodeOf(err) != want {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// links are GitHub logins by who linked them.
type links map[string]string

func (l links) Linked(_ context.Context, user string) (string, error) { return l[user], nil }

func TestApproversFromOutsideTheRequestersTeam(t *testing.T) {
	t.Parallel()
	outside := rule(func(r *config.Rule) { r.Approve.Outside = true })
	t.Run("somebody from inside does not count, whatever else they are", func(t *testing.T) {
		t.Parallel()
		w, _ := demanding(t, outside)
		id := w.outsiders()
		if _, err := w.decide("U0LEAD", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeNotOutside { // U0LEAD is a developer too
			t.Errorf("approved: %v", err)
		}
		w.must(w.decide("U0LEAD2", id, bcn.Approve))
		w.must(w.decide("U0LEAD3", id, bcn.Approve))
		if err := w.still(id, bcn.Plan{}); err != nil {
			t.Fatalf("two from outside: %v", err)
		}
		w.staff["U0LEAD3"] = []string{"leads", "developers"}
		if err := w.still(id, bcn.Plan{}); bcn.CodeOf(err) != bcn.CodePlanMoved || param(err, "moved") != "approvers" {
			t.Errorf("one who came inside since: %v", err)
		}
	})
	t.Run("nor does somebody who is inside by another account", func(t *testing.T) {
		t.Parallel()
		w, at := demanding(t, outside)
		w.Authz = authz.New(authz.Options{
			Rules: []config.Rule{outside}, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}, Now: at.now,
			Persons: []config.Person{{Slack: "U0OTHER", GitHub: "otto"}}, Links: links{"U0LEAD2": "otto", "U0LEAD3": "otto"},
		})
		id := w.outsiders()
		if _, err := w.decide("U0LEAD2", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeNotOutside {
			t.Errorf("approved: %v", err)
		}
		w.must(w.decide("U0LEAD4", id, bcn.Approve))
	})
	t.Run("where only insiders could approve, breaking the glass goes, and says whom it skipped", func(t *testing.T) {
		t.Parallel()
		inside := rule(func(r *config.Rule) {
			r.Approve.Outside, r.Allow = true, []string{"developers", "leads"}
			r.BreakGlass = &config.BreakGlass{Max: time.Minute, Limit: 2, Per: time.Hour}
		})
		w, _ := demanding(t, inside)
		wish := wishDeploy()
		wish.BreakGlass = true
		asked, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person("U0LEAD"), wish)
		if err != nil {
			t.Fatal(err)
		}
		p := bcn.Plan{BreakGlass: &bcn.BreakGlass{Skipped: []bcn.Need{{Teams: []string{"leads"}, Count: 2}}, Limit: 2, Per: time.Hour}}
		if err := w.StillApproved(context.Background(), deploy.Claimed{Change: w.change(asked.ID), Wish: wish, Now: time.Now()}, p); err != nil {
			t.Errorf("it does not run: %v", err)
		}
		if err := w.StillApproved(context.Background(), deploy.Claimed{Change: w.change(asked.ID), Now: time.Now()}, bcn.Plan{}); bcn.CodeOf(err) != bcn.CodeNoApprover {
			t.Errorf("without breaking the glass: %v", err)
		}
	})
	t.Run("where nobody is outside nothing is asked", func(t *testing.T) {
		t.Parallel()
		w, _ := demanding(t, rule(func(r *config.Rule) { r.Approve.Outside, r.Allow = true, []string{"developers", "leads"} }))
		if err := w.askFor("U0LEAD", ""); bcn.CodeOf(err) != bcn.CodeNoApprover {
			t.Errorf("asked: %v", err)
		}
	})
}

// outsiders brings a change to where people from outside of developers must
// approve it.
func (w *world) outsiders() bcn.ID {
	w.t.Helper()
	id := w.ask("U0DEV")
	for _, ask := range []bool{false, true} {
		c, ok, err := w.store.Claim(context.Background(), id)
		if err != nil || !ok {
			w.t.Fatalf("claim: %v %v", ok, err)
		}
		m := deploy.Move{From: c, Event: bcn.EventPlanned, Plan: &deploy.StoredPlan{Bytes: []byte("{}"), Hash: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}}
		if ask {
			m = deploy.Move{From: c, Event: bcn.EventAsk, Ask: &bcn.Request{
				ID: id, Hash: c.Plan.Hash, Requester: "U0DEV", Outside: []string{"developers"},
				Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}}, ExpiresAt: c.Now.Add(time.Hour),
			}}
		}
		if _, err := w.store.Apply(context.Background(), m); err != nil {
			w.t.Fatal(err)
		}
	}
	w.posted(id)
	return id
}

func TestPlansThatChangeRolesHaveTheirRules(t *testing.T) {
	t.Parallel()
	by := func(team string) *config.Approve {
		return &config.Approve{By: []string{team}, Count: 1, Within: time.Hour}
	}
	yes := true
	w, _ := demanding(t,
		rule(func(r *config.Rule) { r.Destructive, r.Approve = &yes, by("leads") }),
		rule(func(r *config.Rule) { r.IAM, r.Approve = &yes, by("security") }),
		rule(func(r *config.Rule) { r.Approve = nil }),
	)
	id := w.ask("U0DEV")
	role := bcn.ResourceDelta{Action: "Modify", Type: "AWS::IAM::Role"}
	gone := bcn.ResourceDelta{Action: "Remove", Type: "AWS::ECS::Service"}
	for _, c := range []struct {
		name    string
		changes []bcn.ResourceDelta
		want    string
	}{
		{"one that changes neither goes by itself", nil, "[]"},
		{"one that changes a role", []bcn.ResourceDelta{role}, "[{[security] 1 []}]"},
		{"one that removes something", []bcn.ResourceDelta{gone}, "[{[leads] 1 []}]"},
		{"one that does both needs both, whichever rule comes first", []bcn.ResourceDelta{role, gone}, "[{[leads] 1 []} {[security] 1 []}]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := w.Verdict(context.Background(), w.change(id), bcn.Plan{Stacks: []bcn.StackPlan{{Changes: c.changes}}})
			if got := fmt.Sprint(v.Needs); err != nil || got != c.want {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

func TestTicketsAreLookedUp(t *testing.T) {
	t.Parallel()
	var status atomic.Value
	status.Store("To Do")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"status":%q}`, status.Load())
	}))
	t.Cleanup(s.Close)
	ticketed := rule(func(r *config.Rule) {
		r.Ticket = &config.Ticket{Pattern: "OPS-[0-9]+", URL: s.URL + "/{ticket}", Status: "status", Open: []string{"To Do"}}
	})
	w, _ := demanding(t, ticketed)
	if err := w.askFor("U0DEV", "OPS-1"); bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
		t.Errorf("with nothing to look it up: %v", err)
	}
	w.Tickets = ticket.New(ticket.Options{})
	if err := w.askFor("U0DEV", "because"); bcn.CodeOf(err) != bcn.CodeNoTicket || param(err, "rule") != "rules[0]" {
		t.Errorf("without a ticket: %v", err)
	}
	w.Authz = authz.New(authz.Options{Rules: []config.Rule{rule(func(*config.Rule) {})}, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}})
	id := w.waiting("U0DEV", time.Hour) // its reason names none
	w.Authz = authz.New(authz.Options{Rules: []config.Rule{rule(func(r *config.Rule) {
		*r = ticketed
		r.Ticket.Pattern = "planned"
	})}, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}})
	w.must(w.decide("U0LEAD", id, bcn.Approve))
	status.Store("Done")
	if _, err := w.decide("U0LEAD2", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeTicketClosed {
		t.Errorf("approved with a ticket that is closed: %v", err)
	}
	if err := w.still(id, bcn.Plan{}); bcn.CodeOf(err) != bcn.CodeTicketClosed {
		t.Errorf("it runs: %v", err)
	}
}

func TestWhatActsAtOnceMeetsTheDemandsOfItsRule(t *testing.T) {
	t.Parallel()
	w, _ := demanding(t, config.Rule{
		Allow: []string{"developers"}, To: []string{"lock", "freeze"},
		Reason: config.RuleReason{Required: true, Pattern: `^OPS-[0-9]+`},
	})
	locks := func(reason string) error {
		_, err := w.Lock(context.Background(), deploy.Origin{}, person("U0DEV"), deploy.HoldWish{App: "hello", Env: "production", Reason: reason})
		return err
	}
	if err := locks("I like to"); bcn.CodeOf(err) != bcn.CodeReasonWanted {
		t.Errorf("locked: %v", err)
	}
	if got := w.refusals(); got != "U0DEV lock: reason_wanted" {
		t.Errorf("the log says %q", got)
	}
	if err := locks("OPS-12 the database moves"); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func TestNobodyIsNeededToGoWithoutApproval(t *testing.T) {
	t.Parallel()
	w, _ := demanding(t, rule(func(r *config.Rule) {
		r.BreakGlass = &config.BreakGlass{Max: time.Minute, Limit: 2, Per: time.Hour}
	}))
	w.Members = staff{"U0DEV": {"developers"}} // nobody could approve, nor stand in
	wish := wishDeploy()
	if _, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person("U0DEV"), wish); bcn.CodeOf(err) != bcn.CodeNoApprover {
		t.Errorf("asked: %v", err)
	}
	wish.BreakGlass = true
	if asked, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person("U0DEV"), wish); err != nil || asked.Empty != "" {
		t.Errorf("with --break-glass: %+v %v", asked, err)
	}
}
