package text

// What is said of linking a GitHub account.
const (
	HelpLogin         ID = "help.login"
	HelpNoteLogin     ID = "help.note.login"
	HelpFlagForget    ID = "help.flag.forget"
	ReplyLogin        ID = "reply.login"
	ReplyForgotten    ID = "reply.forgotten"
	ThreadLinked      ID = "thread.linked"
	ThreadLoginFailed ID = "thread.login_failed"
	AnnounceLinked    ID = "announce.linked"
	AnnounceForgotten ID = "announce.forgotten"
)
