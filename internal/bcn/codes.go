package bcn

// The codes. Each has a sentence in internal/text in every language; its
// params are given behind it.
const (
	// CodeInternal is a foreign error: its text is never shown; ref.
	CodeInternal Code = "internal"
	// CodeUnavailable is something outside that did not answer; what.
	CodeUnavailable Code = "unavailable"

	// Words that people type.
	CodeBadID          Code = "bad_id"          // id
	CodeUnknownVerb    Code = "unknown_verb"    // verb, suggestion
	CodeUsage          Code = "usage"           // verb, problem
	CodeUnknownApp     Code = "unknown_app"     // app, suggestion
	CodeUnknownEnv     Code = "unknown_env"     // app, env, suggestion
	CodeUnknownTag     Code = "unknown_tag"     // image, tag, suggestion
	CodeUnknownID      Code = "unknown_id"      // id
	CodeUnknownName    Code = "unknown_name"    // what (district|endpoint|service|schedule), name, suggestion, known
	CodeBadName        Code = "bad_name"        // name, rule
	CodeReservedName   Code = "reserved_name"   // name
	CodeNameTaken      Code = "name_taken"      // name, by
	CodeReasonTooLong  Code = "reason_too_long" // length, limit
	CodeReasonRequired Code = "reason_required"

	// Who may.
	CodeNotAllowed       Code = "not_allowed"        // verb, who (teams that may), also (app and environment beside what was asked for)
	CodeRefusedPerson    Code = "refused_person"     // deputy; why: deactivated|guest|external|bot|foreign|two_people
	CodeNotEligible      Code = "not_eligible"       // who (teams that may decide)
	CodeNotOutside       Code = "not_outside"        // teams (that let the requester in), who (teams that may decide)
	CodeOwnRequest       Code = "own_request"        // who
	CodeAlreadyDecided   Code = "already_decided"    // id, state, by
	CodeDecidedBefore    Code = "decided_before"     // id, by: this person approved already; by: whoever did whose answer and theirs count as one
	CodeCouldNotCheck    Code = "could_not_check"    // what: press again
	CodeExpired          Code = "expired"            // id
	CodeSuperseded       Code = "superseded"         // id, moved, by (the change that went first)
	CodeStaleCard        Code = "stale_card"         // id; what (draft)
	CodeNoApprover       Code = "no_approver"        // who
	CodeNotYours         Code = "not_yours"          // id; what (schedule), name, by
	CodeChannelNotPosted Code = "channel_not_posted" // channel: the bot is not in it

	// What a rule demands of what is asked. rule is its place in bot.yaml.
	CodeReasonWanted   Code = "reason_wanted"   // rule, wants (in its own words or as a pattern; empty: any reason)
	CodeOutsideHours   Code = "outside_hours"   // rule, opens (RFC 3339; empty: not within two weeks)
	CodeLimitReached   Code = "limit_reached"   // rule, count, per, next (RFC 3339)
	CodeNoTicket       Code = "no_ticket"       // rule, wants: the reason names no ticket
	CodeTicketUnknown  Code = "ticket_unknown"  // rule, ticket
	CodeTicketClosed   Code = "ticket_closed"   // rule, ticket, status, open (statuses that would do)
	CodeTicketAssignee Code = "ticket_assignee" // rule, ticket: it is not assigned to the requester

	// What was planned.
	CodeNoChange           Code = "no_change"
	CodeDriftGone          Code = "drift_gone" // app, env, or district
	CodePlanOnly           Code = "plan_only"
	CodeRejected           Code = "rejected"            // by, reason
	CodeCancelled          Code = "cancelled"           // by
	CodeTooLate            Code = "too_late"            // id: cleanup has begun or it has ended
	CodeHalted             Code = "halted"              // by
	CodeManifest           Code = "manifest"            // file, problems (one per line, file:line:column: sentence)
	CodeSourceUnreadable   Code = "source_unreadable"   // source, why
	CodeSourceRefused      Code = "source_refused"      // source, allowed
	CodeHeritageMismatch   Code = "heritage_mismatch"   // file, bound
	CodeMissingSecret      Code = "missing_secret"      // names
	CodeSecretNotAllowed   Code = "secret_not_allowed"  // names, app
	CodeVolumeNotAllowed   Code = "volume_not_allowed"  // names, app
	CodeGuardrail          Code = "guardrail"           // findings (one per line)
	CodeScanDenied         Code = "scan_denied"         // findings (one per line)
	CodeEnvironmentForeign Code = "environment_foreign" // what, name, env: does not serve it
	CodeStackForeign       Code = "stack_foreign"       // stack: not ours
	CodeStackBusy          Code = "stack_busy"          // stack, status
	CodeStackBroken        Code = "stack_broken"        // stack, status, remedy
	CodeAccessDenied       Code = "access_denied"       // action, role, district (one whose roles are not there yet)
	CodeAWSRefused         Code = "aws_refused"         // what, why
	CodePlanMoved          Code = "plan_moved"          // moved
	CodeTampered           Code = "tampered"            // what, stopped (ARNs of tasks)
	CodeDistrictInvalid    Code = "district_invalid"    // problems
	CodeRulePriority       Code = "rule_priority"       // endpoint, priority, by
	CodeRegistryLogin      Code = "registry_login"      // image, secret, why (unread|unreadable|refused), role: the registry's password does not help
	CodeRegistryAway       Code = "registry_away"       // registry, image: it was asked several times and did not answer
	CodeImageElsewhere     Code = "image_elsewhere"     // image, account, region, here: an ECR that the district's roles do not reach
	CodeRuleMoves          Code = "rule_moves"          // endpoint, priority, from, to (services), free: one rule would be made before the other is gone
	CodeImageGone          Code = "image_gone"          // image, tag, digest: the registry no longer has it
	CodeNoRollback         Code = "no_rollback"         // app, env, number (0: the one before), why (none|missing|failed|runs|since), good (to which one could)
	CodeAutoScaled         Code = "auto_scaled"         // service, min, max
	CodeCountBounds        Code = "count_bounds"        // count, least, most: by the rule
	CodeNotSet             Code = "not_set"             // names, set (what env set has set)
	CodeTooManyVariables   Code = "too_many_variables"  // most
	CodeLooksSecret        Code = "looks_secret"        // names
	CodeNotPromotable      Code = "not_promotable"      // from, env, what (source|image), one, other
	CodeInUse              Code = "in_use"              // name, by (what still uses it, one per line)
	// CodeCertificateElsewhere is a certificate of another region or account
	// than the load balancer's; certificate, region, account.
	CodeCertificateElsewhere Code = "certificate_elsewhere" // certificate, region, account
	CodeAdopted              Code = "adopted"               // name: bcn did not make the district
	CodePluginSettings       Code = "plugin_settings"       // plugin, problems (one per line), settings (what it takes)
	CodePluginMachines       Code = "plugin_machines"       // plugin, district: it is for machines, of which there are none
	CodePluginLiteral        Code = "plugin_literal"        // plugin, names, path: a secret where a reference belongs

	// Access.
	CodeTooShort       Code = "too_short"        // least
	CodeTooLong        Code = "too_long"         // most, by (the rule | AWS)
	CodeNoRelease      Code = "no_release"       // app, env, first (the deploy that is under way): nothing was deployed yet
	CodeNoAccessTask   Code = "no_access_task"   // app, env: its base stack has no task for access
	CodeNoTask         Code = "no_task"          // service: no running task takes ECS Exec
	CodeNodeOffline    Code = "node_offline"     // node, status
	CodeGrantOver      Code = "grant_over"       // id, state
	CodeGrantNotYet    Code = "grant_not_yet"    // id: it is not approved (yet)
	CodeGrantKey       Code = "grant_key"        // id, fingerprint: another key is bound
	CodeBadKey         Code = "bad_key"          // problem: not an age recipient
	CodeNotReady       Code = "not_ready"        // id: the task does not take sessions yet
	CodeNoGrant        Code = "no_grant"         // nothing of this person's is open
	CodeSeveralGrants  Code = "several_grants"   // ids: say which
	CodeTaskStopped    Code = "task_stopped"     // task, why
	CodeAccessRemoved  Code = "access_removed"   // id: the requester may no longer have it
	CodeTooManyMints   Code = "too_many_mints"   // id, most: it was picked up too often
	CodeNeverOpened    Code = "never_opened"     // id
	CodeAccessEndFails Code = "access_end_fails" // id, sessions

	// Deputies.
	CodeDeputyTime    Code = "deputy_time"    // most: until when is over, or further away than that
	CodeDeputySelf    Code = "deputy_self"    // somebody named themselves
	CodeNoDeputy      Code = "no_deputy"      // who: nobody stands for them
	CodeUnknownPerson Code = "unknown_person" // name: it is no mention
	CodeNoApproves    Code = "no_approves"    // who (teams that approve something): the actor is in none

	// Linking a GitHub account.
	CodeLoginOff      Code = "login_off"      // there is no OAuth app
	CodeLoginMapped   Code = "login_mapped"   // login: bot.yaml says who it is
	CodeAlreadyLinked Code = "already_linked" // login
	CodeNotLinked     Code = "not_linked"     // nothing is
	CodeLoginTaken    Code = "login_taken"    // login: it is or was another person's
	CodeLoginExpired  Code = "login_expired"  // the code was not entered in time
	CodeLoginDenied   Code = "login_denied"   // at GitHub

	// Tokens of CI.
	CodeTokenExists Code = "token_exists" // app, env, expires: it has one
	CodeNoToken     Code = "no_token"     // app, env: it has none
	CodeTokenBad    Code = "token_bad"    // it is not one, is over, revoked, or another heritage's
	CodeTokenEnded  Code = "token_ended"  // by (empty: its time was over): what it asked for had not begun
	CodeTokenImage  Code = "token_image"  // image, runs: the file names another image than the one that runs

	// Locks and freezes. since and until are RFC 3339, until empty where it has no
	// end; from and to are the releases of a rollback that locked. Of these texts
	// span and why are made.
	CodeLocked      Code = "locked"       // app, env, by, reason, since, until, from, to, span, why
	CodeFrozen      Code = "frozen"       // env (empty: all), by, reason, since, until, from, to, span, why
	CodeLockOwned   Code = "lock_owned"   // app, env, by
	CodeFreezeOwned Code = "freeze_owned" // env (empty: all), by
	CodeNotLocked   Code = "not_locked"   // app, env
	CodeOwnLock     Code = "own_lock"     // app, env: it takes nobody else to unlock it
	CodeLockLifted  Code = "lock_lifted"  // app, env, by (bcn-system: its time was over)

	// Schedules.
	CodeBadSchedule    Code = "bad_schedule"     // spec, problem, where (column, 0: none) and the problem's own params
	CodeNotSchedulable Code = "not_schedulable"  // verb
	CodeScheduleInFile Code = "schedule_in_file" // name
	CodeNoTick         Code = "no_tick"          // name: it has none to skip
	CodeAheadTooLong   Code = "ahead_too_long"   // flag, said, between
	CodeScheduleLoop   Code = "schedule_loop"    // name, after
	CodeSkippedBy      Code = "skipped_by"       // by
	CodePaused         Code = "paused"           // name
	CodeOverlap        Code = "overlap"          // id: the one before still runs
	CodeMissed         Code = "missed"           // why (schedule.SkipReason)
	CodeOwnerGone      Code = "owner_gone"       // who, why
	CodeNotApproved    Code = "not_approved"     // who or id: nobody approved by its time
	CodeTimedOut       Code = "timed_out"        // after

	// Secrets, and deleting an app.
	CodeSecretTyped   Code = "secret_typed"    // a value stood in the command
	CodeBadSecretName Code = "bad_secret_name" // name
	CodeSecretGone    Code = "secret_gone"     // name: the value that waited is not there (any more)
	CodeSecretPlain   Code = "secret_plain"    // path: it is not a SecureString
	CodeSecretInUse   Code = "secret_in_use"   // path, names (variables), release (empty: only others read it)
	CodeNoSecret      Code = "no_secret"       // path: there is nothing to remove
	CodeConfirmWrong  Code = "confirm_wrong"   // name: of the heritage, to be typed

	// Going without approval.
	CodeGlassNotGiven   Code = "glass_not_given"  // verb, who (teams that may)
	CodeGlassUnattended Code = "glass_unattended" // a schedule or a token asks, not a person
	CodeGlassLimit      Code = "glass_limit"      // limit, per: this person did so often enough
	CodeNoFollowUp      Code = "no_follow_up"     // id: nothing of it is to be acknowledged
	CodeOwnFollowUp     Code = "own_follow_up"    // id, who
	CodeAcknowledged    Code = "acknowledged"     // id, by, at (RFC 3339): somebody was first

	// Shifting traffic.
	CodeNothingWaits Code = "nothing_waits" // id: none of its services waits for a person

	// How it ended.
	CodeStackFailed    Code = "stack_failed"     // stack, resource, why
	CodeRolloutFailed  Code = "rollout_failed"   // service, why
	CodeOneoffFailed   Code = "oneoff_failed"    // what (before_deploy|run), command, exit (empty: it never ran), why
	CodeOneoffTimedOut Code = "oneoff_timed_out" // what (before_deploy|run), command, after
	CodeUnknownOutcome Code = "unknown_outcome"  // what
	CodeParked         Code = "parked"           // what
)
