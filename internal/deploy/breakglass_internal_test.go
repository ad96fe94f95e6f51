package deploy

import (
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

var (
	leadsNeeded = []bcn.Need{{Teams: []string{"leads"}, Count: 1}}
	glassRule   = &config.BreakGlass{Max: 15 * time.Minute, Limit: 2, Per: 24 * time.Hour}
)

func TestWhatGoesWithoutApproval(t *testing.T) {
	t.Parallel()
	dana := bcn.Actor{Kind: bcn.Person, User: "U0DEV"}
	asked := func(change func(*Claimed)) Claimed {
		c := Claimed{Change: bcn.Change{Kind: bcn.KindDeploy, Requester: dana}, Wish: Wish{BreakGlass: true}}
		if change != nil {
			change(&c)
		}
		return c
	}
	for _, c := range []struct {
		name    string
		claimed Claimed
		verdict authz.Verdict
		code    bcn.Code
		skips   bool
		gated   string // what the log says where nobody is asked; "" where somebody is
	}{
		{"what was asked for so, and a rule gives it", asked(nil), authz.Verdict{Needs: leadsNeeded, BreakGlass: glassRule}, "", true, "break_glass"},
		{"not what was not asked for so", asked(func(c *Claimed) { c.Wish.BreakGlass = false }), authz.Verdict{Needs: leadsNeeded, BreakGlass: glassRule}, "", false, ""},
		{"not where the rule does not give it", asked(nil), authz.Verdict{Needs: leadsNeeded}, bcn.CodeGlassNotGiven, false, ""},
		{"nothing is skipped where nobody must approve", asked(nil), authz.Verdict{}, "", false, "false"},
		{"nor where the rule would give it", asked(nil), authz.Verdict{BreakGlass: glassRule}, "", false, "false"},
		{"not what a schedule asks for", asked(func(c *Claimed) { c.Change.Tick = 7 }), authz.Verdict{Needs: leadsNeeded, BreakGlass: glassRule}, bcn.CodeGlassUnattended, false, ""},
		{"not what a token asks for", asked(func(c *Claimed) { c.Change.Requester.Via = "token:1" }), authz.Verdict{Needs: leadsNeeded, BreakGlass: glassRule}, bcn.CodeGlassUnattended, false, ""},
		{"not what bcn itself asks for", asked(func(c *Claimed) { c.Change.Requester = bcn.Actor{Kind: bcn.System} }), authz.Verdict{Needs: leadsNeeded, BreakGlass: glassRule}, bcn.CodeGlassUnattended, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := bcn.Plan{Needs: c.verdict.Needs}
			err := breakGlass(c.claimed, c.verdict, "admins", &p)
			if bcn.CodeOf(err) != c.code || p.Skips() != c.skips {
				t.Fatalf("skips: %v, %v", p.Skips(), err)
			}
			if err == nil && c.gated != "" && (len(p.Needs) > 0 || whyUngated(p)["gated"] != c.gated) {
				t.Errorf("needs %v, the log says %v", p.Needs, whyUngated(p))
			}
			if err == nil && c.gated == "" && len(p.Needs) == 0 {
				t.Error("nobody is asked")
			}
		})
	}
}

func TestWhoMayStillGoWithoutApproval(t *testing.T) {
	t.Parallel()
	p := bcn.Plan{BreakGlass: &bcn.BreakGlass{Skipped: leadsNeeded}}
	more := []bcn.Need{{Teams: []string{"leads"}, Count: 2}}
	for _, c := range []struct {
		name string
		now  authz.Verdict
		code bcn.Code
	}{
		{"who may as they might", authz.Verdict{Needs: leadsNeeded, BreakGlass: glassRule}, ""},
		{"who now needs nobody", authz.Verdict{}, ""},
		{"not whom the rule no longer gives it", authz.Verdict{Needs: leadsNeeded}, bcn.CodePlanMoved},
		{"not where more would have to approve than were told", authz.Verdict{Needs: more, BreakGlass: glassRule}, bcn.CodePlanMoved},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := stillBreaks(p, c.now); bcn.CodeOf(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
		})
	}
}
