package apply_test

import (
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws"
)

func slow(o *aws.Options) { o.Poll = 150 * time.Millisecond }

func TestCancel(t *testing.T) {
	t.Parallel()
	t.Run("an update is rolled back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, slow)
		w.run(t, w.propose(t, "bcn-7-1", groups(t, "one", 1, 7)))
		plan := w.propose(t, "bcn-8-1", groups(t, "one", 4, 14))
		if err := w.Execute(t.Context(), w.target, plan, "t"); err != nil {
			t.Fatal(err)
		}
		if err := w.Cancel(t.Context(), w.target, plan); err != nil {
			t.Fatal(err)
		}
		if err := w.Cancel(t.Context(), w.target, plan); err != nil {
			t.Errorf("the second time: %v", err)
		}
		if status := w.end(t, plan); status != "UPDATE_ROLLBACK_COMPLETE" {
			t.Error(status)
		}
	})
	t.Run("a creation is deleted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, slow)
		plan := w.propose(t, "bcn-7-1", groups(t, "one", 4, 7))
		if err := w.Execute(t.Context(), w.target, plan, "t"); err != nil {
			t.Fatal(err)
		}
		if err := w.Cancel(t.Context(), w.target, plan); err != nil {
			t.Fatal(err)
		}
		if status := w.end(t, plan); status != "DELETE_COMPLETE" {
			t.Error(status)
		}
		if err := w.Cancel(t.Context(), w.target, plan); err != nil {
			t.Errorf("of what is gone: %v", err)
		}
	})
	t.Run("what is complete is too late", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		plan := w.propose(t, "bcn-7-1", groups(t, "one", 1, 7))
		w.run(t, plan)
		wantCode(t, w.Cancel(t.Context(), w.target, plan), bcn.CodeTooLate)
	})
}

func TestAThrottledCallIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.aws.Faults().Throttle("cloudformation", "DescribeStacks", 2)
	if _, err := w.Statuses(t.Context(), w.target, []string{"one"}); err != nil {
		t.Errorf("the SDK tries three times: %v", err)
	}
	w.aws.Faults().Throttle("cloudformation", "DescribeStacks", -1)
	_, err := w.Statuses(t.Context(), w.target, []string{"one"})
	wantCode(t, err, bcn.CodeUnavailable)
}

func TestWhatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.aws.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w.Propose(t.Context(), w.target, "bcn-7-1", groups(t, "one", 1, 7), owner)
	wantCode(t, err, bcn.CodeUnavailable)
}

func TestARefusalNamesActionAndRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := w.target
	wrong.District.CFNRole = "arn:aws:iam::123456789012:role/administrator"
	_, err := w.Propose(t.Context(), wrong, "bcn-7-1", groups(t, "one", 1, 7), owner)
	wantCode(t, err, bcn.CodeAccessDenied)
	denied := &bcn.Error{}
	if !asError(err, &denied) || denied.Params["action"] != "cloudformation:CreateChangeSet" || denied.Params["role"] != w.target.District.Role {
		t.Errorf("%v", denied.Params)
	}
	stranger := w.target
	stranger.District.Role = "arn:aws:iam::123456789012:role/nobody"
	_, err = w.Statuses(t.Context(), stranger, []string{"one"})
	wantCode(t, err, bcn.CodeAccessDenied)
	if !asError(err, &denied) || denied.Params["action"] != "sts:AssumeRole" {
		t.Errorf("%v", denied.Params)
	}
}

func TestCallsAreInTheRequestersName(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]bool{}
	w := newWorld(t, func(o *aws.Options) {
		o.OnCall = func(c aws.CallRecord) {
			mu.Lock()
			defer mu.Unlock()
			if c.Action == "DescribeStacks" {
				seen[c.SessionName+" "+c.SourceIdentity] = true
			}
		}
	})
	other := w.target
	other.Session, other.Identity = "bcn-8", "lee"
	for _, target := range []bcn.Target{w.target, other} {
		if _, err := w.Statuses(t.Context(), target, []string{"one"}); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 2 || !seen["bcn-7 dana"] || !seen["bcn-8 lee"] {
		t.Errorf("%v", seen)
	}
}

func TestARoleThatWasJustMadeIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.RoleDelay = 700 * time.Millisecond })
	w.target.District.Role, w.target.District.CFNRole = "", "" // the administrator makes a role
	role := bcn.Proposal{Name: "role", Capabilities: []string{"CAPABILITY_NAMED_IAM"}, Template: []byte(`{"Resources":{"Role":{
		"Type":"AWS::IAM::Role","Properties":{"RoleName":"fresh","AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudformation.amazonaws.com"},"Action":"sts:AssumeRole"}]}}}}}`)}
	role.Tags = groups(t, "x", 1, 7).Tags
	if status := w.run(t, w.propose(t, "bcn-7-1", role)); status != "CREATE_COMPLETE" {
		t.Fatal(status)
	}
	w.target.District.CFNRole = "arn:aws:iam::123456789012:role/fresh"
	if plan := w.propose(t, "bcn-8-1", groups(t, "one", 1, 7)); plan.ChangeSet == "" {
		t.Errorf("%+v", plan)
	}
	tries := 0
	for _, c := range w.aws.Calls() {
		if c.Action == "CreateChangeSet" && c.ErrorCode == "ValidationError" {
			tries++
		}
	}
	if tries == 0 {
		t.Error("the role could be assumed at once: nothing was tested")
	}
}

func TestStackEventsTakeThePlaceOfEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plan := w.propose(t, "bcn-7-1", groups(t, "one", 3, 7))
	since := time.Now().Add(-time.Minute)
	w.run(t, plan)
	all, err := w.Events(t.Context(), w.target, plan.StackID, since, "")
	if err != nil || len(all) < 4 {
		t.Fatalf("%d events, %v", len(all), err)
	}
	for i := 1; i < len(all); i++ {
		if all[i].At.Before(all[i-1].At) {
			t.Error("not the oldest first")
		}
	}
	rest, err := w.Events(t.Context(), w.target, plan.StackID, since, all[1].ID)
	if err != nil || len(rest) != len(all)-2 || rest[0].ID != all[2].ID {
		t.Errorf("after the second of %d: %d, %v", len(all), len(rest), err)
	}
	w.aws.Faults().Fail("cloudformation", "DescribeEvents", "InvalidAction", 400, -1)
	old, err := w.Events(t.Context(), w.target, plan.StackID, since, "")
	if err != nil || len(old) < 4 {
		t.Errorf("by DescribeStackEvents: %d, %v", len(old), err)
	}
}
