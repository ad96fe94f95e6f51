package cfn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// manualClock moves only when it is told to.
type manualClock struct {
	mu    sync.Mutex
	now   time.Time
	waits []*wait
}

type wait struct {
	at   time.Time
	f    func()
	gone bool
}

func newClock() *manualClock {
	return &manualClock{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) After(d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &wait{at: c.now.Add(d), f: f}
	c.waits = append(c.waits, w)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		w.gone = true
	}
}

// next moves to the earliest wait at or before the limit and runs it.
func (c *manualClock) next(limit time.Time) bool {
	c.mu.Lock()
	c.waits = slices.DeleteFunc(c.waits, func(w *wait) bool { return w.gone })
	sort.SliceStable(c.waits, func(i, j int) bool { return c.waits[i].at.Before(c.waits[j].at) })
	if len(c.waits) == 0 || c.waits[0].at.After(limit) {
		c.now = limit
		c.mu.Unlock()
		return false
	}
	w := c.waits[0]
	c.waits = c.waits[1:]
	c.now = w.at
	c.mu.Unlock()
	w.f()
	return true
}

func (c *manualClock) advance(d time.Duration) {
	limit := c.Now().Add(d)
	for more := true; more; {
		more = c.next(limit)
	}
}

func (c *manualClock) pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, w := range c.waits {
		if !w.gone {
			n++
		}
	}
	return n
}

// shelf is a provider that keeps what it made in memory. Properties say how a
// resource behaves, so that templates are the tests' input.
type shelf struct {
	mu    sync.Mutex
	typ   string
	made  int
	items map[string]map[string]any // by physical id
	log   []string
	polls map[string]int
	slow  int                         // polls until Ready
	fail  func(what, id string) error // what: Create, Update, Delete, Ready
	needs string                      // IAM action asked of the request
}

func newShelf(typ string) *shelf {
	return &shelf{typ: typ, items: map[string]map[string]any{}, polls: map[string]int{}}
}

func (s *shelf) note(what, id string) error {
	s.log = append(s.log, what+" "+id)
	if s.fail != nil {
		return s.fail(what, id)
	}
	return nil
}

func (s *shelf) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.needs != "" {
		if err := r.Authorize(s.needs, "*", nil); err != nil {
			return "", nil, err
		}
	}
	s.made++
	id := fmt.Sprintf("%s-%s-%d", r.StackName, r.LogicalID, s.made)
	if err := s.note("Create", id); err != nil {
		return "", nil, err
	}
	s.items[id] = maps.Clone(r.Properties)
	return id, map[string]string{"Arn": "arn:local:" + id, "Name": id, "RoleId": "AROA" + id, "ServiceArn": "arn:local:" + id}, nil
}

func (s *shelf) Update(_ context.Context, id string, r wire.Request) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.note("Update", id); err != nil {
		return nil, err
	}
	s.items[id], s.polls[id] = maps.Clone(r.Properties), 0
	return nil, nil
}

func (s *shelf) Delete(_ context.Context, id string, _ wire.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.note("Delete", id); err != nil {
		return err
	}
	delete(s.items, id)
	return nil
}

func (s *shelf) Ready(_ context.Context, id string, _ wire.Request) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls[id]++
	if s.fail != nil {
		if err := s.fail("Ready", id); err != nil {
			return false, err
		}
	}
	return s.polls[id] > s.slow, nil
}

// bench is an engine with its clock and shelves.
type bench struct {
	t      *testing.T
	clock  *manualClock
	engine *cfn.Engine
	shelf  map[string]*shelf
	denied func(action, resource string, keys map[string][]string) bool
	as     []string // what AuthorizeAs was asked
	region string
}

const (
	typeLog     = "AWS::Logs::LogGroup"
	typeRole    = "AWS::IAM::Role"
	typeCluster = "AWS::ECS::Cluster"
	typeTask    = "AWS::ECS::TaskDefinition"
	typeService = "AWS::ECS::Service"
	typeParam   = "AWS::SSM::Parameter"
)

func newBench(t *testing.T, change ...func(*cfn.Options)) *bench {
	t.Helper()
	b := &bench{t: t, clock: newClock(), shelf: map[string]*shelf{}, region: "ap-northeast-1"}
	o := cfn.Options{Clock: b.clock, Providers: map[string]wire.Resource{}}
	for _, typ := range []string{typeLog, typeRole, typeCluster, typeTask, typeService, typeParam} {
		b.shelf[typ] = newShelf(typ)
		o.Providers[typ] = b.shelf[typ]
	}
	for _, f := range change {
		f(&o)
	}
	b.engine = cfn.New(o)
	t.Cleanup(b.engine.Close)
	return b
}

// call makes a call as the administrator.
func (b *bench) call(action string, params map[string]any) (map[string]any, error) {
	out, err := b.engine.Handle(context.Background(), &wire.Call{
		Service: "cloudformation", Action: action, Region: b.region, Account: "123456789012", Params: params, Now: b.clock.Now(),
		Authorize: func(action, resource string, keys map[string][]string) error {
			if b.denied != nil && b.denied(action, resource, keys) {
				return &wire.Error{Code: "AccessDenied", Message: "not authorized to perform: " + action + " on resource: " + resource, Status: 403}
			}
			return nil
		},
		AuthorizeAs: func(role, action, _ string, _ map[string][]string) error {
			b.as = append(b.as, role+" "+action)
			if strings.Contains(role, "powerless") {
				return &wire.Error{Code: "AccessDenied", Message: role + " is not authorized to perform: " + action, Status: 403}
			}
			return nil
		},
	})
	m, _ := out.(map[string]any)
	return m, err
}

func (b *bench) must(action string, params map[string]any) map[string]any {
	b.t.Helper()
	out, err := b.call(action, params)
	if err != nil {
		b.t.Fatalf("%s: %v", action, err)
	}
	return out
}

// refused makes a call that must fail with the code and a sentence with text.
func (b *bench) refused(action string, params map[string]any, code, text string) {
	b.t.Helper()
	_, err := b.call(action, params)
	var e *wire.Error
	if !errors.As(err, &e) {
		b.t.Fatalf("%s: got %v, want %s", action, err, code)
	}
	if e.Code != code || !strings.Contains(e.Message, text) {
		b.t.Errorf("%s: got %s: %s\nwant %s: %s", action, e.Code, e.Message, code, text)
	}
}

type p = map[string]any

// propose makes a change set, waits for it and answers its description.
func (b *bench) propose(stack, name, kind string, template any, more ...p) map[string]any {
	b.t.Helper()
	params := p{"StackName": stack, "ChangeSetName": name, "ChangeSetType": kind, "TemplateBody": body(template), "Capabilities": []any{"CAPABILITY_NAMED_IAM"}}
	for _, m := range more {
		maps.Copy(params, m)
	}
	b.must("CreateChangeSet", params)
	b.clock.advance(time.Second)
	return b.must("DescribeChangeSet", p{"StackName": stack, "ChangeSetName": name, "IncludePropertyValues": "true"})
}

// apply proposes and executes, and answers the status that the stack comes to.
func (b *bench) apply(stack, name, kind string, template any, more ...p) string {
	b.t.Helper()
	cs := b.propose(stack, name, kind, template, more...)
	if cs["Status"] != "CREATE_COMPLETE" {
		b.t.Fatalf("change set %s: %v %v", name, cs["Status"], cs["StatusReason"])
	}
	b.must("ExecuteChangeSet", p{"StackName": stack, "ChangeSetName": name, "ClientRequestToken": "t-" + name})
	b.settle()
	return b.status(cs["StackId"].(string))
}

// settle lets everything run to its end.
func (b *bench) settle() {
	for i := 0; b.clock.pending() > 0 && i < 200; i++ {
		b.clock.advance(time.Second)
	}
}

func (b *bench) stack(nameOrID string) map[string]any {
	b.t.Helper()
	return b.must("DescribeStacks", p{"StackName": nameOrID})["Stacks"].([]any)[0].(map[string]any)
}

func (b *bench) status(nameOrID string) string {
	b.t.Helper()
	return b.stack(nameOrID)["StackStatus"].(string)
}

// events are the stack's events, oldest first, as "LogicalId STATUS reason".
func (b *bench) events(nameOrID string) []string {
	b.t.Helper()
	var out []string
	for _, e := range slices.Backward(b.must("DescribeStackEvents", p{"StackName": nameOrID})["StackEvents"].([]any)) {
		m := e.(map[string]any)
		line := fmt.Sprintf("%v %v", m["LogicalResourceId"], m["ResourceStatus"])
		if r, ok := m["ResourceStatusReason"]; ok {
			line += fmt.Sprintf(" %v", r)
		}
		out = append(out, line)
	}
	return out
}

func body(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// resources writes a template of resources only.
func resources(rs p) p { return p{"Resources": rs} }

func resource(typ string, props p, more ...p) p {
	r := p{"Type": typ, "Properties": props}
	for _, m := range more {
		maps.Copy(r, m)
	}
	return r
}

func logGroup(days int) p { return resource(typeLog, p{"RetentionInDays": days}) }

func ref(name string) p { return p{"Ref": name} }

func att(name, attr string) p { return p{"Fn::GetAtt": []any{name, attr}} }

// changesOf are a change set's changes by logical id.
func changesOf(cs map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, c := range cs["Changes"].([]any) {
		rc := c.(map[string]any)["ResourceChange"].(map[string]any)
		out[rc["LogicalResourceId"].(string)] = rc
	}
	return out
}

// withTemplate serves one template under every address.
func withTemplate(text string) func(*cfn.Options) {
	return func(o *cfn.Options) { o.Template = func(string) ([]byte, error) { return []byte(text), nil } }
}
