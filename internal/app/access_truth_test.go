package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// onNode is a grant of two minutes with an open session on the node.
func (w *world) onNode() (grantCard, *terminal, string) {
	w.t.Helper()
	g := w.access("U0DEV", onTheNode+" for 2m").approved()
	at := g.at("U0DEV")
	at.open()
	id := at.shell()
	w.comes("the session is seen", `select jsonb_array_length(sessions) = 1 from access_grant where id = $1`, int64(g.id))
	return g, at, id
}

// unlisted starts a session just before the end that no list shows before after
// has passed since the end, and answers how far lists then lag.
func (e *terminal) unlisted(end time.Time, after time.Duration) (id string, lag time.Duration) {
	w := e.g.w
	w.t.Helper()
	w.aws.Sessions().ListLag(time.Hour)
	w.pass(end.Sub(w.now()) - 20*time.Second)
	started := w.aws.Now()
	id = e.shell()
	lag = end.Add(after).Sub(started)
	w.aws.Sessions().ListLag(lag)
	return id, lag
}

// notEnded lets the bot look n times, and says that it does not call the grant
// ended.
func (g grantCard) notEnded(a *App, n int64) {
	g.w.t.Helper()
	g.w.looks(g.id, n)
	if row := g.row(a); row.State == bcn.GrantEnded || row.VerifiedAt != nil {
		g.w.t.Errorf("%s is %s, verified %v", g.id, row.State, row.VerifiedAt)
	}
}

// security waits for what the security channel is told of the grant.
func (g grantCard) security(words ...string) {
	g.w.t.Helper()
	g.w.card("C0SEC", append(words, g.id.String())...)
}

// quiet says that nobody was called because of the grant.
func (g grantCard) quiet() {
	g.w.t.Helper()
	for _, m := range g.w.slack.Messages("C0SEC") {
		if strings.Contains(shown(m), g.id.String()) {
			g.w.t.Errorf("security was told %q", m.Text)
		}
	}
}

// Acceptance 4 of issue 3: nothing is called ended that is not.
func TestNothingIsCalledEndedThatIsNot(t *testing.T) {
	t.Parallel()
	w, a := nodeWorld(t, nodeRules)
	sm := w.aws.Sessions()
	var secrets []string
	t.Run("AWS says yes to an end and does nothing", func(t *testing.T) {
		w := w.in(t)
		g, at, id := w.onNode()
		secrets = append(secrets, at.secrets()...)
		sm.LieAboutTermination(3)
		w.pass(2*time.Minute + 16*time.Second)
		row := g.over(a, bcn.WhyTime)
		if w.active(a, id) || row.Tries < 1 {
			t.Errorf("open: %v, after %d tries in vain", w.active(a, id), row.Tries)
		}
		if n := w.calls("TerminateSession", id); n < 4 {
			t.Errorf("it was told to end %d times", n)
		}
	})
	t.Run("a session that does not die turns the card red, pages security, and is told to be closed at last", func(t *testing.T) {
		w := w.in(t)
		g, at, id := w.onNode()
		secrets = append(secrets, at.secrets()...)
		sm.LieAboutTermination(1 << 30)
		w.pass(2*time.Minute + 16*time.Second)
		g.notEnded(a, 3)
		g.quiet()
		w.pass(31 * time.Second)
		g.is(bcn.GrantEndFailed)
		g.says("not closed")
		g.security("does not close", id)
		g.notEnded(a, 3)
		if n := len(w.said1("C0SEC", g.id.String())); n != 1 {
			t.Errorf("security was told %d times", n)
		}
		sm.LieAboutTermination(0)
		g.over(a, bcn.WhyTime)
		g.security("is closed now")
		g.says("access ended", "verified")
		if w.active(a, id) {
			t.Error("it is open")
		}
	})
	t.Run("what is being terminated is not ended", func(t *testing.T) {
		w := w.in(t)
		g, at, id := w.onNode()
		secrets = append(secrets, at.secrets()...)
		sm.RefuseToDie(1)
		w.pass(2*time.Minute + 16*time.Second)
		g.over(a, bcn.WhyTime)
		if w.active(a, id) {
			t.Error("it is open")
		}
	})
	t.Run("a session of the last seconds is waited for in a list that lags", func(t *testing.T) {
		w := w.in(t)
		g := w.access("U0DEV", onTheNode+" for 2m").approved()
		at := g.at("U0DEV")
		at.open()
		secrets = append(secrets, at.secrets()...)
		end := *g.row(a).EndsAt
		id, lag := at.unlisted(end, 12*time.Second)
		defer sm.ListLag(0)
		w.pass(end.Sub(w.now()) + 2*time.Second)
		g.is(bcn.GrantEnding)
		g.notEnded(a, 4)
		w.pass(11 * time.Second)
		w.comes("it was found and told to end", `select jsonb_array_length(sessions) = 1 from access_grant where id = $1`, int64(g.id))
		g.notEnded(a, 2) // the list says that it is open, and is behind
		w.pass(lag + 2*time.Second)
		g.over(a, bcn.WhyTime)
		if w.active(a, id) {
			t.Error("it is open")
		}
	})
	for _, c := range []struct {
		name string
		done bool // the holder ended it long before
		why  bcn.GrantWhy
	}{
		{"a session that shows up after the end opens the end again", false, bcn.WhyTime},
		{"one that was ended before its time is looked after as long as its credentials last", true, bcn.WhyDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			g := w.access("U0DEV", onTheNode+" for 10m").approved()
			at := g.at("U0DEV")
			at.open()
			secrets = append(secrets, at.secrets()...)
			if c.done {
				w.ends("U0DEV", g.number())
				g.is(bcn.GrantEnding)
			}
			end := *g.row(a).EndsAt
			id, _ := at.unlisted(end, 30*time.Second)
			defer sm.ListLag(0)
			w.pass(end.Sub(w.now()) + 16*time.Second)
			g.is(bcn.GrantEnded) // as far as anybody can know
			w.pass(20 * time.Second)
			w.comes("it is known", `select jsonb_array_length(sessions) = 1 from access_grant where id = $1`, int64(g.id))
			g.security("does not close", id)
			sm.ListLag(0)
			g.over(a, c.why)
			if w.active(a, id) {
				t.Error("it is open")
			}
			g.security("is closed now")
		})
	}
	t.Run("all pages of the list are read", func(t *testing.T) {
		w := w.in(t)
		g, at, _ := w.onNode()
		secrets = append(secrets, at.secrets()...)
		const more = 205 // a page has 200
		for range more {
			at.shell()
		}
		w.pass(2*time.Minute + 16*time.Second)
		row := g.over(a, bcn.WhyTime)
		if len(row.Sessions) != more+1 {
			t.Errorf("%d sessions are known", len(row.Sessions))
		}
		for _, s := range row.Sessions {
			if !slices.Contains(w.terminated(), s.ID) {
				t.Fatalf("%s was not told to end", s.ID)
			}
		}
	})
	t.Run("what AWS does not answer is not ended", func(t *testing.T) {
		w := w.in(t)
		g, at, id := w.onNode()
		secrets = append(secrets, at.secrets()...)
		w.aws.Faults().Throttle("ssm", "*", -1)
		w.pass(2*time.Minute + 16*time.Second)
		g.is(bcn.GrantEnding)
		g.notEnded(a, 2)
		w.pass(31 * time.Second)
		g.is(bcn.GrantEndFailed)
		g.security("does not close")
		w.aws.Faults().Clear()
		g.over(a, bcn.WhyTime)
		if w.active(a, id) {
			t.Error("it is open")
		}
		g.security("is closed now")
	})
	t.Run("a stranger's session is reported and left alone", func(t *testing.T) {
		w := w.in(t)
		g, at, id := w.onNode()
		secrets = append(secrets, at.secrets()...)
		ch, err := w.admin().StartSession(t.Context(), localaws.SampleNode, at.had[0].Target.Document(), "")
		if err != nil {
			t.Fatal(err)
		}
		w.comes("it is seen", `select sessions @> jsonb_build_array(jsonb_build_object('id', $2::text, 'stranger', true))
			from access_grant where id = $1`, int64(g.id), ch.SessionID)
		w.pass(2*time.Minute + 16*time.Second)
		g.over(a, bcn.WhyTime)
		if w.active(a, id) || !w.active(a, ch.SessionID) {
			t.Errorf("open: its own %v, the stranger's %v", w.active(a, id), w.active(a, ch.SessionID))
		}
		g.says("1 session closed", "without any access")
		w.pass(6 * time.Minute)
		w.inThread(g.card, "What was done", ch.SessionID, "bcn did not end it")
	})
	clean(t, w, secrets...)
	noErrors(t, w)
}

// A clock of AWS's that is off the database's decides when its credentials end,
// and so when a grant is called ended.
func TestAWSsClockIsOff(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{30 * time.Second, -30 * time.Second} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			w, a := nodeWorld(t, nodeRules)
			if err := w.aws.Advance(off); err != nil {
				t.Fatal(err)
			}
			g, at, id := w.onNode()
			end := *g.row(a).EndsAt
			w.pass(end.Sub(w.now()) + time.Second)
			late, err := at.tries()
			if behind := off < 0; (err == nil) != behind {
				t.Fatalf("with a clock %s off, credentials at the end: %v", off, err)
			}
			if off < 0 {
				g.notEnded(a, 2) // by AWS's clock they are good for half a minute yet
				w.pass(-off)
				if _, err := at.tries(); err == nil {
					t.Error("the credentials outlive the grant by AWS's own clock")
				}
				w.pass(15 * time.Second) // what began in the last second may not be listed
			}
			row := g.over(a, bcn.WhyTime)
			if by := end.Add(15 * time.Second); row.SweptAt.Before(by) {
				t.Errorf("called ended at %s by AWS's clock, before %s", row.SweptAt, by)
			}
			for _, s := range []string{id, late} {
				if s != "" && w.active(a, s) {
					t.Errorf("%s is open, of %d", s, len(row.Sessions))
				}
			}
			w.pass(6 * time.Minute)
			g.state(bcn.ChangeSucceeded)
			clean(t, w, at.secrets()...)
			noErrors(t, w)
		})
	}
}

// now is the database's time.
func (w *world) now() time.Time {
	w.t.Helper()
	return ask[time.Time](w.t, w, `select bcn_now()`)
}

// calls counts what bcn asked of AWS about a session.
func (w *world) calls(action, session string) int {
	n := 0
	for _, c := range w.aws.Calls() {
		if c.Action == action && fmt.Sprint(c.Params["SessionId"]) == session {
			n++
		}
	}
	return n
}

func (w *world) terminated() []string {
	var out []string
	for _, c := range w.aws.Calls() {
		if c.Action == "TerminateSession" {
			out = append(out, fmt.Sprint(c.Params["SessionId"]))
		}
	}
	return out
}

// said1 are the messages of a channel with the words.
func (w *world) said1(channel string, words ...string) []localslack.Message {
	return slices.DeleteFunc(w.slack.Messages(channel), func(m localslack.Message) bool { return !all(shown(m), words) })
}
