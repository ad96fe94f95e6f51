package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/render"
	"github.com/bcn-bot/bcn/internal/roles"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// tokyo is a district that bcn makes in a world, and how to look at AWS past bcn.
type tokyo struct {
	*world
	roles roles.Input
	admin *awsx.Session
}

func newTokyo(t *testing.T) *tokyo {
	t.Helper()
	w := newWorld(t)
	client, err := awsx.New(t.Context(), awsx.Options{Region: localaws.DefaultRegion, Endpoint: w.aws.URL(), Isolated: true})
	if err != nil {
		t.Fatal(err)
	}
	d := &tokyo{world: w, admin: client.For(bcn.Target{District: bcn.District{Region: localaws.DefaultRegion}})}
	account := w.aws.Account().ID
	d.roles = roles.Input{
		District: "tokyo", Account: account, Region: localaws.DefaultRegion, BotPrincipal: "arn:aws:iam::" + account + ":root",
		ExternalID: ExternalID(storetest.Key)("tokyo"),
	}
	template, err := roles.Template(d.roles)
	if err != nil {
		t.Fatal(err)
	}
	d.apply("bcn-roles-tokyo", template)
	return d
}

// apply makes a stack as the account's owner does.
func (d *tokyo) apply(name string, template []byte) {
	d.t.Helper()
	if err := d.aws.Apply(d.t.Context(), name, template); err != nil {
		d.t.Fatal(err)
	}
}

// create is the command that makes the district.
func (d *tokyo) create(more string) string {
	return "district create tokyo --region " + d.roles.Region + " --role " + d.roles.BotRoleARN() +
		" --cfn-role " + d.roles.CFNRoleARN() + " --for staging --cidr 10.9.0.0/16 " + more
}

// A district that bcn makes, from its first resource to its last.
func TestDistrictThatBcnMakes(t *testing.T) {
	t.Parallel()
	d := newTokyo(t)
	a, _ := d.bot()
	t.Run("is planned as a network and a cluster, made, and known by its outputs", func(t *testing.T) {
		w := d.in(t)
		w.slash("U0ADMIN", deploys, d.create("--nat instance"))
		w.card(deploys, "tokyo", "succeeded", "barcelona-tokyo")
		w.slash("U0ADMIN", deploys, "district show tokyo")
		w.told("U0ADMIN", "tokyo", "nat instance", "10.9.0.0/16", "subnet-0", "sg-0", "bcn-tokyo-"+d.roles.Account)
	})
	t.Run("the watch announces what was changed outside of it, once", func(t *testing.T) {
		w := d.in(t)
		keep := func(days int) {
			w.beside("logs", "PutRetentionPolicy", map[string]any{"logGroupName": render.FlowLogGroup("tokyo"), "retentionInDays": days})
		}
		keep(7)
		for range 2 {
			w.watched(t, a)
			w.card(a.o.Config.Slack.Channels.Announce, "District `tokyo`", "was changed outside of bcn", "RetentionInDays", "→ `7`", "Repair tokyo")
		}
		if n := strings.Count(w.everything(), "was changed outside of bcn"); n != 1 {
			t.Errorf("announced %d times", n)
		}
		keep(365)
	})
	t.Run("a second one of its name is refused", func(t *testing.T) {
		w := d.in(t)
		w.slash("U0ADMIN", deploys, d.create(""))
		w.told("U0ADMIN", "tokyo", "taken")
	})
	t.Run("serves an endpoint and an app", func(t *testing.T) {
		w := d.in(t)
		w.type1("/bcn endpoint create edge --district tokyo --public --access-logs --for staging")
		w.commit(strings.NewReplacer("endpoint: main", "endpoint: edge", "{ ssm_path: hello/session_secret }", "{ value: none }",
			"name: hello-staging", "name: shop").Replace(w.manifest()))
		w.type1("/bcn create shop staging --district tokyo --source github:acme/hello", "/bcn deploy shop staging v1")
		w.until("it runs", `select exists (select 1 from release where heritage = 'shop' and outcome = 'succeeded') and $1 = 0`, int64(0))
	})
	t.Run("a priority that another app has on the endpoint is refused, before anything runs", func(t *testing.T) {
		w := d.in(t)
		mine := w.manifest()
		w.commit(strings.NewReplacer("endpoint: main", "endpoint: edge", "{ ssm_path: hello/session_secret }", "{ value: none }",
			"name: hello-staging", "name: rival").Replace(mine))
		w.type1("/bcn create rival staging --district tokyo --source github:acme/hello")
		before := len(w.aws.Calls())
		w.slash("U0ADMIN", deploys, "deploy rival staging v1")
		w.card(deploys, "rival", "closed", "priority", "100", "edge", "shop staging (web)")
		w.nothingWritten(t, before)
		w.slash("U0ADMIN", deploys, "delete rival staging --confirm rival")
		w.until("the rival is gone", `select not exists (select 1 from heritage where name = 'rival') and $1 = 0`, int64(0))
	})
	t.Run("an endpoint that a service uses is not deleted, nor the district that they live in", func(t *testing.T) {
		w := d.in(t)
		w.slash("U0ADMIN", deploys, "endpoint delete edge")
		w.told("U0ADMIN", "edge", "still used", "shop staging (web)")
		w.slash("U0ADMIN", deploys, "district delete tokyo")
		w.told("U0ADMIN", "tokyo", "still used", "shop staging", "endpoint edge")
		w.slash("U0ADMIN", deploys, "district update tokyo --for production")
		w.told("U0ADMIN", "tokyo", "still used", "shop staging")
	})
	t.Run("its NAT is changed while it is used", func(t *testing.T) {
		w := d.in(t)
		w.slash("U0ADMIN", deploys, "district update tokyo --nat managed_gateway")
		w.card(deploys, "change the district", "succeeded", "NAT: instance")
	})
	t.Run("its apps move to machines of its own, and keep them while they use them", func(t *testing.T) {
		w := d.in(t)
		own := strings.NewReplacer("endpoint: main", "endpoint: edge", "{ ssm_path: hello/session_secret }", "{ value: none }",
			"name: hello-staging", "name: shop").Replace(w.manifest())
		w.commit(strings.ReplaceAll(own, "    services:", "    launch: ec2\n    services:"))
		w.slash("U0ADMIN", deploys, "deploy shop staging v2")
		w.card(deploys, "shop", "closed", "launch: ec2 needs machines", "district update tokyo --launch ec2")
		w.slash("U0ADMIN", deploys, "district update tokyo --launch ec2 --instance-type p5.48xlarge")
		w.told("U0ADMIN", "p5.48xlarge", "classes that bot iam allows")
		w.slash("U0ADMIN", deploys, "district update tokyo --size 3")
		w.told("U0ADMIN", "are for --launch ec2")
		w.slash("U0ADMIN", deploys, "district update tokyo --launch ec2 --size 2")
		w.card(deploys, "change the district", "succeeded", "launch: fargate → ec2", "machines: none → 2 × m6i.large, at most 5")
		w.slash("U0ADMIN", deploys, "deploy shop staging v2")
		w.until("it runs on them", `select count(*) = 2 from release where heritage = 'shop' and outcome = 'succeeded' and $1 = 0`, int64(0))
		tasks := w.beside("ecs", "ListTasks", map[string]any{"cluster": "tokyo", "launchType": "EC2"})["taskArns"].([]any)
		if len(tasks) == 0 {
			t.Error("no task is on a machine")
		}
		w.slash("U0ADMIN", deploys, "district update tokyo --launch fargate")
		w.told("U0ADMIN", "the machines of tokyo", "still used", "shop staging (web)")
	})
	t.Run("one that was adopted is not changed, and only forgotten", func(t *testing.T) {
		w := d.in(t)
		w.type1(w.aws.SampleCommands()[0])
		w.slash("U0ADMIN", deploys, "district update default --nat none")
		w.told("U0ADMIN", "default", "was adopted")
		before := len(w.aws.Calls())
		w.slash("U0ADMIN", deploys, "district delete default")
		w.card(deploys, "*delete* the district", "default", "succeeded", "stays: everything in AWS")
		w.nothingWritten(t, before)
		w.until("it is forgotten", `select not exists (select 1 from district where name = 'default') and $1 = 0`, int64(0))
	})
	t.Run("applying what is there already changes nothing", func(t *testing.T) {
		w := d.in(t)
		w.slash("U0ADMIN", deploys, "district apply tokyo")
		w.card(deploys, "change the district", "closed", "nothing")
	})
	t.Run("an endpoint gets certificates, and serves plain HTTP by a redirect", func(t *testing.T) {
		w := d.in(t)
		arn := "arn:aws:acm:" + d.roles.Region + ":" + d.roles.Account + ":certificate/"
		w.slash("U0ADMIN", deploys, "endpoint update edge --certificate "+arn+"1,"+arn+"2 --tls modern --no-access-logs")
		w.card(deploys, "change the endpoint", "succeeded", "TLS: intermediate → modern", "access logs: on → off")
		w.slash("U0ADMIN", deploys, "endpoint show edge")
		w.told("U0ADMIN", "edge", arn+"1", arn+"2", "modern")
		w.slash("U0ADMIN", deploys, "endpoint update edge --certificate arn:aws:acm:eu-west-1:"+d.roles.Account+":certificate/3")
		w.told("U0ADMIN", "certificate/3", "is not in "+d.roles.Region)
	})
	t.Run("goes with all that was in it, but what the card said", func(t *testing.T) {
		w := d.in(t)
		w.slash("U0ADMIN", deploys, "delete shop staging --confirm shop")
		w.until("the app is gone", `select not exists (select 1 from heritage where name = 'shop') and $1 = 0`, int64(0))
		w.slash("U0ADMIN", deploys, "endpoint delete edge --reason nobody comes")
		w.card(deploys, "*delete* the endpoint", "succeeded")
		w.slash("U0ADMIN", deploys, "district delete tokyo")
		w.card(deploys, "*delete* the district", "succeeded", "stays: the bucket bcn-tokyo-"+d.roles.Account, "log groups below Barcelona/tokyo/")
		stacks, err := d.admin.Stacks(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range stacks {
			if s.Name == "barcelona-tokyo" || s.Name == "endpoint-edge" {
				t.Errorf("%s is still there: %s", s.Name, s.Status)
			}
		}
		w.until("it is forgotten", `select not exists (select 1 from district where name = 'tokyo') and $1 = 0`, int64(0))
	})
}
