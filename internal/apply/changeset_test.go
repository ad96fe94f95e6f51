package apply_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func TestANewStackIsProposedExecutedAndUpdated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := groups(t, "one", 2, 7)
	plan := w.propose(t, "bcn-7-1", p)
	if !plan.Create || plan.ChangeSet == "" || !bytes.Equal(plan.Template, p.Template) || plan.LastUpdate != "" {
		t.Fatalf("%+v", plan)
	}
	want := []bcn.ResourceDelta{
		{Action: "Add", LogicalID: "Group000", Type: "AWS::Logs::LogGroup"},
		{Action: "Add", LogicalID: "Group001", Type: "AWS::Logs::LogGroup"},
	}
	if diff := cmp.Diff(want, plan.Changes); diff != "" {
		t.Error(diff)
	}
	if status := w.run(t, plan); status != "CREATE_COMPLETE" {
		t.Fatal(status)
	}
	outputs, err := w.Outputs(t.Context(), w.target, "one")
	if err != nil || outputs["First"] != "Barcelona/default/one-000" {
		t.Errorf("outputs %v %v", outputs, err)
	}
	second := w.propose(t, "bcn-8-1", groups(t, "one", 1, 14))
	if second.Create || second.LastUpdate == "" || second.StackID != plan.StackID {
		t.Fatalf("%+v", second)
	}
	if len(second.Changes) != 2 || second.Changes[0].Action != "Modify" || second.Changes[1].Action != "Remove" {
		t.Errorf("%+v", second.Changes)
	}
	if got := strings.Join(second.Changes[0].Properties, " "); !strings.Contains(got, "RetentionInDays") || strings.Contains(got, "14") {
		t.Errorf("properties %q", got)
	}
	if status := w.run(t, second); status != "UPDATE_COMPLETE" {
		t.Fatal(status)
	}
}

func TestAnUnchangedStackHasNoChangeSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := groups(t, "one", 1, 7)
	w.run(t, w.propose(t, "bcn-7-1", p))
	plan := w.propose(t, "bcn-8-1", p)
	if plan.ChangeSet != "" || plan.StackID == "" || plan.LastUpdate == "" {
		t.Errorf("%+v", plan)
	}
	if names, err := w.client.For(w.target).ChangeSets(t.Context(), "one"); err != nil || slices.Contains(names, "bcn-8-1") {
		t.Errorf("change sets %v %v", names, err)
	}
	again, err := w.Reread(t.Context(), w.target, plan)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan, again); diff != "" {
		t.Error(diff)
	}
}

func TestProposingTwiceAnswersWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := groups(t, "one", 1, 7)
	first := w.propose(t, "bcn-7-1", p)
	if diff := cmp.Diff(first, w.propose(t, "bcn-7-1", p)); diff != "" {
		t.Error(diff)
	}
	_, err := w.Propose(t.Context(), w.target, "bcn-7-1", groups(t, "one", 2, 7), owner)
	wantCode(t, err, bcn.CodeTampered)
}

func TestRereadAnswersWhatWasProposed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, w.propose(t, "bcn-7-1", groups(t, "one", 1, 7)))
	plan := w.propose(t, "bcn-8-1", groups(t, "one", 2, 7))
	again, err := w.Reread(t.Context(), w.target, plan)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plan, again); diff != "" {
		t.Error(diff)
	}
}

func TestAPlanThatMovedIsNotRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, w.propose(t, "bcn-7-1", groups(t, "one", 1, 7)))
	stale := w.propose(t, "bcn-8-1", groups(t, "one", 2, 7))
	other := w.propose(t, "bcn-9-1", groups(t, "one", 3, 7))
	w.run(t, other)
	_, err := w.Reread(t.Context(), w.target, stale)
	wantCode(t, err, bcn.CodePlanMoved)
	wantCode(t, w.Execute(t.Context(), w.target, stale, "t"), bcn.CodePlanMoved)
}

func TestExecutingTwiceRunsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, w.propose(t, "bcn-7-1", groups(t, "one", 1, 7)))
	plan := w.propose(t, "bcn-8-1", groups(t, "one", 2, 7))
	if err := w.Execute(t.Context(), w.target, plan, "token"); err != nil {
		t.Fatal(err)
	}
	if err := w.Execute(t.Context(), w.target, plan, "token"); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	w.end(t, plan)
	if err := w.Execute(t.Context(), w.target, plan, "token"); err != nil {
		t.Errorf("after it ran: %v", err)
	}
}

func TestALostAnswerOfExecuteIsHarmless(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan := w.propose(t, "bcn-7-1", groups(t, "one", 1, 7))
	w.aws.Faults().DropAnswer("cloudformation", "ExecuteChangeSet", 1)
	if err := w.Execute(t.Context(), w.target, plan, "token"); err != nil {
		t.Fatal(err)
	}
	if status := w.end(t, plan); status != "CREATE_COMPLETE" {
		t.Error(status)
	}
}

func TestAForeignStackIsNeverTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name     string
		tags     []bcn.Tag
		executed bool
	}{
		{"untagged", nil, true},
		{"of-another-installation", []bcn.Tag{{Key: "bcn:installation", Value: "installation-2"}}, true},
		{"under-review", nil, false},
	} {
		p := groups(t, c.name, 1, 7)
		p.Tags = c.tags
		w.foreign(t, p, c.executed)
		before := len(w.aws.Calls())
		_, err := w.Propose(t.Context(), w.target, "bcn-7-1", groups(t, c.name, 2, 7), owner)
		wantCode(t, err, bcn.CodeStackForeign)
		err = w.Discard(t.Context(), w.target, bcn.StackPlan{Name: c.name, ChangeSet: "bcn-7-1"}, deploy.Discarding{Owner: owner})
		if err != nil && bcn.CodeOf(err) != bcn.CodeAccessDenied {
			t.Errorf("%s: discard: %v", c.name, err)
		}
		for _, call := range w.aws.Calls()[before:] {
			if call.ErrorCode == "" && writes(call.Action) {
				t.Errorf("%s: %s %s was called", c.name, call.Service, call.Action)
			}
		}
	}
}

func writes(action string) bool {
	for _, verb := range []string{"Create", "Delete", "Execute", "Update", "Put", "Cancel"} {
		if strings.HasPrefix(action, verb) {
			return true
		}
	}
	return false
}

// foreign makes a stack as the account's administrator.
func (w *world) foreign(t *testing.T, p bcn.Proposal, executed bool) {
	t.Helper()
	admin := w.target
	admin.District.Role = ""
	s := w.client.For(admin)
	id, stack, err := s.CreateChangeSet(t.Context(), awsx.NewChangeSet{Name: "mine", Stack: p.Name, Create: true, Template: p.Template, Tags: p.Tags})
	if err != nil {
		t.Fatal(err)
	}
	if !executed {
		return
	}
	_, err = backoff.Retry(t.Context(), func() (bool, error) {
		return true, s.ExecuteChangeSet(t.Context(), p.Name, id, "", true)
	}, backoff.WithBackOff(backoff.NewConstantBackOff(5*time.Millisecond)))
	if err != nil {
		t.Fatal(err)
	}
	w.end(t, bcn.StackPlan{Name: p.Name, StackID: stack})
}

func TestAStackThatIsAtWorkIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, w.propose(t, "bcn-7-1", groups(t, "one", 1, 7)))
	plan := w.propose(t, "bcn-8-1", groups(t, "one", 3, 7))
	if err := w.Execute(t.Context(), w.target, plan, "token"); err != nil {
		t.Fatal(err)
	}
	_, err := w.Propose(t.Context(), w.target, "bcn-9-1", groups(t, "one", 4, 7), owner)
	wantCode(t, err, bcn.CodeStackBusy)
	w.end(t, plan)
}

func TestALargeTemplateGoesToTheBucketUnderItsHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := groups(t, "large", 450, 7)
	if len(p.Template) <= 51_200 {
		t.Fatalf("only %d bytes", len(p.Template))
	}
	plan := w.propose(t, "bcn-7-1", p)
	if len(plan.Changes) != 450 {
		t.Errorf("%d changes: not all pages were read", len(plan.Changes))
	}
	if !bytes.Equal(plan.Template, p.Template) {
		t.Error("another template")
	}
	put := false
	for _, c := range w.aws.Calls() {
		put = put || c.Service == "s3" && c.Action == "PutObject" && strings.Contains(fmt.Sprint(c.Params["Key"]), plan.TemplateSHA256)
	}
	if !put {
		t.Error("it was not put into the bucket under its hash")
	}
}

func TestAnInvalidTemplateIsRefusedWithItsReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct{ resource, want string }{
		"an unknown property": {`"AWS::Logs::LogGroup","Properties":{"LogGroupName":"Barcelona/default/x","Colour":"red"}`, "Colour"},
		"an unknown type":     {`"AWS::Logs::None"`, "AWS::Logs::None"},
		"no JSON":             {`"`, "template"},
	} {
		p := groups(t, "one", 1, 7)
		p.Template = []byte(`{"Resources":{"Group":{"Type":` + c.resource + `}}}`)
		_, err := w.Propose(t.Context(), w.target, "bcn-7-1", p, owner)
		wantCode(t, err, bcn.CodeAWSRefused)
		var e *bcn.Error
		if !asError(err, &e) || !strings.Contains(strings.ToLower(e.Params["why"]), strings.ToLower(c.want)) {
			t.Errorf("%s: %v", name, e.Params)
		}
		if left := w.end(t, bcn.StackPlan{Name: "one", StackID: "one"}); left != "DELETE_COMPLETE" {
			t.Errorf("%s left %v", name, left)
		}
	}
}

func TestDiscardLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.propose(t, "bcn-7-1", groups(t, "one", 1, 7))
	second := w.propose(t, "bcn-8-1", groups(t, "one", 2, 7))
	if err := w.Discard(t.Context(), w.target, first, deploy.Discarding{Owner: owner}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Reread(t.Context(), w.target, second); err != nil {
		t.Fatalf("the stack in review went with another's change set: %v", err)
	}
	for range 2 { // the second time nothing is there
		if err := w.Discard(t.Context(), w.target, bcn.StackPlan{Name: "one", ChangeSet: "bcn-8-1"}, deploy.Discarding{Owner: owner}); err != nil {
			t.Fatal(err)
		}
	}
	again := w.propose(t, "bcn-9-1", groups(t, "one", 1, 7)) // at once, while the old stack goes
	if !again.Create || again.StackID == second.StackID {
		t.Errorf("%+v", again)
	}
	w.until(t, second, func(s string) bool { return s == "DELETE_COMPLETE" })
}
