package text

// What is said of who decides: deputies, reminders, lists, and asking again.
const (
	HelpDeputy            ID = "help.approvals_deputy"
	HelpDeputyList        ID = "help.approvals_deputy_list"
	HelpDeputyRemove      ID = "help.approvals_deputy_remove"
	HelpNoteDeputy        ID = "help.note.approvals_deputy"
	HelpArgDeputy         ID = "help.arg.deputy"
	HelpArgUntil          ID = "help.arg.until"
	HelpArgDeputyRemoved  ID = "help.arg.deputy_removed"
	HelpFlagDeputyOf      ID = "help.flag.deputy_of"
	ProblemUntil          ID = "problem.until"
	ReplyDeputyNamed      ID = "reply.deputy_named"
	ReplyDeputies         ID = "reply.deputies"
	ReplyDeputy           ID = "reply.deputy"
	ReplyNoDeputies       ID = "reply.no_deputies"
	ReplyDeputyRemoved    ID = "reply.deputy_removed"
	ThreadEscalated       ID = "thread.escalated"
	CardInstead           ID = "card.instead"
	CardEscalates         ID = "card.escalates"
	CardStandsFor         ID = "card.stands_for"
	CardAway              ID = "card.away"
	CardMoreApprovers     ID = "card.more_approvers"
	ReplyInstead          ID = "reply.instead"
	AnnounceDeputy        ID = "announce.deputy"
	AnnounceDeputyRemoved ID = "announce.deputy_removed"
)
