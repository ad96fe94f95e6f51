package commands_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	dana, stranger := bcn.Actor{Kind: bcn.Person, User: "U0DEV"}, bcn.Actor{Kind: bcn.Person, User: "U0STRANGER"}
	for said, want := range map[string]commands.Checked{
		"deploy hello production v2 --reason x": {Verb: "deploy", App: "hello", Env: "production", District: "main", Changes: true, Gated: []string{"leads"}},
		"/bcn deploy hello staging latest":      {Verb: "deploy", App: "hello", Env: "staging", District: "main", Changes: true, Gated: []string{"leads"}},
		"plan hello production":                 {Verb: "plan", App: "hello", Env: "production", District: "main", Changes: true, Gated: []string{"leads"}},
		"status":                                {Verb: "status", Gated: []string{"leads"}},
		"status hello":                          {Verb: "status", App: "hello", Gated: []string{"leads"}},
		"district show main":                    {Verb: "district show", District: "main", Gated: []string{"leads"}},
		"digest --since 30d":                    {Verb: "digest", Gated: []string{"leads"}},
	} {
		t.Run("it says what would be done, and does nothing: "+said, func(t *testing.T) {
			t.Parallel()
			w := sample()
			w.gated = []string{"leads"}
			got, err := registry(t, w).Check(context.Background(), dana, said)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			if len(w.calls) > 0 {
				t.Errorf("it did %v", w.calls)
			}
		})
	}
	for said, want := range map[string]bcn.Code{
		"deploy helo production v2":                           bcn.CodeUnknownApp,
		"deploy hello prod v2":                                bcn.CodeUnknownEnv,
		"district show mian":                                  bcn.CodeUnknownName,
		"deploy hello production":                             bcn.CodeUsage,
		"depoly hello production v2":                          bcn.CodeUnknownVerb,
		"approve 1040":                                        bcn.CodeNotSchedulable,
		"access hello production":                             bcn.CodeNotSchedulable,
		"schedule add @daily -- status":                       bcn.CodeNotSchedulable,
		"create hello production":                             bcn.CodeNotSchedulable,
		"parked replay 1039":                                  bcn.CodeNotSchedulable,
		"deploy hello production v2 --break-glass --reason x": bcn.CodeGlassUnattended,
	} {
		t.Run("it refuses what cannot run: "+said, func(t *testing.T) {
			t.Parallel()
			w := sample()
			_, err := registry(t, w).Check(context.Background(), dana, said)
			if bcn.CodeOf(err) != want || len(w.calls) > 0 {
				t.Errorf("got %v %v, want %s", err, w.calls, want)
			}
			if err != nil && strings.Contains(err.Error(), "/bcn deploy") {
				t.Errorf("it tells people to type what would run now: %v", err)
			}
			if _, _, err := registry(t, w).RunAs(context.Background(), dana, deploy.Origin{}, said); bcn.CodeOf(err) != want || len(w.calls) > 0 {
				t.Errorf("run, it answers %v %v, want %s", err, w.calls, want)
			}
		})
	}
	t.Run("it asks the rules for the actor", func(t *testing.T) {
		t.Parallel()
		for _, said := range []string{"deploy hello production v2", "status", "district list", "parked list", "digest"} {
			if _, err := registry(t, sample()).Check(context.Background(), stranger, said); bcn.CodeOf(err) != bcn.CodeNotAllowed {
				t.Errorf("%s: %v", said, err)
			}
		}
	})
	t.Run("what shows many things is allowed to who may see one of them", func(t *testing.T) {
		t.Parallel()
		w := sample()
		w.blind[""] = true // nobody may look at nothing in particular
		if _, err := registry(t, w).Check(context.Background(), dana, "status"); err != nil {
			t.Error(err)
		}
		if _, err := registry(t, w).Check(context.Background(), stranger, "status"); bcn.CodeOf(err) != bcn.CodeNotAllowed {
			t.Errorf("got %v", err)
		}
	})
}

func TestRunAs(t *testing.T) {
	t.Parallel()
	dana := bcn.Actor{Kind: bcn.Person, User: "U0DEV"}
	t.Run("a change is asked for with the tick and the try", func(t *testing.T) {
		t.Parallel()
		w := sample()
		o := deploy.Origin{Channel: "C0DEPLOY", Tick: 1071, Try: 2, NotBefore: start.Add(time.Hour)}
		m, said, err := registry(t, w).RunAs(context.Background(), dana, o, "deploy hello production latest")
		if err != nil || said || m.Text != "" {
			t.Fatal(m, said, err)
		}
		if w.origin != o || len(w.calls) != 1 || w.calls[0] != "Ask U0DEV deploy hello production latest" {
			t.Errorf("%+v %v", w.origin, w.calls)
		}
	})
	t.Run("an answer is in the channels' language", func(t *testing.T) {
		t.Parallel()
		w := sample()
		r := commands.New(commands.Options{Text: catalogue(t), Lang: "ja", Reads: &reads{w}, Live: w, Who: w, Links: w, Figures: &schedules{w}})
		m, said, err := r.RunAs(context.Background(), dana, deploy.Origin{}, "digest")
		if err != nil || !said || !strings.Contains(string(m.Text), "デプロイ") {
			t.Error(m, said, err)
		}
	})
}

// TestDigest: what bcn says by itself is about the channel's own apps, and
// nothing where nothing was deployed.
func TestDigest(t *testing.T) {
	t.Parallel()
	for channel, want := range map[string]string{"C0HELLO": "*hello production*", "C0OTHER": ""} {
		m, said, err := registry(t, sample()).Digest(context.Background(), channel, 7*24*time.Hour)
		if err != nil || said != (want != "") || !strings.Contains(show(m), want) || strings.Contains(show(m), "shop") {
			t.Errorf("%s: %v %v\n%s", channel, said, err, show(m))
		}
	}
}
