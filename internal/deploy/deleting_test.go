package deploy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// made has a heritage's stacks, and nothing else of CloudFormation.
type made struct{ deploy.Stacks }

func (made) Removal(_ context.Context, _ bcn.Target, name, _ string) (bcn.StackPlan, error) {
	return bcn.StackPlan{Name: name, StackID: "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/" + name + "/1", Delete: true, Template: []byte(`{"Resources":{}}`)}, nil
}

// kept is how many parameters are below each folder.
type kept struct {
	deploy.Secrets
	below map[string]int
}

func (k kept) SecretsBelow(_ context.Context, _ bcn.Target, folder string) ([]deploy.Parameter, error) {
	return make([]deploy.Parameter, k.below[folder]), nil
}

// The plan of a deletion says what goes, what stays, and what is open.
func TestWhatADeletionSays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	lines := func(t *testing.T, env, heritage string, also string) []string {
		t.Helper()
		w := newWorld(t).settled()
		if also != "" {
			storetest.Exec(t, w.owner, also)
		}
		w.Stacks, w.ExternalID = made{}, func(string) string { return "" }
		w.Secrets = kept{below: map[string]int{"/barcelona/default/hello": 2, "/barcelona/default/hello-staging": 1}}
		asked, err := w.Ask(ctx, deploy.Origin{Channel: "C0DEPLOYS"}, person("U0ADMIN"), deploy.Wish{Kind: bcn.KindDelete, App: "hello", Env: env, Confirm: heritage})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tick(ctx, asked.ID); err != nil {
			t.Fatal(err)
		}
		stored, err := w.store.Plan(ctx, asked.ID)
		if err != nil {
			t.Fatalf("%v: %+v", err, w.change(asked.ID))
		}
		var p bcn.Plan
		if err := json.Unmarshal(stored.Bytes, &p); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range p.Lines {
			out = append(out, string(l.Mark)+" "+l.What)
		}
		return out
	}
	const staging = `insert into heritage (name, app, env, district, source) values ('hello-staging', 'hello', 'staging', 'default', 'dir:examples/hello');`
	has := func(t *testing.T, lines []string, want string, there bool) {
		t.Helper()
		if got := strings.Contains(strings.Join(lines, "\n"), want); got != there {
			t.Errorf("%q is said: %v\n%s", want, got, strings.Join(lines, "\n"))
		}
	}
	t.Run("both stacks go, logs stay", func(t *testing.T) {
		t.Parallel()
		got := lines(t, "production", "hello", "")
		has(t, got, "stack hello", true)
		has(t, got, "stack heritage-hello", true)
		has(t, got, "log group Barcelona/default/hello stays", true)
	})
	t.Run("one-offs, access and what waits of the heritage are named, another's are not", func(t *testing.T) {
		t.Parallel()
		got := lines(t, "production", "hello", staging+`insert into change (id, kind, subject, app, env, heritage, district, wish, state, requester) values
			(501, 'run', 'run:1', 'hello', 'production', 'hello', 'default', '{}', 'applying', '{}'),
			(502, 'access', 'access:1', 'hello', 'production', 'hello', 'default', '{}', 'applying', '{}'),
			(503, 'deploy', 'other:1', 'hello', 'production', 'hello', 'default', '{}', 'waiting', '{}'),
			(504, 'run', 'run:2', 'hello', 'staging', 'hello-staging', 'default', '{}', 'applying', '{}'),
			(505, 'run', 'run:3', 'hello', 'production', 'hello', 'default', '{}', 'succeeded', '{}')`)
		has(t, got, "run #501 is running", true)
		has(t, got, "access #502 is open: what it lets into goes", true)
		has(t, got, "deploy #503 has not begun and is closed", true)
		has(t, got, "#504", false)
		has(t, got, "#505", false)
	})
	t.Run("schedules that name it are", func(t *testing.T) {
		t.Parallel()
		schedule := func(name, command string) string {
			return `insert into schedule (name, spec, zone, command, owner, channel, options, state) values ('` + name + `', '@daily', 'UTC', '` + command + `', '{}', 'C', '{}', 'active');`
		}
		got := lines(t, "production", "hello", schedule("nightly", "deploy  hello production latest")+schedule("other", "deploy hello staging latest")+schedule("near", "deploy hello production2 latest"))
		has(t, got, "schedule nightly names it and will fail", true)
		has(t, got, "schedule other", false)
		has(t, got, "schedule near", false)
	})
	t.Run("of the app's folder nothing is said while another environment has it", func(t *testing.T) {
		t.Parallel()
		has(t, lines(t, "staging", "hello-staging", staging), "below /barcelona/default/hello-staging/ stays (1)", true)
		has(t, lines(t, "staging", "hello-staging", staging), "below /barcelona/default/hello/", false)
		has(t, lines(t, "production", "hello", ""), "below /barcelona/default/hello/ stays (2)", true)
	})
}
