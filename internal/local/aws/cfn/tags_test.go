package cfn_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// lingering is a shelf whose resources are gone some polls after Delete, and
// which remembers the tags of the last request.
type lingering struct {
	*shelf
	mu   sync.Mutex
	tags map[string]string
	left int
}

func (l *lingering) Create(ctx context.Context, r wire.Request) (string, map[string]string, error) {
	l.remember(r)
	return l.shelf.Create(ctx, r)
}

func (l *lingering) Update(ctx context.Context, id string, r wire.Request) (map[string]string, error) {
	l.remember(r)
	r.Properties["ClusterName"] = "a provider may scribble on what it got"
	return l.shelf.Update(ctx, id, r)
}

func (l *lingering) remember(r wire.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tags = r.Tags
}

func (l *lingering) Gone(context.Context, string, wire.Request) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left--
	return l.left < 0, nil
}

func TestTagsReachTheResources(t *testing.T) {
	t.Parallel()
	l := &lingering{shelf: newShelf(typeCluster), left: 3}
	b := newBench(t, func(o *cfn.Options) { o.Providers[typeCluster] = l })
	tags := func(owner string) p {
		return p{"Tags": []any{p{"Key": "owner", "Value": owner}, p{"Key": "app", "Value": "stack's"}}}
	}
	tmpl := resources(p{"C": resource(typeCluster, p{"Tags": []any{p{"Key": "app", "Value": "own"}}})})
	b.apply("s", "c-1", "CREATE", tmpl, tags("bcn"))
	id := b.stack("s")["StackId"].(string)
	want := map[string]string{"owner": "bcn", "app": "own", "aws:cloudformation:stack-name": "s", "aws:cloudformation:stack-id": id, "aws:cloudformation:logical-id": "C"}
	if diff := cmp.Diff(want, l.tags); diff != "" {
		t.Error(diff)
	}
	if got := b.apply("s", "c-2", "UPDATE", tmpl, tags("bot")); got != "UPDATE_COMPLETE" || l.tags["owner"] != "bot" {
		t.Errorf("%s, %v", got, l.tags)
	}
	cs := b.propose("s", "c-3", "UPDATE", tmpl)
	if cs["Status"] != "FAILED" {
		t.Errorf("tags that are not given stay: %v", cs)
	}

	t.Run("and a deletion waits until the resource is gone", func(t *testing.T) {
		b.must("DeleteStack", p{"StackName": "s"})
		b.clock.advance(1e9)
		if got := b.status("s"); got != "DELETE_IN_PROGRESS" {
			t.Errorf("too early: %s", got)
		}
		b.settle()
		if got := b.status(id); got != "DELETE_COMPLETE" {
			t.Error(got)
		}
	})
}

func TestAFailedUpdateWithoutRollbackStandsAndCanBeMended(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.apply("s", "c-1", "CREATE", resources(p{"A": resource(typeCluster, p{"ClusterName": "one"}), "B": resource(typeCluster, p{"ClusterName": "b"})}))
	b.shelf[typeLog].fail = failing("Create", "L", "no")
	b.shelf[typeCluster].fail = failing("Create", "s-B-", "no b")
	second := resources(p{"A": resource(typeCluster, p{"ClusterName": "two"}), "B": resource(typeCluster, p{"ClusterName": "c"}), "L": resource(typeLog, p{}, p{"DependsOn": []any{"A"}})})
	b.propose("s", "c-2", "UPDATE", second)
	b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "c-2", "DisableRollback": "true"})
	b.settle()
	if got := b.status("s"); got != "UPDATE_FAILED" {
		t.Fatal(got)
	}
	b.shelf[typeLog].fail, b.shelf[typeCluster].fail = nil, nil
	if got := b.apply("s", "c-3", "UPDATE", second); got != "UPDATE_COMPLETE" {
		t.Fatalf("%s\n%v", got, b.events("s"))
	}
	if n := len(b.shelf[typeCluster].items); n != 2 {
		t.Errorf("%d clusters: %v", n, b.shelf[typeCluster].log)
	}
	b.must("DeleteStack", p{"StackName": "s"})
	b.settle()
	if n := len(b.shelf[typeCluster].items) + len(b.shelf[typeLog].items); n != 0 {
		t.Errorf("%d resources are left", n)
	}
}
