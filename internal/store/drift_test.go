package store_test

import (
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

func TestDriftOfADistrictIsAccepted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, owner := pg.Store(t)
	storetest.Exec(t, owner, `insert into district (name, body) values ('same', '{}');
		insert into heritage (name, app, env, district, source) values ('same', 'same', 'production', 'same', 'dir:x')`)
	found := deploy.DriftReport{Resources: []deploy.Drifted{
		{Stack: "district-same", ID: "VPC", Mark: "one"}, {Stack: "endpoint-main", ID: "LB", Mark: "two"},
	}}
	lee := bcn.Actor{Kind: bcn.Person, User: "U0LEE"}
	see := func(r deploy.DriftReport) []deploy.Drifted {
		t.Helper()
		out, err := s.SawDistrictDrift(ctx, "same", r, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out.Resources
	}
	seen := see(found)
	ofHeritage, err := s.SawDrift(ctx, "same", found, nil)
	if err != nil || ofHeritage.Resources[0].Mark == seen[0].Mark {
		t.Errorf("a heritage of the name has the mark %s too: %v", seen[0].Mark, err)
	}
	where, err := s.AcceptDistrictDrift(ctx, deploy.Origin{}, lee, "same", seen[1].Mark)
	if err != nil || where != "endpoint-main/LB" {
		t.Fatal(where, err)
	}

	t.Run("what is accepted is told as that, and the rest is not", func(t *testing.T) {
		again := see(found)
		if again[0].Accepted != nil || again[1].Accepted == nil || again[1].Accepted.By != "U0LEE" {
			t.Errorf("%+v", again)
		}
	})
	t.Run("a heritage of the same name has nothing accepted", func(t *testing.T) {
		if r, err := s.SawDrift(ctx, "same", found, nil); err != nil || r.Resources[1].Accepted != nil {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("what was put back is forgotten, and cannot be accepted", func(t *testing.T) {
		see(deploy.DriftReport{})
		if _, err := s.AcceptDistrictDrift(ctx, deploy.Origin{}, lee, "same", seen[1].Mark); !errors.Is(err, deploy.ErrNone) {
			t.Error(err)
		}
		if again := see(found); again[1].Accepted != nil {
			t.Errorf("it is accepted still: %+v", again[1])
		}
	})
	t.Run("a row that only the database's owner wrote accepts nothing", func(t *testing.T) {
		storetest.Exec(t, owner, `update district_drift set accepted_by = 'U0LEE', accepted_at = bcn_now(), mac = '\x00'`)
		if again := see(found); again[0].Accepted != nil || again[1].Accepted != nil {
			t.Errorf("%+v", again)
		}
	})
}

func TestTheWatchOfDistricts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, owner := pg.Store(t)
	storetest.Exec(t, owner, `insert into district (name, body) values ('east', '{}'), ('west', '{}')`)
	take := func(want string) {
		t.Helper()
		got, err := s.TakeDistrictDriftLook(ctx)
		if want == "" && !errors.Is(err, deploy.ErrNone) || want != "" && (err != nil || got != want) {
			t.Fatalf("took %q (%v), not %q", got, err, want)
		}
	}
	found := deploy.DriftReport{Resources: []deploy.Drifted{{Stack: "endpoint-main", ID: "LB", Mark: "one"}}}
	var told []deploy.Drifted
	say := func(channel string) func([]deploy.Drifted) []deploy.Note {
		return func(fresh []deploy.Drifted) []deploy.Note {
			if channel == "" {
				return nil
			}
			told = append(told, fresh...)
			return []deploy.Note{{Key: "drift", Role: deploy.RoleAnnounce, Channel: channel}}
		}
	}
	see := func(channel string, want int) {
		t.Helper()
		told = nil
		if _, err := s.SawDistrictDrift(ctx, "east", found, say(channel)); err != nil || len(told) != want {
			t.Errorf("told %+v: %v", told, err)
		}
	}

	t.Run("nothing is looked at before it is time", func(*testing.T) { take("") })
	t.Run("each is looked at once, by one process", func(t *testing.T) {
		if err := s.LookForDrift(ctx); err != nil {
			t.Fatal(err)
		}
		take("east")
		take("west")
		take("")
	})
	t.Run("what could not be looked at is tried again twice, and left till the next time", func(t *testing.T) {
		if err := s.DistrictDriftLookDone(ctx, "west"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			storetest.Exec(t, owner, `update district_drift_look set lease_until = bcn_now() - interval '1 second'`)
			take("east")
		}
		storetest.Exec(t, owner, `update district_drift_look set lease_until = bcn_now() - interval '1 second'`)
		take("")
		if err := s.LookForDrift(ctx); err != nil {
			t.Fatal(err)
		}
		take("east")
	})
	t.Run("what nobody could be told of is told when somebody can", func(*testing.T) {
		see("", 0)
		see("C0OPS", 1)
	})
	t.Run("what was told is not told again", func(*testing.T) { see("C0OPS", 0) })
}
