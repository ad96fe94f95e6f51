package text

import "github.com/bcn-bot/bcn/internal/bcn"

// What commands answer about access.
const (
	ReplyAccessEnding     ID = "reply.access_ending"
	ReplyAccessSettled    ID = "reply.access_settled"
	ReplyAccessMore       ID = "reply.access_more"
	ReplyAccessBound      ID = "reply.access_bound"
	ReplyAccessSealed     ID = "reply.access_sealed"
	ReplyAccessSealedNote ID = "reply.access_sealed_note"
	ReplyNoAccess         ID = "reply.no_access"
	ReplyAccess           ID = "reply.access"
	ReplyAccessLine       ID = "reply.access_line"
	ButtonAccessEnd       ID = "button.access_end"
	ButtonAccessExtend    ID = "button.access_extend"
	CardSessions          ID = "card.sessions"
)

// What cards and threads say about access.
const (
	CardCommand           ID = "card.command"
	CardWhereTask         ID = "card.where.task"
	CardWhereLive         ID = "card.where.live"
	CardWhereNode         ID = "card.where.node"
	CardWherePort         ID = "card.where.port"
	CardPlace             ID = "card.place"
	CardLastsApproval     ID = "card.lasts.approval"
	CardLastsFirstUse     ID = "card.lasts.first_use"
	CardLastsFrom         ID = "card.lasts.from"
	CardMay               ID = "card.may"
	CardNever             ID = "card.never"
	CardMind              ID = "card.mind"
	CardByBot             ID = "card.by_bot"
	MindRoot              ID = "card.mind.root"
	MindLogged            ID = "card.mind.logged"
	MindLogCluster        ID = "card.mind.log_cluster"
	MindNotLogged         ID = "card.mind.not_logged"
	MindCap               ID = "card.mind.cap"
	MindOwnTask           ID = "card.mind.own_task"
	MindStopTask          ID = "card.mind.stop_task"
	MindBotCloses         ID = "card.mind.bot_closes"
	MindDetached          ID = "card.mind.detached"
	CardKey               ID = "card.key"
	CardSessionsClosed    ID = "card.sessions_closed"
	CardSessionsNone      ID = "card.sessions_none"
	CardAccessWhy         ID = "card.access_why"
	CardStrangers         ID = "card.strangers"
	CardUsable            ID = "card.usable"
	CardRunbook           ID = "card.runbook"
	AccessApproved        ID = "access_status.approved"
	AccessMinting         ID = "access_status.minting"
	AccessLive            ID = "access_status.live"
	AccessEnding          ID = "access_status.ending"
	AccessEnded           ID = "access_status.ended"
	AccessEndFailed       ID = "access_status.end_failed"
	AccessExpired         ID = "access_status.expired"
	AccessCancelled       ID = "access_status.cancelled"
	ButtonAccessDone      ID = "button.access_done"
	ConfirmAccessText     ID = "confirm.access.text"
	ConfirmAccessEndTitle ID = "confirm.access_end.title"
	ConfirmAccessEndText  ID = "confirm.access_end.text"
	ThreadGranted         ID = "thread.granted"
	DirectGranted         ID = "direct.granted"
	DirectNear            ID = "direct.near"
	ThreadHanded          ID = "thread.handed"
	ThreadAccessOver      ID = "thread.access_over"
	ThreadAccessExpired   ID = "thread.access_expired"
	ThreadAccessCancelled ID = "thread.access_cancelled"
	ThreadStuck           ID = "thread.stuck"
	ThreadUnstuck         ID = "thread.unstuck"
	ThreadReport          ID = "thread.report"
	ThreadSession         ID = "thread.session"
	ThreadStranger        ID = "thread.stranger"
	ThreadSessionsMore    ID = "thread.sessions_more"
	ThreadTrail           ID = "thread.trail"
	ThreadNoTrail         ID = "thread.no_trail"
)

// GrantState is the id of the words for where a grant stands.
func GrantState(s bcn.GrantState) ID { return ID("grant.state." + string(s)) }

// Where is the id of the words for what access of a kind opens; it takes app,
// env, district, service, task, node, name, database and command.
func Where(k bcn.Kind) ID { return ID("access.where." + string(k)) }

// GrantWhy is the id of the words for why a grant ended.
func GrantWhy(w bcn.GrantWhy) ID { return ID("grant.why." + string(w)) }
