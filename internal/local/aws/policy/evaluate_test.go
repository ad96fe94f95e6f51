package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
)

func parse(t *testing.T, text string, kind policy.Kind) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return d
}

// doc wraps statements into a document of the current version.
func doc(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

func keys(pairs ...string) policy.Keys {
	k := policy.Keys{}
	for pair := range slices.Chunk(pairs, 2) {
		name := strings.ToLower(pair[0])
		k[name] = append(k[name], pair[1])
	}
	return k
}

const (
	task    = "arn:aws:ecs:us-east-1:123456789012:task/default/0123456789abcdef"
	cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/default"
)

func TestDocumentDecides(t *testing.T) {
	t.Parallel()
	stop := func(rest string) string { return doc(`{"Effect":"Allow","Action":"ecs:StopTask",` + rest + `}`) }
	for _, c := range []struct {
		name             string
		doc              string
		action, resource string
		want             policy.Decision
	}{
		{"an action by its name", stop(`"Resource":"*"`), "ecs:StopTask", task, policy.Allowed},
		{"another action is not allowed", stop(`"Resource":"*"`), "ecs:RunTask", task, policy.Implicit},
		{"actions ignore case", stop(`"Resource":"*"`), "ECS:stoptask", task, policy.Allowed},
		{"a star in an action", doc(`{"Effect":"Allow","Action":"ecs:Describe*","Resource":"*"}`), "ecs:DescribeTasks", task, policy.Allowed},
		{"a star in an action ends at its service", doc(`{"Effect":"Allow","Action":"ecs:*","Resource":"*"}`), "ecr:ListImages", "*", policy.Implicit},
		{"a question mark is one letter", doc(`{"Effect":"Allow","Action":"s3:?etObject","Resource":"*"}`), "s3:GetObject", "arn:aws:s3:::b/k", policy.Allowed},
		{"a question mark is not none", doc(`{"Effect":"Allow","Action":"s3:GetObject?","Resource":"*"}`), "s3:GetObject", "arn:aws:s3:::b/k", policy.Implicit},
		{"a resource by its ARN", stop(`"Resource":"` + task + `"`), "ecs:StopTask", task, policy.Allowed},
		{"another resource is not allowed", stop(`"Resource":"` + cluster + `"`), "ecs:StopTask", task, policy.Implicit},
		{"a pattern of resources", stop(`"Resource":"arn:aws:ecs:us-east-1:123456789012:task/default/*"`), "ecs:StopTask", task, policy.Allowed},
		{"a pattern stays in its part of the ARN", doc(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:*:123456789012:log-group:*"}`), "logs:GetLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:x:*", policy.Implicit},
		{"a pattern in the last part spans its colons", doc(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:*:*:log-group:x*"}`), "logs:GetLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:x:*", policy.Allowed},
		{"an ARN is no answer to an action without a resource", stop(`"Resource":"` + task + `"`), "ecs:StopTask", "*", policy.Implicit},
		{"resources do not ignore case", stop(`"Resource":"arn:aws:ecs:us-east-1:123456789012:task/Default/*"`), "ecs:StopTask", task, policy.Implicit},
		{"one of several resources", stop(`"Resource":["` + cluster + `","` + task + `"]`), "ecs:StopTask", task, policy.Allowed},
		{"NotAction leaves out what it names", doc(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), "iam:CreateRole", "*", policy.Implicit},
		{"NotAction lets all else", doc(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), "ecs:StopTask", task, policy.Allowed},
		{"NotResource leaves out what it names", doc(`{"Effect":"Allow","Action":"*","NotResource":"` + task + `"}`), "ecs:StopTask", task, policy.Implicit},
		{"NotResource lets all else", doc(`{"Effect":"Allow","Action":"*","NotResource":"` + cluster + `"}`), "ecs:StopTask", task, policy.Allowed},
		{"an explicit deny wins over an allow before it", doc(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecs:StopTask","Resource":"*"}`), "ecs:StopTask", task, policy.Denied},
		{"an explicit deny wins over an allow after it", doc(`{"Effect":"Deny","Action":"ecs:StopTask","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}`), "ecs:StopTask", task, policy.Denied},
		{"a deny of something else does not hurt", doc(`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecs:RunTask","Resource":"*"}`), "ecs:StopTask", task, policy.Allowed},
		{"a document with one statement that is no list", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "ecs:StopTask", task, policy.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, c.doc, policy.Identity).Decide(policy.Request{Action: c.action, Resource: c.resource, Keys: policy.Keys{}})
			if got != c.want {
				t.Fatalf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		condition string
		keys      policy.Keys
		want      bool
	}{
		{"StringEquals holds", `"StringEquals":{"aws:userid":"a"}`, keys("aws:userid", "a"), true},
		{"StringEquals does not hold for another", `"StringEquals":{"aws:userid":"a"}`, keys("aws:userid", "b"), false},
		{"StringEquals minds case", `"StringEquals":{"aws:userid":"a"}`, keys("aws:userid", "A"), false},
		{"StringEquals does not hold without the key", `"StringEquals":{"aws:userid":"a"}`, nil, false},
		{"StringEquals takes any of its values", `"StringEquals":{"aws:userid":["a","b"]}`, keys("aws:userid", "b"), true},
		{"StringEquals takes no wildcard", `"StringEquals":{"aws:userid":"*"}`, keys("aws:userid", "b"), false},
		{"keys ignore case", `"StringEquals":{"AWS:UserID":"a"}`, keys("aws:userid", "a"), true},
		{"all operators must hold", `"StringEquals":{"aws:userid":"a"},"Bool":{"aws:x":"true"}`, keys("aws:userid", "a", "aws:x", "false"), false},
		{"all keys must hold", `"StringEquals":{"aws:userid":"a","aws:x":"b"}`, keys("aws:userid", "a"), false},
		{"StringNotEquals holds for another", `"StringNotEquals":{"aws:userid":["a","b"]}`, keys("aws:userid", "c"), true},
		{"StringNotEquals does not hold for one of its values", `"StringNotEquals":{"aws:userid":["a","b"]}`, keys("aws:userid", "b"), false},
		{"StringNotEquals holds without the key", `"StringNotEquals":{"aws:userid":"a"}`, nil, true},
		{"StringEqualsIgnoreCase", `"StringEqualsIgnoreCase":{"aws:userid":"AbC"}`, keys("aws:userid", "aBc"), true},
		{"StringNotEqualsIgnoreCase", `"StringNotEqualsIgnoreCase":{"aws:userid":"AbC"}`, keys("aws:userid", "aBc"), false},
		{"StringLike", `"StringLike":{"sts:RoleSessionName":"bcn-*"}`, keys("sts:RoleSessionName", "bcn-1042"), true},
		{"StringLike wants the whole", `"StringLike":{"sts:RoleSessionName":"bcn-*"}`, keys("sts:RoleSessionName", "x-bcn-1"), false},
		{"StringLike with ?* wants something", `"StringLike":{"sts:SourceIdentity":"?*"}`, keys("sts:SourceIdentity", ""), false},
		{"StringNotLike", `"StringNotLike":{"aws:userid":"a*"}`, keys("aws:userid", "abc"), false},
		{"IfExists holds without the key", `"StringEqualsIfExists":{"aws:userid":"a"}`, nil, true},
		{"IfExists minds the key that is there", `"StringEqualsIfExists":{"aws:userid":"a"}`, keys("aws:userid", "b"), false},
		{"BoolIfExists, as for session documents", `"BoolIfExists":{"ssm:SessionDocumentAccessCheck":"true"}`, keys("ssm:SessionDocumentAccessCheck", "false"), false},
		{"Bool takes a boolean of JSON", `"Bool":{"aws:SecureTransport":true}`, keys("aws:SecureTransport", "true"), true},
		{"Null true wants the key absent", `"Null":{"sts:ExternalId":"true"}`, keys("sts:ExternalId", "x"), false},
		{"Null true holds without the key", `"Null":{"sts:ExternalId":"true"}`, nil, true},
		{"Null false wants the key", `"Null":{"sts:ExternalId":"false"}`, nil, false},
		{"ArnEquals takes wildcards", `"ArnEquals":{"ecs:cluster":"arn:aws:ecs:*:*:cluster/def*"}`, keys("ecs:cluster", cluster), true},
		{"ArnLike compares part by part", `"ArnLike":{"ecs:cluster":"arn:aws:ecs:*:cluster/default"}`, keys("ecs:cluster", cluster), false},
		{"ArnNotLike", `"ArnNotLike":{"ecs:cluster":"` + cluster + `"}`, keys("ecs:cluster", cluster), false},
		{"DateLessThan before", `"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"}`, keys("aws:CurrentTime", "2026-11-21T10:09:59Z"), true},
		{"DateLessThan at the second", `"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"}`, keys("aws:CurrentTime", "2026-11-21T10:10:00Z"), false},
		{"DateLessThanEquals at the second", `"DateLessThanEquals":{"aws:CurrentTime":"2026-11-21T10:10:00Z"}`, keys("aws:CurrentTime", "2026-11-21T10:10:00Z"), true},
		{"DateGreaterThan minds the time zone", `"DateGreaterThan":{"aws:CurrentTime":"2026-11-21T19:10:00+09:00"}`, keys("aws:CurrentTime", "2026-11-21T10:10:01Z"), true},
		{"DateGreaterThanEquals takes seconds since 1970", `"DateGreaterThanEquals":{"aws:TokenIssueTime":"1763719800"}`, keys("aws:TokenIssueTime", "2025-11-21T10:10:00Z"), true},
		{"DateEquals", `"DateEquals":{"aws:CurrentTime":"2026-11-21T10:10Z"}`, keys("aws:CurrentTime", "2026-11-21T10:10:00Z"), true},
		{"a date without the key", `"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"}`, nil, false},
		{"NumericLessThan", `"NumericLessThan":{"s3:max-keys":10}`, keys("s3:max-keys", "9.5"), true},
		{"NumericGreaterThanEquals", `"NumericGreaterThanEquals":{"s3:max-keys":"10"}`, keys("s3:max-keys", "10"), true},
		{"NumericEquals is not of text", `"NumericEquals":{"s3:max-keys":"10"}`, keys("s3:max-keys", "ten"), false},
		{"NumericNotEquals", `"NumericNotEquals":{"s3:max-keys":"10"}`, keys("s3:max-keys", "10.0"), false},
		{"ForAllValues: all are allowed", `"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, keys("aws:tagkeys", "a", "aws:tagkeys", "b"), true},
		{"ForAllValues: one is not", `"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`, keys("aws:tagkeys", "a", "aws:tagkeys", "c"), false},
		{"ForAllValues holds without values", `"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}`, nil, true},
		{"ForAnyValue: one is", `"ForAnyValue:StringLike":{"aws:TagKeys":"a*"}`, keys("aws:tagkeys", "x", "aws:tagkeys", "ab"), true},
		{"ForAnyValue: none is", `"ForAnyValue:StringLike":{"aws:TagKeys":"a*"}`, keys("aws:tagkeys", "x"), false},
		{"ForAnyValue does not hold without values", `"ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}`, nil, false},
		{"a variable", `"StringEquals":{"ssm:resourceTag/aws:ssmmessages:session-id":"${aws:userid}"}`, keys("aws:userid", "AROA:s", "ssm:resourceTag/aws:ssmmessages:session-id", "AROA:s"), true},
		{"a variable of another", `"StringEquals":{"ssm:resourceTag/aws:ssmmessages:session-id":"${aws:userid}"}`, keys("aws:userid", "AROA:s", "ssm:resourceTag/aws:ssmmessages:session-id", "AROA:t"), false},
		{"a variable without a value matches nothing", `"StringLike":{"aws:userid":"${aws:username}*"}`, keys("aws:userid", "x"), false},
		{"a variable with a default", `"StringEquals":{"aws:userid":"${aws:username, 'nobody'}"}`, keys("aws:userid", "nobody"), true},
		{"a variable's value is no wildcard", `"StringLike":{"aws:userid":"${aws:PrincipalTag/team}"}`, keys("aws:userid", "anyone", "aws:PrincipalTag/team", "*"), false},
		{"a literal star", `"StringLike":{"aws:userid":"a${*}"}`, keys("aws:userid", "ab"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := parse(t, doc(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+c.condition+`}}`), policy.Identity)
			got := d.Decide(policy.Request{Action: "ecs:StopTask", Resource: task, Keys: c.keys})
			if (got == policy.Allowed) != c.want {
				t.Fatalf("got %v, want it to hold: %v", got, c.want)
			}
		})
	}
}

func TestVariablesInResources(t *testing.T) {
	t.Parallel()
	own := `{"Effect":"Allow","Action":"ssm:*","Resource":"arn:aws:ssm:*:*:session/${aws:userid}"}`
	req := policy.Request{Action: "ssm:TerminateSession", Resource: "arn:aws:ssm:us-east-1:123456789012:session/AROA:dana", Keys: keys("aws:userid", "AROA:dana")}
	t.Run("are resolved, also with a colon inside", func(t *testing.T) {
		t.Parallel()
		if parse(t, doc(own), policy.Identity).Decide(req) != policy.Allowed {
			t.Fatal("refused")
		}
	})
	t.Run("are plain text in the old version", func(t *testing.T) {
		t.Parallel()
		if parse(t, `{"Statement":[`+own+`]}`, policy.Identity).Decide(req) != policy.Implicit {
			t.Fatal("resolved")
		}
	})
}

func TestSetDecides(t *testing.T) {
	t.Parallel()
	all := doc(`{"Effect":"Allow","Action":"*","Resource":"*"}`)
	stop := doc(`{"Effect":"Allow","Action":"ecs:StopTask","Resource":"*"}`)
	run := doc(`{"Effect":"Allow","Action":"ecs:RunTask","Resource":"*"}`)
	never := doc(`{"Effect":"Deny","Action":"*","Resource":"*"}`)
	for _, c := range []struct {
		name                        string
		identity, boundary, session string
		reason                      string // "" where it is allowed
	}{
		{"without policies nothing is allowed", "", "", "", "because no identity-based policy allows the ecs:StopTask action"},
		{"the identity policy allows", stop, "", "", ""},
		{"a deny in it wins", never, "", "", "with an explicit deny in an identity-based policy"},
		{"a boundary allows nothing by itself", "", all, "", "because no identity-based policy allows the ecs:StopTask action"},
		{"a boundary limits", all, run, "", "because no permissions boundary allows the ecs:StopTask action"},
		{"a boundary denies", all, never, "", "with an explicit deny in a permissions boundary"},
		{"both allow", all, stop, "", ""},
		{"a session policy allows nothing by itself", run, "", all, "because no identity-based policy allows the ecs:StopTask action"},
		{"a session policy limits", all, "", run, "because no session policy allows the ecs:StopTask action"},
		{"a session policy denies", all, "", never, "with an explicit deny in a session policy"},
		{"all three allow", all, all, stop, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := policy.Set{}
			if c.identity != "" {
				set.Identity = []*policy.Document{parse(t, c.identity, policy.Identity)}
			}
			if c.boundary != "" {
				set.Boundary = parse(t, c.boundary, policy.Identity)
			}
			if c.session != "" {
				set.Session = parse(t, c.session, policy.Identity)
			}
			got := set.Decide(policy.Request{Action: "ecs:StopTask", Resource: task, Keys: policy.Keys{}})
			if got.Reason != c.reason || got.Allowed != (c.reason == "") {
				t.Fatalf("got %+v, want reason %q", got, c.reason)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::123456789012:role/bot"
	trust := func(principal string) string {
		return doc(`{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}`)
	}
	as := func(arn string) []policy.Principal {
		return append([]policy.Principal{{Type: "AWS", Value: arn}}, policy.AccountPrincipals("123456789012")...)
	}
	for _, c := range []struct {
		name   string
		doc    string
		caller []policy.Principal
		want   bool
	}{
		{"a role by its ARN", trust(`{"AWS":"` + role + `"}`), as(role), true},
		{"another role is not trusted", trust(`{"AWS":"` + role + `"}`), as(role + "x"), false},
		{"the account's root is everyone in it", trust(`{"AWS":"arn:aws:iam::123456789012:root"}`), as(role), true},
		{"so is its number", trust(`{"AWS":["111111111111","123456789012"]}`), as(role), true},
		{"another account is not", trust(`{"AWS":"111111111111"}`), as(role), false},
		{"anyone", trust(`"*"`), as(role), true},
		{"an ARN takes no wildcard", trust(`{"AWS":"arn:aws:iam::123456789012:role/*"}`), as(role), false},
		{"a service", trust(`{"Service":"cloudformation.amazonaws.com"}`), policy.ServicePrincipal("cloudformation.amazonaws.com"), true},
		{"another service is not", trust(`{"Service":"cloudformation.amazonaws.com"}`), policy.ServicePrincipal("ecs-tasks.amazonaws.com"), false},
		{"anyone is no service", trust(`{"AWS":"*"}`), policy.ServicePrincipal("ecs-tasks.amazonaws.com"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, c.doc, policy.Trust).Decide(policy.Request{Action: "sts:AssumeRole", Caller: c.caller, Keys: policy.Keys{}})
			if (got == policy.Allowed) != c.want {
				t.Fatalf("got %v, want trusted: %v", got, c.want)
			}
		})
	}
}
