package store_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

// asks asks for a deploy by a rule that limits how often.
func asks(s *store.Store, person, rule, subject string, count int, per time.Duration) (bcn.Change, error) {
	return s.New(context.Background(), deploy.Origin{}, bcn.Change{
		Kind: bcn.KindDeploy, Subject: subject, App: "hello", Env: "production",
		Requester: bcn.Actor{Kind: bcn.Person, User: person}, Channel: "C0DEPLOYS",
	}, deploy.Wish{Kind: bcn.KindDeploy, Uses: []bcn.Use{{Rule: rule, Name: "rules[3]", Count: count, Per: per}}}, nil)
}

func TestLimitsOfRules(t *testing.T) {
	t.Parallel()
	s, _ := pg.Store(t)
	t.Run("of many at once as many pass as may", func(t *testing.T) {
		t.Parallel()
		var passed, refused atomic.Int32
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				switch _, err := asks(s, "U0MANY", "a", "heritage:many"+strconv.Itoa(i), 3, time.Hour); bcn.CodeOf(err) {
				case "":
					passed.Add(1)
				case bcn.CodeLimitReached:
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if passed.Load() != 3 || refused.Load() != 17 {
			t.Errorf("%d passed, %d were refused", passed.Load(), refused.Load())
		}
	})
	t.Run("a refusal says when the next is possible and stores nothing", func(t *testing.T) {
		t.Parallel()
		first, err := asks(s, "U0NEXT", "a", "heritage:next", 1, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		_, err = asks(s, "U0NEXT", "a", "heritage:next2", 1, time.Hour)
		var refused *bcn.Error
		if !errors.As(err, &refused) || refused.Code != bcn.CodeLimitReached || refused.Params["rule"] != "rules[3]" || refused.Params["count"] != "1" {
			t.Fatal(err)
		}
		next, err := time.Parse(time.RFC3339, refused.Params["next"])
		if off := next.Sub(first.CreatedAt.Add(time.Hour)); err != nil || off < 0 || off > 5*time.Second {
			t.Errorf("next %s, %v after the hour, %v", next, off, err)
		}
		open, err := s.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range open {
			if c.Subject == "heritage:next2" {
				t.Error("the refused one is stored")
			}
		}
	})
	t.Run("another person and another rule are counted by themselves, and what is long ago is not", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			person, rule string
			per          time.Duration
		}{{"U0ONE", "a", time.Hour}, {"U0TWO", "a", time.Hour}, {"U0ONE", "b", time.Hour}, {"U0ONE", "a", time.Microsecond}} {
			if _, err := asks(s, c.person, c.rule, "heritage:other", 1, c.per); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
	})
	t.Run("two accounts of one person are one person, also at once", func(t *testing.T) {
		t.Parallel()
		ask := func(person string, accounts ...string) error {
			_, err := s.New(context.Background(), deploy.Origin{}, bcn.Change{
				Kind: bcn.KindDeploy, Subject: "heritage:" + person, Requester: bcn.Actor{Kind: bcn.Person, User: person}, Channel: "C0DEPLOYS",
			}, deploy.Wish{Kind: bcn.KindDeploy, Uses: []bcn.Use{{Rule: "people", Name: "rules[3]", Count: 1, Per: time.Hour, Accounts: accounts}}}, nil)
			return err
		}
		var passed atomic.Int32
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				person := "U0TWIN" + strconv.Itoa(i)
				switch err := ask(person, "slack:"+person, "email:twin@example.com"); bcn.CodeOf(err) {
				case "":
					passed.Add(1)
				case bcn.CodeLimitReached:
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if passed.Load() != 1 {
			t.Errorf("%d passed", passed.Load())
		}
		if err := ask("U0ELSE", "slack:U0ELSE", "email:else@example.com"); err != nil {
			t.Error(err)
		}
	})
	t.Run("what acts at once counts with what it does, each time anew", func(t *testing.T) {
		t.Parallel()
		o := deploy.Origin{Counts: &deploy.Counts{
			By:   bcn.Actor{Kind: bcn.Person, User: "U0ATONCE"},
			Uses: []bcn.Use{{Rule: "at once", Name: "rules[4]", Count: 2, Per: time.Hour}},
		}}
		for i, want := range []bcn.Code{"", "", bcn.CodeLimitReached} {
			_, err := s.Hold(context.Background(), o, "U0ATONCE", deploy.HoldWish{Kind: bcn.HoldLock, App: "limited", Env: "e" + strconv.Itoa(i)},
				func(deploy.HoldDone) []deploy.Note { return nil })
			if bcn.CodeOf(err) != want {
				t.Errorf("%d: %v", i, err)
			}
		}
		holds, err := s.Holds(context.Background())
		if err != nil || len(holds) != 2 {
			t.Errorf("%d locks, %v", len(holds), err)
		}
	})
	t.Run("a plan counts what its rules limit, and what was counted when it was asked only once", func(t *testing.T) {
		t.Parallel()
		use := func(rule string) bcn.Use { return bcn.Use{Rule: rule, Name: rule, Count: 1, Per: time.Hour} }
		plan := func(c bcn.Change) error {
			m := deploy.Move{From: claim(t, s, c.ID), Event: bcn.EventPlanned, Plan: storedPlan(c.ID.String())}
			m.Details = &bcn.Plan{App: "hello", Env: "production", Uses: []bcn.Use{use("asked"), use("known")}}
			_, err := s.Apply(context.Background(), m)
			return err
		}
		first, err := asks(s, "U0PLAN", "asked", "heritage:plan", 1, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := plan(first); err != nil {
			t.Fatal(err)
		}
		second, err := asks(s, "U0PLAN", "free", "heritage:plan2", 1, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := plan(second); bcn.CodeOf(err) != bcn.CodeLimitReached {
			t.Error(err)
		}
	})
}

// 200 clicks of 20 people at once, some of them the requester's and some from
// inside, decide once: with exactly the quorum behind it.
func TestManyClicksDecideOnce(t *testing.T) {
	t.Parallel()
	s, _ := pg.Store(t)
	c := claim(t, s, planned(t, s, "heritage:hello").ID)
	apply(t, s, deploy.Move{From: c, Event: bcn.EventAsk, Ask: &bcn.Request{
		ID: c.Change.ID, Hash: c.Plan.Hash, Requester: "U0DEV", Outside: []string{"developers"}, ExpiresAt: c.Now.Add(time.Hour),
		Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 3}, {Teams: []string{"security"}, Count: 1}},
	}})
	teams := func(person int) []string {
		switch person % 5 {
		case 1:
			return []string{"leads", "developers"}
		case 2:
			return []string{"security"}
		default:
			return []string{"leads"}
		}
	}
	var decided, recorded atomic.Int32
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			who := i % 20
			b := approval.Ballot{Person: "U0P" + strconv.Itoa(who), Verdict: bcn.Approve, Teams: teams(who)}
			if who == 0 {
				b.Person = "U0DEV"
			}
			var event bcn.RequestEvent
			_, err := s.Decide(context.Background(), deploy.Origin{}, c.Change.ID, bcn.Decision{Person: b.Person, Verdict: b.Verdict, Teams: b.Teams},
				func(r bcn.Request, now time.Time) (e bcn.RequestEvent, err error) {
					event, err = approval.Decide(r, b, now)
					return event, err
				}, func(bcn.Request) []deploy.Note { return nil })
			switch code := bcn.CodeOf(err); {
			case err == nil:
				recorded.Add(1)
				if event == bcn.RequestApprove {
					decided.Add(1)
				}
			case code != bcn.CodeOwnRequest && code != bcn.CodeNotOutside && code != bcn.CodeDecidedBefore && code != bcn.CodeAlreadyDecided:
				t.Error(err)
			}
		})
	}
	all.Wait()
	r, err := s.Request(context.Background(), c.Change.ID)
	if err != nil || decided.Load() != 1 || r.State != bcn.RequestApproved || len(r.Decisions) != int(recorded.Load()) {
		t.Fatalf("decided %d times, %d recorded, %+v, %v", decided.Load(), recorded.Load(), r, err)
	}
	var ballots []approval.Ballot
	for _, d := range r.Decisions {
		ballots = append(ballots, approval.Ballot{Person: d.Person, Teams: d.Teams})
	}
	if !approval.Complete(r, ballots) || approval.Complete(r, ballots[:len(ballots)-1]) {
		t.Errorf("%d decisions, of which the last is not the one that completed it", len(ballots))
	}
}
