package text

// What is said of drift.
const (
	HelpDrift           ID = "help.drift"
	HelpNoteDrift       ID = "help.note.drift"
	HelpFlagDrift       ID = "help.flag.drift_district"
	ProblemDriftTarget  ID = "problem.drift_target"
	ReplyDrift          ID = "reply.drift"
	ReplyDriftNone      ID = "reply.drift_none"
	ReplyDriftNoStacks  ID = "reply.drift_no_stacks"
	ReplyDriftUnchecked ID = "reply.drift_unchecked"
	ReplyDriftNote      ID = "reply.drift_note"
	ReplyDriftResource  ID = "reply.drift_resource"
	ReplyDriftProperty  ID = "reply.drift_property"
	ReplyDriftLooking   ID = "reply.drift_looking"
	ReplyDriftAccepted  ID = "reply.drift_accepted"
	ReplyDriftAccept    ID = "reply.drift_accept"
	ReplyDriftRepair    ID = "reply.drift_repair"
	AnnounceDrift       ID = "announce.drift"
	ButtonDriftAccept   ID = "button.drift_accept"
	ButtonDriftRepair   ID = "button.drift_repair"
	HelpDriftRepair     ID = "help.drift_repair"
	HelpDriftAccept     ID = "help.drift_accept"
	HelpNoteRepair      ID = "help.note.drift_repair"
	HelpNoteAccept      ID = "help.note.drift_accept"
	HelpArgMark         ID = "help.arg.drift_mark"
	ProblemDriftMark    ID = "problem.drift_mark"
)
