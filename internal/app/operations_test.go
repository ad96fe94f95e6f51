package app

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// Rollback, restart, scale and env over the wire: each is planned, approved,
// applied, verified and recorded as a release.
func TestOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.fromGitHub("v1")
	first := w.latest(a)

	t.Run("with one release there is nothing to go back to", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "rollback hello production")
		w.told("U0DEV", "nothing to go back to")
		w.slash("U0DEV", deploys, "rollback hello production 7")
		w.told("U0DEV", "has no release 7")
	})
	t.Run("a rollback waits for approval, and restores the whole snapshot byte for byte", func(t *testing.T) {
		w := w.in(t)
		w.commit(strings.Replace(strings.Replace(w.manifest(), "sidekiq", "sidekiq -c 9", 1), "exec: true", "exec: false", 1))
		w.administrate("deploy hello production v2").ends(bcn.ChangeSucceeded, "")
		w.aws.Cluster().PutImage("hello", "v1", cluster.Image{Behaviour: cluster.Healthy("v1 means something else now")})
		r := w.dana("rollback hello production --reason the cart is empty", "waits for approval", "Goes back to release 1", "Not rolled back: data", "before_deploy")
		if n := r.ran(); n != 0 {
			t.Errorf("%d change sets ran before anybody approved", n)
		}
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		w.inThread(r.card, "went back to", "v1", "release 3")
		now := w.latest(a)
		w.sameSnapshot(a, now, first)
		if now.Kind != bcn.KindRollback || now.Restores != 1 || !slices.Equal(now.Approvers, []string{"U0LEAD"}) {
			t.Errorf("it was recorded as %+v", now)
		}
		w.runs(t, a, "v1")
	})
	t.Run("another rollback does not go forward again", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "rollback hello production")
		w.told("U0DEV", "nothing to go back to")
	})
	t.Run("what runs is no place to go back to", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "rollback hello production 3")
		w.told("U0DEV", "Release 3", "restart hello production", "You can go back to 2 (v2), 1 (v1)")
	})
	t.Run("a restart of one service starts new tasks of it, with the same digest", func(t *testing.T) {
		w := w.in(t)
		before := w.tasks1(a)
		r := w.administrate("restart hello production web")
		w.lockedByRollback(r)
		r.ends(bcn.ChangeSucceeded, "")
		r.says("service web: new tasks")
		after := w.tasks1(a)
		if slices.Equal(before["web"], after["web"]) || !slices.Equal(before["worker"], after["worker"]) {
			t.Errorf("tasks %v, then %v", before, after)
		}
		w.runs(t, a, "v1")
		if now := w.latest(a); now.Kind != bcn.KindRestart || now.Digest != first.Digest || !bytes.Equal(now.Manifest, first.Manifest) {
			t.Errorf("it was recorded as %+v", now)
		}
	})
	t.Run("a restart of all starts all anew, and a rollback skips what only restarted", func(t *testing.T) {
		w := w.in(t)
		before := w.tasks1(a)
		w.administrate("restart hello production").ends(bcn.ChangeSucceeded, "")
		after := w.tasks1(a)
		if slices.Equal(before["web"], after["web"]) || slices.Equal(before["worker"], after["worker"]) {
			t.Errorf("tasks %v, then %v", before, after)
		}
		w.slash("U0DEV", deploys, "restart hello production cron")
		w.told("U0DEV", "cron")
		r := w.dana("rollback hello production", "waits for approval", "Goes back to release 2")
		r.press("U0DEV", "cancel")
	})
	t.Run("a count is bounded by the rule, survives a deploy, and is left to the file again", func(t *testing.T) {
		w := w.in(t)
		for command, words := range map[string][]string{
			"scale hello production worker=21": {"21 tasks", "1 to 20"},
			"scale hello production worker=0":  {"0 tasks", "1 to 20"},
			"scale hello production cron=2":    {"cron"},
		} {
			w.slash("U0DEV", deploys, command)
			w.told("U0DEV", words...)
		}
		r := w.dana("scale hello production worker=3", "waits for approval", "3 tasks")
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		w.counts(a, map[string]int{"web": 1, "worker": 3})
		w.administrate("deploy hello production v2").ends(bcn.ChangeSucceeded, "")
		w.counts(a, map[string]int{"web": 1, "worker": 3})
		w.stops(a, "worker")
		w.slash("U0LEAD", deploys, "drift hello production")
		w.told("U0LEAD", "DesiredCount")
		w.administrate("scale hello production worker=3", "put back: hello/worker DesiredCount").ends(bcn.ChangeSucceeded, "")
		w.counts(a, map[string]int{"web": 1, "worker": 3})
	})
	t.Run("a variable wins over the file, each deploy says so, its button goes back from it, and unset brings the file's back", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate("env set hello production RAILS_ENV=canary MOOD=\"quite calm\"")
		r.ends(bcn.ChangeSucceeded, "")
		card := r.says("+ environment MOOD", "~ environment RAILS", "`env set`, which wins")
		if strings.Contains(shown(card), "canary") || strings.Contains(w.said(), "quite calm") {
			t.Errorf("a value is shown: %s", shown(card))
		}
		w.finds(map[string]string{"RAILS_ENV": "canary", "MOOD": "quite calm"})
		d := w.administrate("deploy hello production v1")
		d.ends(bcn.ChangeSucceeded, "")
		d.says("`env set`, which wins")
		w.finds(map[string]string{"RAILS_ENV": "canary", "MOOD": "quite calm"})
		d.says("succeeded after")
		d.press("U0ADMIN", "rollback")
		back := request{w, w.newestOf(bcn.KindRollback), d.card}
		back.ends(bcn.ChangeSucceeded, "")
		w.runs(t, a, "v2")
		d.press("U0ADMIN", "rollback") // once more, on the same card
		w.told("U0ADMIN", "Something else runs")
		w.slash("U0DEV", deploys, "env list hello production")
		w.told("U0DEV", "MOOD", "RAILS_ENV", "SESSION_SECRET")
		w.slash("U0ADMIN", deploys, "env unset hello production PORTS")
		w.told("U0ADMIN", "PORTS", "MOOD, RAILS_ENV")
		w.administrate("env unset hello production RAILS_ENV MOOD").ends(bcn.ChangeSucceeded, "")
		w.finds(map[string]string{"RAILS_ENV": "production", "MOOD": ""})
	})
	t.Run("what looks like a secret is refused before anything is stored", func(t *testing.T) {
		w := w.in(t)
		said := w.slash("U0ADMIN", deploys, "env set hello production DATABASE_URL=postgres://app:xyzzy-plugh@db/app")
		if !strings.Contains(said, "DATABASE_URL") || !strings.Contains(said, "secret set") || strings.Contains(said, "xyzzy") {
			t.Errorf("it answers %q", said)
		}
		if rows := w.rows(t); strings.Contains(rows, "xyzzy-plugh") {
			t.Error("the value is in a row")
		}
		if strings.Contains(w.log.String(), "xyzzy-plugh") {
			t.Error("the value is in the log")
		}
	})
	t.Run("a lock is taken away once a lead has approved it, and its owner is told by whom", func(t *testing.T) {
		w.in(t).taken()
	})
	t.Run("a freeze holds what is approved, says so, and is thawed by its owner alone", func(t *testing.T) {
		w.in(t).frozen()
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
}

// Promote over the wire: the same digest and commit, the differences shown.
func TestPromote(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.fromGitHub("v1")
	w.type1("/bcn create hello staging --district default --source github:acme/hello")

	t.Run("what was never deployed cannot be promoted", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", deploys, "promote hello staging production")
		w.told("U0DEV", "staging")
		if said := w.slash("U0DEV", deploys, "promote hello staging staging"); !strings.Contains(said, "staging") {
			t.Errorf("it answers %q", said)
		}
	})
	t.Run("the digest and the commit are those of the other environment, and what it lacks is said", func(t *testing.T) {
		w := w.in(t)
		w.commit(strings.Replace(w.manifest(), "RAILS_ENV: { value: staging }", "RAILS_ENV: { value: staging }\n      FEATURE: { value: \"on\" }", 1))
		w.administrate("deploy hello staging v2").ends(bcn.ChangeSucceeded, "")
		w.commit(w.manifest()) // what is promoted is what staging runs, not what is newest
		r := w.dana("promote hello staging production", "waits for approval", "Takes over release 1", "FEATURE")
		w.inThread(r.card, "differs from")
		r.press("U0LEAD", "approve")
		r.ends(bcn.ChangeSucceeded, "")
		w.runs(t, a, "v2")
		theirs := ask[string](t, w, `select digest || commit || encode(manifest, 'hex') from release where heritage = 'hello-staging'`)
		ours := ask[string](t, w, `select digest || commit || encode(manifest, 'hex') from release where heritage = 'hello' order by number desc limit 1`)
		if theirs != ours {
			t.Error("it is not the same release")
		}
		w.finds(map[string]string{"RAILS_ENV": "production", "FEATURE": ""})
	})
	t.Run("environments of different sources have nothing to promote", func(t *testing.T) {
		w := w.in(t)
		w.sql(t, `update heritage set source = 'github:acme/other' where name = 'hello-staging'`)
		w.slash("U0DEV", deploys, "promote hello staging production")
		w.told("U0DEV", "different sources")
	})
}

// dana types a command as a developer and answers its card.
func (w *world) dana(command string, words ...string) request {
	w.t.Helper()
	last := ask[int64](w.t, w, `select coalesce(max(id), 0) from change`)
	if said := w.slash("U0DEV", deploys, command); said != "" {
		w.t.Fatalf("%s: %s", command, said)
	}
	w.until("a change of "+command, `select exists (select 1 from change where id > $1)`, last)
	id := bcn.ID(ask[int64](w.t, w, `select max(id) from change`))
	return request{w, id, w.card(deploys, append([]string{id.String()}, words...)...)}
}

// newestOf is the newest change of a kind, which has just been asked for.
func (w *world) newestOf(kind bcn.Kind) bcn.ID {
	w.t.Helper()
	w.until("an open change of the kind "+string(kind), `select exists (select 1 from change where kind = $1 and id = (select max(id) from change))`, string(kind))
	return bcn.ID(ask[int64](w.t, w, `select max(id) from change`))
}

// latest is the newest release of hello.
func (w *world) latest(a *App) bcn.Release {
	w.t.Helper()
	list, err := a.store.Releases(w.t.Context(), "hello", 1)
	if err != nil || len(list) != 1 {
		w.t.Fatal(list, err)
	}
	return list[0]
}

// sameSnapshot compares two releases, and what AWS has now with what the plan
// of the older one proposed.
func (w *world) sameSnapshot(a *App, now, then bcn.Release) {
	w.t.Helper()
	if now.Digest != then.Digest || now.Commit != then.Commit || now.Image != then.Image || now.Tag != then.Tag ||
		!bytes.Equal(now.Manifest, then.Manifest) || !now.Overlay.Equal(then.Overlay) {
		w.t.Errorf("release %d is not release %d", now.Number, then.Number)
	}
	stored, err := a.store.Plan(w.t.Context(), then.Change)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := readPlan(stored)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, sp := range p.Stacks {
		runs, err := w.account().StackTemplate(w.t.Context(), sp.Name)
		if err != nil || !bytes.Equal(runs, sp.Template) {
			w.t.Errorf("the stack %s is not what release %d made of it: %v", sp.Name, then.Number, err)
		}
	}
}

// tasks1 are the running tasks of hello by service, sorted.
func (w *world) tasks1(a *App) map[string][]string {
	w.t.Helper()
	d, err := a.store.District(w.t.Context(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	rollouts, err := a.apply.Rollouts(w.t.Context(), a.deploy.SystemTarget(d), "hello")
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string][]string{}
	for _, r := range rollouts {
		arns, err := w.account().ServiceTasks(w.t.Context(), d.Cluster, r.ECSName)
		if err != nil {
			w.t.Fatal(err)
		}
		slices.Sort(arns)
		out[r.Service] = arns
	}
	return out
}

// counts says how many tasks of hello's services are wanted and run.
func (w *world) counts(a *App, want map[string]int) {
	w.t.Helper()
	for service, arns := range w.tasks1(a) {
		if len(arns) != want[service] {
			w.t.Errorf("%s has %d tasks, want %d", service, len(arns), want[service])
		}
	}
}

// stops sets a service's count to none beside bcn.
func (w *world) stops(a *App, service string) {
	w.t.Helper()
	d, err := a.store.District(w.t.Context(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	rollouts, err := a.apply.Rollouts(w.t.Context(), a.deploy.SystemTarget(d), "hello")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range rollouts {
		if r.Service != service {
			continue
		}
		if _, err := w.aws.Do(w.t.Context(), "ecs", "UpdateService", map[string]any{"cluster": d.Cluster, "service": r.ECSName, "desiredCount": 0}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// finds says what hello's tasks find in their environment; "" is nothing.
func (w *world) finds(want map[string]string) {
	w.t.Helper()
	template, err := w.account().StackTemplate(w.t.Context(), "hello")
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range want {
		pair := `{"Name":"` + name + `","Value":"` + value + `"}`
		if value == "" {
			pair = `{"Name":"` + name + `",`
		}
		if has := strings.Contains(string(template), pair); has != (value != "") {
			w.t.Errorf("%s is not %q in %s", name, value, template)
		}
	}
}
