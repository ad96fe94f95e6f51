package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

func skips(p *bcn.Plan) {
	p.BreakGlass = &bcn.BreakGlass{Skipped: []bcn.Need{{Teams: []string{"leads"}, Count: 1}, {Teams: []string{"security"}, Count: 1}}, Limit: 2, Per: 24 * time.Hour}
	p.Needs = nil
}

func followUp(change func(*bcn.FollowUp)) *bcn.FollowUp {
	f := &bcn.FollowUp{
		ID: 1042, Person: "U0DEV", Reason: evil, Skipped: []bcn.Need{{Teams: []string{"leads"}, Count: 1}, {Teams: []string{"security"}, Count: 1}},
		Told: []string{"U0LEAD", "U0SEC"}, At: at, DueAt: at.Add(bcn.AcknowledgeWithin),
	}
	if change != nil {
		change(f)
	}
	return f
}

func acknowledged(f *bcn.FollowUp) {
	when := at.Add(time.Hour)
	f.AcknowledgedBy, f.AcknowledgedAt, f.Note = "U0LEAD", &when, evil
}

// What goes without approval says so on its card, in its thread, where nobody
// must miss it, and to each who was skipped.
func TestBreakGlass(t *testing.T) {
	t.Parallel()
	glass := func(c bcn.Change, f *bcn.FollowUp) card.View {
		c.Reason, c.Glass = evil, f != nil
		return card.View{Change: c, Plan: plan(skips), Hash: hash, Wish: deploy.Wish{BreakGlass: true}, FollowUp: f}
	}
	oncall := func(o bcn.OncallPlan) card.View {
		return card.View{Change: deployment(bcn.ChangeQueued), Hash: hash, Plan: plan(func(p *bcn.Plan) { p.Needs, p.Oncall = nil, &o })}
	}
	unknown := pending()
	unknown.Plan = plan(func(p *bcn.Plan) { p.Oncall = &bcn.OncallPlan{Source: "PagerDuty PI7DH85", Unknown: true} })
	asked := card.View{Change: deployment(bcn.ChangePlanning), Wish: deploy.Wish{BreakGlass: true}}
	views := []view{
		{"planning", asked},
		{"queued", glass(deployment(bcn.ChangeQueued), nil)},
		{"it came to nothing", glass(deployment(bcn.ChangeClosed, because(bcn.CodePlanMoved, "moved", "rules")), nil)},
		{"nothing changes", glass(deployment(bcn.ChangeClosed, because(bcn.CodeNoChange)), nil)},
		{"applying", glass(deployment(bcn.ChangeApplying), followUp(nil))},
		{"succeeded, it did not wait for a freeze", glass(deployment(bcn.ChangeSucceeded), followUp(func(f *bcn.FollowUp) { f.Overrode = []string{"freeze of production: " + evil} }))},
		{"acknowledged", glass(deployment(bcn.ChangeSucceeded), followUp(acknowledged))},
		{"on call now", oncall(bcn.OncallPlan{Source: "PagerDuty PI7DH85", On: true})},
		{"nobody knows who is on call", unknown},
	}
	opened := func(state bcn.GrantState) card.View {
		pl := entryPlan(bcn.KindAccess)
		skips(pl)
		c := entry(bcn.KindAccess, bcn.ChangeApplying)
		c.Glass = true
		return card.View{Change: c, Plan: pl, Hash: hash, Grant: granted(state), FollowUp: followUp(nil)}
	}
	waits := opened(bcn.GrantApproved)
	waits.Change.State, waits.Grant, waits.FollowUp = bcn.ChangeQueued, nil, nil
	views = append(views, view{"access about to start", waits}, view{"access that can be opened", opened(bcn.GrantApproved)}, view{"access that is open", opened(bcn.GrantLive)})
	changed := deployment(bcn.ChangeQueued)
	ended := deployment(bcn.ChangeSucceeded)
	ended.Glass = true
	late := followUp(func(f *bcn.FollowUp) { f.Reminded = 3 })
	for _, lang := range text.Languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := presenter(t, lang)
			var b strings.Builder
			for _, v := range views {
				fmt.Fprintf(&b, "=== %s\n%s\n", v.name, shown(p.Card(v.v)))
			}
			for name, notes := range []struct {
				name  string
				notes []deploy.Note
			}{
				{"it goes", p.Notes(deploy.Moment{Kind: deploy.MomentBroken, Change: changed, Plan: plan(skips), FollowUp: followUp(nil), More: deploy.NotTold{Teams: []string{"security"}, People: 3}})},
				{"acknowledged", p.Notes(deploy.Moment{Kind: deploy.MomentAcknowledged, Change: changed, FollowUp: followUp(acknowledged)})},
				{"access goes", p.Notes(deploy.Moment{Kind: deploy.MomentGranted, Change: waits.Change, Plan: waits.Plan, Grant: granted(bcn.GrantApproved)})},
				{"the verdict", p.Notes(deploy.Moment{Kind: deploy.MomentEnded, Change: ended})},
				{"reminded", p.FollowUpReminder(*followUp(func(f *bcn.FollowUp) { f.Reminded = 1 }), changed)},
				{"overdue", p.FollowUpReminder(*late, changed)},
			} {
				fmt.Fprintf(&b, "=== %d %s\n", name, notes.name)
				for _, n := range notes.notes {
					fmt.Fprintf(&b, "--- %s %s %s%s\n%s\n", n.Role, n.Key, n.Channel, n.To, shown(n.Body))
				}
			}
			golden(t, "testdata/breakglass."+lang+".golden", b.String())
		})
	}
}
