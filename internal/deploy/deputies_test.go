package deploy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func (w *world) names(absent, deputy string, d time.Duration) error {
	w.t.Helper()
	_, err := w.NameDeputy(context.Background(), deploy.Origin{}, person(absent), deputy, time.Now().Add(d))
	return err
}

func TestDeputies(t *testing.T) {
	t.Parallel()
	t.Run("a deputy decides for who is away, and both are recorded", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		if err := w.names("U0LEAD", "U0NONE", time.Hour); err != nil {
			t.Fatal(err)
		}
		id := w.waiting("U0DEV", time.Hour)
		if _, err := w.decide("U0NONE", id, bcn.Approve); err != nil {
			t.Fatal(err)
		}
		if _, err := w.decide("U0LEAD", id, bcn.Approve); bcn.CodeOf(err) != bcn.CodeDecidedBefore {
			t.Errorf("the absent person decides beside their deputy: %v", err)
		}
		if d, err := w.decide("U0LEAD2", id, bcn.Approve); err != nil || !d.Complete {
			t.Fatalf("%+v %v", d, err)
		}
		for sql, want := range map[string]string{
			`select string_agg(person || ' for ' || stands_for, ', ' order by at) from decision`:                            "U0NONE for U0LEAD, U0LEAD2 for ",
			`select body::json->>'for' from audit_entry where kind = 'decision.approve' order by seq limit 1`:               "U0LEAD",
			`select string_agg(actor || ' ' || (body::json->>'deputy'), ', ') from audit_entry where kind = 'deputy.named'`: "U0LEAD U0NONE",
			`select string_agg(role || ' ' || recipient, ', ' order by role) from outbox where key = 'deputy_named'`:        "announce , direct U0NONE",
		} {
			if got := w.look(id, sql); got != want {
				t.Errorf("%s: %q, want %q", sql, got, want)
			}
		}
	})

	t.Run("after their deputy was removed the absent person decides, and so does who was the deputy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		w.must(deploy.Decided{}, w.names("U0LEAD", "U0LEAD2", time.Hour))
		w.staff["U0LEAD2"] = nil
		id := w.waiting("U0DEV", time.Hour)
		w.must(w.decide("U0LEAD2", id, bcn.Approve))
		if _, err := w.RemoveDeputy(context.Background(), deploy.Origin{}, person("U0LEAD"), "", ""); err != nil {
			t.Fatal(err)
		}
		if r, err := w.Store.Request(context.Background(), id); err != nil || len(r.Decisions) != 1 || !r.Decisions[0].Void || deploy.Missing(r)[0].Count != 2 {
			t.Fatalf("%+v %v", r, err)
		}
		w.must(w.decide("U0LEAD", id, bcn.Approve))
		w.staff["U0LEAD2"] = []string{"leads"}
		if d, err := w.decide("U0LEAD2", id, bcn.Approve); err != nil || !d.Complete {
			t.Fatalf("%+v %v", d, err)
		}
		if err := w.still(id, bcn.Plan{}); err != nil {
			t.Errorf("it does not start: %v", err)
		}
	})

	t.Run("who approved may reject while others are missing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		id := w.waiting("U0DEV", time.Hour)
		w.must(w.decide("U0LEAD", id, bcn.Approve))
		w.must(w.decide("U0LEAD", id, bcn.Reject))
		if c := w.change(id); c.State != bcn.ChangeClosed || c.Code != bcn.CodeRejected {
			t.Errorf("%s %s", c.State, c.Code)
		}
		if got := w.look(id, `select string_agg(verdict, ' ' order by at) from decision`); got != "approve reject" {
			t.Errorf("the rows say %q", got)
		}
	})

	t.Run("what a deputy decided counts also once their time is another", func(t *testing.T) {
		t.Parallel()
		w, _ := demanding(t, rule(func(r *config.Rule) { r.Approve.Count = 1 }))
		w.must(deploy.Decided{}, w.names("U0LEAD", "U0NONE", time.Hour))
		id := w.waiting("U0DEV", time.Hour)
		w.must(w.decide("U0NONE", id, bcn.Approve))
		w.must(deploy.Decided{}, w.names("U0LEAD", "U0NONE", 2*time.Hour))
		if err := w.still(id, bcn.Plan{}); err != nil {
			t.Errorf("with a longer time: %v", err)
		}
		if _, err := w.RemoveDeputy(context.Background(), deploy.Origin{}, person("U0LEAD"), "", ""); err != nil {
			t.Fatal(err)
		}
		if err := w.still(id, bcn.Plan{}); param(err, "moved") != "approvers" {
			t.Errorf("of who is no deputy any more: %v", err)
		}
	})

	t.Run("a refusal of the deputy says that it is about the deputy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		delete(w.staff, "U0LEAD3")
		var e *bcn.Error
		if err := w.names("U0LEAD", "U0LEAD3", time.Hour); !errors.As(err, &e) || e.Params["deputy"] != "U0LEAD3" {
			t.Errorf("%v", err)
		}
	})

	for _, c := range []struct {
		name   string
		asker  string
		before func(w *world)
		code   bcn.Code
	}{
		{"what the absent person asked for", "U0LEAD", nil, bcn.CodeNotEligible},
		{"who is no longer in the team", "U0DEV", func(w *world) { w.staff["U0LEAD"] = []string{"developers"} }, bcn.CodeNotEligible},
		{"who was deactivated", "U0DEV", func(w *world) { delete(w.staff, "U0LEAD") }, bcn.CodeNotEligible},
		{"a deputy who was removed", "U0DEV", func(w *world) {
			if _, err := w.RemoveDeputy(context.Background(), deploy.Origin{}, person("U0NONE"), "U0NONE", "U0LEAD"); err != nil {
				w.t.Fatal(err)
			}
		}, bcn.CodeNotEligible},
		{"a time that is over", "U0DEV", func(w *world) { storetest.Exec(w.t, w.owner, `update deputy set until = since`) }, bcn.CodeNotEligible},
		{"a row that was prolonged past bcn", "U0DEV", func(w *world) {
			storetest.Exec(w.t, w.owner, `update deputy set until = until + interval '1 day'`)
		}, bcn.CodeNotEligible},
		{"a row that names another", "U0DEV", func(w *world) { storetest.Exec(w.t, w.owner, `update deputy set absent = 'U0LEAD2'`) }, bcn.CodeNotEligible},
	} {
		t.Run("no deputy decides: "+c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).settled()
			if err := w.names("U0LEAD", "U0NONE", time.Hour); err != nil {
				t.Fatal(err)
			}
			id := w.waiting(c.asker, time.Hour)
			if c.before != nil {
				c.before(w)
			}
			if _, err := w.decide("U0NONE", id, bcn.Approve); bcn.CodeOf(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
		})
	}

	t.Run("a deputy hands nothing on, and only who approves names one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		if err := w.names("U0LEAD", "U0LEAD2", time.Hour); err != nil {
			t.Fatal(err)
		}
		delete(w.staff, "U0LEAD3")
		w.staff["U0LEAD2"] = nil // a deputy, and no lead any more
		for code, err := range map[bcn.Code]error{
			bcn.CodeNoApproves:    w.names("U0LEAD2", "U0NONE", time.Hour),
			bcn.CodeDeputySelf:    w.names("U0LEAD", "U0LEAD", time.Hour),
			bcn.CodeDeputyTime:    w.names("U0LEAD", "U0NONE", 32*24*time.Hour),
			bcn.CodeRefusedPerson: w.names("U0LEAD", "U0LEAD3", time.Hour),
		} {
			if bcn.CodeOf(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		if err := w.names("U0LEAD", "U0NONE", -time.Minute); bcn.CodeOf(err) != bcn.CodeDeputyTime {
			t.Errorf("in the past: %v", err)
		}
		if _, err := w.RemoveDeputy(context.Background(), deploy.Origin{}, person("U0DEV"), "U0LEAD2", "U0LEAD"); bcn.CodeOf(err) != bcn.CodeNotAllowed {
			t.Errorf("somebody else ends it: %v", err)
		}
		if gone, err := w.RemoveDeputy(context.Background(), deploy.Origin{}, person("U0ADMIN"), "", "U0LEAD"); err != nil || len(gone) != 1 {
			t.Errorf("an administrator ends it: %v %v", gone, err)
		}
		if _, err := w.RemoveDeputy(context.Background(), deploy.Origin{}, person("U0LEAD"), "", ""); bcn.CodeOf(err) != bcn.CodeNoDeputy {
			t.Errorf("nothing is left: %v", err)
		}
	})

	t.Run("a list says what waits for whom", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t).settled()
		if err := w.names("U0LEAD2", "U0NONE", time.Hour); err != nil {
			t.Fatal(err)
		}
		id := w.waiting("U0LEAD", time.Hour)
		pending, err := w.store.Pending(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var waits []string
		for _, user := range []string{"U0LEAD", "U0LEAD2", "U0LEAD3", "U0NONE", "U0DEV", "U0ADMIN"} {
			mine, err := w.Decides(context.Background(), person(user), pending)
			if err != nil {
				t.Fatal(err)
			}
			if mine[id] {
				waits = append(waits, user)
			}
		}
		if got := strings.Join(waits, " "); got != "U0LEAD2 U0LEAD3 U0NONE" {
			t.Errorf("it waits for %s", got)
		}
		if _, err := w.Decides(context.Background(), person("U0GONE"), pending); bcn.CodeOf(err) != bcn.CodeRefusedPerson {
			t.Errorf("somebody who left: %v", err)
		}
	})
}

// Members answers who is in a team.
func (s staff) Members(_ context.Context, team string, _ bcn.Matter, _ time.Time) ([]string, error) {
	if team == "unreadable" {
		return nil, bcn.E(bcn.CodeCouldNotCheck, "what", team)
	}
	var out []string
	for user, teams := range s {
		if slices.Contains(teams, team) {
			out = append(out, user)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Where a group has nobody but who asks, others are asked; where nobody is left,
// nothing is stored.
func TestStaffed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, asker string
		leads       []string
		admins      bool
		empty       string
		code        bcn.Code
	}{
		{"enough people", "U0DEV", []string{"U0LEAD", "U0LEAD2"}, true, "", ""},
		{"who asks is one of two", "U0LEAD", []string{"U0LEAD", "U0LEAD2"}, true, "leads", ""},
		{"one where two are needed", "U0DEV", []string{"U0LEAD"}, true, "leads", ""},
		{"an empty team", "U0DEV", nil, true, "leads", bcn.CodeNoApprover},
		{"nobody at all", "U0LEAD", []string{"U0LEAD"}, false, "", bcn.CodeNoApprover},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).settled()
			for user, teams := range w.staff {
				keep := slices.Contains(c.leads, user)
				w.staff[user] = slices.DeleteFunc(slices.Clone(teams), func(t string) bool { return t == "leads" && !keep || t == "admins" && !c.admins })
			}
			w.Members = w.staff
			asked, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person(c.asker), wishDeploy())
			if bcn.CodeOf(err) != c.code || err == nil && asked.Empty != c.empty {
				t.Fatalf("%+v %v", asked, err)
			}
			if err == nil && c.empty != "" && asked.Instead != "admins" {
				t.Errorf("instead of %s: %q", asked.Empty, asked.Instead)
			}
			if n := w.look(0, `select count(*) from change`); err != nil && n != "0" {
				t.Errorf("%s changes are stored", n)
			}
		})
	}
}

// The group that a rule escalates to decides instead before administrators do,
// as the requester was told when they asked.
func TestTheNextGroupStandsInFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t).settled()
	w.staff["U0PROMOTER2"] = []string{"promoters"}
	id := w.ask("U0DEV") // leads are enough while it is asked, and gone when it is planned
	for _, lead := range []string{"U0LEAD2", "U0LEAD3", "U0LEAD4"} {
		w.staff[lead] = nil
	}
	w.Members = w.staff
	p := bcn.Plan{
		App: "hello", Env: "production", Heritage: "hello", Within: time.Hour,
		Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}}, Escalate: []string{"promoters"},
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	claimed, ok, err := w.store.Claim(ctx, id)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, err := w.store.Apply(ctx, deploy.Move{From: claimed, Event: bcn.EventPlanned, Plan: &deploy.StoredPlan{Bytes: b, Hash: hex.EncodeToString(sum[:])}, Details: &p}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Tick(ctx, id); err != nil {
		t.Fatal(err)
	}
	pending, err := w.store.Pending(ctx)
	if err != nil || len(pending) != 1 {
		t.Fatalf("%+v %v", pending, err)
	}
	r := pending[0]
	if instead := r.Needs[0].Instead; !slices.Equal(instead, p.Escalate) || r.EscalatedAt.IsZero() {
		t.Errorf("%v stand in, and are told at %v", instead, r.EscalatedAt)
	}
}
