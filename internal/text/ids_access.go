package text

import "github.com/bcn-bot/bcn/internal/bcn"

// What commands answer about access.
const (
	ReplyAccessEnding     ID = "reply.access_ending"
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

// GrantState is the id of the words for where a grant stands.
func GrantState(s bcn.GrantState) ID { return ID("grant.state." + string(s)) }

// Where is the id of the words for what access of a kind opens; it takes app,
// env, district, service, task, node, name, database and command.
func Where(k bcn.Kind) ID { return ID("access.where." + string(k)) }
