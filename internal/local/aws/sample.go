package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
	"github.com/bcn-bot/bcn/internal/roles"
)

// What the sample is called. The ids are fixed, so that what is written about
// the sample stays true.
const (
	sampleDistrict = "default"
	sampleCluster  = "default"
	sampleVPC      = "vpc-0a11ce00000000001"
	sampleGroup    = "sg-0a11ce00000000001"
	sampleApp      = "hello"
	rolesStack     = "bcn-roles-default"
	accessStack    = "bcn-access-default"
)

// sampleSubnets are the private ones first.
func sampleSubnets(region string) []subnet {
	return []subnet{
		{id: "subnet-0a11ce00000000001", cidr: "10.0.1.0/24", zone: region + "a"},
		{id: "subnet-0a11ce00000000002", cidr: "10.0.2.0/24", zone: region + "b"},
		{id: "subnet-0a11ce00000000101", cidr: "10.0.101.0/24", zone: region + "a", public: true},
		{id: "subnet-0a11ce00000000102", cidr: "10.0.102.0/24", zone: region + "b", public: true},
	}
}

// SampleNode is the one machine that Session Manager reaches in the sample.
const SampleNode = "i-0a11ce00000000001"

// SampleBucket is the name of the bucket for large templates.
func SampleBucket(account string) string { return "bcn-default-templates-" + account }

// relay is a clock that can be exchanged. The sample's stack is made by a
// clock of its own that runs ahead, so that New need not wait for it.
type relay struct {
	mu sync.Mutex
	to wire.Clock
}

func (r *relay) clock() wire.Clock {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.to
}

func (r *relay) Now() time.Time                         { return r.clock().Now() }
func (r *relay) After(d time.Duration, f func()) func() { return r.clock().After(d, f) }
func (r *relay) follow(c wire.Clock)                    { r.mu.Lock(); r.to = c; r.mu.Unlock() }

// SampleDatabase is the host and port that a port document of the sample
// forwards; nothing answers there before Sessions().PutHost gives it an address.
const SampleDatabase = "orders.db.internal:5432"

// sampleDatabase is the database whose port access may forward.
func sampleDatabase() roles.DatabasePort {
	return roles.DatabasePort{Name: "orders", Host: "orders.db.internal", Port: 5432}
}

// putSample fills the account with what the sample app needs.
func (s *Server) putSample() error {
	a := s.parts.account
	a.mu.Lock()
	home := a.in(a.Region)
	home.vpcs[sampleVPC] = &vpc{id: sampleVPC, cidr: "10.0.0.0/16", tags: map[string]string{"Name": sampleDistrict}}
	for _, n := range sampleSubnets(a.Region) {
		n.vpc = sampleVPC
		home.subnets[n.id] = &n
	}
	home.groups[sampleGroup] = &group{
		id: sampleGroup, name: "tasks", description: "On every task of the district", vpc: sampleVPC, tags: map[string]string{},
		egress: []Rule{{ID: "sgr-0a11ce00000000001", Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"}},
	}
	now := a.clock.Now()
	a.buckets[SampleBucket(a.ID)] = &bucket{region: a.Region, created: now, objects: map[string]stored{}}
	for _, name := range append([]string{sampleApp + "/session_secret"}, PluginKeys()...) {
		a.putSampleParameter(name, awsKeys+"ssm", "")
	}
	a.mu.Unlock()
	s.parts.sessions.PutNode(sessions.Node{
		ID: SampleNode, Region: a.Region, Name: sampleDistrict + "-container-instance", Address: "10.0.1.10",
		Tags: map[string]string{"Name": sampleDistrict, "bcn:district": sampleDistrict},
	})
	s.parts.cluster.PutCluster(a.ID, a.Region, sampleCluster, nil)
	s.putImages()
	s.putExamples()
	s.putPluginImages()
	return s.putRoles()
}

// putImages fills the sample's repository. Whatever the broken image is told
// to run refuses connections for a while and then gives up.
func (s *Server) putImages() {
	c := s.parts.cluster
	v1 := c.PutImage(sampleApp, "v1", cluster.Image{Behaviour: cluster.Healthy("hello v1 listens")})
	digest := c.PutImage(sampleApp, "v2", cluster.Image{Behaviour: cluster.Healthy("hello v2 listens")})
	c.PutImage(sampleApp, "latest", cluster.Image{Digest: digest, Behaviour: cluster.Healthy("hello v2 listens")})
	broken := cluster.Exits(1, 4*time.Second,
		"hello broken starts",
		"connecting to database db.internal:5432",
		"error: could not connect to server: Connection refused",
		"giving up after 3 attempts")
	broken.Unhealthy = true
	c.PutImage(sampleApp, "broken", cluster.Image{Behaviour: broken})
	openssl := cluster.Finding{ID: "CVE-2026-1001", Severity: "HIGH", Package: "openssl", Version: "3.0.11"}
	c.PutScan(sampleApp, v1, &cluster.Scan{Status: "COMPLETE", Findings: []cluster.Finding{
		openssl, {ID: "CVE-2026-1002", Severity: "MEDIUM", Package: "zlib", Version: "1.2.13"},
	}})
	c.PutScan(sampleApp, digest, &cluster.Scan{Status: "COMPLETE", Findings: []cluster.Finding{
		openssl, {ID: "CVE-2026-1003", Severity: "LOW", Package: "curl", Version: "8.5.0"},
	}})
}

// rolesInput is what the sample's roles are made for. The bot runs in another
// process, so which external id it will send is not known.
func rolesInput(account, region string) roles.Input {
	return roles.Input{
		District: sampleDistrict, Account: account, Region: region,
		BotPrincipal: "arn:aws:iam::" + account + ":root", AnyExternalID: true,
		Cluster: sampleCluster, Bucket: SampleBucket(account),
	}
}

// putRoles applies the templates of bcn's roles as an administrator would:
// those of deploys, and those of access.
func (s *Server) putRoles() error {
	a := s.parts.account
	in := rolesInput(a.ID, a.Region)
	deploys, err := roles.Template(in)
	if err != nil {
		return err
	}
	access, err := roles.AccessTemplate(roles.AccessInput{Input: in, Ports: []roles.DatabasePort{sampleDatabase()}})
	if err != nil {
		return err
	}
	ahead := wire.NewManualClock(s.relay.Now().Add(-time.Minute)) // arrives at the present
	behind := s.relay.clock()
	s.relay.follow(ahead)
	defer s.relay.follow(behind)
	for name, template := range map[string][]byte{rolesStack: deploys, accessStack: access} {
		var body bytes.Buffer
		if err := json.Compact(&body, template); err != nil { // with its spaces it may be too long for a call
			return err
		}
		if _, err := s.administer(ahead.Now(), "CreateStack", map[string]any{
			"StackName": name, "TemplateBody": body.String(), "Capabilities": []any{"CAPABILITY_NAMED_IAM"},
		}); err != nil {
			return fmt.Errorf("the sample's roles: %w", err)
		}
	}
	ahead.Advance(time.Minute)
	task := "arn:aws:iam::" + a.ID + ":role/" + roles.TaskAccessRoleName(sampleDistrict)
	for arn, stack := range map[string]string{in.BotRoleARN(): rolesStack, in.CFNRoleARN(): rolesStack, task: accessStack} {
		if _, ok := a.visibleRole(arn); !ok {
			out, _ := s.administer(ahead.Now(), "DescribeStackEvents", map[string]any{"StackName": stack})
			return errors.New("the sample's roles were not made: " + fmt.Sprint(out))
		}
	}
	return nil
}

// administer calls CloudFormation as the account's administrator.
func (s *Server) administer(now time.Time, action string, params map[string]any) (any, error) {
	a := s.parts.account
	p := a.administrator()
	return s.parts.stacks.Handle(context.Background(), &wire.Call{
		Service: "cloudformation", Action: action, Region: a.Region, Account: a.ID, Principal: p, Params: params,
		Now: now, Authorize: a.authorizer(p, nil, a.Region), AuthorizeAs: a.authorizerAs(a.Region),
	})
}

// SampleCommands are the chat commands that an administrator types to use the
// sample, in this order; none without Options.Sample.
func (s *Server) SampleCommands() []string {
	if !s.sample {
		return nil
	}
	a := s.parts.account
	in := rolesInput(a.ID, a.Region)
	var private, public []string
	for _, n := range sampleSubnets(a.Region) {
		if n.public {
			public = append(public, n.id)
		} else {
			private = append(private, n.id)
		}
	}
	create := "/bcn create " + sampleApp + " %s --district " + sampleDistrict + " --source dir:examples/" + sampleApp
	return []string{
		"/bcn district adopt " + sampleDistrict + " --region " + a.Region + " --role " + in.BotRoleARN() + " --cfn-role " + in.CFNRoleARN() +
			" --vpc " + sampleVPC + " --cluster " + sampleCluster + " --subnets " + strings.Join(private, ",") +
			" --public-subnets " + strings.Join(public, ",") + " --security-groups " + sampleGroup +
			" --bucket " + SampleBucket(a.ID) + " --for production,staging",
		"/bcn endpoint create main --district " + sampleDistrict + " --public --for production,staging",
		fmt.Sprintf(create, "production"),
		fmt.Sprintf(create, "staging"),
	}
}
