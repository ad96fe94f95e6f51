package access_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/roles"
)

const (
	base    = "eu-west-1:123456789012:"
	taskID  = "0123456789abcdef0123456789abcdef"
	nodeID  = "i-0123456789abcdef0"
	cluster = "arn:aws:ecs:" + base + "cluster/default"
	task    = "arn:aws:ecs:" + base + "task/default/" + taskID
	node    = "arn:aws:ec2:" + base + "instance/" + nodeID
	ten     = "arn:aws:ssm:" + base + "document/bcn-default-session-10m"
	port    = "arn:aws:ssm:" + base + "document/bcn-default-port-main"
	me      = "AROAEXAMPLE:bcn-g1042-1"
	session = "arn:aws:ssm:" + base + "session/"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func own() access.Target {
	return access.Target{
		Kind: access.OwnTask, District: "default", Account: "123456789012", Region: "eu-west-1",
		Cluster: "default", Task: taskID, Container: "web",
	}
}

func live() access.Target { t := own(); t.Kind = access.LiveTask; return t }

func instance() access.Target {
	return access.Target{
		Kind: access.Instance, District: "default", Account: "123456789012", Region: "eu-west-1",
		Node: nodeID, Session: 10 * time.Minute,
	}
}

func database() access.Target {
	return access.Target{
		Kind: access.Port, District: "default", Account: "123456789012", Region: "eu-west-1", Node: nodeID, Database: "main",
	}
}

// minted decides as AWS does about credentials of a grant: the role of the
// target, narrowed by its session policy.
func minted(t testing.TB, target access.Target, end time.Time) policy.Set {
	t.Helper()
	raw, err := access.Policy(target, end)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := policy.Parse(raw, policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return policy.Set{Identity: []*policy.Document{roleOf(t, target)}, Session: doc}
}

// roleOf is the policy of the target's role, out of the district's template.
func roleOf(t testing.TB, target access.Target) *policy.Document {
	t.Helper()
	raw, err := roles.AccessTemplate(roles.AccessInput{
		Input: roles.Input{
			District: target.District, Account: target.Account, Region: target.Region, Cluster: target.Cluster,
			BotPrincipal: "arn:" + bcn.Partition(target.Region) + ":iam::999999999999:role/bcn", ExternalID: "bcn-1234", Bucket: "bcn-bucket",
		},
		Key:   target.Key,
		Ports: []roles.DatabasePort{{Name: "main", Host: "db.internal", Port: 5432}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Resources map[string]struct {
			Properties struct {
				RoleName string
				Policies []struct{ PolicyDocument json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	for _, r := range tree.Resources {
		if r.Properties.RoleName != target.Role() {
			continue
		}
		doc, err := policy.Parse(r.Properties.Policies[0].PolicyDocument, policy.Identity)
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	t.Fatalf("the template has no role %s", target.Role())
	return nil
}

// call is one call of who holds a grant's credentials, with the keys that AWS
// would know of it.
type call struct {
	action, resource string
	keys             map[string]string
}

func (c call) allowed(set policy.Set, now time.Time) bool {
	keys := policy.Keys{}
	keys.Set("aws:CurrentTime", now.UTC().Format(time.RFC3339))
	keys.Set("aws:userid", me)
	keys.Set("aws:SourceIdentity", "dana")
	keys.Set("aws:RequestedRegion", "eu-west-1")
	for k, v := range c.keys {
		keys.Set(k, v)
	}
	return set.Decide(policy.Request{Action: c.action, Resource: c.resource, Keys: keys}).Allowed
}

func keys(pairs ...string) map[string]string {
	out := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		out[pair[0]] = pair[1]
	}
	return out
}

func named(document string) map[string]string {
	return keys("ssm:SessionDocumentAccessCheck", map[bool]string{true: "true", false: "false"}[document != ""])
}

func inContainer(name string) map[string]string {
	return keys("ecs:cluster", cluster, "ecs:container-name", name)
}

func sessionOf(userID string) map[string]string {
	return keys("ssm:resourceTag/aws:ssmmessages:session-id", userID)
}
