package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

// A release is the whole snapshot: what was stored is what is read.
func TestReleaseIsKeptWhole(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, owner := pg.Store(t)
	exec(t, owner, `insert into district (name, body) values ('default', '{}');
		insert into heritage (name, app, env, district, source) values ('hello', 'hello', 'production', 'default', 'dir:.')`)
	record := func(r bcn.Release, event bcn.ChangeEvent) bcn.Release {
		t.Helper()
		c := newChange(t, s, "heritage:hello")
		exec(t, owner, fill(`update change set state = 'verifying', started_at = bcn_now() where id = {id}`, c.ID, 0))
		m := claim(t, s, c.ID)
		r.Heritage, r.Change, r.Approvers, r.StartedAt = "hello", c.ID, []string{"U0LEAD"}, m.Now
		r.Outcome, _ = bcn.ChangeVerifying.Next(event)
		apply(t, s, deploy.Move{From: m, Event: event, Release: &r, Base: []byte("base of " + r.Tag)})
		return r
	}
	overlay := bcn.Overlay{Env: map[string]string{"A": "1 \" \x01é"}, Counts: map[string]int{"web": 0}, Restarts: map[string]string{"": "#7"}}
	stored := []bcn.Release{
		record(bcn.Release{Kind: bcn.KindDeploy, Tag: "v1", Image: "hello", Digest: "sha256:1", Commit: "c1", Manifest: []byte("one\x00"), PlanHash: "h1", By: "U0DEV"}, bcn.EventSucceed),
		record(bcn.Release{Kind: bcn.KindEnv, Tag: "v1", Manifest: []byte("one\x00"), Overlay: overlay}, bcn.EventSucceed),
		record(bcn.Release{Kind: bcn.KindDeploy, Tag: "v2", Manifest: []byte("two")}, bcn.EventFail),
		record(bcn.Release{Kind: bcn.KindRollback, Tag: "v1", Manifest: []byte("one\x00"), Overlay: overlay, Restores: 2}, bcn.EventSucceed),
	}

	t.Run("by its number", func(t *testing.T) {
		t.Parallel()
		for i, want := range stored {
			got, err := s.Release(ctx, "hello", int64(i+1))
			if err != nil {
				t.Fatal(err)
			}
			want.Number, want.StartedAt, want.EndedAt = int64(i+1), got.StartedAt, got.EndedAt
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("release %d (-stored +read):\n%s", i+1, diff)
			}
		}
		for _, number := range []int64{0, 5, -1} {
			if _, err := s.Release(ctx, "hello", number); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("release %d: %v", number, err)
			}
		}
		if _, err := s.Release(ctx, "other", 1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another heritage's release 1: %v", err)
		}
	})
	t.Run("those that succeeded before another, newest first", func(t *testing.T) {
		t.Parallel()
		for before, want := range map[int64][]int64{1: nil, 2: {1}, 4: {2, 1}, 5: {4, 2, 1}} {
			list, err := s.Successful(ctx, "hello", before, 10)
			var got []int64
			for _, r := range list {
				got = append(got, r.Number)
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("before %d (-want +got): %v\n%s", before, err, diff)
			}
		}
		if list, err := s.Successful(ctx, "hello", 5, 2); err != nil || len(list) != 2 {
			t.Errorf("of two there are %d: %v", len(list), err)
		}
	})
	t.Run("a row that a bcn before this one wrote is of a deploy without changes from chat", func(t *testing.T) {
		t.Parallel()
		exec(t, owner, `insert into heritage (name, app, env, district, source) values ('old', 'old', 'production', 'default', 'dir:.')`)
		c := newChange(t, s, "heritage:old")
		exec(t, owner, fill(`insert into release (heritage, number, change, tag, image, digest, commit, manifest, base, plan_hash, by_user, approvers, outcome, started_at, ended_at)
			values ('old', 1, {id}, 'v1', '', '', '', '', '', '', '', '[]', 'succeeded', bcn_now(), bcn_now())`, c.ID, 0))
		r, _, err := s.LastRelease(ctx, "old")
		if err != nil || r.Kind != bcn.KindDeploy || !r.Overlay.Empty() || r.Restores != 0 {
			t.Errorf("it reads %+v: %v", r, err)
		}
	})
}
