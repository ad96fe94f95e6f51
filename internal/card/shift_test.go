package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// shifts are the moments of a deployment that shifts traffic.
func shifts() []struct {
	name string
	s    deploy.Shift
} {
	until := at.Add(time.Hour)
	return []struct {
		name string
		s    deploy.Shift
	}{
		{"a service's first deployment", deploy.Shift{Deployment: "d", Stage: "BAKE_TIME", Percent: 100, First: true}},
		{"the new tasks start", deploy.Shift{Deployment: "d", Stage: "SCALE_UP"}},
		{"green is healthy", deploy.Shift{Deployment: "d", Stage: "PRE_PRODUCTION_TRAFFIC_SHIFT", Hook: "h", Until: &until}},
		{"a part is shifted and it waits", deploy.Shift{Deployment: "d", Stage: "PRE_PRODUCTION_TRAFFIC_SHIFT", Percent: 20, Hook: "h", Until: &until}},
		{"a part is shifted", deploy.Shift{Deployment: "d", Stage: "PRODUCTION_TRAFFIC_SHIFT", Percent: 20}},
		{"all is shifted", deploy.Shift{Deployment: "d", Stage: "BAKE_TIME", Percent: 100}},
		{"it goes back", deploy.Shift{Deployment: "d", Back: true, Why: "Service deployment rolled back because an alarm was triggered."}},
	}
}

func TestShiftingCards(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "ja"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, x := range shifts() {
				list := rollouts(2, 0, 0)
				list[0].Shift = &x.s
				c := deployment(bcn.ChangeApplying)
				fmt.Fprintf(&b, "### %s\n%s", x.name, shown(p.Card(card.View{Change: c, Plan: plan(), Hash: hash, Rollouts: list})))
				for _, orders := range [][]deploy.ShiftOrder{nil, {{Hook: "h", By: "U0LEAD", At: at}}} {
					for _, n := range p.Notes(deploy.Moment{Kind: deploy.MomentShifting, Change: c, Rollouts: list, Orders: orders}) {
						fmt.Fprintf(&b, "(thread, %s) %s\n", n.Key, n.Body.Text)
					}
				}
				b.WriteByte('\n')
			}
			golden(t, "testdata/shift."+lang+".golden", b.String())
		})
	}
}
