package app

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/roles"
)

// botOf starts a replica whose options are changed.
func (w *world) botOf(change func(o *Options)) *App {
	w.t.Helper()
	env := w.environment()
	o, err := replica(func(name string) string { return env[name] }, w.log)
	if err != nil {
		w.t.Fatal(err)
	}
	change(&o)
	a, err := New(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	w.t.Cleanup(sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("bot: %v", err)
		}
	}))
	w.connected()
	return a
}

// A change set may take longer to be made than a lease lasts: the step holds
// its lease, and nobody begins it again.
func TestAPlanMayTakeLongerThanALease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	w.aws, err = localaws.New(localaws.Options{Sample: true, Speed: quick(), ChangeSetTime: 2 * time.Second, Poll: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	w.start("slow aws", w.aws.Start(t.Context(), "127.0.0.1:0"), w.aws.Close)
	for range 2 { // the other would take over
		w.botOf(func(o *Options) { o.Pace.Lease = 600 * time.Millisecond })
	}
	w.setUp()
	r := w.waiting("v1")
	made := map[string]int{}
	for _, c := range w.aws.Calls() {
		if name, ok := c.Params["ChangeSetName"].(string); ok && c.Action == "CreateChangeSet" && strings.HasPrefix(name, "bcn-"+r.id.String()[1:]+"-") {
			made[name]++
		}
	}
	if len(made) != 2 {
		t.Errorf("made are %v", made)
	}
	for name, n := range made {
		if n != 1 {
			t.Errorf("%s was made %d times", name, n)
		}
	}
	r.press("U0LEAD", "approve")
	r.state(bcn.ChangeSucceeded)
	if r.ran() != 2 {
		t.Errorf("%d executions", r.ran())
	}
}

// What is typed decides as a click does, wherever it is typed.
func TestTypedDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.setUp("/bcn deploy hello production v1")
	w.halt(true)
	aside, err := w.slack.Say(t.Context(), "U0DEV", deploys, "", "who has time to look?")
	if err != nil {
		t.Fatal(err)
	}
	type typing func(w *world, r request, text string) error
	mention := func(thread func(r request) string) typing {
		return func(w *world, r request, text string) error {
			_, err := w.slack.Mention(w.deadline(), "U0LEAD", deploys, thread(r), text)
			return err
		}
	}
	for name, typed := range map[string]typing{
		"a mention":                      mention(func(request) string { return "" }),
		"a mention in the card's thread": mention(func(r request) string { return r.card.TS }),
		"a mention in another thread":    mention(func(request) string { return aside.TS }),
		"a direct message": func(w *world, _ request, text string) error {
			_, err := w.slack.DM(w.deadline(), "U0LEAD", text)
			return err
		},
		"a slash command": func(w *world, _ request, text string) error {
			w.slash("U0LEAD", deploys, text)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			r := w.waiting("v2")
			if err := typed(w, r, "approve "+r.id.String()[1:]); err != nil {
				t.Fatal(err)
			}
			r.state(bcn.ChangeQueued)
			r.press("U0DEV", "cancel")
			r.says("closed")

			r = w.waiting("v2")
			if err := typed(w, r, "reject "+r.id.String()[1:]+" not now"); err != nil {
				t.Fatal(err)
			}
			r.says("closed", "Rejected")
		})
	}
	if n := ask[int](t, w, `select count(*) from audit_entry where kind = 'refused'`); n != 0 {
		t.Errorf("%d were refused", n)
	}
}

// hangs is how long the GitHub of a test lets everybody wait.
const hangs = time.Minute

// A GitHub that does not answer holds up no card.
func TestAGitHubThatHangsHoldsUpNoCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.setUp("/bcn deploy hello production v1")
	w.github.Fault(localgithub.Fault{Delay: hangs, Status: 503})
	defer w.github.ClearFaults()
	started := time.Now()
	gated := w.ask("production", "v2", "waits for approval", "leads")
	free := w.ask("staging", "v1")
	free.says("succeeded after")
	gated.says("waits for approval", "leads")
	// The client gives a request of GitHub up after 10 s; a card asks for every
	// person whose account is known.
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("the cards took %s", took)
	}
}

// A stack that is complete says what CloudFormation did, not what runs: a
// cancel that came too late is verified as everything is.
func TestACancelThatCameTooLateIsVerified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.setUp("/bcn deploy hello production v1")
	r := w.waiting("v2")
	w.aws.Faults().Fail("ecs", "*", "ServiceUnavailable", 503, -1)
	r.press("U0LEAD", "approve")
	r.state(bcn.ChangeVerifying)
	w.stuck(r)
	w.sql(t, `update change set state = 'cancelling', failures = 0, code = 'cancelled', params = '{"by": "U0DEV"}' where id = $1`, int64(r.id))
	w.until("a step of the cancel failed", `select state = 'cancelling' and failures > 0 or ended_at is not null from change where id = $1`, int64(r.id))
	if ended := ask[bool](t, w, `select ended_at is not null from change where id = $1`, int64(r.id)); ended {
		t.Error("it ended before anybody looked at what runs")
	}
	w.aws.Faults().Clear()
	r.state(bcn.ChangeSucceeded)
	w.runs(t, a, "v2")
}

// The reaper takes what an overtaken planner of ours left, and nothing else.
func TestReapLeavesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, _ := w.bot()
	w.setUp("/bcn deploy hello production v1")
	r := w.waiting("v2")
	p, _ := r.plan(a)
	r.press("U0DEV", "cancel")
	r.says("closed")
	w.nothingLeft(t, a, r)
	number := r.id.String()[1:]

	template := []byte(`{"Resources":{"Group":{"Type":"AWS::Logs::LogGroup","Properties":{"LogGroupName":"Barcelona/default/theirs"}}}}`)
	_, err := a.apply.Propose(t.Context(), r.target(a), "bcn-"+number+"-1", bcn.Proposal{
		Name: "hello-staging", Template: template, Tags: []bcn.Tag{{Key: roles.InstallationTag, Value: "another"}},
	}, "another") // a stack of the same name, not ours, and a number that we gave
	if err != nil {
		t.Fatal(err)
	}
	w.propose(a, r, p.Stacks[1], "bcn-"+number+"-2") // an overtaken planner's
	w.propose(a, r, p.Stacks[1], "bcn-999999-1")     // of a number that we never gave
	if _, err := a.deploy.Reap(t.Context(), a.apply); err != nil {
		t.Fatal(err)
	}
	for stack, want := range map[string]string{p.Stacks[1].Name: "bcn-999999-1", "hello-staging": "bcn-" + number + "-1"} {
		names, err := a.apply.ChangeSets(t.Context(), r.target(a), stack)
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("%s holds %v, want %s: %v", stack, names, want, err)
		}
	}
}

// administrate types a command as an administrator and answers its card.
func (w *world) administrate(command string, words ...string) request {
	w.t.Helper()
	seen := map[string]bool{}
	for _, m := range w.slack.Messages(deploys) {
		seen[m.TS] = true
	}
	if said := w.slash("U0ADMIN", deploys, command); said != "" {
		w.t.Fatalf("%s: %s", command, said)
	}
	card := w.wait(func(m localslack.Message) bool {
		return m.Channel == deploys && !seen[m.TS] && m.Thread == "" && m.EphemeralTo == "" && m.FromBot() && strings.Contains(shown(m), "*#") && all(shown(m), words)
	}, "the card of "+command)
	return request{w, idOf(w.t, card), card}
}

// ends waits until it has ended, and says how.
func (r request) ends(s bcn.ChangeState, code bcn.Code) {
	r.w.t.Helper()
	r.w.until(r.id.String()+" has ended", `select ended_at is not null from change where id = $1`, int64(r.id))
	r.state(s)
	if got := r.code(); got != code {
		r.w.t.Errorf("%s ended because %q, want %q", r.id, got, code)
	}
}

// Names are one each, whoever asks at the same time.
func TestNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	sample := w.aws.SampleCommands()
	w.type1(sample[0], sample[1])
	named := func(name string) string {
		return strings.ReplaceAll(w.manifest(), "name: hello\n", "name: "+name+"\n")
	}
	source := func(app, repository, name string) string {
		w.github.Commit("acme", repository, "main", map[string]string{"barcelona.yml": named(name)})
		return "create " + app + " production --district default --source github:acme/" + repository
	}

	t.Run("an endpoint that was made while another waited for its turn is refused at the turn", func(t *testing.T) {
		w := w.in(t)
		const command = "endpoint create edge --district default --public --for staging"
		w.aws.Faults().Delay("cloudformation", "ExecuteChangeSet", 2*time.Second, 1)
		first := w.administrate(command)
		w.until("it is busy", `select state in ('applying', 'verifying') from change where id = $1`, int64(first.id))
		second := w.administrate(command)
		second.says("waits for its turn")
		first.ends(bcn.ChangeSucceeded, "")
		second.ends(bcn.ChangeClosed, bcn.CodeNameTaken)
		if second.ran() != 0 {
			t.Error("it changed the first's load balancer")
		}
	})
	t.Run("of two creates whose files name one heritage the second fails", func(t *testing.T) {
		w := w.in(t)
		w.halt(true)
		first := w.administrate(source("left", "left", "twin"))
		first.state(bcn.ChangeQueued)
		second := w.administrate(source("right", "right", "twin"))
		second.state(bcn.ChangeQueued)
		w.halt(false)
		for _, r := range []request{first, second} {
			w.until(r.id.String()+" has ended", `select ended_at is not null or parked from change where id = $1`, int64(r.id))
		}
		ends := ask[string](t, w, `select string_agg(state || ' ' || code, ', ' order by state) from change where id in ($1, $2)`, int64(first.id), int64(second.id))
		if ends != "failed name_taken, succeeded " {
			t.Errorf("they ended: %s", ends)
		}
		if n := ask[int](t, w, `select count(*) from heritage where name = 'twin'`); n != 1 {
			t.Errorf("%d are called twin", n)
		}
	})
	t.Run("no app is called like another app's heritage, nor the other way round", func(t *testing.T) {
		w := w.in(t)
		w.administrate(source("shop", "shop", "store")).ends(bcn.ChangeSucceeded, "")
		w.administrate(source("store", "other", "something")).ends(bcn.ChangeClosed, bcn.CodeNameTaken)
		w.administrate(source("desk", "desk", "shop")).ends(bcn.ChangeClosed, bcn.CodeNameTaken)
		w.administrate(source("same", "same", "same")).ends(bcn.ChangeSucceeded, "") // its own name is no other's
	})
}
