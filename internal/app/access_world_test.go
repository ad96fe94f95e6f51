package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/store"
)

// accessRules are what the tests of access run with: who is on call asks, a
// lead approves.
const accessRules = `
  - { allow: ["*"],          to: [help, whoami] }
  - { allow: [developers, leads, oncall], to: [read] }
  - { allow: [developers],   to: [deploy, access], on: [staging] }
  - { allow: [developers],   to: [deploy], on: [production], approve: { by: [leads], count: 1, within: 1h } }
  - { allow: [oncall],       to: [access, "access:live"], on: [production], max: 30m,
      approve: { by: [leads], count: 1, within: 30m } }
  - { allow: [oncall],       to: ["access:instance", "access:port"], districts: [default], max: 1h,
      approve: { by: [leads], count: 1, within: 30m } }
  - { allow: [admins],       to: ["*"] }
`

// accessConfig is the sample's bot.yaml with other rules, and a database that
// the sample account knows nothing of.
func accessConfig(rules string) string {
	head, _, _ := strings.Cut(worldConfig(), "rules:\n")
	const through = ", port: 5432, through: " + localaws.SampleNode + " }\n"
	return head + "access:\n  ports:\n    - { district: default, name: orders, host: orders.db.internal" + through +
		"    - { district: default, name: ledger, host: ledger.db.internal" + through + "rules:" + rules
}

// accessWorld is a world with one bot, in which hello v1 runs in production.
func accessWorld(t *testing.T, rules string) (*world, *App) {
	t.Helper()
	w := newWorld(t)
	w.config = accessConfig(rules)
	a, _ := w.bot()
	w.setUp()
	w.waiting("v1").press("U0LEAD", "approve")
	w.card(deploys, "v1", "succeeded")
	return w, a
}

// advance moves the database's clock and AWS's together; ahead is how far the
// database's is ahead by then. The database comes first: a task whose time has
// come by AWS's clock alone would have gone early.
func (w *world) advance(d, ahead time.Duration) {
	w.t.Helper()
	if err := store.ShiftClock(w.t.Context(), w.owner, ahead); err != nil {
		w.t.Fatal(err)
	}
	// A step that read the time before may not see what AWS does after it.
	shifted := ask[time.Time](w.t, w, `select clock_timestamp()`)
	w.until("no step is on its way", `select not exists (select 1 from river_job where kind = 'change' and state = 'running' and attempted_at < $1)`, shifted)
	if err := w.aws.Advance(d); err != nil {
		w.t.Fatal(err)
	}
	w.wake()
}

// pass moves both clocks on.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	var ahead time.Duration
	us := ask[int64](w.t, w, `select (extract(epoch from bcn_now() - clock_timestamp()) * 1e6)::bigint`)
	ahead = (time.Duration(us) * time.Microsecond).Round(time.Second)
	w.advance(d, ahead+d)
}

// wake lets the jobs that sleep look again now: their pauses are real time.
func (w *world) wake() {
	w.t.Helper()
	w.sql(w.t, `update river_job set state = 'available', scheduled_at = now()
		where kind in ('change', 'follow', 'tick') and state in ('scheduled', 'retryable', 'available') and scheduled_at > now()`)
}

// comes is until, for what a job does that may sleep.
func (w *world) comes(what, query string, args ...any) {
	w.t.Helper()
	tick := newTick(w.t)
	defer func() {
		if w.t.Failed() {
			w.t.Logf("waiting until %s\n%s\n%s", what, w.everything(), w.log)
		}
	}()
	for n := 0; !ask[bool](w.t, w, query, args...); n++ {
		if n%5 == 4 {
			w.wake()
		}
		tick()
	}
}

// looks lets every grant be looked at n times more.
func (w *world) looks(id bcn.ID, n int64) {
	w.t.Helper()
	fence := ask[int64](w.t, w, `select fence from change where id = $1`, int64(id))
	w.comes("it was looked at again", `select fence >= $2 from change where id = $1`, int64(id), fence+n)
}

// answer types a command and waits for what the user alone is told.
func (w *world) answer(user, text string) string {
	w.t.Helper()
	before := len(w.slack.Ephemerals(user))
	if said := w.slash(user, deploys, text); said != "" {
		return said
	}
	if err := w.slack.WaitFor(w.deadline(), func() bool { return len(w.slack.Ephemerals(user)) > before }); err != nil {
		w.t.Fatalf("/bcn %s is not answered: %v\n%s", text, err, w.log)
	}
	return shown(w.slack.Ephemerals(user)[before])
}

// refuses types a command that must be answered with all the words.
func (w *world) refuses(user, text string, words ...string) {
	w.t.Helper()
	if said := w.answer(user, text); !all(said, words) {
		w.t.Errorf("/bcn %s: %q does not say %q", text, said, words)
	}
}

// ends types `access end` and waits for its answer.
func (w *world) ends(user, number string) {
	w.t.Helper()
	w.answer(user, strings.TrimSpace("access end "+number))
}

// grantCard is access that somebody asked for.
type grantCard struct{ request }

// access types `access` with a reason of its own.
func (w *world) access(user, what string) grantCard {
	w.t.Helper()
	return w.accessBy(user, "access "+what)
}

func (w *world) accessBy(user, command string) grantCard {
	w.t.Helper()
	reason := fmt.Sprintf("reason-%d.", reasons.Add(1))
	command, after, cut := strings.Cut(command, " -- ")
	command += " --reason " + reason
	if cut {
		command += " -- " + after
	}
	if said := w.slash(user, deploys, command); said != "" {
		w.t.Fatalf("/bcn %s: %s", command, said)
	}
	w.until(command+" is stored", `select exists (select 1 from change where reason = $1)`, reason)
	id := bcn.ID(ask[int64](w.t, w, `select id from change where reason = $1`, reason))
	w.until(command+" is planned", `select state not in ('planning', 'planned') from change where id = $1`, int64(id))
	return grantCard{request{w, id, w.card(deploys, id.String(), reason)}}
}

// in is the grant for a subtest.
func (g grantCard) in(t *testing.T) grantCard {
	g.w = g.w.in(t)
	return g
}

// approved approves as the lead, and waits until it can be opened.
func (g grantCard) approved() grantCard {
	g.w.t.Helper()
	g.w.until(g.id.String()+" waits", `select state = 'waiting' from change where id = $1`, int64(g.id))
	g.w.slash("U0LEAD", deploys, "approve "+g.number())
	g.granted()
	return g
}

func (g grantCard) number() string { return g.id.String()[1:] }

// granted waits until there is a grant and what it needs is made.
func (g grantCard) granted() {
	g.w.t.Helper()
	g.w.comes(g.id.String()+" can be opened", `select exists (select 1 from access_grant where id = $1 and (ends_at is null or ready
		or exists (select 1 from change where change.id = $1 and kind in ('access:instance', 'access:port'))))`, int64(g.id))
}

// row is what is stored about it.
func (g grantCard) row(a *App) bcn.Grant {
	g.w.t.Helper()
	row, err := a.store.Grant(g.w.t.Context(), g.id)
	if err != nil {
		g.w.t.Fatal(err)
	}
	return row
}

// is waits until the grant is in the state.
func (g grantCard) is(s bcn.GrantState) {
	g.w.t.Helper()
	g.w.comes(g.id.String()+" is "+string(s), `select exists (select 1 from access_grant where id = $1 and state = $2)`, int64(g.id), string(s))
}

// state waits until the change is in the state; its job may sleep.
func (g grantCard) state(s bcn.ChangeState) {
	g.w.t.Helper()
	g.w.comes(g.id.String()+" is "+string(s), `select state = $2 from change where id = $1`, int64(g.id), string(s))
}

// over waits until the grant has ended and says why.
func (g grantCard) over(a *App, why bcn.GrantWhy) bcn.Grant {
	g.w.t.Helper()
	g.is(bcn.GrantEnded)
	row := g.row(a)
	if row.Why != why || row.VerifiedAt == nil {
		g.w.t.Errorf("%s ended because %q, verified %v; want %q", g.id, row.Why, row.VerifiedAt, why)
	}
	for _, s := range row.Sessions {
		if s.Closed == nil && !s.Stranger {
			g.w.t.Errorf("%s is called ended with %s open", g.id, s.ID)
		}
	}
	return row
}

// recorded says whether the audit log has the entry.
func (g grantCard) recorded(action, actor string) {
	g.w.t.Helper()
	n := ask[int](g.w.t, g.w, `select count(*) from audit_entry where change = $1 and kind = $2 and actor = $3`, int64(g.id), action, actor)
	if n == 0 {
		g.w.t.Errorf("the log has no %s of %s by %s", action, g.id, actor)
	}
}

// terminal is where somebody is, with the key of one grant.
type terminal struct {
	g         grantCard
	user      string
	identity  access.Secret
	recipient string
	had       []access.Credentials
}

func (g grantCard) at(user string) *terminal {
	g.w.t.Helper()
	identity, recipient, err := access.NewKey()
	if err != nil {
		g.w.t.Fatal(err)
	}
	return &terminal{g: g, user: user, identity: identity, recipient: recipient}
}

// open pastes the line and opens what comes back.
func (e *terminal) open() access.Credentials {
	t := e.g.w.t
	t.Helper()
	before := len(e.g.w.slack.Ephemerals(e.user))
	said := e.g.w.answer(e.user, "access open "+e.g.number()+" "+e.recipient)
	got := e.g.w.slack.Ephemerals(e.user)
	if len(got) <= before {
		t.Fatalf("%s got no message: %s", e.g.id, said)
	}
	c, err := access.Open(e.identity, sealedIn(got[before]))
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", e.g.id, err, said, e.g.w.log)
	}
	e.had = append(e.had, c)
	return c
}

// refused pastes the line and is told all the words.
func (e *terminal) refused(words ...string) {
	e.g.w.t.Helper()
	e.g.w.refuses(e.user, "access open "+e.g.number()+" "+e.recipient, words...)
}

// sealedIn is the sealed line of an answer: what stands in its code blocks.
func sealedIn(m localslack.Message) string {
	var b strings.Builder
	for i, part := range strings.Split(m.Shown(), "```") {
		if i%2 == 1 {
			b.WriteString(part)
		}
	}
	return b.String()
}

// shell starts a session on the grant's node with the newest credentials.
func (e *terminal) shell() string {
	e.g.w.t.Helper()
	id, err := e.tries()
	if err != nil {
		e.g.w.t.Fatal(err)
	}
	return id
}

func (e *terminal) tries() (string, error) {
	c := e.had[len(e.had)-1]
	ctx := e.g.w.t.Context()
	if c.Target.Tasks() {
		ch, err := e.g.w.as(c).Enter(ctx, c.Target.Cluster, c.Target.Task, c.Target.Container, "/bin/sh")
		return ch.SessionID, err
	}
	ch, err := e.g.w.as(c).StartSession(ctx, c.Target.Node, c.Target.Document(), "")
	return ch.SessionID, err
}

// as calls AWS with what was handed over.
func (w *world) as(c access.Credentials) awsx.Engineer {
	return awsx.NewEngineer(awsx.Handed{
		AccessKeyID: c.AccessKeyID.Reveal(), SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
		Region: localaws.DefaultRegion, Endpoint: w.aws.URL(),
	})
}

// admin calls AWS as the account's administrator, past bcn.
func (w *world) admin() awsx.Engineer {
	return awsx.NewEngineer(awsx.Handed{
		AccessKeyID: "bcn-local-administrator", SecretAccessKey: "not-a-secret", Region: localaws.DefaultRegion, Endpoint: w.aws.URL(),
	})
}

// active says whether AWS still has the session open; what lags or lies in a
// list does not matter here.
func (w *world) active(a *App, id string) bool {
	w.t.Helper()
	d, err := a.store.District(w.t.Context(), "default")
	if err != nil {
		w.t.Fatal(err)
	}
	for tick := newTick(w.t); ; tick() {
		s, _, err := a.apply.Session(w.t.Context(), a.deploy.SystemTarget(d), id)
		switch {
		case errors.Is(err, deploy.ErrNone):
			w.t.Fatalf("AWS does not know %s", id)
		case bcn.CodeOf(err) == bcn.CodeUnavailable: // credentials that a jump of the clock has aged
		case err != nil:
			w.t.Fatal(err)
		default:
			return s.Status != "Terminated"
		}
	}
}

// secrets are what must never be seen in clear.
func (e *terminal) secrets() []string {
	out := []string{e.identity.Reveal()}
	for _, c := range e.had {
		out = append(out, c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), c.Stream.Token.Reveal())
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// person is somebody of the workspace, as an envelope names them.
func (a *App) person(user string) bcn.Actor {
	return bcn.Actor{Kind: bcn.Person, User: user, Team: a.api.Self().Team}
}
