package app

import (
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
)

// Two replicas are asked for the same at the same time: one task, one truth.
func TestReplicasOpenAndEndAccess(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, lateRules)
	b, _ := w.bot()
	both := func(do func(r *App) error) (errs [2]error) {
		var wait sync.WaitGroup
		for i, r := range []*App{a, b} {
			wait.Go(func() { errs[i] = do(r) })
		}
		wait.Wait()
		return errs
	}
	oncall := a.person("U0ONCALL")
	t.Run("both open it at once: one task, and a name for each", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", "hello production").approved()
		at := g.at("U0ONCALL")
		var mu sync.Mutex
		errs := both(func(r *App) error {
			got, err := r.grant.Open(t.Context(), deploy.Origin{}, oncall, g.id, at.recipient, false)
			if err != nil {
				return err
			}
			c, err := access.Open(at.identity, got.Sealed)
			mu.Lock()
			defer mu.Unlock()
			at.had = append(at.had, c)
			return err
		})
		if errs[0] != nil || errs[1] != nil {
			t.Fatal(errs)
		}
		row := g.row(a)
		if row.Mints != 2 || row.State != bcn.GrantLive || w.tasks(row) != 1 {
			t.Errorf("%s, %d pick-ups, %d tasks", row.State, row.Mints, w.tasks(row))
		}
		if at.had[0].Target != at.had[1].Target || !at.had[0].End.Equal(at.had[1].End) || at.had[0].AccessKeyID == at.had[1].AccessKeyID {
			t.Errorf("%+v until %s and %+v until %s", at.had[0].Target, at.had[0].End, at.had[1].Target, at.had[1].End)
		}
		w.comes("it is ready", `select ready from access_grant where id = $1`, int64(g.id))
		id := at.shell()
		errs = both(func(r *App) error {
			_, err := r.grant.End(t.Context(), deploy.Origin{}, oncall, g.id)
			return err
		})
		if ended := (errs[0] == nil) != (errs[1] == nil); !ended || bcn.CodeOf(errs[0])+bcn.CodeOf(errs[1]) != bcn.CodeGrantOver {
			t.Errorf("both ended it: %v", errs)
		}
		g.over(a, bcn.WhyDone)
		for tick := newTick(t); w.active(a, id); {
			tick()
		}
		if n := ask[int](t, w, `select count(*) from audit_entry where change = $1 and kind = 'grant.end'`, int64(g.id)); n != 1 {
			t.Errorf("it ended %d times", n)
		}
		clean(t, w, at.secrets()...)
	})
	t.Run("two keys at once: one is bound, the other refused", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0ONCALL", "hello production").approved()
		keys := map[*App]*terminal{a: g.at("U0ONCALL"), b: g.at("U0ONCALL")}
		errs := both(func(r *App) error {
			_, err := r.grant.Open(t.Context(), deploy.Origin{}, oncall, g.id, keys[r].recipient, false)
			return err
		})
		if bcn.CodeOf(errs[0])+bcn.CodeOf(errs[1]) != bcn.CodeGrantKey || (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("%v", errs)
		}
		row := g.row(a)
		if row.Mints != 1 || (row.Key == keys[a].recipient) != (errs[0] == nil) {
			t.Errorf("%d pick-ups, bound to %s", row.Mints, row.Key)
		}
		w.pass(10*time.Minute + time.Second)
		g.over(a, bcn.WhyTime)
	})
	noErrors(t, w)
}

// tasks counts the tasks that were started for a grant, whatever was asked twice.
func (w *world) tasks(g bcn.Grant) int {
	w.t.Helper()
	client, err := awsx.New(w.t.Context(), awsx.Options{Region: localaws.DefaultRegion, Endpoint: w.aws.URL(), Isolated: true})
	if err != nil {
		w.t.Fatal(err)
	}
	account := client.For(bcn.Target{District: bcn.District{Region: localaws.DefaultRegion}})
	arns := map[string]bool{}
	for _, stopped := range []bool{false, true} {
		list, err := account.TasksStartedBy(w.t.Context(), "default", "bcn-g"+g.ID.String()[1:], stopped)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, arn := range list {
			arns[arn] = true
		}
	}
	return len(arns)
}
