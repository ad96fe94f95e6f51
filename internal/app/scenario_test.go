package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

const deploys = "C0DEPLOYS"

// reasons make each request's card different.
var reasons atomic.Int64

// request is what somebody asked for, and its card.
type request struct {
	w    *world
	id   bcn.ID
	card localslack.Message
}

// ask deploys hello as dana and waits until the card says something.
func (w *world) ask(env, tag string, words ...string) request {
	w.t.Helper()
	reason := fmt.Sprintf("reason-%d.", reasons.Add(1))
	if said := w.slash("U0DEV", deploys, "deploy hello "+env+" "+tag+" --reason "+reason); said != "" {
		w.t.Fatalf("deploy %s: %s", tag, said)
	}
	card := w.card(deploys, append([]string{reason}, words...)...)
	return request{w, idOf(w.t, card), card}
}

// waiting is a request by dana that waits for lee.
func (w *world) waiting(tag string) request {
	w.t.Helper()
	return w.ask("production", tag, "waits for approval")
}

// says waits until the card shows the words.
func (r request) says(words ...string) localslack.Message {
	r.w.t.Helper()
	return r.w.wait(func(m localslack.Message) bool {
		return m.Channel == r.card.Channel && m.TS == r.card.TS && all(shown(m), words)
	}, r.id.String()+" says "+strings.Join(words, ", "))
}

// press clicks a button of the card as it is now.
func (r request) press(user, action string) {
	r.w.t.Helper()
	now, ok := r.w.slack.Message(r.card.Channel, r.card.TS)
	if !ok {
		r.w.t.Fatal("the card is gone")
	}
	r.w.press(user, now, action)
}

// state waits until the change is in the state.
func (r request) state(s bcn.ChangeState) {
	r.w.t.Helper()
	r.w.until(r.id.String()+" is "+string(s), `select state = $2 from change where id = $1`, int64(r.id), string(s))
}

// code is why the change ended.
func (r request) code() bcn.Code {
	r.w.t.Helper()
	return bcn.Code(ask[string](r.w.t, r.w, `select code from change where id = $1`, int64(r.id)))
}

// executions counts the change sets that were ever executed.
func (w *world) executions() int {
	n := 0
	for _, c := range w.aws.Calls() {
		if c.Action == "ExecuteChangeSet" && c.ErrorCode == "" {
			n++
		}
	}
	return n
}

// ran counts the change's change sets that were executed. A call that was
// repeated with its token is no second execution.
func (r request) ran() int {
	names := map[string]bool{}
	for _, c := range r.w.aws.Calls() {
		name := fmt.Sprint(c.Params["ChangeSetName"])
		if c.Action == "ExecuteChangeSet" && c.ErrorCode == "" && strings.Contains(name, fmt.Sprintf("bcn-%d-", int64(r.id))) {
			names[name] = true
		}
	}
	return len(names)
}

// target is where the change calls AWS, for doing behind bcn's back what its
// role may.
func (r request) target(a *App) bcn.Target {
	r.w.t.Helper()
	d, err := a.store.District(r.w.t.Context(), "default")
	if err != nil {
		r.w.t.Fatal(err)
	}
	return a.deploy.SystemTarget(d)
}

// plan is what was asked for.
func (r request) plan(a *App) (bcn.Plan, deploy.StoredPlan) {
	r.w.t.Helper()
	stored, err := a.store.Plan(r.w.t.Context(), r.id)
	if err != nil {
		r.w.t.Fatal(err)
	}
	p, err := readPlan(stored)
	if err != nil {
		r.w.t.Fatal(err)
	}
	return p, stored
}

// halt stops new changes, or lets them go on.
func (w *world) halt(on bool) {
	w.t.Helper()
	verb := "resume"
	if on {
		verb = "halt"
	}
	w.slash("U0ADMIN", deploys, verb)
	w.until(verb, `select is_on = $1 from halt`, on)
}

// until polls the database, which signals nothing, for something to become true.
func (w *world) until(what, query string, args ...any) {
	w.t.Helper()
	tick := newTick(w.t)
	defer func() {
		if w.t.Failed() {
			w.t.Logf("waiting until %s\n%s\n%s", what, w.everything(), w.log)
		}
	}()
	for !ask[bool](w.t, w, query, args...) {
		tick()
	}
}

// sql does something to the database that bcn would not.
func (w *world) sql(t *testing.T, statement string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.owner)
	if err != nil {
		t.Error(err)
		return
	}
	if _, err = conn.Exec(ctx, statement, args...); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Error(err)
	}
}

// ask answers one value of the database.
func ask[T any](t *testing.T, w *world, query string, args ...any) (v T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, w.owner)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(ctx, query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if err := conn.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return v
}

// buttonOf answers the id of a message's button.
func buttonOf(m localslack.Message, action string) string {
	for _, b := range m.Buttons() {
		if strings.Contains(b.ActionID, ":"+action+":") {
			return b.ActionID
		}
	}
	return ""
}

// idOf reads the number of a card's change.
func idOf(t *testing.T, card localslack.Message) bcn.ID {
	t.Helper()
	_, after, _ := strings.Cut(shown(card), "*#")
	number, _, _ := strings.Cut(after, "*")
	id, err := bcn.ParseID(number)
	if err != nil {
		t.Fatalf("no number on %s", shown(card))
	}
	return id
}

// readPlan reads a plan's bytes.
func readPlan(s deploy.StoredPlan) (bcn.Plan, error) {
	var p bcn.Plan
	err := json.Unmarshal(s.Bytes, &p)
	return p, err
}

// fromGitHub registers the sample app from a repository that tests can commit
// to, and deploys a first version.
func (w *world) fromGitHub(tag string) {
	w.t.Helper()
	w.commit(w.manifest())
	w.type1(w.aws.SampleCommands()[0], w.aws.SampleCommands()[1],
		"/bcn create hello production --district default --source github:acme/hello", "/bcn deploy hello production "+tag)
}

// manifest is the sample's.
func (w *world) manifest() string {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.root(), "examples", "hello", "barcelona.yml"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// commit makes a file the newest of acme/hello.
func (w *world) commit(manifest string) {
	w.github.Commit("acme", "hello", "main", map[string]string{"barcelona.yml": manifest})
}

// newTick makes a pause between two looks at what signals nothing; it fails the
// test where patience is over.
func newTick(t *testing.T) func() {
	t.Helper()
	tick := time.NewTicker(30 * time.Millisecond)
	end, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(func() { tick.Stop(); cancel() })
	return func() {
		t.Helper()
		select {
		case <-tick.C:
		case <-end.Done():
			t.Fatal("it took too long")
		}
	}
}
