package app

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/store"
)

// grantCrash is a world in which one grant after another is asked for from a
// bot that is killed, and ended by another.
type grantCrash struct {
	*world
	account *awsx.Session // as its administrator, past bcn
	tries   int
}

func newGrantCrash(t *testing.T) *grantCrash {
	t.Helper()
	g := &grantCrash{world: newWorld(t)}
	g.config = accessConfig(strings.Replace(accessRules, "max: 30m,", "max: 30m, stop_task: true,", 1))
	_, stop := g.bot()
	g.setUp("/bcn deploy hello production v1")
	stop()
	client, err := awsx.New(t.Context(), awsx.Options{Region: localaws.DefaultRegion, Endpoint: g.aws.URL(), Isolated: true})
	if err != nil {
		t.Fatal(err)
	}
	g.account = client.For(bcn.Target{District: bcn.District{Region: localaws.DefaultRegion}})
	return g
}

// pass moves both clocks on, as world.pass does, and waits for no step: those of
// who died are on their way for ever.
func (g *grantCrash) pass(d time.Duration) {
	g.t.Helper()
	ahead := ask[float64](g.t, g.world, `select round(extract(epoch from bcn_now() - clock_timestamp()))::float8`)
	if err := store.ShiftClock(g.t.Context(), g.owner, time.Duration(ahead)*time.Second+d); err != nil {
		g.t.Fatal(err)
	}
	if err := g.aws.Advance(d); err != nil {
		g.t.Fatal(err)
	}
	g.wake()
}

// grantRun is one grant on its way.
type grantRun struct {
	*grantCrash
	t    *testing.T
	kind accessKind
	p    grantKill

	dead <-chan struct{} // nil where nobody is to die
	kill func()

	id                 bcn.ID
	reason             string
	asked, said, ended bool // typed, and Slack took it
	identity           access.Secret
	recipient          string
	handed             []access.Credentials
	opened             []string // sessions
}

// try takes a grant to the point of death, lets time pass without anybody, and
// has another bot do the rest.
func (g *grantCrash) try(t *testing.T, kind accessKind, p grantKill) {
	g.tries++
	g = &grantCrash{world: g.in(t), account: g.account, tries: g.tries}
	(&crash{world: g.world}).alone(t)
	r := &grantRun{grantCrash: g, t: t, kind: kind, p: p, reason: fmt.Sprintf("try-%d.", g.tries)}
	var err error
	if r.identity, r.recipient, err = access.NewKey(); err != nil {
		t.Fatal(err)
	}
	r.dead, r.kill = g.doom(t, cmp.Or(p.point, "nowhere"), max(p.count, 1))
	g.connected()
	if r.walk() && !r.diesLate() {
		t.Fatalf("the bot was never at the point %q\n%s", p.point, g.log)
	}
	r.dead = nil
	if !p.soon {
		r.nobody()
	}
	g.timePasses(t)
	_, stop := g.bot()
	defer stop()
	if !r.walk() {
		t.Fatal("it did not come to its end")
	}
	r.reconciled()
}

// walk does what people and time do, until the end of the grant; it answers
// false where the bot died on the way. What was done already is not done again.
func (r *grantRun) walk() bool {
	for _, stage := range []func() bool{r.ask, r.approve, r.open, r.use, r.warn, r.end, r.report} {
		if !stage() {
			return false
		}
	}
	return true
}

// reached waits until it is so; false where the bot died before.
func (r *grantRun) reached(what, query string) bool {
	r.t.Helper()
	tick := newTick(r.t)
	defer func() {
		if r.t.Failed() {
			r.t.Logf("waiting until %s\n%s", what, r.story())
		}
	}()
	for n := 0; ; n++ {
		if ask[bool](r.t, r.world, query, int64(r.id)) {
			return !r.died()
		}
		if r.died() {
			return false
		}
		if n%5 == 4 {
			r.wake()
		}
		tick()
	}
}

func (r *grantRun) died() bool {
	select {
	case <-r.dead:
		return true
	default:
		return false
	}
}

// diesLate waits for a death that the rows show before it comes: a commit is seen
// by others before the bot that made it is at the point after it.
func (r *grantRun) diesLate() bool {
	r.t.Helper()
	select {
	case <-r.dead:
		return true
	case <-r.deadline().Done():
		return false
	}
}

// says types a command; false where Slack showed that it did not work.
func (r *grantRun) says(user, command string) bool {
	r.t.Helper()
	got, err := r.slack.Slash(r.deadline(), user, deploys, command)
	if err != nil {
		r.t.Fatalf("/bcn %s: %v\n%s", command, err, r.story())
	}
	return got.Error == ""
}

// ask asks for access and waits until it has been planned.
func (r *grantRun) ask() bool {
	if !r.asked {
		r.asked = r.says("U0ONCALL", r.kind.command+" for 4m --reason "+r.reason)
	}
	if !r.reached("it is asked for", `select $1 >= 0 and exists (select 1 from change where reason = '`+r.reason+`')`) {
		return false
	}
	r.id = bcn.ID(ask[int64](r.t, r.world, `select max(id) from change where reason = $1`, r.reason))
	return r.reached("it is planned", `select state not in ('waiting_turn', 'planning', 'planned') from change where id = $1`)
}

// approve lets the lead approve it, and waits until the grant can be opened.
func (r *grantRun) approve() bool {
	if !r.said {
		r.said = r.says("U0LEAD", "approve "+r.id.String())
	}
	if r.p.unused && r.dead == nil {
		return true // as soon as somebody took over
	}
	return r.reached("it can be opened", `select exists (select 1 from access_grant g, change c where g.id = $1 and c.id = g.id
		and (g.state <> 'approved' or g.ready and (g.schedule <> '' or c.kind = 'access:instance')))`)
}

// open picks it up, as often as it takes: what was sealed is lost where the bot
// dies before it is sent.
func (r *grantRun) open() bool {
	if r.p.unused || len(r.handed) > 0 || r.over() {
		return true
	}
	before := len(r.slack.Ephemerals("U0ONCALL"))
	reached := r.says("U0ONCALL", "access open "+r.id.String()+" "+r.recipient)
	tick := newTick(r.t)
	for !reached || len(r.slack.Ephemerals("U0ONCALL")) == before {
		if r.died() {
			return false
		}
		tick()
	}
	answer := r.slack.Ephemerals("U0ONCALL")[before]
	c, err := access.Open(r.identity, sealedIn(answer))
	if err != nil {
		r.t.Fatalf("%v: %s\n%s", err, shown(answer), r.story())
	}
	r.handed = append(r.handed, c)
	return !r.died()
}

// story is what the log says of the grant.
func (r *grantRun) story() string {
	var b strings.Builder
	for line := range strings.Lines(r.log.String()) {
		if strings.Contains(line, fmt.Sprintf(`"change":%d`, r.id)) || !strings.Contains(line, `"level":"INFO"`) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// use opens a session with what was handed over.
func (r *grantRun) use() bool {
	if r.p.unused || len(r.opened) > 0 || r.over() {
		return true
	}
	id, err := r.enter(r.handed[len(r.handed)-1])
	if err != nil {
		r.t.Fatal("what was handed over opens nothing: ", err)
	}
	r.opened = append(r.opened, id)
	if r.p.outlasts {
		r.aws.Cluster().Outlast(ask[string](r.t, r.world, `select task from access_grant where id = $1`, int64(r.id)))
	}
	return r.dies(inside)
}

// enter opens a session as the holder's machine does.
func (r *grantRun) enter(c access.Credentials) (string, error) {
	if c.Streams() {
		return c.Stream.SessionID, nil
	}
	return (&terminal{g: grantCard{request{w: r.world}}, had: []access.Credentials{c}}).tries()
}

// dies kills the bot from outside, where it is to die at this stage.
func (r *grantRun) dies(at stage) bool {
	if r.dead == nil || r.p.at != at {
		return !r.died()
	}
	r.kill()
	<-r.dead
	return false
}

// warn lets the time come at which the holder is warned.
func (r *grantRun) warn() bool {
	if r.p.at != warned || r.over() {
		return true
	}
	r.passUntil(`ends_at - interval '2 minutes'`)
	return r.reached("the holder is warned", `select warned from access_grant where id = $1`) && r.dies(warned)
}

// end ends it, by the holder's word or by the clock, and waits until it is
// verified.
func (r *grantRun) end() bool {
	if r.p.done && !r.ended && !r.over() {
		r.ended = r.says("U0ONCALL", "access end "+r.id.String())
	}
	if !r.ended && !r.over() {
		r.passUntil(`ends_at`)
	}
	if !r.reached("it is over", `select state not in ('approved', 'minting', 'live') from access_grant where id = $1`) {
		return false
	}
	if r.kind.name != ownTask.name {
		// What was handed over is good until the end, also where it was ended before.
		if r.p.done && !r.reached("it was looked at", `select swept_at is not null or mints = 0 from access_grant where id = $1`) {
			return false
		}
		r.passUntil(`ends_at + interval '16 seconds'`)
	}
	return r.reached("nothing of it is open", `select state in ('ended', 'expired', 'cancelled') from access_grant where id = $1`)
}

// report lets the later looks be done.
func (r *grantRun) report() bool {
	r.passUntil(`greatest(ended_at, ends_at) + interval '6 minutes'`)
	return r.reached("all is reported", `select state = 'succeeded' from change where id = $1`)
}

// over says that the grant can no longer be opened.
func (r *grantRun) over() bool {
	return ask[bool](r.t, r.world, `select exists (select 1 from access_grant where id = $1
		and (state not in ('approved', 'minting', 'live') or ends_at <= bcn_now()))`, int64(r.id))
}

// passUntil lets time pass until a moment of the grant, a second more.
func (r *grantRun) passUntil(moment string) {
	r.t.Helper()
	left := ask[float64](r.t, r.world, `select coalesce(extract(epoch from max(`+moment+`) - bcn_now())::float8 + 1, 0) from access_grant where id = $1`, int64(r.id))
	if left > 0 {
		r.pass(time.Duration(left * float64(time.Second)).Round(time.Second))
	}
}

// nobody is there: the clocks pass the end of the grant, and AWS alone ends it.
func (r *grantRun) nobody() {
	r.t.Helper()
	if !ask[bool](r.t, r.world, `select exists (select 1 from access_grant where id = $1)`, int64(r.id)) {
		r.pass(5 * time.Minute) // no grant, no end
		r.nothingOpen("without an approval")
		return
	}
	r.passUntil(`ends_at`)
	for _, c := range r.handed {
		if id, err := r.enter(c); !c.Streams() && bcn.CodeOf(err) != bcn.CodeAccessDenied {
			r.t.Errorf("after the end the session %q was opened: %v", id, err)
		}
	}
	switch {
	case r.kind.name == ownTask.name && !r.p.outlasts:
		r.pass(2 * time.Second)
	case r.kind.name != onNode.name: // by the armed StopTask
		r.passUntil(`ends_at + interval '65 seconds'`)
	default: // by the document's cap of five minutes, from the last second on
		r.passUntil(`ends_at + interval '5 minutes'`)
	}
	r.nothingOpen("with nobody there")
}

// nothingOpen checks in AWS that no session is open, and that no task of a
// grant's own runs.
func (r *grantRun) nothingOpen(when string) {
	r.t.Helper()
	open, _, err := r.account.ShellSessions(r.t.Context(), awsx.SessionQuery{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, x := range open {
		r.t.Errorf("%s the session %s on %s is %s", when, x.ID, x.Target, x.Status)
	}
	running, err := r.account.TasksStartedBy(r.t.Context(), "default", "bcn-g"+r.id.String()[1:], false)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, task := range running {
		r.t.Errorf("%s the task %s runs", when, task)
	}
}

// reconciled is what the next bot made of it.
func (r *grantRun) reconciled() {
	r.t.Helper()
	r.nothingOpen("after it was verified")
	for what, query := range map[string]string{
		"it was asked for once": `select count(*) from change where reason = (select reason from change where id = $1)`,
		"it began once":         `select count(*) from audit_entry where change = $1 and kind = 'change.start'`,
		"it ended once":         `select count(*) from audit_entry where change = $1 and kind in ('grant.end', 'grant.expire')`,
		"it is verified that nothing is open": `select count(*) from access_grant g where g.id = $1 and (verified_at >= ended_at or
			g.state = 'expired' and g.mints = 0 and g.task_asked is null)`,
		"its change ended once": `select count(*) from audit_entry where change = $1 and kind = 'change.succeed'`,
		"it was not verified before its end, where credentials were out": `select count(*) from access_grant g, change c
			where g.id = $1 and c.id = g.id and (c.kind <> 'access:instance' or g.mints = 0 or g.verified_at >= g.ends_at)`,
	} {
		if n := ask[int](r.t, r.world, query, int64(r.id)); n != 1 {
			r.t.Errorf("%s: %d times\n%s", what, n, r.story())
		}
	}
	for _, id := range r.opened {
		if n := ask[int](r.t, r.world, `select count(*) from access_grant where id = $1 and sessions @> jsonb_build_array(jsonb_build_object('id', $2::text))`, int64(r.id), id); n != 1 {
			r.t.Errorf("the session %s is not in the report", id)
		}
	}
	if r.p.unused {
		r.passUntil(`ends_at + interval '65 seconds'`)
		for _, call := range r.aws.Calls() {
			if call.Action == "StopTask" && strings.Contains(fmt.Sprint(call.Params["reason"]), "bcn-g"+r.id.String()[1:]) {
				r.t.Error("the task was stopped, though nobody was in it")
			}
		}
	}
	r.calledOnce()
	words := "access ended"
	if ask[bool](r.t, r.world, `select state = 'expired' from access_grant where id = $1`, int64(r.id)) {
		words = "expired: nobody opened it"
	}
	r.card(deploys, r.id.String()+"*", words)
}

// calledOnce counts what AWS was asked for: one task, and no credentials that
// are not written down.
func (r *grantRun) calledOnce() {
	r.t.Helper()
	name := "bcn-g" + r.id.String()[1:]
	started, minted := 0, 0
	for _, call := range r.aws.Calls() {
		switch {
		case call.ErrorCode != "":
		case call.Action == "RunTask" && call.Params["startedBy"] == name:
			started++
		case call.Action == "AssumeRole" && strings.HasPrefix(fmt.Sprint(call.Params["RoleSessionName"]), name+"-"):
			minted++
		}
	}
	if want := map[bool]int{true: 1}[r.kind.name == ownTask.name]; started > want || r.p.soon && started != want {
		r.t.Errorf("RunTask was called %d times", started)
	}
	if written := ask[int](r.t, r.world, `select mints from access_grant where id = $1`, int64(r.id)); minted > written {
		r.t.Errorf("credentials were made %d times, and %d are written down", minted, written)
	}
}
