package deploy

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Members answers who is in a team. internal/directory implements it.
type Members interface {
	// Members answers the Slack users of a team for a matter. Where a part could
	// not be read the others are answered with could_not_check.
	Members(ctx context.Context, team string, of bcn.Matter, notBefore time.Time) ([]string, error)
}

// maxTold bounds the direct messages about one break-glass: Slack takes one a
// second, and whoever is not told so is told in the channel.
const maxTold = 30

// glassPatience is how long it may take to find out who is to be told. What
// goes in an emergency does not wait for a directory that hangs: the security
// channel is told in any case.
const glassPatience = 3 * time.Second

// mayBreak refuses --break-glass where the rules do not give it, or where
// nobody acts now who could answer for it. It answers the verdict that counts
// for somebody who goes without the approval.
func (s *Service) mayBreak(ctx context.Context, o Origin, actor bcn.Actor, v authz.Verdict, ask authz.Ask, w Wish) (authz.Verdict, error) {
	if !w.BreakGlass {
		return v, nil
	}
	if w.Reason == "" {
		return v, bcn.E(bcn.CodeReasonRequired)
	}
	if o.Tick != 0 || unattended(actor) {
		return v, bcn.E(bcn.CodeGlassUnattended)
	}
	if v.BreakGlass == nil {
		if v.Gated() {
			return v, bcn.E(bcn.CodeGlassNotGiven, "verb", ask.Verb, "who", s.Authz.MayBreak(ask))
		}
		return v, nil
	}
	used, err := s.Store.GlassUsed(ctx, actor.User, v.Profile.Accounts, v.BreakGlass.Per)
	if err == nil && used >= v.BreakGlass.Limit {
		err = glassLimit(v.BreakGlass.Limit, v.BreakGlass.Per)
	}
	return v.Glass(), err
}

func glassLimit(limit int, per time.Duration) error {
	return bcn.E(bcn.CodeGlassLimit, "limit", strconv.Itoa(limit), "per", per.String())
}

// unattended says that no person acts now: a machine, or one through a token.
func unattended(a bcn.Actor) bool { return a.Kind != bcn.Person || a.Via != "" }

// breakGlass puts into a plan that it goes without approval, where that was
// asked for and the rules, which now know the plan, give it.
func breakGlass(c Claimed, v authz.Verdict, who string, p *bcn.Plan) error {
	switch {
	case !c.Wish.BreakGlass:
		return nil
	case c.Change.Tick != 0 || unattended(c.Change.Requester):
		return bcn.E(bcn.CodeGlassUnattended)
	case v.BreakGlass != nil:
		p.BreakGlass = &bcn.BreakGlass{Skipped: v.Needs, Limit: v.BreakGlass.Limit, Per: v.BreakGlass.Per}
		p.Needs = nil
	case v.Gated():
		return bcn.E(bcn.CodeGlassNotGiven, "verb", asking(c.Change).Verb, "who", who)
	}
	return nil
}

// whyUngated is what the log says of a change that nobody approves.
func whyUngated(p bcn.Plan) map[string]any {
	switch {
	case p.Skips():
		return map[string]any{"gated": "break_glass", "skipped": approval.Who(p.BreakGlass.Skipped)}
	case p.Oncall != nil && p.Oncall.On:
		return map[string]any{"gated": "false", "oncall": p.Oncall.Source}
	default:
		return map[string]any{"gated": "false"}
	}
}

// stillBreaks asks again, before anything runs, whether the requester may go
// without approval, and whose.
func stillBreaks(p bcn.Plan, now authz.Verdict) error {
	if !now.Gated() {
		return nil
	}
	if now.BreakGlass == nil || !sameNeeds(now.Needs, p.BreakGlass.Skipped) {
		return bcn.E(bcn.CodePlanMoved, "moved", "rules")
	}
	return nil
}

// oncallOf is what a plan says of who is on call.
func oncallOf(v authz.Verdict) *bcn.OncallPlan {
	if v.Oncall == nil {
		return nil
	}
	return &bcn.OncallPlan{Source: v.Oncall.Source.String(), On: v.Oncall.On && !v.Gated(), Unknown: v.Oncall.Unknown}
}

// whyGated names what moved where nobody had to approve a plan and now somebody
// has to.
func whyGated(p bcn.Plan) string {
	if p.Oncall != nil && p.Oncall.On {
		return "oncall"
	}
	return "rules"
}

func sameNeeds(a, b []bcn.Need) bool {
	return slices.EqualFunc(a, b, func(a, b bcn.Need) bool {
		return a.Count == b.Count && slices.Equal(a.Teams, b.Teams)
	})
}

// breaking adds to the start of a change that goes without approval what must
// come of it: somebody else looks at it, and those who were skipped are told.
func (s *Service) breaking(ctx context.Context, c Claimed, p bcn.Plan, m *Move, overrode []string) error {
	if p.BreakGlass == nil || (!p.Skips() && !p.BreakGlass.Scan && len(overrode) == 0) {
		return nil
	}
	accounts, err := s.Authz.Accounts(ctx, c.Change.Requester.User)
	if err != nil {
		return err
	}
	told, more := s.toTell(ctx, p.BreakGlass.Skipped, c.Change)
	f := &bcn.FollowUp{
		ID: c.Change.ID, Person: c.Change.Requester.User, Reason: c.Change.Reason, Skipped: p.BreakGlass.Skipped, Told: told,
		Overrode: overrode, At: c.Now, DueAt: c.Now.Add(bcn.AcknowledgeWithin),
	}
	m.FollowUp = &NewFollowUp{Row: *f, Accounts: accounts, Limit: p.BreakGlass.Limit, Per: p.BreakGlass.Per}
	m.Notes = append(m.Notes, s.Speaker.Notes(Moment{Kind: MomentBroken, Change: c.Change, Plan: &p, FollowUp: f, More: more})...)
	return nil
}

// toTell answers who is told that they were skipped, and what cannot be told so:
// teams whose members could not be read, and how many are too many.
func (s *Service) toTell(ctx context.Context, skipped []bcn.Need, c bcn.Change) (told []string, more NotTold) {
	ctx, cancel := context.WithTimeout(ctx, glassPatience)
	defer cancel()
	since := s.Authz.Now().Add(-time.Minute) // whom it is told decides nothing
	for _, team := range approval.Teams(skipped) {
		members, err := s.Members.Members(ctx, team, c.Matter(), since)
		if err != nil {
			s.Log.Warn("could not read who was skipped", "team", team, "error", err)
			more.Teams = append(more.Teams, team)
		}
		told = append(told, members...)
	}
	slices.Sort(told)
	told = slices.DeleteFunc(slices.Compact(told), func(u string) bool { return u == c.Requester.User })
	if len(told) > maxTold {
		more.People, told = len(told)-maxTold, told[:maxTold]
	}
	return told, more
}

// NotTold is who of those skipped gets no message of their own.
type NotTold struct {
	Teams  []string // whose members could not (all) be read
	People int      // beyond the bound
}

// Acknowledge records that another person has looked at what was done without
// approval. Errors: unknown_id, no_follow_up, own_follow_up, not_eligible,
// acknowledged, could_not_check, refused_person, tampered.
func (s *Service) Acknowledge(ctx context.Context, o Origin, actor bcn.Actor, id bcn.ID, note string) error {
	if n := len([]rune(note)); n > ReasonLimit {
		return bcn.E(bcn.CodeReasonTooLong, "length", strconv.Itoa(n), "limit", strconv.Itoa(ReasonLimit))
	}
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return err
	}
	f, err := s.Store.FollowUp(ctx, id)
	if errors.Is(err, ErrNone) {
		return bcn.E(bcn.CodeNoFollowUp, "id", id.String()).Wrap(err)
	}
	if err != nil {
		return err
	}
	may := f.MayAcknowledge()
	me, err := s.Authz.About(c.Matter()).Voter(ctx, actor, may)
	teams := me.Teams
	if err == nil {
		err = s.mayAcknowledge(ctx, f, actor, me, may)
	}
	if err == nil {
		notes := func(f bcn.FollowUp) []Note {
			return s.Speaker.Notes(Moment{Kind: MomentAcknowledged, Change: c, FollowUp: &f})
		}
		err = s.Store.Acknowledge(ctx, o, id, actor.User, teams, note, notes)
	}
	if err != nil {
		return s.Refuse(ctx, actor, id, "acknowledge", err)
	}
	return nil
}

// mayAcknowledge refuses whoever broke the glass, by whatever account of theirs,
// and who is not asked.
func (s *Service) mayAcknowledge(ctx context.Context, f bcn.FollowUp, actor bcn.Actor, me authz.Voter, may []string) error {
	broke, err := s.Authz.Accounts(ctx, f.Person)
	if err != nil {
		return err
	}
	shared := func(account string) bool { return slices.Contains(broke, account) }
	switch {
	case actor.User == f.Person, slices.ContainsFunc(me.Accounts, shared):
		return bcn.E(bcn.CodeOwnFollowUp, "id", f.ID.String(), "who", strings.Join(may, ", "))
	case len(me.Teams) == 0:
		return bcn.E(bcn.CodeNotEligible, "who", strings.Join(may, ", "))
	case !f.Open():
		return bcn.E(bcn.CodeAcknowledged, "id", f.ID.String(), "by", f.AcknowledgedBy, "at", f.AcknowledgedAt.UTC().Format(time.RFC3339))
	default:
		return nil
	}
}
