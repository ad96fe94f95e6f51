package apply_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const waits, belongs = "/bcn-pending/default/0a1b2c", "/barcelona/default/redash/DATABASE_URL"

// held lets a value wait, as the bot does, under the app's own key.
func (w *world) held(t *testing.T, value string) bcn.SecretPlan {
	t.Helper()
	if err := w.HoldSecret(t.Context(), w.target, waits, "alias/redash", func() string { return value }); err != nil {
		t.Fatal(err)
	}
	found, err := w.FindSecrets(t.Context(), w.target, []string{waits, belongs})
	if err != nil || found[waits].Version != 1 || !found[waits].Secure {
		t.Fatalf("%+v, %v", found, err)
	}
	return bcn.SecretPlan{Op: bcn.SecretSet, Path: belongs, Pending: waits, PendingVersion: 1, Key: "alias/redash", Version: found[belongs].Version}
}

// versionOf is that of the parameter where the value belongs.
func (w *world) versionOf(t *testing.T, value string) int64 {
	t.Helper()
	p, _ := w.beside(t, "ssm", "GetParameter", map[string]any{"Name": belongs, "WithDecryption": true})["Parameter"].(map[string]any)
	if p["Value"] != value {
		t.Errorf("it holds %v, want %v", p["Value"], value)
	}
	found, err := w.FindSecrets(t.Context(), w.target, []string{waits, belongs})
	if err != nil {
		t.Fatal(err)
	}
	if _, left := found[waits]; left {
		t.Error("it still waits")
	}
	return found[belongs].Version
}

// still is a step that has its change.
func still(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return ctx, func() {}, nil
}

func TestASecretIsMovedOnce(t *testing.T) {
	t.Parallel()
	tags := []bcn.Tag{{Key: "bcn:app", Value: "redash"}}
	t.Run("made, and after a crash that nobody heard of left as it is", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.held(t, "one")
		w.aws.Faults().DropAnswer("ssm", "PutParameter", 1)
		for range 3 { // the SDK tries again by itself, and so does the job
			if err := w.MoveSecret(t.Context(), w.target, p, "bcn 1 #7", tags, still); err != nil {
				t.Fatal(err)
			}
		}
		if v := w.versionOf(t, "one"); v != 1 {
			t.Errorf("it was written %d times", v)
		}
	})
	t.Run("overwritten, and left as it is when it is said again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.write(t, belongs, "")
		p := w.held(t, "two")
		for range 2 {
			if err := w.MoveSecret(t.Context(), w.target, p, "bcn 1 #8", tags, still); err != nil {
				t.Fatal(err)
			}
		}
		if v := w.versionOf(t, "two"); v != 2 {
			t.Errorf("it has version %d", v)
		}
	})
	t.Run("not over what somebody else wrote meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.held(t, "three")
		w.write(t, belongs, "")
		wantCode(t, w.MoveSecret(t.Context(), w.target, p, "bcn 1 #9", tags, still), bcn.CodePlanMoved)
	})
	t.Run("not where nothing waits", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.held(t, "four")
		for range 2 {
			if err := w.RemoveSecret(t.Context(), w.target, waits); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, w.MoveSecret(t.Context(), w.target, p, "bcn 1 #10", tags, still), bcn.CodeSecretGone)
	})
	t.Run("not another value than the one that was approved", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.held(t, "approved")
		if err := w.HoldSecret(t.Context(), w.target, waits, "alias/redash", func() string { return "exchanged" }); err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.MoveSecret(t.Context(), w.target, p, "bcn 1 #11", tags, still), bcn.CodePlanMoved)
		w.nothingAt(t)
	})
	t.Run("not by a step that has lost its change meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.held(t, "five")
		lost := func(context.Context) (context.Context, context.CancelFunc, error) { return nil, nil, deploy.ErrMoved }
		if err := w.MoveSecret(t.Context(), w.target, p, "bcn 1 #12", tags, lost); !errors.Is(err, deploy.ErrMoved) {
			t.Error(err)
		}
		w.nothingAt(t)
	})
}

// nothingAt says that nothing is where the value belongs.
func (w *world) nothingAt(t *testing.T) {
	t.Helper()
	found, err := w.FindSecrets(t.Context(), w.target, []string{belongs})
	if err != nil || len(found) > 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
