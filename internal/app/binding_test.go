package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
)

// Promises 10 and 11: one environment does not reach another, what is refused
// changes nothing, and foreign stacks are never touched.
func TestBinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bot()
	w.fromGitHub("v1")
	for _, command := range []string{
		"/bcn endpoint create inner --district default --for production",
		"/bcn create hello staging --district default --source github:acme/hello",
	} {
		w.type1(command)
	}
	for _, c := range []struct {
		name      string
		edit      []string // what is replaced in the file, by what
		env, says string
	}{
		{"a file that names another heritage", []string{"name: hello\n", "name: other\n"}, "production", "bound to"},
		{"a file that takes the heritage of another environment", []string{"name: hello\n", "name: hello-old\n", "name: hello-staging\n", "name: hello\n"}, "staging", "bound to"},
		{"a heritage that two environments name", []string{"name: hello-staging\n", "name: hello\n"}, "staging", "mistakes"},
		{"an endpoint of another environment", []string{"endpoint: main", "endpoint: inner"}, "staging", "does not serve the environment"},
		{"an endpoint that is not there", []string{"endpoint: main", "endpoint: nowhere"}, "production", "no endpoint"},
		{"a secret outside the app's path", []string{"{ ssm_path: hello/", "{ ssm_path: other/"}, "staging", "may not refer to"},
		{"a secret of a path that only begins like the app's", []string{"{ ssm_path: hello/", "{ ssm_path: hello-staging2/"}, "staging", "may not refer to"},
		{"a secret that is not there", []string{"{ ssm_path: hello/session_secret", "{ ssm_path: hello/nothing"}, "staging", "do not exist"},
		{"a file system that the app was not given", []string{"service_type: web", "service_type: web\n    volumes: [{ name: data, path: /data, efs: { file_system: fs-0123456789abcdef0 } }]"}, "production", "may not mount"},
		{"a file with mistakes", []string{"service_type: web", "service_type: wep"}, "production", "mistakes"},
	} {
		t.Run(c.name+" is refused, and nothing is changed", func(t *testing.T) {
			w := w.in(t)
			changed := strings.NewReplacer(c.edit...).Replace(w.manifest())
			if changed == w.manifest() {
				t.Fatal("the file was not changed")
			}
			w.commit(changed)
			before := len(w.aws.Calls())
			r := w.ask(c.env, "v2", "closed", c.says)
			w.until("it is cleaned", `select not leftover from change where id = $1`, int64(r.id))
			w.nothingWritten(t, before)
			w.commit(w.manifest())
		})
	}
	t.Run("a district of another environment is refused", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0ADMIN", deploys, "create shop review --district default --source github:acme/hello")
		w.told("U0ADMIN", "does not serve the environment", "review")
	})
	t.Run("a heritage that is bound is not bound again", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0ADMIN", deploys, "create twin production --district default --source github:acme/hello")
		w.card(deploys, "twin", "closed", "taken")
	})
	t.Run("a foreign stack of the same name is never touched", func(t *testing.T) {
		w := w.in(t)
		w.foreignStack(t, "hello-staging")
		before := len(w.aws.Calls())
		r := w.ask("staging", "v2", "closed", "is not ours")
		w.until("it is cleaned", `select not leftover from change where id = $1`, int64(r.id))
		for _, call := range w.aws.Calls()[before:] {
			if call.ErrorCode == "" && changes(call.Action) && strings.HasSuffix(paramOf(call, "StackName"), "hello-staging") &&
				!strings.Contains(paramOf(call, "StackName"), "heritage-") {
				t.Errorf("%s %s", call.Action, paramOf(call, "StackName"))
			}
		}
		if r.ran() != 0 {
			t.Error("something was executed")
		}
	})
	if _, err := w.open().VerifyAudit(t.Context()); err != nil {
		t.Errorf("the audit chain: %v", err)
	}
	w.noSecrets(t)
}

// changes says that an action of AWS is not a read.
func changes(action string) bool {
	for _, verb := range []string{"Create", "Delete", "Execute", "Update", "Put", "Cancel", "Run", "Register"} {
		if strings.HasPrefix(action, verb) {
			return true
		}
	}
	return false
}

func paramOf(c localaws.CallRecord, name string) string {
	s, _ := c.Params[name].(string)
	return s
}

// nothingWritten looks at all calls since.
func (w *world) nothingWritten(t *testing.T, since int) {
	t.Helper()
	for _, call := range w.aws.Calls()[since:] {
		if changes(call.Action) {
			t.Errorf("%s %s was called", call.Service, call.Action)
		}
	}
}

// foreignStack makes a stack as the account's administrator.
func (w *world) foreignStack(t *testing.T, name string) {
	t.Helper()
	client, err := awsx.New(t.Context(), awsx.Options{Region: localaws.DefaultRegion, Endpoint: w.aws.URL(), Isolated: true})
	if err != nil {
		t.Fatal(err)
	}
	s := client.For(bcn.Target{District: bcn.District{Region: localaws.DefaultRegion}, Session: "admin"})
	template := []byte(`{"Resources":{"Logs":{"Type":"AWS::Logs::LogGroup","Properties":{"LogGroupName":"somebody/elses"}}}}`)
	id, _, err := s.CreateChangeSet(t.Context(), awsx.NewChangeSet{Name: "theirs", Stack: name, Create: true, Template: template})
	if err != nil {
		t.Fatal(err)
	}
	tick := newTick(t)
	for err = s.ExecuteChangeSet(t.Context(), name, id, "", true); err != nil; err = s.ExecuteChangeSet(t.Context(), name, id, "", true) {
		tick()
	}
	for stack, err := s.Stack(t.Context(), name); stack.Status != "CREATE_COMPLETE"; stack, err = s.Stack(t.Context(), name) {
		if err != nil {
			t.Fatal(err)
		}
		tick()
	}
}
