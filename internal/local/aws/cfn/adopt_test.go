package cfn_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// namedShelf knows what is there by a name that the template gives.
type namedShelf struct {
	*shelf
	there *bool
}

func (s namedShelf) Taken(_ context.Context, r wire.Request) (string, bool) {
	name, _ := r.Properties["LogGroupName"].(string)
	return name, *s.there && name == "kept"
}

func TestWhatIsThereIsTakenIntoAStack(t *testing.T) {
	t.Parallel()
	kept := func(policy string) any {
		return resources(p{"Log": p{"Type": typeLog, "DeletionPolicy": policy, "Properties": p{"LogGroupName": "kept", "RetentionInDays": 7}}, "Cluster": resource(typeCluster, p{})})
	}
	bench := func(t *testing.T) *bench {
		t.Helper()
		there := true
		return newBench(t, func(o *cfn.Options) {
			log, _ := o.Providers[typeLog].(*shelf)
			log.items["kept"] = map[string]any{"RetentionInDays": 1}
			o.Providers[typeLog] = namedShelf{log, &there}
		})
	}
	t.Run("where it is asked for and the template retains it", func(t *testing.T) {
		t.Parallel()
		b := bench(t)
		cs := b.propose("s", "bcn-1", "CREATE", kept("RetainExceptOnCreate"), p{"ImportExistingResources": true})
		if c := changesOf(cs)["Log"]; c["Action"] != "Import" || c["PhysicalResourceId"] != "kept" {
			t.Errorf("the change is %v", c)
		}
		b.must("ExecuteChangeSet", p{"StackName": "s", "ChangeSetName": "bcn-1"})
		b.settle()
		if got := b.status("s"); got != "CREATE_COMPLETE" || !slices.Contains(b.events("s"), "Log IMPORT_COMPLETE") {
			t.Errorf("%s: %v", got, b.events("s"))
		}
		if log := b.shelf[typeLog]; log.made != 0 || log.items["kept"]["RetentionInDays"] != float64(7) && log.items["kept"]["RetentionInDays"] != 7 {
			t.Errorf("made %d, it is %v", log.made, log.items["kept"])
		}
	})
	t.Run("and a rollback lets it go without deleting it", func(t *testing.T) {
		t.Parallel()
		b := bench(t)
		b.shelf[typeCluster].fail = func(what, _ string) error {
			if what == "Create" {
				return errors.New("no")
			}
			return nil
		}
		if got := b.apply("s", "bcn-1", "CREATE", kept("RetainExceptOnCreate"), p{"ImportExistingResources": true}); got != "ROLLBACK_COMPLETE" {
			t.Errorf("it ended as %s", got)
		}
		if _, there := b.shelf[typeLog].items["kept"]; !there {
			t.Error("it was deleted")
		}
	})
	for name, c := range map[string]struct {
		policy string
		more   p
	}{
		"not where nobody asks for it":              {"RetainExceptOnCreate", p{}},
		"not where the template does not retain it": {"Delete", p{"ImportExistingResources": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bench(t)
			if cs := b.propose("s", "bcn-1", "CREATE", kept(c.policy), c.more); cs["Status"] != "FAILED" {
				t.Errorf("the change set is %v", cs)
			}
		})
	}
}
