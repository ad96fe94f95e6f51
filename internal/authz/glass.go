package authz

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/config"
)

// Oncall answers who is on call.
type Oncall interface {
	// OnCall says whether a Slack user is on call now, by a read that began at
	// notBefore or later. What does not answer is could_not_check, never "yes".
	OnCall(ctx context.Context, user string, o config.Oncall, notBefore time.Time) (bool, error)
}

// OncallVerdict is what became of the question who is on call.
type OncallVerdict struct {
	Source  config.Oncall
	On      bool // the actor is, so that nobody needs to approve
	Unknown bool // it did not answer, so that somebody needs to
}

// oncallShared is how old an answer of one moment may be: several questions
// share it.
const oncallShared = 2 * time.Second

// oncall takes the needs away of somebody who is on call now. Nobody is on call
// who does not act themselves: a schedule, a token.
func (a *Authorizer) oncall(ctx context.Context, user string, ask Ask, v *Verdict, notBefore time.Time) {
	if v.Rule.Approve == nil || v.Rule.Approve.Oncall == nil || ask.Unattended || ask.Reads || a.o.Oncall == nil {
		return
	}
	source := *v.Rule.Approve.Oncall
	// Who is on call now is asked now, also where it will do that who is in which
	// team was read a while ago.
	if now := a.o.Now(); now.Sub(notBefore) > oncallShared {
		notBefore = now
	}
	on, err := a.o.Oncall.OnCall(ctx, user, source, notBefore)
	on = on && err == nil
	v.Oncall = &OncallVerdict{Source: source, On: on, Unknown: err != nil}
	if on {
		v.Needs = nil
	}
}

// stricterOncall joins what two verdicts say of who is on call: what did not
// answer, or answered no, is told first.
func stricterOncall(a, b Verdict) *OncallVerdict {
	for _, v := range []Verdict{b, a} {
		if v.Oncall != nil && !v.Oncall.On {
			return v.Oncall
		}
	}
	if b.Oncall != nil {
		return b.Oncall
	}
	return a.Oncall
}

// stricterGlass joins what two verdicts say of going without approval: each that
// wants one must let it be skipped, and the smaller figures count.
func stricterGlass(a, b Verdict) *config.BreakGlass {
	if (a.Gated() && a.BreakGlass == nil) || (b.Gated() && b.BreakGlass == nil) {
		return nil
	}
	x, y := a.BreakGlass, b.BreakGlass
	switch {
	case x == nil:
		return y
	case y == nil:
		return x
	}
	return &config.BreakGlass{Max: min(x.Max, y.Max), Limit: min(x.Limit, y.Limit), Per: max(x.Per, y.Per)}
}

// Glass is the verdict for somebody who goes without the approval: access
// begins at once and is short.
func (v Verdict) Glass() Verdict {
	if v.BreakGlass == nil {
		return v
	}
	v.Max, v.Access = stricterAccess(v, Verdict{Max: v.BreakGlass.Max})

	return v
}

// MayBreak names the teams to which a rule about what is asked gives it to go
// without approval; "" for none.
func (a *Authorizer) MayBreak(ask Ask) string {
	var out []string
	for _, r := range a.o.Rules {
		about := r
		about.Destructive, about.IAM = nil, nil
		if r.BreakGlass != nil && applies(about, ask) {
			out = append(out, r.Allow...)
		}
	}
	return names(out)
}
