package app

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/ci"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

const denialRules = `
  - { allow: ["*"],        to: [help, whoami] }
  - { allow: [developers], to: [read, token] }
  - { allow: [developers], to: [deploy], on: [staging] }
  - { allow: [developers], to: [deploy], on: [production], approve: { by: [leads], count: 1, within: 1h } }
  - { allow: [admins],     to: ["*"] }
`

// outsider is a kind of person whose word does not count. Each is a developer and
// a lead (in no team: a developer) until become makes them what they are.
type outsider struct {
	name, user string
	become     func(*localslack.User) // nil: they are no member of a team
	asks       bcn.Code               // why nothing is asked for; "": they may ask
	decides    bcn.Code               // why nothing is decided
	foreign    bool                   // their envelopes name another workspace: nothing but the refusal is even stored
	deaf       bool                   // Slack shows them nothing
	says       string
}

func outsiders() []outsider {
	const person = bcn.CodeRefusedPerson
	return []outsider{
		{name: "deactivated", user: "U1GONE", asks: person, decides: person, deaf: true, become: func(u *localslack.User) { u.Deleted, u.Forced = true, true }},
		{name: "a guest of one channel", user: "U1SINGLE", asks: person, decides: person, says: "guests", become: func(u *localslack.User) { u.Single = true }},
		{name: "a guest of several channels", user: "U1GUEST", asks: person, decides: person, says: "guests", become: func(u *localslack.User) { u.Guest = true }},
		{name: "of another company, by Slack Connect", user: "U1EXT", asks: person, decides: person, foreign: true, says: "workspace", become: func(u *localslack.User) { u.Team, u.Stranger = localslack.OtherTeamID, true }},
		{name: "a bot", user: "U1BOT", asks: person, decides: person, deaf: true, become: func(u *localslack.User) { u.Bot, u.Forced = true, true }},
		{name: "of another workspace", user: "U1OTHER", asks: person, decides: person, foreign: true, says: "workspace", become: func(u *localslack.User) { u.Team = localslack.OtherTeamID }},
		{name: "in no team", user: "U1NONE", asks: bcn.CodeNotAllowed, decides: bcn.CodeNotEligible, says: "may not"},
		{name: "who asked for it", user: "U0DEV", decides: bcn.CodeOwnRequest, says: "somebody else"},
	}
}

// outsideTeams are those who may not ask. What the requester asks for by a token
// or by the clock they cannot approve either: TestCI, TestScheduledRelease.
func outsideTeams() []outsider {
	return slices.DeleteFunc(outsiders(), func(k outsider) bool { return k.asks == "" })
}

// Acceptance 1 of issue 6: at every surface each kind of person whose word does
// not count is refused; the log has the refusal, and nothing else happens.
func TestDenials(t *testing.T) {
	t.Parallel()
	d := newDenials(t)
	w, late := d.world, d.late()

	t.Run("a token of CI", d.tokens)
	t.Run("a slash command", func(t *testing.T) {
		d.each(t, outsiders(), func(w *world, k outsider) {
			if k.asks != "" {
				d.refuses(w, k, k.asks, func() { w.slash(k.user, deploys, "deploy hello staging v1") })
			}
			d.refuses(w, k, k.decides, func() { w.slash(k.user, deploys, "approve "+d.request.id.String()[1:]) })
		})
	})
	t.Run("a mention", func(t *testing.T) {
		say := func(w *world, k outsider, text string) func() {
			return func() {
				if _, err := w.slack.Mention(w.deadline(), k.user, deploys, "", text); err != nil {
					w.t.Fatal(err)
				}
			}
		}
		d.each(t, outsiders(), func(w *world, k outsider) {
			k.foreign, k.deaf = false, true // the event names the workspace of the channel
			if k.asks != "" {
				d.refuses(w, k, k.asks, say(w, k, "deploy hello staging v1"))
			}
			d.refuses(w, k, k.decides, say(w, k, "approve "+d.request.id.String()[1:]))
		})
	})
	t.Run("a button", func(t *testing.T) {
		d.each(t, outsiders(), func(w *world, k outsider) {
			d.refuses(w, k, k.decides, func() { w.click(k.user, d.request.card, "approve") })
		})
	})
	t.Run("a window that is sent", func(t *testing.T) {
		d.each(t, outsiders(), func(w *world, k outsider) {
			k.deaf = k.deaf || k.foreign // a window has nowhere to say it
			d.refuses(w, k, k.decides, func() { w.fills(k.user, d.windows[k.user], "reason", "not now") })
		})
	})
	t.Run("T40 a card that could not be edited approves nothing", func(t *testing.T) {
		w := w.in(t)
		lift := w.slack.Fault(localslack.Fault{Method: "chat.update", Error: "internal_error"})
		defer lift()
		w.slash("U0DEV", deploys, "cancel "+d.request.id.String()[1:])
		d.request.state(bcn.ChangeClosed)
		w.press("U0LEAD", d.request.card, "approve")
		w.told("U0LEAD", "already")
		if n := ask[int](t, w, `select count(*) from decision`); n != 0 {
			t.Errorf("%d decisions", n)
		}
	})
	t.Run("a schedule", func(t *testing.T) { d.schedules(t, late) })
	if n := w.executions(); n != d.executed {
		t.Errorf("%d change sets were executed", n-d.executed)
	}
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
}

// denials is one world with a request that waits, and everybody in it.
type denials struct {
	*world
	app        *App
	developers []string
	request    request
	windows    map[string]localslack.View // in which each could reject it
	plans      map[string]planned         // by which each deploys
	executed   int
}

// newDenials lets everybody begin, as one who may, what they will end as one
// who may not: they have a window open and a schedule.
func newDenials(t *testing.T) *denials {
	t.Helper()
	d := &denials{world: newWorld(t), windows: map[string]localslack.View{}, plans: map[string]planned{}}
	w := d.world
	d.developers = []string{"U0LEAD"}
	for _, k := range outsiders() {
		d.developers = append(d.developers, k.user)
		if k.user == "U0DEV" {
			continue
		}
		if err := errors.Join(w.slack.AddUser(localslack.User{ID: k.user, Name: strings.ToLower(k.user), RealName: k.user, Locale: "en-US", Team: localslack.TeamID}),
			w.slack.Join(deploys, k.user)); err != nil {
			t.Fatal(err)
		}
	}
	w.group(t, d.developers...)
	leads := strings.Replace(strings.Join(d.developers, ", "), ", U1NONE", "", 1)
	w.config = strings.Replace(accessConfig(denialRules), "leads:      { github_team: acme/leads }", "leads:      { members: ["+leads+"] }", 1)
	d.app, _ = w.bot()
	w.setUp()
	w.sql(t, `update schedule set wake_at = null where name like 'bcn-%'`)
	d.request, d.executed = w.waiting("v1"), w.executions()
	for _, k := range outsiders() {
		w.click(k.user, d.request.card, "reject")
		d.windows[k.user] = w.window(k.user, "Why?")
		if k.asks != "" {
			d.plans[k.user] = w.daily(k.user, 10*time.Minute, "", "deploy hello staging v1")
		}
	}
	for _, k := range outsideTeams() {
		d.become(t, k, true)
	}
	return d
}

// late is when the last schedule has its run.
func (d *denials) late() (at time.Time) {
	for _, p := range d.plans {
		if p.at.After(at) {
			at = p.at
		}
	}
	return at
}

// become makes a person what they are, or one who may.
func (d *denials) become(t *testing.T, k outsider, outside bool) {
	t.Helper()
	err := d.slack.EditUser(k.user, func(u *localslack.User) {
		*u = localslack.User{ID: k.user, Name: u.Name, RealName: u.RealName, Locale: u.Locale, Team: localslack.TeamID}
		if outside && k.become != nil {
			k.become(u)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if k.become == nil {
		d.group(t, slices.DeleteFunc(slices.Clone(d.developers), func(u string) bool { return outside && u == k.user })...)
	}
}

// each is a subtest for each kind of person.
func (d *denials) each(t *testing.T, kinds []outsider, do func(w *world, k outsider)) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { do(d.in(t), k) })
	}
}

// madeByPeople is what the database holds of anything that people ask for or decide.
const madeByPeople = `select concat_ws(' ', (select count(*) from change), (select count(*) from decision), (select count(*) from access_grant),
	(select count(*) from request where state <> 'pending'), (select count(*) from schedule))`

// refuses lets somebody do something, and wants a refusal with its code in the
// log, and nothing else anywhere.
func (d *denials) refuses(w *world, k outsider, code bcn.Code, do func()) {
	w.t.Helper()
	t := w.t
	last, before := ask[int64](t, w, `select max(seq) from audit_entry`), ask[string](t, w, madeByPeople)
	heard, stored := len(w.slack.Ephemerals(k.user)), ask[int](t, w, `select count(*) from inbox`)
	do()
	if !k.deaf {
		if err := w.slack.WaitFor(w.deadline(), func() bool { return len(w.slack.Ephemerals(k.user)) > heard }); err != nil {
			t.Fatalf("they are told nothing: %v\n%s", err, w.log)
		}
		if said := shown(w.slack.Ephemerals(k.user)[heard]); !strings.Contains(said, k.says) {
			t.Errorf("they are told %q, want %q", said, k.says)
		}
	}
	w.until("it is written down", `select exists (select 1 from audit_entry where seq > $1)`, last)
	want := "refused " + k.user + " " + string(code)
	if k.foreign {
		if now := ask[int](t, w, `select count(*) from inbox`); now != stored {
			t.Errorf("%d requests were stored, %d are: what another workspace sends is not kept", stored, now)
		}
	}
	if got := ask[string](t, w, `select coalesce(string_agg(kind || ' ' || actor || ' ' || (body::jsonb->>'code'), ', '), '') from audit_entry where seq > $1`, last); got != want {
		t.Errorf("the log has %q, want %q", got, want)
	}
	if now := ask[string](t, w, madeByPeople); now != before {
		t.Errorf("changes, decisions, grants, decided requests and schedules were %s, are %s", before, now)
	}
}

// tokens are issued by each person while they may.
func (d *denials) tokens(t *testing.T) {
	server := httptest.NewServer(d.app.deploys())
	t.Cleanup(server.Close)
	d.each(t, outsideTeams(), func(w *world, k outsider) {
		d.become(w.t, k, false)
		m := &ciMachine{client: ci.Client{Base: server.URL, Token: w.token(k.user, "token rotate hello staging"), HTTP: server.Client(), Patience: time.Second}}
		d.become(w.t, k, true)
		k.foreign, k.deaf = false, true
		d.refuses(w, k, k.asks, func() {
			_, err := m.deploy(w.deadline(), "hello", "staging", "v1")
			var no *ci.RefusedError
			if !errors.As(err, &no) || no.Code != string(k.asks) {
				w.t.Errorf("%v, want %s", err, k.asks)
			}
		})
	})
}

// schedules of each person come, and run nothing.
func (d *denials) schedules(t *testing.T, at time.Time) {
	before := ask[int](t, d.in(t), `select count(*) from change`)
	d.in(t).to(at)
	d.each(t, outsideTeams(), func(w *world, k outsider) {
		want := bcn.CodeOwnerGone
		if k.become == nil {
			want = k.asks
		}
		p := d.plans[k.user]
		p.w = w
		if tick := p.is(d.app, bcn.TickSkipped); tick.Code != want || tick.Change != 0 {
			w.t.Errorf("skipped because %s, want %s; it asked for %s", tick.Code, want, tick.Change)
		}
		if p.changes() != 0 {
			w.t.Error("it asked for a change")
		}
	})
	if now := ask[int](t, d.in(t), `select count(*) from change`); now != before {
		t.Errorf("%d changes were made", now-before)
	}
}
