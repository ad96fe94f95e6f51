package apply_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/roles"
)

func TestNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n, err := w.Node(t.Context(), w.target, aws.SampleNode)
	if err != nil || n.ID != aws.SampleNode || n.Name == "" || n.Status != "Online" || n.Platform != "Linux" {
		t.Errorf("%+v, %v", n, err)
	}
	_, err = w.Node(t.Context(), w.target, "i-0fedcba9876543210")
	wantCode(t, err, bcn.CodeUnknownName)
	w.aws.Sessions().PutNode(sessions.Node{ID: "mi-0123456789abcdef0", Region: aws.DefaultRegion, Offline: true})
	_, err = w.Node(t.Context(), w.target, "mi-0123456789abcdef0")
	wantCode(t, err, bcn.CodeNodeOffline)
}

func TestDocumentsAreComparedByMeaning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"bcn-default-session-5m", "bcn-default-session-60m"} {
		if err := w.Document(t.Context(), w.target, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := apply.New(w.client, apply.Options{AccessInput: func(bcn.District) roles.AccessInput {
		return roles.AccessInput{RunAs: "operator", Ports: []roles.DatabasePort{{Name: "new", Host: "new.internal", Port: 3306}}}
	}})
	for name, want := range map[string]string{
		"bcn-default-session-10m": "not as printed", "bcn-default-port-new": "missing", "bcn-default-session-7m": "no document",
		"SSM-SessionManagerRunShell": "no document",
	} {
		err := other.Document(t.Context(), w.target, name)
		wantCode(t, err, bcn.CodeDistrictInvalid)
		var e *bcn.Error
		if !errors.As(err, &e) || !strings.Contains(e.Params["problems"], want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCredentialsOfAGrantOpenOneThing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := w.Mint(t.Context(), w.target, asked(t, onNode(), time.Now().Add(10*time.Minute), 1))
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(c.Expiration); left < 14*time.Minute || left > 16*time.Minute {
		t.Errorf("for %s", left)
	}
	if text := fmt.Sprintf("%+v %#v", c, c); strings.Contains(text, c.SecretAccessKey.Reveal()) || strings.Contains(text, c.SessionToken.Reveal()) {
		t.Error("credentials are printed")
	}
	call := w.lastCall(t, "AssumeRole")
	if call.RoleARN != "" || call.Params["SourceIdentity"] != "dana" || call.Params["RoleSessionName"] != "bcn-g1042-1" || call.Params["ExternalId"] != owner {
		t.Errorf("asked by %q with %v", call.RoleARN, call.Params)
	}
	e := w.engineer(c)
	if _, err := e.StartSession(t.Context(), aws.SampleNode, onNode().Document(), ""); err != nil {
		t.Error(err)
	}
	_, err = e.StartSession(t.Context(), aws.SampleNode, "bcn-default-session-60m", "")
	wantCode(t, err, bcn.CodeAccessDenied)
}

func TestMintingSaysWhyItFailedAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(*grant.Mint)
		want   bcn.Code
	}{
		"a role that is not there":  {func(m *grant.Mint) { m.Role += "x" }, bcn.CodeAccessDenied},
		"the name of no grant":      {func(m *grant.Mint) { m.Session = "bcn-1042" }, bcn.CodeAccessDenied},
		"a policy that is none":     {func(m *grant.Mint) { m.Policy = []byte("{}") }, bcn.CodeAWSRefused},
		"longer than the role does": {func(m *grant.Mint) { m.Seconds = 7200 }, bcn.CodeAWSRefused},
	} {
		m := asked(t, onNode(), time.Now().Add(time.Minute), 1)
		c.change(&m)
		_, err := w.Mint(t.Context(), w.target, m)
		if got := bcn.CodeOf(err); got != c.want {
			t.Errorf("%s: %v", name, err)
		}
		var e *bcn.Error
		if errors.As(err, &e) && e.Code == bcn.CodeAccessDenied && e.Params["role"] != m.Role {
			t.Errorf("%s: the refusal is about %q", name, e.Params["role"])
		}
	}
	w.aws.Faults().Throttle("sts", "AssumeRole", -1)
	_, err := w.Mint(t.Context(), w.target, asked(t, onNode(), time.Now().Add(time.Minute), 1))
	wantCode(t, err, bcn.CodeUnavailable)
}

func TestASessionIsListedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.shell(t)
	if grantID, _, ok := access.GrantOf(id); !ok || grantID != 1042 {
		t.Errorf("a session of nobody's: %s", id)
	}
	open, err := w.Sessions(t.Context(), w.target, aws.SampleNode)
	if err != nil || len(open.Sessions) != 1 || open.Sessions[0].ID != id || time.Since(open.At).Abs() > 5*time.Second {
		t.Fatalf("%+v, %v", open, err)
	}
	if s := open.Sessions[0]; s.Document != onNode().Document() || !strings.Contains(s.Owner, "bcn-g1042-1") || s.Started.IsZero() || s.Target != aws.SampleNode {
		t.Errorf("%+v", s)
	}
	if none, err := w.Sessions(t.Context(), w.target, "i-0fedcba9876543210"); err != nil || len(none.Sessions) != 0 || none.At.IsZero() {
		t.Errorf("of another target: %+v, %v", none, err)
	}
	w.aws.Sessions().LieAboutTermination(1)
	if err := w.Terminate(t.Context(), w.target, id); err != nil {
		t.Fatal(err)
	}
	if s, at, err := w.Session(t.Context(), w.target, id); err != nil || s.Status != "Connected" || !s.Ended.IsZero() || at.IsZero() {
		t.Errorf("a yes ended it: %+v, %v", s, err)
	}
	if err := w.Terminate(t.Context(), w.target, id); err != nil {
		t.Fatal(err)
	}
	s, _, err := w.Session(t.Context(), w.target, id)
	if err != nil || s.Status != "Terminated" || s.Ended.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	if _, _, err := w.Session(t.Context(), w.target, "bcn-g1042-1-none"); !errors.Is(err, deploy.ErrNone) {
		t.Error(err)
	}
	if err := w.Terminate(t.Context(), w.target, "bcn-g1042-1-none"); err != nil {
		t.Error(err)
	}
	wantCode(t, w.Terminate(t.Context(), w.target, "lee-0123"), bcn.CodeAccessDenied)
}

func TestALateListIsALateList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.aws.Sessions().ListLag(time.Hour)
	id := w.shell(t)
	open, err := w.Sessions(t.Context(), w.target, aws.SampleNode)
	if err != nil || len(open.Sessions) != 0 {
		t.Errorf("%+v, %v", open, err)
	}
	if _, _, err := w.Session(t.Context(), w.target, id); !errors.Is(err, deploy.ErrNone) {
		t.Error(err)
	}
	w.aws.Sessions().ListLag(0)
	if open, err = w.Sessions(t.Context(), w.target, aws.SampleNode); err != nil || len(open.Sessions) != 1 {
		t.Errorf("%+v, %v", open, err)
	}
}

func TestAllPagesOfSessionsAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 201 // one more than a page
	c, err := w.Mint(t.Context(), w.target, asked(t, onNode(), time.Now().Add(10*time.Minute), 1))
	if err != nil {
		t.Fatal(err)
	}
	e := w.engineer(c)
	for range n {
		if _, err := e.StartSession(t.Context(), aws.SampleNode, onNode().Document(), ""); err != nil {
			t.Fatal(err)
		}
	}
	open, err := w.Sessions(t.Context(), w.target, aws.SampleNode)
	seen := map[string]bool{}
	for _, s := range open.Sessions {
		seen[s.ID] = true
	}
	if err != nil || len(seen) != n {
		t.Errorf("%d of %d, %v", len(seen), n, err)
	}
}

func TestHalfAListIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shell(t)
	w.aws.Faults().Throttle("ssm", "DescribeSessions", 1)
	if open, err := w.Sessions(t.Context(), w.target, aws.SampleNode); err != nil || len(open.Sessions) != 1 {
		t.Errorf("throttled once: %+v, %v", open, err)
	}
	w.aws.Faults().Throttle("ssm", "*", -1)
	open, err := w.Sessions(t.Context(), w.target, aws.SampleNode)
	wantCode(t, err, bcn.CodeUnavailable)
	if len(open.Sessions) != 0 || !open.At.IsZero() {
		t.Errorf("%+v", open)
	}
	_, _, err = w.Session(t.Context(), w.target, "bcn-g1042-1-x")
	wantCode(t, err, bcn.CodeUnavailable)
	wantCode(t, w.Terminate(t.Context(), w.target, "bcn-g1042-1-x"), bcn.CodeUnavailable)
}

// skewed answers with the Date of a clock that is ahead, or with none.
type skewed struct {
	ahead time.Duration
	none  bool
}

func (s skewed) Do(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(r) //nolint:gosec // to the local AWS of the test
	if err != nil {
		return nil, err
	}
	resp.Header.Set("Date", time.Now().Add(s.ahead).UTC().Format(http.TimeFormat))
	if s.none {
		resp.Header.Del("Date")
	}
	return resp, nil
}

func TestTheTimeOfAListIsAWSs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, clock := range map[string]skewed{
		"30 seconds ahead":  {ahead: 30 * time.Second},
		"30 seconds behind": {ahead: -30 * time.Second},
		"without a Date":    {none: true},
	} {
		client, err := awsx.New(t.Context(), awsx.Options{Isolated: true, Endpoint: w.aws.URL(), HTTP: clock})
		if err != nil {
			t.Fatal(err)
		}
		open, err := apply.New(client, apply.Options{}).Sessions(t.Context(), w.target, aws.SampleNode)
		if off := open.At.Sub(time.Now().Add(clock.ahead)); err != nil || off.Abs() > 5*time.Second {
			t.Errorf("%s: off by %s, %v", name, off, err)
		}
	}
}

func TestTheTrailOfAGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	since := time.Now().Add(-time.Minute)
	c, err := w.Mint(t.Context(), w.target, asked(t, onNode(), time.Now().Add(10*time.Minute), 7))
	if err != nil {
		t.Fatal(err)
	}
	e := w.engineer(c)
	if _, err := e.StartSession(t.Context(), aws.SampleNode, onNode().Document(), ""); err != nil {
		t.Fatal(err)
	}
	_, err = e.StartSession(t.Context(), aws.SampleNode, "SSM-SessionManagerRunShell", "")
	wantCode(t, err, bcn.CodeAccessDenied)
	list, err := w.Trail(t.Context(), w.target, "bcn-g1042-7", since)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, failed := range []bool{true, false} { // the newest first
		if v := list[i]; v.Name != "StartSession" || v.User != "bcn-g1042-7" || v.ID == "" || v.At.IsZero() || failed != (v.Error != "") {
			t.Errorf("%+v", v)
		}
	}
	if list, err := w.Trail(t.Context(), w.target, "bcn-g1042-8", since); err != nil || len(list) != 0 {
		t.Errorf("of another pick-up: %+v, %v", list, err)
	}
}
