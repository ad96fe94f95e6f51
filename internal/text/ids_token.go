package text

// What is said about CI's tokens.
const (
	HelpTokenIssue    ID = "help.token_issue"
	HelpTokenRotate   ID = "help.token_rotate"
	HelpTokenRevoke   ID = "help.token_revoke"
	HelpFlagExpires   ID = "help.flag.expires"
	HelpNoteToken     ID = "help.note.token"
	ModalTokenTitle   ID = "modal.token.title"
	ModalTokenBody    ID = "modal.token.body"
	ModalTokenUse     ID = "modal.token.use"
	ModalTokenClose   ID = "modal.token.close"
	ReplyTokenOpen    ID = "reply.token_open"
	ReplyTokenRevoked ID = "reply.token_revoked"
	ButtonTokenOpen   ID = "button.token_open"
)
