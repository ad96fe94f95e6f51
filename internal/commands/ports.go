package commands

import (
	"context"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
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
	// MayDecide says whether Decide would take the person's word now, and records
	// nothing but a refusal. Errors: as Decide.
	MayDecide(ctx context.Context, actor bcn.Actor, id bcn.ID, v bcn.Verdict) error
	// Acknowledge records that another person looked at what went without
	// approval. Errors: unknown_id, no_follow_up, own_follow_up, not_eligible,
	// acknowledged.
	Acknowledge(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID, note string) error
	// Cancel ends a change that waits, or stops one that runs. Errors:
	// unknown_id, not_yours, too_late.
	Cancel(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// Shift lets a deployment that waits before it shifts traffic go on. Errors:
	// unknown_id, not_allowed, nothing_waits.
	Shift(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// PlanAgain asks for the same as an ended change did. Errors: as Ask, unknown_id.
	PlanAgain(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) (deploy.Asked, error)
	// Wish answers what a change was asked for with. Errors: unknown_id.
	Wish(ctx context.Context, id bcn.ID) (deploy.Wish, error)
	// Undo asks to go back to the release before a change's own. Errors: as Ask,
	// unknown_id, no_rollback where another release runs since.
	Undo(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) (deploy.Asked, error)
	// ReplayCommand runs a stored command that was parked again. Errors:
	// unknown_name, not_allowed.
	ReplayCommand(ctx context.Context, o deploy.Origin, actor bcn.Actor, mark string) error
	// Replay runs a parked change or scheduled run again. Errors: unknown_id, not_allowed.
	Replay(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// Variables answers the names of what a heritage's tasks find in their
	// environment. Errors: unknown_app, unknown_env.
	Variables(ctx context.Context, app, env string) (deploy.Variables, error)
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
	// Vouch is an administrator's word that nothing of a red grant is open,
	// where bcn cannot see it. Errors: unknown_id, not_yours, too_late.
	Vouch(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// Extend asks for more time on what a grant opens, with an approval of its
	// own. 0: as long as the grant was. Errors: as Ask, grant_over, not_yours.
	Extend(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID, by time.Duration) (deploy.Asked, error)
	// List answers the grants that have not ended and the access that waits for
	// approval, oldest first.
	List(ctx context.Context) ([]deploy.GrantView, error)
}

// Schedules are the use cases of scheduled work. Each checks who may at the
// moment of use and writes the audit log. name is a schedule's name or number.
// Errors besides those named: unknown_name (what = schedule, with a
// suggestion), not_yours, schedule_in_file.
type Schedules interface {
	// Draft reads what is to be added and answers it with its next ticks and
	// who must approve; Schedule.ID is the draft's. Nothing runs by it, and it is
	// forgotten after a day. Errors: bad_schedule, not_schedulable, name_taken,
	// schedule_loop, channel_not_posted, and all that the command itself would
	// be refused with.
	Draft(ctx context.Context, actor bcn.Actor, s bcn.Schedule) (ScheduleView, error)
	// Save makes the actor's draft a schedule. Errors: stale_card, name_taken.
	Save(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) (ScheduleView, error)
	// Drop forgets the actor's draft. Errors: stale_card.
	Drop(ctx context.Context, o deploy.Origin, actor bcn.Actor, id bcn.ID) error
	// Edit changes what change sets. Errors: as Draft.
	Edit(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string, change func(*bcn.Schedule)) (ScheduleView, error)
	// List answers the schedules that are not removed, by name.
	List(ctx context.Context) ([]ScheduleView, error)
	// Show answers one with its history.
	Show(ctx context.Context, name string) (ScheduleView, error)
	// Run makes a tick now, beside the others.
	Run(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (bcn.Tick, error)
	// Skip skips the next tick only, and answers it. Errors: no_tick.
	Skip(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (bcn.Tick, error)
	Pause(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (ScheduleView, error)
	Resume(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (ScheduleView, error)
	Remove(ctx context.Context, o deploy.Origin, actor bcn.Actor, name string) (ScheduleView, error)
	// SkipTick, RunTick and PauseTick are the buttons of an announcement, whose
	// value is the tick's number.
	SkipTick(ctx context.Context, o deploy.Origin, actor bcn.Actor, tick bcn.ID) (bcn.Tick, error)
	RunTick(ctx context.Context, o deploy.Origin, actor bcn.Actor, tick bcn.ID) (bcn.Tick, error)
	PauseTick(ctx context.Context, o deploy.Origin, actor bcn.Actor, tick bcn.ID) (ScheduleView, error)
	// Calendar answers the coming week of an app's schedules, or of all.
	Calendar(ctx context.Context, app string) (CalendarView, error)
	// Zone is the reader's time zone, as Slack knows it.
	Zone(ctx context.Context, user string) *time.Location
}

// ScheduleView is a schedule as it is shown.
type ScheduleView struct {
	Schedule bcn.Schedule
	Means    schedule.Understanding // zero for one that follows another
	Next     []time.Time            // the next three ticks
	Gated    []string               // the teams that must approve; empty: nobody must
	Last     *bcn.Tick              // the newest that has ended
	History  []TickView             // newest first; of Show
}

// TickView is a tick with the change that it made.
type TickView struct {
	Tick   bcn.Tick
	Change *bcn.Change
}

// CalendarView is what will run, and what it will meet.
type CalendarView struct {
	Agenda schedule.Agenda
	Of     []bcn.Schedule // by the index of an occurrence's entry
	Held   []HeldTime
}

// HeldTime is a lock or a freeze in the calendar, and the entries with an
// occurrence that meets it.
type HeldTime struct {
	Hold  bcn.Hold
	Meets []int
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
	// OpenFollowUps answers what went without approval and nobody has looked at,
	// oldest first.
	OpenFollowUps(ctx context.Context) ([]bcn.FollowUp, error)
	Parked(ctx context.Context) ([]deploy.Parked, error)
	Halt(ctx context.Context) (deploy.Halt, error)
}

// Figures counts what became of deploys.
type Figures interface {
	// Digest answers each heritage that had a deploy which ended in the last
	// time of that length, by app and environment.
	Digest(ctx context.Context, last time.Duration) ([]DigestLine, error)
}

// DigestLine is what became of a heritage's deploys in a time: the four figures
// of DORA's reports (dora.dev, "DORA's software delivery metrics").
type DigestLine struct {
	App, Env string
	Deploys  int           // those that began to change something and ended
	Failed   int           // of these, those that failed or were rolled back
	Lead     time.Duration // median from being asked for to success; 0: none succeeded
	Restore  time.Duration // median from a failure's end to the next success; 0: none
}

// Live reads what runs now, from AWS.
type Live interface {
	// Rollouts reads a heritage's services, by name. Errors: unavailable,
	// access_denied.
	Rollouts(ctx context.Context, h bcn.Heritage) ([]deploy.Rollout, error)
	// Stacks reads where a heritage's stacks stand; those that are not there are
	// left out. Errors: as Rollouts.
	Stacks(ctx context.Context, h bcn.Heritage) ([]deploy.StackStatus, error)
}

// Who answers what a person may do.
type Who interface {
	// Allow fails with not_allowed (who may) where no rule gives the verb; app,
	// env and district are empty where the verb is not about one.
	Allow(ctx context.Context, actor bcn.Actor, verb, app, env, district string) error
	// Plan is Allow for what is done later, with that reason: it is no matter
	// whether the rule's hours are now. It answers which teams must approve (none:
	// nobody must).
	Plan(ctx context.Context, actor bcn.Actor, verb, app, env, district, reason string) (teams []string, err error)
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
	Vault               string     // their entity there
	ByVault             []string   // teams that Vault decides for each heritage alone
	Rules               []RuleView // those that give the person something, in order
}

// RuleView is what one rule gives. Empty lists match all.
type RuleView struct {
	Verbs, On, Apps, Districts []string
	Approvers                  []string   // teams; empty: no approval needed
	Count                      int        // how many of Approvers
	Groups                     []bcn.Need // where each of several must approve; nil: Count of Approvers
	Outside                    bool       // approvers are from outside the team that lets the person in
	Within                     time.Duration
	Max                        time.Duration // longest access
	OpenWithin                 time.Duration // of access: how long after approval the first use may be; 0: the clock starts at approval
	Session                    time.Duration // of access: how long from the first use; 0: as asked
	ByBot, StopTask            bool          // of access: bcn opens the session; a StopTask is armed outside bcn
	Terms                      RuleTerms
}

// Logs reads what apps wrote.
type Logs interface {
	// Logs answers the newest lines of a heritage's tasks. Errors: unavailable,
	// access_denied.
	Logs(ctx context.Context, h bcn.Heritage, q deploy.LogQuery) (deploy.LogTail, error)
}
