package deploy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types" //nolint:depguard // the list of statuses is AWS's own

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Every status that the SDK knows has a meaning here; one that is new to the
// SDK fails this test until somebody has thought about it.
func TestStackStatuses(t *testing.T) {
	t.Parallel()
	type meaning struct {
		outcome               stackOutcome
		rollingBack, cleaning bool
	}
	table := map[cfn.StackStatus]meaning{
		"":                                    {stackRunning, false, false}, // not seen yet
		"CREATE_IN_PROGRESS":                  {stackRunning, false, false},
		"CREATE_COMPLETE":                     {stackDone, false, false},
		"CREATE_FAILED":                       {stackUndoFails, false, false},
		"ROLLBACK_IN_PROGRESS":                {stackRunning, true, false},
		"ROLLBACK_COMPLETE":                   {stackUndone, false, false},
		"ROLLBACK_FAILED":                     {stackUndoFails, false, false},
		"DELETE_IN_PROGRESS":                  {stackRunning, true, false},
		"DELETE_COMPLETE":                     {stackUndone, false, false},
		"DELETE_FAILED":                       {stackUndoFails, false, false},
		"UPDATE_IN_PROGRESS":                  {stackRunning, false, false},
		"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": {stackRunning, false, true},
		"UPDATE_COMPLETE":                     {stackDone, false, false},
		"UPDATE_FAILED":                       {stackUndoFails, false, false},
		"UPDATE_ROLLBACK_IN_PROGRESS":         {stackRunning, true, false},
		"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": {stackRunning, true, true},
		"UPDATE_ROLLBACK_COMPLETE":                     {stackUndone, false, false},
		"UPDATE_ROLLBACK_FAILED":                       {stackUndoFails, false, false},
		"REVIEW_IN_PROGRESS":                           {stackRunning, false, false},
		"IMPORT_IN_PROGRESS":                           {stackRunning, false, false},
		"IMPORT_COMPLETE":                              {stackDone, false, false},
		"IMPORT_ROLLBACK_IN_PROGRESS":                  {stackRunning, true, false},
		"IMPORT_ROLLBACK_COMPLETE":                     {stackUndone, false, false},
		"IMPORT_ROLLBACK_FAILED":                       {stackUndoFails, false, false},
	}
	for _, s := range append(cfn.StackStatus("").Values(), "") {
		want, known := table[s]
		if !known {
			t.Errorf("nobody has said what %s means", s)
			continue
		}
		if got := (meaning{outcomeOf(string(s)), rollingBack(string(s)), cleaningUp(string(s))}); got != want {
			t.Errorf("%q: %+v, want %+v", s, got, want)
		}
	}
	if n := len(cfn.StackStatus("").Values()) + 1; n != len(table) {
		t.Errorf("the SDK knows %d statuses, the table %d", n-1, len(table)-1)
	}
	if got := outcomeOf("SOMETHING_NEW_COMPLETE"); got != stackRunning {
		t.Errorf("an unknown status is taken for an end: %d", got)
	}
}

func TestRootFailure(t *testing.T) {
	t.Parallel()
	event := func(id, kind, status, reason string) StackEvent {
		return StackEvent{LogicalID: id, Type: kind, Status: status, Reason: reason}
	}
	const service, role = "AWS::ECS::Service", "AWS::IAM::Role"
	for _, c := range []struct {
		name   string
		events []StackEvent
		want   string
	}{
		{"nothing happened", nil, ""},
		{"nothing failed", []StackEvent{event("Web", service, "CREATE_COMPLETE", "")}, ""},
		{"the first failure", []StackEvent{event("Web", service, "CREATE_FAILED", "no"), event("Worker", service, "CREATE_FAILED", "no too")}, "Web"},
		{"the stack itself names no resource", []StackEvent{event("hello", stackType, "UPDATE_FAILED", "x"), event("Web", service, "UPDATE_FAILED", "no")}, "Web"},
		{"a creation that was cancelled is an echo", []StackEvent{event("Role", role, "CREATE_FAILED", "Resource creation cancelled"), event("Web", service, "CREATE_FAILED", "no")}, "Web"},
		{"an update that was cancelled is an echo", []StackEvent{event("Role", role, "UPDATE_FAILED", "Resource update cancelled"), event("Web", service, "UPDATE_FAILED", "no")}, "Web"},
		{"only echoes are no reason", []StackEvent{event("Role", role, "UPDATE_FAILED", "Resource update cancelled")}, ""},
		{"a deletion may fail", []StackEvent{event("Web", service, "DELETE_FAILED", "in use")}, "Web"},
		{"a rollback's state is no failure", []StackEvent{event("Web", service, "UPDATE_ROLLBACK_IN_PROGRESS", "")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if e := rootFailure(c.events); e != nil {
				got = e.LogicalID
			}
			if got != c.want {
				t.Errorf("%q failed, want %q", got, c.want)
			}
		})
	}
}

// sourceIdentity is what STS takes as SourceIdentity (API reference,
// AssumeRole).
var sourceIdentity = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func TestIdentity(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 80)
	for _, c := range []struct {
		name  string
		actor bcn.Actor
		want  string
	}{
		{"a person has their name and id", bcn.Actor{Kind: bcn.Person, User: "U0DEV", Name: "dana"}, "dana.U0DEV"},
		{"without a name it is the id", bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, "U0DEV"},
		{"other characters are left out", bcn.Actor{Kind: bcn.Person, User: "U0DEV", Name: "dana o'neil/東京"}, "danaoneil.U0DEV"},
		{"a long name leaves the whole id", bcn.Actor{Kind: bcn.Person, User: "U0DEV", Name: long}, long[:58] + ".U0DEV"},
		{"bcn itself", bcn.Actor{Kind: bcn.System}, bcn.SystemIdentity},
		{"the command line", bcn.Actor{Kind: bcn.Local, User: "U0DEV", Name: "dana"}, bcn.SystemIdentity},
		{"nobody", bcn.Actor{Kind: bcn.Person}, bcn.SystemIdentity},
		{"one character is too short for STS", bcn.Actor{Kind: bcn.Person, User: "U"}, bcn.SystemIdentity},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := identity(c.actor); got != c.want || !sourceIdentity.MatchString(got) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add("dana", "U0DEV")
	f.Add("", "")
	f.Add("東京", "日本")
	f.Add(strings.Repeat("a.", 64), "U0DEV")
	f.Fuzz(func(t *testing.T, name, user string) {
		got := identity(bcn.Actor{Kind: bcn.Person, Name: name, User: user})
		if !sourceIdentity.MatchString(got) || strings.HasPrefix(strings.ToLower(got), "aws:") {
			t.Fatalf("%q %q: STS refuses %q", name, user, got)
		}
	})
}

func TestWho(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]bcn.Actor{
		"U0DEV": {Kind: bcn.Person, User: "U0DEV", Name: "dana"}, "command line": {Kind: bcn.Local}, bcn.SystemIdentity: {Kind: bcn.System},
	} {
		if got := who(a); got != want {
			t.Errorf("%+v is %q, want %q", a, got, want)
		}
	}
}

func TestAsking(t *testing.T) {
	t.Parallel()
	for kind, want := range map[bcn.Kind]authz.Ask{
		bcn.KindDeploy:   {Verb: "deploy"},
		bcn.KindPlan:     {Verb: "plan", Reads: true},
		bcn.KindEndpoint: {Verb: "endpoint"},
		bcn.KindHeritage: {Verb: "create"},
		bcn.KindDistrict: {Verb: "district"},
	} {
		want.App, want.Env, want.District, want.DestructiveNotKnown = "hello", "production", "default", true
		if got := asking(bcn.Change{Kind: kind, App: "hello", Env: "production", District: "default"}); got != want {
			t.Errorf("%s asks for %+v, want %+v", kind, got, want)
		}
	}
}

// richPlan has something everywhere.
func richPlan() bcn.Plan {
	sp := bcn.StackPlan{
		Name: "hello", StackID: "arn:stack", ChangeSet: "arn:set", Template: []byte(`{"Resources":{}}`), Previous: []byte("{}"),
		TemplateSHA256: "ab12", Capabilities: []string{"CAPABILITY_NAMED_IAM"}, Tags: []bcn.Tag{{Key: "app", Value: "hello"}}, LastUpdate: "2026-11-21T10:00:00Z",
		Changes: []bcn.ResourceDelta{{Action: "Modify", LogicalID: "Web", PhysicalID: "arn:web", Type: "AWS::ECS::Service", Replacement: "False", Properties: []string{"/Properties/TaskDefinition"}, Values: []bcn.Value{{Path: "/Properties/DesiredCount", Before: "1", After: "2"}}}},
	}
	return bcn.Plan{
		Kind: bcn.KindDeploy, Subject: "heritage:hello", App: "hello", Env: "production", Heritage: "hello", Tag: "v2", Image: "hello", Digest: "sha256:new",
		OldDigest: "sha256:old", Commit: "1a2b3c4", BaseRelease: 3, Manifest: []byte("PASSWORD: hunter2 <&>"), Stacks: []bcn.StackPlan{sp},
		Lines: []bcn.Line{{Mark: bcn.MarkChanged, What: "service web: environment PASSWORD"}}, Diff: "-PASSWORD: hunter1\n+PASSWORD: hunter2\n",
		Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 1}}, Rule: json.RawMessage(`{"allow":["developers"]}`),
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	first, err := seal(richPlan())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(first.Bytes)
	if first.Hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the hash %s is not that of the bytes", first.Hash)
	}
	for range 20 {
		again, err := seal(richPlan())
		if err != nil || !bytes.Equal(again.Bytes, first.Bytes) || again.Hash != first.Hash {
			t.Fatalf("the same plan has other bytes: %s\n%s\n%v", first.Bytes, again.Bytes, err)
		}
	}
	p, err := planOf(Claimed{Plan: &first})
	if err != nil || !reflect.DeepEqual(p, richPlan()) {
		t.Errorf("read back it is another plan: %+v, %v", p, err)
	}
	other := richPlan()
	other.Stacks[0].Changes[0].Properties = append(other.Stacks[0].Changes[0].Properties, "/Properties/DesiredCount")
	if changed, err := seal(other); err != nil || changed.Hash == first.Hash {
		t.Errorf("another plan has the same hash: %v", err)
	}
	if _, err := planOf(Claimed{}); err == nil {
		t.Error("a change without a plan has one")
	}
}

// Whatever field of a stack's plan moves is noticed, also one that is added
// to the type later.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	sp := func() bcn.StackPlan { return richPlan().Stacks[0] }
	if !sameBytes(sp(), sp()) {
		t.Fatal("a plan is not the same as itself")
	}
	fields := reflect.TypeFor[bcn.StackPlan]()
	for i := range fields.NumField() {
		t.Run(fields.Field(i).Name, func(t *testing.T) {
			t.Parallel()
			moved := sp()
			reflect.ValueOf(&moved).Elem().Field(i).Set(different(reflect.ValueOf(moved).Field(i)))
			if sameBytes(sp(), moved) {
				t.Error("it moved, and nobody noticed")
			}
		})
	}
	deltas := reflect.TypeFor[bcn.ResourceDelta]()
	for i := range deltas.NumField() {
		t.Run("Changes."+deltas.Field(i).Name, func(t *testing.T) {
			t.Parallel()
			moved := sp()
			field := reflect.ValueOf(&moved.Changes[0]).Elem().Field(i)
			field.Set(different(field))
			if sameBytes(sp(), moved) {
				t.Error("it moved, and nobody noticed")
			}
		})
	}
}

// different answers another value of the same type.
func different(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(v.String() + "x").Convert(v.Type())
	case reflect.Bool:
		return reflect.ValueOf(!v.Bool())
	default: // a slice
		return v.Slice(0, 0)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	p := richPlan()
	got := summary(p)
	if strings.Contains(got, "hunter") {
		t.Errorf("it tells a value:\n%s", got)
	}
	want := `deployed: release 3, image sha256:old
image: sha256:new
file: 1a2b3c4
changed service web: environment PASSWORD
stack hello: template ab12
stack hello: modify Web AWS::ECS::Service
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFirstUnsteady(t *testing.T) {
	t.Parallel()
	steady := Rollout{Service: "web", Digest: "sha256:new", State: "COMPLETED", Steady: true}
	with := func(change func(*Rollout)) []Rollout {
		r := steady
		r.Service = "worker"
		change(&r)
		return []Rollout{steady, r}
	}
	for name, c := range map[string]struct {
		rollouts []Rollout
		want     string
	}{
		"all are steady":        {[]Rollout{steady}, ""},
		"one runs another":      {with(func(r *Rollout) { r.Digest = "sha256:old" }), "worker"},
		"one is in progress":    {with(func(r *Rollout) { r.State = "IN_PROGRESS" }), "worker"},
		"one has failed":        {with(func(r *Rollout) { r.State = "FAILED" }), "worker"},
		"one is not steady yet": {with(func(r *Rollout) { r.Steady = false }), "worker"},
	} {
		if got := nameOf(firstUnsteady(c.rollouts, "sha256:new")); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRequestEvent(t *testing.T) {
	t.Parallel()
	for code, want := range map[bcn.Code]bcn.RequestEvent{
		bcn.CodeExpired: bcn.RequestExpire, bcn.CodePlanMoved: bcn.RequestSupersede, bcn.CodeNotAllowed: bcn.RequestSupersede,
	} {
		if got := requestEvent(code); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
	if got := fmt.Sprint(changeSetName(1042, 1), " ", restoreName(1042)); got != "bcn-1042-1 bcn-1042-restore" {
		t.Errorf("the names are %s", got)
	}
}
