package bcn_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func overlays() *rapid.Generator[bcn.Overlay] {
	name := rapid.SampledFrom([]string{"web", "worker", "cron", "A", "B"})
	return rapid.Custom(func(t *rapid.T) bcn.Overlay {
		o := bcn.Overlay{}
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			switch rapid.IntRange(0, 5).Draw(t, "change") {
			case 0:
				o = o.SetEnv(map[string]string{name.Draw(t, "variable"): rapid.String().Draw(t, "value")})
			case 1:
				o = o.UnsetEnv([]string{name.Draw(t, "variable")})
			case 2:
				o = o.Scale(name.Draw(t, "service"), rapid.IntRange(0, 9).Draw(t, "count"))
			case 3:
				o = o.Unscale(name.Draw(t, "service"))
			case 4:
				o = o.Restart(name.Draw(t, "service"), rapid.StringMatching(`#[0-9]{4}`).Draw(t, "nonce"))
			default:
				o = o.Restart("", rapid.StringMatching(`#[0-9]{4}`).Draw(t, "nonce"))
			}
		}
		return o
	})
}

func TestOverlayLeavesTheOneItIsMadeFromAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := overlays().Draw(t, "overlay")
		before, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		o.SetEnv(map[string]string{"A": "other"})
		o.UnsetEnv([]string{"A", "B"})
		o.Scale("web", 77)
		o.Unscale("worker")
		o.Restart("web", "#7777")
		o.Restart("", "#7777")
		o.WithoutRestarts()
		o.For([]string{"web"})
		if after, err := json.Marshal(o); err != nil || !bytes.Equal(after, before) {
			t.Errorf("%s became %s: %v", before, after, err)
		}
	})
}

func TestOverlayIsTheSameAfterItWasStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := overlays().Draw(t, "overlay")
		written, err := json.Marshal(o)
		var back bcn.Overlay
		if err == nil {
			err = json.Unmarshal(written, &back)
		}
		if err != nil || !back.Equal(o) || back.Empty() != o.Empty() {
			t.Errorf("%s was read as %+v: %v", written, back, err)
		}
	})
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	t.Run("what was set can be unset, and then nothing is left", func(t *testing.T) {
		t.Parallel()
		o := bcn.Overlay{}.SetEnv(map[string]string{"A": "1"}).Scale("web", 0).UnsetEnv([]string{"A"}).Unscale("web")
		if !o.Empty() || !reflect.DeepEqual(o, bcn.Overlay{}) {
			t.Errorf("left is %+v", o)
		}
	})
	t.Run("a restart of all overtakes those of single services, and the other way round", func(t *testing.T) {
		t.Parallel()
		o := bcn.Overlay{}
		for _, step := range []struct {
			service, nonce, web, worker string
		}{{"web", "#1", "#1", ""}, {"", "#2", "#2", "#2"}, {"worker", "#3", "#2", "#3"}, {"", "#4", "#4", "#4"}} {
			o = o.Restart(step.service, step.nonce)
			if o.Nonce("web") != step.web || o.Nonce("worker") != step.worker {
				t.Errorf("after %q %s: web %s, worker %s", step.service, step.nonce, o.Nonce("web"), o.Nonce("worker"))
			}
		}
	})
	t.Run("a service that is gone takes its count and its restart along", func(t *testing.T) {
		t.Parallel()
		o := bcn.Overlay{}.Scale("web", 2).Scale("cron", 3).Restart("cron", "#1").For([]string{"web"})
		if !o.Equal(bcn.Overlay{Counts: map[string]int{"web": 2}}) {
			t.Errorf("left is %+v", o)
		}
	})
}
