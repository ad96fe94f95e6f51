package card_test

import (
	"slices"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
)

func TestWhatASecretIsReadByIsRestarted(t *testing.T) {
	t.Parallel()
	live := bcn.SecretSharer{App: "hello", Env: "production", Reads: []string{"KEY"}}
	idle := bcn.SecretSharer{App: "hello", Env: "qa"}
	for name, c := range map[string]struct {
		plan bcn.SecretPlan
		want []string
	}{
		"its own environment":        {bcn.SecretPlan{UsedBy: []string{"KEY"}}, []string{"restart hello staging"}},
		"another that reads it":      {bcn.SecretPlan{UsedBy: []string{"KEY (hello production)"}, Shared: []bcn.SecretSharer{idle, live}}, []string{"restart hello production"}},
		"both":                       {bcn.SecretPlan{UsedBy: []string{"KEY", "KEY (hello production)"}, Shared: []bcn.SecretSharer{live}}, []string{"restart hello staging", "restart hello production"}},
		"none where nobody reads it": {bcn.SecretPlan{Shared: []bcn.SecretSharer{idle}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := presenter(t, "en").Card(card.View{
				Change: bcn.Change{ID: 7, Kind: bcn.KindSecret, App: "hello", Env: "staging", State: bcn.ChangeSucceeded},
				Plan:   &bcn.Plan{App: "hello", Env: "staging", Secret: &c.plan},
			})
			var got []string
			for _, k := range m.Blocks {
				for _, b := range k.Buttons {
					got = append(got, b.Value)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
