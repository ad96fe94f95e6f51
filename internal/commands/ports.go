package commands

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Changes are the use cases that change something. Each checks the rules for
// itself at the moment of use, writes the audit log, and is harmless when
// repeated with the same origin. Errors carry bcn codes.
type Changes interface {
	// Ask stores a change, whose card then speaks in the channel. Errors:
	// not_allowed, no_approver, halted, unknown_app, unknown_env, unknown_name,
	// name_taken, channel_not_posted.
	Ask(ctx context.Context, o deploy.Origin, actor bcn.Actor, wish deploy.Wish) (deploy.Asked, error)
	// Decide records one person's verdict on a request. Errors: unknown_id,
	// not_eligible, own_request, already_decided, decided_before, expired,
	// superseded, stale_card, could_not_check.
	Decide(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID, v bcn.Verdict, reason string) (deploy.Decided, error)
	// Cancel ends a change that waits, or stops one that runs. Errors:
	// unknown_id, not_yours, too_late.
	Cancel(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// PlanAgain asks for the same as an ended change did. Errors: as Ask, unknown_id.
	PlanAgain(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) (deploy.Asked, error)
	// Replay runs a parked change again. Errors: unknown_id, not_allowed.
	Replay(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// SetHalt stops all new changes to AWS, or lets them go on. Errors: not_allowed.
	SetHalt(ctx context.Context, o deploy.Origin, actor bcn.Actor, on bool, reason string) error
}

// Access are the use cases of grants. Each checks who may at the moment of use
// and writes the audit log. Asking for access is Changes.Ask.
type Access interface {
	// Open hands the requester credentials (or a session that bcn opened),
	// sealed to their machine's key, which is bound to the grant once. With bind
	// the key is bound and nothing is handed over. Errors: unknown_id, not_yours,
	// grant_not_yet, grant_over, grant_key, bad_key, not_ready, access_removed,
	// could_not_check, halted.
	Open(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID, recipient string, bind bool) (deploy.Opened, error)
	// End ends a grant for its requester, one who may approve it, or an
	// administrator; 0: the actor's only one. It answers which. Errors:
	// unknown_id, not_yours, no_grant, several_grants, grant_over.
	End(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) (bcn.ID, error)
	// Extend asks for more time on what a grant opens, with an approval of its
	// own. 0: as long as the grant was. Errors: as Ask, grant_over, not_yours.
	Extend(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID, by time.Duration) (deploy.Asked, error)
	// List answers the grants that have not ended and the access that waits for
	// approval, oldest first.
	List(ctx context.Context) ([]deploy.GrantView, error)
}

// Reads answers what is known, from the database alone. Lists are complete
// and sorted by name, or newest first where they have a time.
type Reads interface {
	Heritages(ctx context.Context) ([]bcn.Heritage, error)
	Districts(ctx context.Context) ([]bcn.District, error)
	Endpoints(ctx context.Context) ([]bcn.Endpoint, error)
	// Releases answers at most limit releases of a heritage, newest first.
	Releases(ctx context.Context, heritage string, limit int) ([]bcn.Release, error)
	// Change answers one change. Errors: unknown_id.
	Change(ctx context.Context, id bcn.ID) (bcn.Change, error)
	// Open answers the changes that have not ended.
	Open(ctx context.Context) ([]bcn.Change, error)
	// Pending answers the requests that wait for a decision, the one that
	// expires first at the front.
	Pending(ctx context.Context) ([]bcn.Request, error)
	Parked(ctx context.Context) ([]deploy.Parked, error)
	Halt(ctx context.Context) (deploy.Halt, error)
}

// Live reads what runs now, from AWS.
type Live interface {
	// Rollouts reads a heritage's services, by name. Errors: unavailable,
	// access_denied.
	Rollouts(ctx context.Context, h bcn.Heritage) ([]deploy.Rollout, error)
}

// Who answers what a person may do.
type Who interface {
	// Allow fails with not_allowed (who may) where no rule gives the verb; app,
	// env and district are empty where the verb is not about one.
	Allow(ctx context.Context, actor bcn.Actor, verb, app, env, district string) error
	// Whoami reads a person's accounts, teams and rules, fresh.
	Whoami(ctx context.Context, actor bcn.Actor) (Whoami, error)
}

// Links leads to what was posted.
type Links interface {
	// Card answers the address of a change's card, and false where it has none (yet).
	Card(ctx context.Context, id bcn.ID) (url string, ok bool)
}

// Whoami is a person as bcn sees them.
type Whoami struct {
	User, GitHub, Email string
	Teams               []string
	Rules               []RuleView // those that give the person something, in order
}

// RuleView is what one rule gives. Empty lists match all.
type RuleView struct {
	Verbs, On, Apps, Districts []string
	Approvers                  []string // teams; empty: no approval needed
	Count                      int      // how many of Approvers
	Within                     time.Duration
	Max                        time.Duration // longest access
	OpenWithin                 time.Duration // of access: how long after approval the first use may be; 0: the clock starts at approval
	Session                    time.Duration // of access: how long from the first use; 0: as asked
	ByBot, StopTask            bool          // of access: bcn opens the session; a StopTask is armed outside bcn
}
