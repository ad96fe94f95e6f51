package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// Promise 3: what runs is byte for byte what was approved; otherwise nothing
// runs and the request says what moved.
func TestStalePlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.fromGitHub("v1")

	t.Run("two wait, one starts: the other is superseded at once, and planned again says what moved", func(t *testing.T) {
		w := w.in(t)
		first, other := w.waiting("v2"), w.waiting("v2")
		first.press("U0LEAD", "approve")
		other.says("closed", "Plan again")
		if got := other.code(); got != bcn.CodeSuperseded {
			t.Errorf("the other ended with %s", got)
		}
		first.state(bcn.ChangeSucceeded)
		w.commit(strings.Replace(w.manifest(), "sidekiq", "sidekiq -c 2", 1))
		other.press("U0DEV", "plan_again")
		again := w.card(deploys, "waits for approval")
		w.inThread(again, "What moved since", "release 1", "release 2")
		w.press("U0DEV", again, "cancel")
		if n := other.ran(); n != 0 {
			t.Errorf("%d change sets of the superseded change were executed", n)
		}
	})
	t.Run("a tag that is moved after it was shown runs as it was shown", func(t *testing.T) {
		w := w.in(t)
		tag := w.other()
		r := w.waiting(tag)
		p, _ := r.plan(a)
		moved := w.aws.Cluster().PutImage("hello", tag, cluster.Image{Behaviour: cluster.Healthy("another image")})
		if moved == p.Digest {
			t.Fatal("the tag was not moved")
		}
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		if digest := ask[string](t, w, `select digest from release where change = $1`, int64(r.id)); digest != p.Digest {
			t.Errorf("%s was released, %s approved", digest, p.Digest)
		}
		running, err := a.apply.Rollouts(t.Context(), r.target(a), "hello")
		if err != nil || len(running) != 2 {
			t.Fatal(running, err)
		}
		for _, s := range running {
			if s.Digest != p.Digest {
				t.Errorf("%s runs %s", s.Service, s.Digest)
			}
		}
	})
	t.Run("a file that is changed after it was shown runs as it was shown", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		p, _ := r.plan(a)
		w.commit(strings.Replace(w.manifest(), "sidekiq", "sidekiq --changed", 1))
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		if commit := ask[string](t, w, `select commit from release where change = $1`, int64(r.id)); commit != p.Commit {
			t.Errorf("%s was released, %s approved", commit, p.Commit)
		}
	})
	t.Run("a priority that a rule beside bcn holds is refused, and one that is taken after it was shown runs nothing", func(t *testing.T) {
		w := w.in(t)
		file := w.manifest()
		defer w.commit(file)
		w.foreignRule(a, 300)
		moved := func(priority string) {
			w.commit(strings.Replace(file, "rule_priority: 200", "rule_priority: "+priority, 1))
		}
		moved("300")
		r := w.administrate("deploy hello production v2")
		r.ends(bcn.ChangeClosed, bcn.CodeRulePriority)
		r.says("300", "path-pattern /theirs/*", "fixed-response", "listener-rule/")
		moved("301")
		r = w.waiting(w.other())
		w.foreignRule(a, 301)
		r.movedOn("endpoint main: path-pattern /theirs/*")
	})
	t.Run("a service that is renamed with its priority is refused, with a free one", func(t *testing.T) {
		w := w.in(t)
		file := w.manifest()
		defer w.commit(file)
		w.commit(strings.ReplaceAll(file, "name: web", "name: front"))
		r := w.administrate("deploy hello production v2")
		r.ends(bcn.ChangeClosed, bcn.CodeRuleMoves)
		r.says("`web`", "`front`", "`201`")
	})
	t.Run("a change set that was deleted behind our back: nothing runs", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		p, _ := r.plan(a)
		if err := a.apply.Discard(t.Context(), r.target(a), p.Stacks[1], deploy.Discarding{Owner: a.deploy.Installation}); err != nil {
			t.Fatal(err)
		}
		r.movedOn("the change set is gone")
	})
	t.Run("another change set of the same name: nothing runs", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		p, _ := r.plan(a)
		sp := p.Stacks[1]
		if err := a.apply.Discard(t.Context(), r.target(a), sp, deploy.Discarding{Owner: a.deploy.Installation}); err != nil {
			t.Fatal(err)
		}
		w.propose(a, r, sp, changeSetOf(sp))
		r.movedOn("the change set is gone")
	})
	t.Run("a stack that was changed behind our back: nothing runs", func(t *testing.T) {
		w := w.in(t)
		r := w.waiting(w.other())
		p, _ := r.plan(a)
		foreign := w.propose(a, r, p.Stacks[1], "bcn-999999-1")
		if err := a.apply.Execute(t.Context(), r.target(a), foreign, ""); err != nil {
			t.Fatal(err)
		}
		r.movedOn("hello")
	})
}

// movedOn approves a request whose plan is no longer true.
func (r request) movedOn(what string) {
	r.w.t.Helper()
	before := r.w.executions()
	r.press("U0LEAD", "approve")
	r.says("closed", "What would run is no longer what was approved", what, "Plan again")
	if n := r.w.executions(); n != before || r.ran() != 0 {
		r.w.t.Errorf("%d change sets were executed", n-before)
	}
}

// propose makes a change set that bcn did not plan, of the same stack.
func (w *world) propose(a *App, r request, sp bcn.StackPlan, name string) bcn.StackPlan {
	w.t.Helper()
	owner := a.deploy.Installation
	template := strings.Replace(string(sp.Template), "sidekiq", "sidekiq --behind", 1)
	if template == string(sp.Template) {
		w.t.Fatal("the template was not changed")
	}
	out, err := a.apply.Propose(w.t.Context(), r.target(a), name,
		bcn.Proposal{Name: sp.Name, Template: []byte(template), Capabilities: sp.Capabilities, Tags: sp.Tags}, owner)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// changeSetOf is the name in arn:...:changeSet/NAME/UUID.
func changeSetOf(sp bcn.StackPlan) string { return strings.Split(sp.ChangeSet, "/")[1] }

// What is stored is proven before it is run: nobody who can write to the
// database but has not BCN_KEY makes anything run.
func TestTamperedRecordsRunNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.setUp("/bcn deploy hello production v1")

	for _, c := range []struct{ name, statement, says string }{
		{"bytes of the plan", `update plan set bytes = bytes || ' ' where change = $1`, "does not match its seal"},
		{
			"bytes of the plan and their hash",
			`update plan set bytes = bytes || ' ', hash = encode(sha256(bytes || ' '), 'hex') where change = $1`, "does not match its seal",
		},
		{"who must approve", `update request set needs = '[{"teams": ["oncall"], "count": 1}]' where id = $1`, "does not match its seal"},
		{"until when", `update request set expires_at = expires_at + interval '1 day' where id = $1`, "does not match its seal"},
		{"the requester", `update request set requester = 'U0DEV2' where id = $1`, "does not match its seal"},
		{"a decision", `update decision set reason = 'forged' where request = $1`, "does not match its seal"},
		{"a request that is not there any more", `with d as (delete from decision where request = $1) delete from request where id = $1`, "no longer what was approved"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			w.halt(true)
			r := w.waiting("v2")
			r.press("U0LEAD", "approve")
			r.state(bcn.ChangeQueued)
			w.sql(t, c.statement, int64(r.id))
			w.nothingRuns(r, c.says)
		})
	}
	t.Run("a decision that nobody made", func(t *testing.T) {
		w := w.in(t)
		w.halt(true)
		r := w.waiting("v2")
		w.sql(t, `insert into decision (request, person, verdict, hash, teams, mac) select id, 'U0LEAD', 'approve', hash, '["leads"]', mac from request where id = $1`, int64(r.id))
		w.sql(t, `update request set state = 'approved' where id = $1`, int64(r.id))
		w.sql(t, `update change set state = 'queued' where id = $1`, int64(r.id))
		w.nothingRuns(r, "does not match its seal")
	})
	t.Run("an audit entry that was removed", func(t *testing.T) {
		w := w.in(t)
		w.halt(true)
		r := w.waiting("v2")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeQueued)
		w.sql(t, `alter table audit_entry disable trigger user`)
		w.sql(t, `delete from audit_entry where change = $1 and kind = 'decision.approve'`, int64(r.id))
		w.nothingRuns(r, "does not match its seal")
		if n, err := w.open().VerifyAudit(t.Context()); err == nil {
			t.Errorf("%d entries verify", n)
		}
	})
}

// nothingRuns resumes, and expects that a request ends without having run.
func (w *world) nothingRuns(r request, says string) {
	w.t.Helper()
	before := w.executions()
	w.halt(false)
	r.says("closed", says)
	if w.executions() != before {
		w.t.Error("it was executed")
	}
}

// foreignRule makes a rule on the endpoint main that bcn knows nothing of.
func (w *world) foreignRule(a *App, priority int) {
	w.t.Helper()
	endpoints, err := a.store.Endpoints(w.t.Context())
	if err != nil || len(endpoints) == 0 {
		w.t.Fatal(endpoints, err)
	}
	template := fmt.Sprintf(`{"Resources": {"Rule": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {
		"ListenerArn": %q, "Priority": %d, "Conditions": [{"Field": "path-pattern", "Values": ["/theirs/*"]}],
		"Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}}}}`, endpoints[0].HTTPListener, priority)
	(&tokyo{world: w, admin: w.account()}).apply(fmt.Sprintf("theirs-%d", priority), []byte(template))
}
