package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// killPoint is where the bot dies, once, on the way of one deploy.
type killPoint struct {
	name  string // of the subtest: what has happened, and what has not
	point string
	count int // at which passing; 0: the first
}

// killPoints are all effects of a gated deploy in their order: what is stored,
// what AWS is asked for, what is said. Before each and after each.
var killPoints = []killPoint{
	{name: "before the command is stored", point: "before storing a slash"},
	{name: "after the command is stored and before it is acknowledged", point: "after storing a slash"},
	{name: "after the command is acknowledged and before it is run", point: "after the acknowledgement of slash_commands"},
	{name: "before the change is committed", point: "before the commit of the new change"},
	{name: "after the change is committed", point: "after the commit of the new change"},
	{name: "after the command is run and before anybody is told", point: "after running a slash"},
	{name: "before the card is posted", point: "before posting the card"},
	{name: "after Slack has the card and before we know", point: "after posting the card"},
	{name: "before the first change set is made", point: "before CreateChangeSet"},
	{name: "after the first change set is made", point: "after CreateChangeSet"},
	{name: "before the second change set is made", point: "before CreateChangeSet", count: 2},
	{name: "after the second change set is made", point: "after CreateChangeSet", count: 2},
	{name: "before the plan is committed", point: "before the commit of the move to planned"},
	{name: "after the plan is committed", point: "after the commit of the move to planned"},
	{name: "before the request is committed", point: "before the commit of the move to waiting"},
	{name: "after the request is committed", point: "after the commit of the move to waiting"},
	{name: "after Slack has the edited card and before we know", point: "after posting an edit"},
	{name: "after Slack has the plan's line and before we know", point: "after posting a line of the thread"},
	{name: "before the click is stored", point: "before storing a click"},
	{name: "after the click is stored and before it is acknowledged", point: "after storing a click"},
	{name: "after the click is acknowledged and before it is run", point: "after the acknowledgement of interactive"},
	{name: "before the decision is committed", point: "before the commit of the move to queued"},
	{name: "after the decision is committed", point: "after the commit of the move to queued"},
	{name: "after the decision and before anybody is told", point: "after running a click"},
	{name: "before the start is committed", point: "before the commit of the move to applying"},
	{name: "after the start is committed", point: "after the commit of the move to applying"},
	{name: "before the first change set is executed", point: "before ExecuteChangeSet"},
	{name: "after the first change set is executed and before we know", point: "after ExecuteChangeSet"},
	{name: "before the first execution is written down", point: "before the commit of a step of applying"},
	{name: "after the first execution is written down", point: "after the commit of a step of applying"},
	{name: "before the second change set is executed", point: "before ExecuteChangeSet", count: 2},
	{name: "after the second change set is executed and before we know", point: "after ExecuteChangeSet", count: 2},
	{name: "before the end of applying is committed", point: "before the commit of the move to verifying"},
	{name: "after the end of applying is committed", point: "after the commit of the move to verifying"},
	{name: "before the verdict is committed", point: "before the commit of the move to succeeded"},
	{name: "after the verdict is committed", point: "after the commit of the move to succeeded"},
	{name: "before the announcement is posted", point: "before posting the announcement"},
	{name: "after Slack has the announcement and before we know", point: "after posting the announcement"},
}

// crashWorlds is in how many worlds the points are tried beside each other.
const crashWorlds = 4

// Promise 4: kill -9 between any two effects, another process takes over, and
// the change ends correctly, once.
func TestKilledAnywhereAChangeEndsOnce(t *testing.T) {
	t.Parallel()
	for n := range crashWorlds {
		t.Run(fmt.Sprint("world ", n+1), func(t *testing.T) {
			t.Parallel()
			c := newCrash(t)
			for i, p := range killPoints {
				if i%crashWorlds == n {
					t.Run(p.name, func(t *testing.T) { c.deploy(t, p) })
				}
			}
			if _, err := c.open().VerifyAudit(t.Context()); err != nil {
				t.Errorf("the audit chain: %v", err)
			}
		})
	}
}

// crash is a world in which v1 and v2 are deployed in turn, each by a bot that
// is killed and another that takes over.
type crash struct {
	*world
	version int
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	c := &crash{world: newWorld(t), version: 1}
	_, stop := c.bot()
	c.setUp("/bcn deploy hello production v1")
	stop()
	return c
}

func (c *crash) deploy(t *testing.T, p killPoint) {
	c.version = 3 - c.version
	tag := fmt.Sprint("v", c.version)
	c = &crash{world: c.in(t)}
	c.alone(t)
	started := time.Now()
	dead, _ := c.doom(t, p.point, max(p.count, 1))
	c.connected()
	heir := make(chan func(), 1)
	go func() {
		defer close(heir)
		<-dead
		if t.Context().Err() == nil {
			c.timePasses(t)
			_, stop := c.bot()
			heir <- stop
		}
	}()
	id, card := c.ship(t, p, tag)
	select {
	case <-dead:
	case <-time.After(patience):
		t.Fatalf("the bot was never at the point %q\n%s", p.point, c.log)
	}
	stop := <-heir
	if stop == nil {
		t.Fatal("nobody took over")
	}
	defer stop()
	c.settled(t, id)
	c.endedOnce(t, id, card, tag, started)
}

// alone waits until the sockets of the bots before are gone.
func (c *crash) alone(t *testing.T) {
	t.Helper()
	if err := c.slack.WaitFor(c.deadline(), func() bool { return c.slack.Sockets() == 0 }); err != nil {
		t.Fatal(err)
	}
}

// ship types the command and presses the button as people would: again, where
// they were told that it did not work and nothing of it is there.
func (c *crash) ship(t *testing.T, p killPoint, tag string) (bcn.ID, localslack.Message) {
	t.Helper()
	for {
		r, err := c.slack.Slash(c.deadline(), "U0DEV", deploys, "deploy hello production "+tag+" --reason "+strings.ReplaceAll(p.name, " ", "-"))
		if err != nil {
			t.Fatal(err)
		}
		if r.Error == "" || p.point != "before storing a slash" {
			break
		}
		c.connected()
	}
	card := c.card(deploys, "waits for approval", tag, strings.ReplaceAll(p.name, " ", "-"))
	for {
		r, err := c.slack.Click(c.deadline(), "U0LEAD", card, buttonOf(card, "approve"))
		if err != nil {
			t.Fatal(err)
		}
		if r.Error == "" || p.point != "before storing a click" {
			break
		}
		c.connected()
	}
	c.wait(func(m localslack.Message) bool {
		return m.TS == card.TS && m.Channel == deploys && strings.Contains(shown(m), "succeeded after")
	}, "the end of "+tag)
	return idOf(t, card), card
}

// timePasses lets everything that the dead held run out at once: leases are
// decided by the database's time, which nobody can wait for in a test.
func (w *world) timePasses(t *testing.T) {
	t.Helper()
	w.sql(t, `update change set lease_until = bcn_now() - interval '1 second' where lease_until is not null`)
	w.sql(t, `update tick set lease_until = bcn_now() - interval '1 second' where lease_until is not null`)
	w.sql(t, `update inbox set lease_until = bcn_now() - interval '1 second' where lease_until is not null`)
	w.sql(t, `update inbox set received_at = received_at - interval '10 seconds' where state = 'received'`)
	w.sql(t, `update outbox set lease_until = bcn_now() - interval '1 second' where lease_until is not null`)
	w.sql(t, `update follow set read_at = read_at - interval '11 seconds' where active`)
	w.sql(t, `update river_job set attempted_at = attempted_at - interval '20 seconds' where state = 'running'`)
}

// settled waits until all is said and nothing of the change is left in AWS.
func (c *crash) settled(t *testing.T, id bcn.ID) {
	t.Helper()
	c.wait(func(m localslack.Message) bool {
		return m.Channel == "C0DEPLOY" && strings.Contains(m.Text, id.String())
	}, "the announcement")
	c.until("all is said", `select not exists (select 1 from outbox where change = $1 and sent < version and dropped = '')`, int64(id))
}

// endedOnce is what promise 4 means for a deploy.
func (c *crash) endedOnce(t *testing.T, id bcn.ID, card localslack.Message, tag string, since time.Time) {
	t.Helper()
	for what, query := range map[string]string{
		"the change succeeded":     `select count(*) from change where id = $1 and state = 'succeeded'`,
		"there is one release":     `select count(*) from release where change = $1 and outcome = 'succeeded'`,
		"one decision is recorded": `select count(*) from decision where request = $1`,
		"it was planned once":      `select count(*) from audit_entry where change = $1 and kind = 'change.planned'`,
		"it was decided once":      `select count(*) from audit_entry where change = $1 and kind = 'decision.approve'`,
		"it was started once":      `select count(*) from audit_entry where change = $1 and kind = 'change.start'`,
		"it ended once":            `select count(*) from audit_entry where change = $1 and kind = 'change.succeed'`,
	} {
		if n := ask[int](t, c.world, query, int64(id)); n != 1 {
			t.Errorf("%s: %d times", what, n)
		}
	}
	asked := ask[int](t, c.world, `select count(*) from change where reason = (select reason from change where id = $1)`, int64(id))
	if asked != 1 {
		t.Errorf("the command was run %d times", asked)
	}
	c.saidOnce(t, id, card)
	c.executedOnce(t, id, since)
	if running := ask[string](t, c.world, `select tag from release where outcome = 'succeeded' order by number desc limit 1`); running != tag {
		t.Errorf("the last release is %s", running)
	}
}

// saidOnce counts what people saw.
func (c *crash) saidOnce(t *testing.T, id bcn.ID, card localslack.Message) {
	t.Helper()
	cards, announced := 0, 0
	for _, m := range c.slack.Messages(deploys) {
		if m.Thread == "" && strings.Contains(shown(m), id.String()+"*") {
			cards++
		}
	}
	for _, m := range c.slack.Messages("C0DEPLOY") {
		if strings.Contains(m.Text, id.String()) {
			announced++
		}
	}
	if cards != 1 || announced != 1 {
		t.Errorf("%d cards, %d announcements", cards, announced)
	}
	lines := map[string]int{}
	for _, m := range c.slack.Thread(deploys, card.TS) {
		lines[m.Text]++
	}
	for line, n := range lines {
		if n != 1 {
			t.Errorf("said %d times in the thread: %s", n, line)
		}
	}
	if stored := ask[int](t, c.world, `select count(*) from outbox where change = $1 and role = 'thread'`, int64(id)); len(lines) != stored+1 {
		t.Errorf("%d lines in the thread, %d stored", len(lines)-1, stored)
	}
}

// executedOnce counts what CloudFormation did: one operation of each stack.
func (c *crash) executedOnce(t *testing.T, id bcn.ID, since time.Time) {
	t.Helper()
	took := map[string]int{}
	for _, call := range c.aws.Calls() {
		if call.Action == "ExecuteChangeSet" && call.ErrorCode == "" && !call.At.Before(since) {
			took[fmt.Sprint(call.Params["ChangeSetName"])]++
		}
	}
	if len(took) != 2 {
		t.Errorf("the change sets that were executed: %v", took)
	}
	for name := range took {
		if !strings.Contains(name, fmt.Sprintf("bcn-%d-", int64(id))) {
			t.Errorf("%s was executed", name)
		}
	}
	begun := ask[int](t, c.world, `select count(*) from stack_event where change = $1 and status = 'UPDATE_IN_PROGRESS'
		and type = 'AWS::CloudFormation::Stack'`, int64(id))
	if begun != 2 {
		t.Errorf("%d operations of stacks began, not one of each", begun)
	}
}
