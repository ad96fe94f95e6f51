package app

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// modalRules are what the tests of windows run with: secrets of production and
// every deletion wait for a lead.
const modalRules = `
  - { allow: ["*"],          to: [help, whoami] }
  - { allow: [developers, leads], to: [read] }
  - { allow: [developers],   to: [deploy, restart] }
  - { allow: [developers],   to: [secret], on: [staging] }
  - { allow: [developers],   to: [secret], on: [production], approve: { by: [leads], count: 1, within: 1h } }
  - { allow: [developers],   to: [delete], destructive: true, approve: { by: [leads], count: 1, within: 1h } }
  - { allow: [developers],   to: [delete] }
  - { allow: [admins],       to: ["*"] }
`

// window waits until a person has a filled window before them.
func (w *world) window(user string, words ...string) localslack.View {
	w.t.Helper()
	return w.views(user, func(v localslack.View) bool { return v.Submit != "" && all(string(v.Blocks), words) })
}

// views waits until a person sees a window that matches.
func (w *world) views(user string, match func(localslack.View) bool) localslack.View {
	w.t.Helper()
	var found localslack.View
	err := w.slack.WaitFor(w.deadline(), func() bool {
		for _, v := range w.slack.Views(user) {
			if match(v) {
				found = v
				return true
			}
		}
		return false
	})
	if err != nil {
		w.t.Fatalf("no such window: %v\n%+v\n%s\n%s", err, w.slack.Views(user), w.everything(), w.log)
	}
	return found
}

// fills sends a window with one input, and answers what is shown below it.
func (w *world) fills(user string, v localslack.View, input, value string) string {
	w.t.Helper()
	wrong, err := w.slack.Submit(w.deadline(), user, v.ID, map[string]map[string]string{input: {input: value}})
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.log)
	}
	return wrong[input]
}

// newest is the newest change of a kind, waited for.
func (w *world) newest(kind bcn.Kind, after bcn.ID) bcn.ID {
	w.t.Helper()
	w.until("a change of the kind "+string(kind), `select exists (select 1 from change where kind = $1 and id > $2)`, string(kind), int64(after))
	return bcn.ID(ask[int64](w.t, w, `select max(id) from change where kind = $1`, string(kind)))
}

// last is the newest change of any kind.
func (w *world) last() bcn.ID {
	return bcn.ID(ask[int64](w.t, w, `select coalesce(max(id), 0) from change`))
}

// change is the request of a change whose card is looked for.
func (w *world) change(id bcn.ID) request {
	w.t.Helper()
	return request{w, id, w.card(deploys, id.String())}
}

// account calls AWS as its administrator.
func (w *world) account() *awsx.Session {
	w.t.Helper()
	client, err := awsx.New(w.t.Context(), awsx.Options{Region: localaws.DefaultRegion, Endpoint: w.aws.URL(), Isolated: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return client.For(bcn.Target{District: bcn.District{Region: localaws.DefaultRegion}})
}

// holds says what a parameter's value is.
func (w *world) holds(name string) string {
	w.t.Helper()
	value, _, err := w.account().ParameterValue(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return value()
}

// nothingWaits says that no value is left where values wait.
func (w *world) nothingWaits(t *testing.T) {
	t.Helper()
	s := w.account()
	for tick := newTick(t); ; tick() {
		left, err := s.ParametersUnder(context.WithoutCancel(t.Context()), "/bcn-pending")
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
	}
}

// forbid takes an action from CloudFormation's role; allow gives it back.
func (w *world) forbid(t *testing.T, action string) (allow func()) {
	t.Helper()
	role := map[string]any{"RoleName": "bcn-default-cloudformation", "PolicyName": "forbidden"}
	put := maps.Clone(role)
	put["PolicyDocument"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"` + action + `","Resource":"*"}]}`
	if _, err := w.aws.Do(t.Context(), "iam", "PutRolePolicy", put); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := w.aws.Do(t.Context(), "iam", "DeleteRolePolicy", role); err != nil {
			t.Fatal(err)
		}
	}
}

// stacks are those of the account whose name begins with the word.
func (w *world) stacks(prefix string) []string {
	w.t.Helper()
	list, err := w.account().Stacks(w.t.Context(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, s := range list {
		if strings.HasPrefix(s.Name, prefix) {
			out = append(out, s.Name+" "+s.Status)
		}
	}
	return out
}
