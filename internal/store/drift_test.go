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
		out, err := s.SawDistrictDrift(ctx, "same", r)
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
