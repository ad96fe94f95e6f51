package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// What bcn did is explained by its log; what somebody did with its role is not,
// and is told once; and what the log says was done has to be in CloudTrail.
func TestCloudTrailIsComparedWithTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, stop := w.bot()
	w.setUp()
	stop()
	s := w.open()
	r := a.reconciler()
	r.store, r.lag = s, -2*time.Second // the local CloudTrail knows at once
	compare := func(t *testing.T) string {
		t.Helper()
		var out strings.Builder
		w.sql(t, `update audit_reconcile set until = bcn_now() - interval '1 hour'`) // what was told is looked at once more
		if err := r.now(t.Context(), "", &out); err != nil {
			fmt.Fprintln(&out, err)
		}
		return out.String()
	}
	t.Run("all that bcn did to set the sample up is explained", func(t *testing.T) {
		if said := compare(t); !strings.Contains(said, "0 new findings") {
			t.Error(said)
		}
	})
	t.Run("what somebody did with bcn's role is told, once", func(t *testing.T) {
		d, err := s.District(t.Context(), "default")
		if err != nil {
			t.Fatal(err)
		}
		base := awssdk.Config{
			Region: localaws.DefaultRegion, BaseEndpoint: awssdk.String(w.aws.URL()),
			Credentials: credentials.NewStaticCredentialsProvider("AKIDADMINISTRATOR", "any", ""),
		}
		thief := base.Copy()
		thief.Credentials = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(base), d.Role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName, o.SourceIdentity, o.ExternalID = "bcn-999999", awssdk.String(bcn.SystemIdentity), awssdk.String(ExternalID(storetest.Key)("default"))
		})
		// It is refused or not: the attempt is told.
		_, _ = ecs.NewFromConfig(thief).StopTask(t.Context(), &ecs.StopTaskInput{Cluster: &d.Cluster, Task: awssdk.String(strings.Repeat("0", 32))})
		said := compare(t)
		if !all(said, []string{"audit.unexplained", "StopTask", "bcn-999999", "1 new findings", "do not agree"}) {
			t.Error(said)
		}
		if again := compare(t); !strings.Contains(again, "0 new findings") {
			t.Error(again)
		}
		if n := ask[int64](t, w, `select count(*) from outbox where channel = 'C0SEC' and body::text like '%bcn-999999%'`); n != 1 {
			t.Errorf("the security channel is told %d times", n)
		}
	})
	t.Run("what the log says, and CloudTrail does not know, is told", func(t *testing.T) {
		w.sql(t, `insert into change (id, kind, subject, app, env, district, wish, state, requester) values (888888, 'deploy', 'x', 'hello', 'production', 'default', '{}', 'succeeded', '{}')`)
		w.sql(t, `insert into audit_entry select (select max(seq) from audit_entry) + n, bcn_now(), k, 'bcn-system', 888888, '{}', '', '' from (values (1, 'change.start'), (2, 'change.applied')) v(n, k)`)
		w.sql(t, `update audit_head set seq = seq`)
		found, err := r.missing(t.Context(), a.aws.For(r.target(mustDistrict(t, s))), windowUntilNow(t, s), nil)
		if err != nil || len(found) != 1 || found[0].Kind != "audit.missing" || found[0].ID != 888888 {
			t.Errorf("%v %+v", err, found)
		}
	})
}

func mustDistrict(t *testing.T, s *store.Store) bcn.District {
	t.Helper()
	d, err := s.District(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// windowUntilNow is of the last hour.
func windowUntilNow(t *testing.T, s *store.Store) store.Window {
	t.Helper()
	now, err := s.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return store.Window{District: mustDistrict(t, s), From: now.Add(-time.Hour), To: now}
}
