package text

// What is said about going without approval, and about who is on call.
const (
	CardGlassWish         ID = "card.glass.wish"
	CardGlassPlan         ID = "card.glass.plan"
	CardGlassOpen         ID = "card.glass.open"
	CardGlassAcknowledged ID = "card.glass.acknowledged"
	CardGlassOverrode     ID = "card.glass.overrode"
	CardGlassField        ID = "card.glass.field"
	CardOncall            ID = "card.oncall"
	CardOncallUnknown     ID = "card.oncall.unknown"

	ThreadGlass             ID = "thread.glass"
	ThreadGlassAcknowledged ID = "thread.glass.acknowledged"
	AnnounceGlass           ID = "announce.glass"
	AnnounceGlassNotTold    ID = "announce.glass.not_told"
	AnnounceGlassReminder   ID = "announce.glass.reminder"
	AnnounceGlassSettled    ID = "announce.glass.settled"
	DirectGlass             ID = "direct.glass"
	DirectGlassReport       ID = "direct.glass.report"
	GlassButtonGone         ID = "glass.button_gone"
	GlassVerdict            ID = "glass.verdict"

	ButtonAcknowledge       ID = "button.acknowledge"
	ConfirmAcknowledgeTitle ID = "confirm.acknowledge.title"
	ConfirmAcknowledgeText  ID = "confirm.acknowledge.text"

	ReplyAcknowledged ID = "reply.acknowledged"
	ReplyFollowUps    ID = "reply.follow_ups"
	ReplyFollowUp     ID = "reply.follow_up"

	HelpAcknowledge     ID = "help.acknowledge"
	HelpNoteAcknowledge ID = "help.note.acknowledge"
	HelpArgFollowUp     ID = "help.arg.follow_up"
	HelpArgFollowUpNote ID = "help.arg.follow_up_note"
	HelpFlagBreakGlass  ID = "help.flag.break_glass"
)
