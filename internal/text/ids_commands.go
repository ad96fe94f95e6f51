package text

import "github.com/bcn-bot/bcn/internal/bcn"

// What is wrong with a command's spelling.
const (
	ProblemMissing       ID = "problem.missing"
	ProblemMissingFlags  ID = "problem.missing_flags"
	ProblemUnknownFlag   ID = "problem.unknown_flag"
	ProblemUnexpected    ID = "problem.unexpected"
	ProblemNeedsValue    ID = "problem.needs_value"
	ProblemTakesNoValue  ID = "problem.takes_no_value"
	ProblemOpenQuote     ID = "problem.open_quote"
	ProblemLongWord      ID = "problem.long_word"
	ProblemForm          ID = "problem.form"
	ProblemPartition     ID = "problem.partition"
	ProblemChannel       ID = "problem.channel"
	ProblemCommandLong   ID = "problem.command_long"
	ProblemCommandHidden ID = "problem.command_hidden"
	ProblemNoUnit        ID = "problem.no_unit"
	ProblemNeedsLive     ID = "problem.needs_live"
	ProblemNotOfNodes    ID = "problem.not_of_nodes"
	ProblemOneTarget     ID = "problem.one_target"
	ProblemNoTarget      ID = "problem.no_target"
	ProblemOther         ID = "problem.other"
	ReplyUsageHint       ID = "reply.usage_hint"
)

// Corrections of mistyped words.
const (
	ReplyCorrections     ID = "reply.corrections"
	ReplyCorrectionsHint ID = "reply.corrections_hint"
	ReplyDidYouMean      ID = "reply.did_you_mean"
	ReplyTypeThis        ID = "reply.type_this"
	ReplyWrongVerb       ID = "reply.wrong_verb"
	ReplyWrongApp        ID = "reply.wrong_app"
	ReplyWrongEnv        ID = "reply.wrong_env"
	ReplyWrongDistrict   ID = "reply.wrong_district"
	ReplyWrongEndpoint   ID = "reply.wrong_endpoint"
)

// Answers to what people asked for.
const (
	ReplyBehind       ID = "reply.behind"
	ReplyCancelling   ID = "reply.cancelling"
	ReplyApproved     ID = "reply.approved"
	ReplyApprovedPart ID = "reply.approved_part"
	ReplyRejected     ID = "reply.rejected"
	ReplyReplaying    ID = "reply.replaying"
	ReplyHaltedNow    ID = "reply.halted_now"
	ReplyResumed      ID = "reply.resumed"
	ReplyHalted       ID = "reply.halted"
	ReplyMore         ID = "reply.more"
	ReplyMoreStatus   ID = "reply.more_status"
)

// whoami.
const (
	ReplyWhoami     ID = "reply.whoami"
	ReplyWhoamiHint ID = "reply.whoami_hint"
	ReplyNoTeams    ID = "reply.no_teams"
	ReplyYouMay     ID = "reply.you_may"
	ReplyNoRules    ID = "reply.no_rules"
	ReplyRule       ID = "reply.rule"
)

// apps, show, status, releases.
const (
	ReplyNoApps        ID = "reply.no_apps"
	ReplyApps          ID = "reply.apps"
	ReplyAppLine       ID = "reply.app_line"
	ReplyStatus        ID = "reply.status"
	ReplyStatusTitle   ID = "reply.status_title"
	ReplyLastRelease   ID = "reply.last_release"
	ReplyLastAttempt   ID = "reply.last_attempt"
	ReplyNeverDeployed ID = "reply.never_deployed"
	ReplyService       ID = "reply.service"
	ReplySteady        ID = "reply.steady"
	ReplyRollingOut    ID = "reply.rolling_out"
	ReplyRolloutFailed ID = "reply.rollout_failed"
	ReplyLiveUnread    ID = "reply.live_unread"
	ReplyGoingOn       ID = "reply.going_on"
	ReplyNoReleases    ID = "reply.no_releases"
	ReplyReleases      ID = "reply.releases"
	ReplyRelease       ID = "reply.release"
	ReplyOlder         ID = "reply.older"
	ReplyNoChannel     ID = "reply.no_channel"
)

// approvals and parked.
const (
	ReplyNothingWaits  ID = "reply.nothing_waits"
	ReplyWaiting       ID = "reply.waiting"
	ReplyNeed          ID = "reply.need"
	ReplyNothingParked ID = "reply.nothing_parked"
	ReplyParked        ID = "reply.parked"
	ReplyParkedLine    ID = "reply.parked_line"
	ReplyParkedCommand ID = "reply.parked_command"
)

// district and endpoint.
const (
	ReplyNoDistricts  ID = "reply.no_districts"
	ReplyDistricts    ID = "reply.districts"
	ReplyDistrictLine ID = "reply.district_line"
	ReplyDistrict     ID = "reply.district"
	ReplyNoEndpoints  ID = "reply.no_endpoints"
	ReplyEndpoints    ID = "reply.endpoints"
	ReplyEndpointLine ID = "reply.endpoint_line"
	ReplyPublic       ID = "reply.public"
	ReplyInternal     ID = "reply.internal"
)

// Labels of fields and buttons.
const (
	LabelGitHub         ID = "label.github"
	LabelEmail          ID = "label.email"
	LabelTeams          ID = "label.teams"
	LabelHeritage       ID = "label.heritage"
	LabelDistrict       ID = "label.district"
	LabelSource         ID = "label.source"
	LabelChannel        ID = "label.channel"
	LabelStacks         ID = "label.stacks"
	LabelCreated        ID = "label.created"
	LabelState          ID = "label.state"
	LabelRequester      ID = "label.requester"
	LabelReason         ID = "label.reason"
	LabelCluster        ID = "label.cluster"
	LabelVPC            ID = "label.vpc"
	LabelSubnets        ID = "label.subnets"
	LabelPublicSubnets  ID = "label.public_subnets"
	LabelSecurityGroups ID = "label.security_groups"
	LabelBucket         ID = "label.bucket"
	LabelRole           ID = "label.role"
	LabelCFNRole        ID = "label.cfn_role"
	LabelAddress        ID = "label.address"
	LabelCertificate    ID = "label.certificate"
	LabelLoadBalancer   ID = "label.load_balancer"
	ButtonApprove       ID = "button.approve"
	ButtonReject        ID = "button.reject"
	ButtonCancel        ID = "button.cancel"
	ButtonReplay        ID = "button.replay"
)

// StateID names the words for a change's state.
func StateID(s bcn.ChangeState) ID { return ID("state." + string(s)) }

// KindID names the words for what a change does; it takes app, env, tag, and
// name (of the district or endpoint).
func KindID(k bcn.Kind) ID { return ID("kind." + string(k)) }
