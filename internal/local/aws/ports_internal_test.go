package aws

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// sampled is an account with the sample in it.
func sampled(t *testing.T) *Account {
	t.Helper()
	s, err := New(Options{Sample: true, Clock: wire.NewManualClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Account()
}

func (a *Account) testGroup(t *testing.T, name string, ingress ...Rule) string {
	t.Helper()
	g, err := a.makeGroup("us-east-1", name, name, sampleVPC, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range ingress {
		if _, err := a.addRule(g.id, true, r); err != nil {
			t.Fatal(err)
		}
	}
	return g.id
}

func TestNetworkPort(t *testing.T) {
	t.Parallel()
	a := sampled(t)
	balancer := a.testGroup(t, "balancer")
	stranger := a.testGroup(t, "stranger")
	closed := a.testGroup(t, "closed")
	a.revoke(closed, false, Rule{Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"})
	if _, err := a.addRule(closed, false, Rule{Protocol: "tcp", From: 9000, To: 9000, CIDR: "0.0.0.0/0"}); err != nil {
		t.Fatal(err)
	}
	byGroup := a.testGroup(t, "by group", Rule{Protocol: "tcp", From: 3000, To: 3010, Group: balancer})
	byClosed := a.testGroup(t, "by closed", Rule{Protocol: "-1", From: -1, To: -1, Group: closed})
	byPublic := a.testGroup(t, "by public subnets", Rule{Protocol: "tcp", From: 3000, To: 3000, CIDR: "10.0.100.0/22"})
	byUDP := a.testGroup(t, "by udp", Rule{Protocol: "udp", From: 3000, To: 3000, CIDR: "10.0.0.0/16"})
	public := []string{"subnet-0a11ce00000000101"}
	private := []string{"subnet-0a11ce00000000001"}
	from := func(subnets []string, groups ...string) cluster.Source {
		return cluster.Source{Groups: groups, Subnets: subnets}
	}
	for _, c := range []struct {
		name   string
		groups []string
		port   int
		from   cluster.Source
		want   bool
	}{
		{"a rule by the source's group lets in", []string{byGroup}, 3005, from(public, balancer), true},
		{"but not on another port", []string{byGroup}, 3011, from(public, balancer), false},
		{"and not from another group", []string{byGroup}, 3000, from(public, stranger), false},
		{"one of several groups is enough", []string{stranger, byGroup}, 3000, from(public, stranger, balancer), true},
		{"a rule by a CIDR lets in what lies in it", []string{byPublic}, 3000, from(public, balancer), true},
		{"and not what does not", []string{byPublic}, 3000, from(private, balancer), false},
		{"a rule for UDP lets in no TCP", []string{byUDP}, 3000, from(public, balancer), false},
		{"a group without rules lets nothing in", []string{sampleGroup}, 3000, from(public, balancer), false},
		{"no group lets nothing in", nil, 3000, from(public, balancer), false},
		{"a source that may not go out does not come in", []string{byClosed}, 3000, from(public, closed), false},
		{"a source that may go out on the port does", []string{byClosed}, 9000, from(public, closed), true},
		{"a group that is not there lets nothing in", []string{"sg-none"}, 3000, from(public, balancer), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := (networkPort{a}).Admits(c.groups, c.port, c.from); got != c.want {
				t.Fatalf("got %v", got)
			}
		})
	}
	t.Run("subnets and groups are told, and those that are not there are not", func(t *testing.T) {
		t.Parallel()
		n := networkPort{a}
		if vpc, zone, ok := n.Subnet(public[0]); !ok || vpc != sampleVPC || zone != "us-east-1a" {
			t.Errorf("got %s %s %v", vpc, zone, ok)
		}
		if vpc, ok := n.SecurityGroup(sampleGroup); !ok || vpc != sampleVPC {
			t.Errorf("got %s %v", vpc, ok)
		}
		_, _, subnet := n.Subnet("subnet-none")
		if _, group := n.SecurityGroup("sg-none"); subnet || group {
			t.Error("told of what is not there")
		}
	})
}

func TestRolesPort(t *testing.T) {
	t.Parallel()
	a := sampled(t)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	boundary, err := a.makePolicy("b", "", "", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.makeRole(roleSpec{name: "task", trust: trust, boundary: boundary.arn})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.putInline("task", "logs", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"arn:aws:logs:*:*:log-group:hello:*"}]}`); err != nil {
		t.Fatal(err)
	}
	p := rolesPort{a}
	const group = "arn:aws:logs:us-east-1:123456789012:log-group:hello:*"
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"the service that the role trusts", p.Trusts(r.arn, "ecs-tasks.amazonaws.com"), true},
		{"not another service", p.Trusts(r.arn, "cloudformation.amazonaws.com"), false},
		{"not a role that is not there", p.Trusts(r.arn+"x", "ecs-tasks.amazonaws.com"), false},
		{"what its policies allow", p.Allows("us-east-1", r.arn, "logs:PutLogEvents", group, nil), true},
		{"not another action", p.Allows("us-east-1", r.arn, "logs:CreateLogStream", group, nil), false},
		{"not another resource", p.Allows("us-east-1", r.arn, "logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:other:*", nil), false},
		{"not what its boundary does not allow", p.Allows("eu-west-1", r.arn, "logs:PutLogEvents", group, nil), false},
		{"nothing of a role that is not there", p.Allows("us-east-1", r.arn+"x", "logs:PutLogEvents", group, nil), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if (c.err == nil) != c.want {
				t.Fatalf("got %v", c.err)
			}
		})
	}
}

func TestSecretsPort(t *testing.T) {
	t.Parallel()
	a := sampled(t)
	const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
	a.mu.Lock()
	a.in("us-east-1").secrets["db"] = &secret{name: "db", arn: arn}
	a.in("us-east-1").secrets["old"] = &secret{name: "old", arn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:old-AbCdEf", deleted: time.Unix(1, 0)}
	a.mu.Unlock()
	p := secretsPort{a}
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"a parameter by its name", p.Parameter("us-east-1", "/barcelona/default/hello/session_secret"), true},
		{"not without its slash", p.Parameter("us-east-1", "barcelona/default/hello/session_secret"), false},
		{"not in another region", p.Parameter("eu-west-1", "/barcelona/default/hello/session_secret"), false},
		{"a secret by its ARN", p.Secret(arn), true},
		{"a secret without its suffix", p.Secret(arn[:len(arn)-7]), true},
		{"not another", p.Secret(arn + "x"), false},
		{"not one that is to be deleted", p.Secret("arn:aws:secretsmanager:us-east-1:123456789012:secret:old"), false},
		{"not what is no ARN", p.Secret("db"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.got != c.want {
				t.Fatalf("got %v", c.got)
			}
		})
	}
}
