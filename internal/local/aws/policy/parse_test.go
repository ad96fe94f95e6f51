package policy_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func TestMalformedDocuments(t *testing.T) {
	t.Parallel()
	one := func(s string) string { return doc(`{` + s + `}`) }
	const ok = `"Effect":"Allow","Action":"*","Resource":"*"`
	for _, c := range []struct {
		name string
		doc  string
		kind policy.Kind
	}{
		{"nothing", ``, policy.Identity},
		{"no JSON", `{"Version"`, policy.Identity},
		{"a list", `[]`, policy.Identity},
		{"something after it", one(ok) + `{}`, policy.Identity},
		{"an unknown element of the document", `{"Statement":[{` + ok + `}],"Statements":[]}`, policy.Identity},
		{"an unknown version", `{"Version":"2012-10-18","Statement":[{` + ok + `}]}`, policy.Identity},
		{"no statement", `{"Version":"2012-10-17"}`, policy.Identity},
		{"an empty list of statements", `{"Version":"2012-10-17","Statement":[]}`, policy.Identity},
		{"a statement that is text", `{"Version":"2012-10-17","Statement":["Allow"]}`, policy.Identity},
		{"an unknown element of a statement", one(ok + `,"Resources":"*"`), policy.Identity},
		{"elements mind case", one(`"effect":"Allow","Action":"*","Resource":"*"`), policy.Identity},
		{"an element given twice", one(ok + `,"Effect":"Deny"`), policy.Identity},
		{"no effect", one(`"Action":"*","Resource":"*"`), policy.Identity},
		{"another effect", one(`"Effect":"allow","Action":"*","Resource":"*"`), policy.Identity},
		{"no action", one(`"Effect":"Allow","Resource":"*"`), policy.Identity},
		{"Action and NotAction", one(ok + `,"NotAction":"s3:*"`), policy.Identity},
		{"an empty list of actions", one(`"Effect":"Allow","Action":[],"Resource":"*"`), policy.Identity},
		{"an action without its service", one(`"Effect":"Allow","Action":"StopTask","Resource":"*"`), policy.Identity},
		{"an action with a wildcard for a service", one(`"Effect":"Allow","Action":"*:StopTask","Resource":"*"`), policy.Identity},
		{"an action that is a number", one(`"Effect":"Allow","Action":1,"Resource":"*"`), policy.Identity},
		{"no resource", one(`"Effect":"Allow","Action":"*"`), policy.Identity},
		{"a resource that is no ARN", one(`"Effect":"Allow","Action":"*","Resource":"task/1"`), policy.Identity},
		{"an ARN with too few parts", one(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3"`), policy.Identity},
		{"a principal in an identity policy", one(ok + `,"Principal":"*"`), policy.Identity},
		{"a Sid with a hyphen", one(ok + `,"Sid":"a-b"`), policy.Identity},
		{"a Sid given twice", doc(`{"Sid":"a",` + ok + `},{"Sid":"a",` + ok + `}`), policy.Identity},
		{"an unknown condition operator", one(ok + `,"Condition":{"StringMatches":{"aws:userid":"a"}}`), policy.Identity},
		{"a condition operator that is not evaluated here", one(ok + `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), policy.Identity},
		{"an unknown set operator", one(ok + `,"Condition":{"ForSomeValues:StringEquals":{"aws:TagKeys":"a"}}`), policy.Identity},
		{"NullIfExists", one(ok + `,"Condition":{"NullIfExists":{"aws:userid":"true"}}`), policy.Identity},
		{"a condition key without its service", one(ok + `,"Condition":{"StringEquals":{"userid":"a"}}`), policy.Identity},
		{"a condition without keys", one(ok + `,"Condition":{"StringEquals":{}}`), policy.Identity},
		{"a condition without values", one(ok + `,"Condition":{"StringEquals":{"aws:userid":[]}}`), policy.Identity},
		{"a condition's value that is an object", one(ok + `,"Condition":{"StringEquals":{"aws:userid":{}}}`), policy.Identity},
		{"a date that is none", one(ok + `,"Condition":{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}`), policy.Identity},
		{"a date that is a variable", one(ok + `,"Condition":{"DateLessThan":{"aws:CurrentTime":"${aws:TokenIssueTime}"}}`), policy.Identity},
		{"a number that is none", one(ok + `,"Condition":{"NumericLessThan":{"s3:max-keys":"many"}}`), policy.Identity},
		{"a boolean that is none", one(ok + `,"Condition":{"Bool":{"aws:SecureTransport":"yes"}}`), policy.Identity},
		{"a trust policy without a principal", one(`"Effect":"Allow","Action":"sts:AssumeRole"`), policy.Trust},
		{"a trust policy with a resource", one(ok + `,"Principal":"*"`), policy.Trust},
		{"a kind of principal that is not there", one(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Users":"a"}`), policy.Trust},
		{"a principal that is text", one(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":"123456789012"`), policy.Trust},
		{"nested too deeply", strings.Repeat(`{"Statement":`, 100) + `1` + strings.Repeat(`}`, 100), policy.Identity},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse([]byte(c.doc), c.kind)
			var e *wire.Error
			if !errors.As(err, &e) || e.Code != "MalformedPolicyDocument" {
				t.Fatalf("got %v, want MalformedPolicyDocument", err)
			}
		})
	}
}

// statements draws documents that are valid, over few actions and resources,
// so that they meet.
func statements(t *rapid.T, label string) string {
	var all []string
	for range rapid.IntRange(1, 4).Draw(t, label) {
		all = append(all, `{"Effect":"`+rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect")+
			`","`+rapid.SampledFrom([]string{"Action", "NotAction"}).Draw(t, "how")+`":"`+
			rapid.SampledFrom([]string{"*", "ecs:*", "ecs:StopTask", "s3:GetObject"}).Draw(t, "action")+
			`","`+rapid.SampledFrom([]string{"Resource", "NotResource"}).Draw(t, "which")+`":"`+
			rapid.SampledFrom([]string{"*", task, cluster, "arn:aws:ecs:*:*:task/*"}).Draw(t, "resource")+`"}`)
	}
	return doc(strings.Join(all, ","))
}

func drawn(t *rapid.T, label string) *policy.Document {
	d, err := policy.Parse([]byte(statements(t, label)), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func anyRequest(t *rapid.T) policy.Request {
	return policy.Request{
		Action:   rapid.SampledFrom([]string{"ecs:StopTask", "ecs:RunTask", "s3:GetObject"}).Draw(t, "asked"),
		Resource: rapid.SampledFrom([]string{task, cluster, "arn:aws:s3:::b/k"}).Draw(t, "on"), Keys: policy.Keys{},
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	deny, err := policy.Parse([]byte(doc(`{"Effect":"Deny","Action":"*","Resource":"*"}`)), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a session policy and a boundary only ever take away", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			role, limit, req := drawn(t, "role"), drawn(t, "limit"), anyRequest(t)
			alone := policy.Set{Identity: []*policy.Document{role}}.Decide(req)
			for _, s := range []policy.Set{
				{Identity: []*policy.Document{role}, Session: limit},
				{Identity: []*policy.Document{role}, Boundary: limit},
			} {
				got := s.Decide(req)
				if got.Allowed != (alone.Allowed && limit.Decide(req) == policy.Allowed) {
					t.Fatalf("got %+v, the role alone %+v, the limit %v", got, alone, limit.Decide(req))
				}
			}
		})
	})
	t.Run("a deny added anywhere denies", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			role, req := drawn(t, "role"), anyRequest(t)
			for _, s := range []policy.Set{
				{Identity: []*policy.Document{role, deny}},
				{Identity: []*policy.Document{role}, Session: deny},
				{Identity: []*policy.Document{role}, Boundary: deny},
			} {
				if v := s.Decide(req); v.Allowed || v.Reason == "" {
					t.Fatalf("allowed: %+v", v)
				}
			}
		})
	})
	t.Run("the order of statements does not matter", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			d, req := drawn(t, "role"), anyRequest(t)
			turned := &policy.Document{Version: d.Version, Statements: rapid.Permutation(d.Statements).Draw(t, "order")}
			if d.Decide(req) != turned.Decide(req) {
				t.Fatal("it does")
			}
		})
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(doc(`{"Effect":"Allow","Action":"ecs:*","Resource":"` + task + `","Condition":{"StringLike":{"aws:userid":"${aws:userid, 'x'}*"}}}`)))
	f.Add([]byte(doc(`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"NumericLessThan":{"a:b":1e9}}}`)))
	f.Add([]byte(`{"Statement":{"Sid":"","Effect":"Deny","NotAction":["*"],"NotResource":"arn:aws:s3:::${"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, kind := range []policy.Kind{policy.Identity, policy.Trust} {
			d, err := policy.Parse(text, kind)
			var e *wire.Error
			if err != nil && (!errors.As(err, &e) || e.Code != "MalformedPolicyDocument") {
				t.Fatalf("another error than MalformedPolicyDocument: %v", err)
			}
			if err != nil {
				continue
			}
			if len(d.Statements) == 0 {
				t.Fatal("parsed, but without a statement")
			}
			req := policy.Request{Action: "ecs:StopTask", Resource: task, Keys: keys("aws:userid", "a*b"), Caller: policy.AccountPrincipals("1")}
			first := d.Decide(req)
			if again := d.Decide(req); again != first {
				t.Fatalf("two answers to one question: %v, %v", first, again)
			}
		}
	})
}
