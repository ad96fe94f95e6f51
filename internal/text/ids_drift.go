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
)
