package text

// What operations say on cards and in threads.
const (
	CardRestores   ID = "card.restores"
	CardPromotes   ID = "card.promotes"
	ThreadPromotes ID = "thread.promotes"
	ButtonRollback ID = "button.rollback"

	ConfirmRollbackTitle    ID = "confirm.rollback.title"
	ConfirmRollbackText     ID = "confirm.rollback.text"
	ThreadEndedOperation    ID = "thread.ended.operation"
	AnnounceOperation       ID = "announce.operation"
	AnnounceOperationUndone ID = "announce.operation_undone"
	AnnounceOperationFailed ID = "announce.operation_failed"
)

// The help of operations.
const (
	HelpRollback       ID = "help.rollback"
	HelpRestart        ID = "help.restart"
	HelpPromote        ID = "help.promote"
	HelpScale          ID = "help.scale"
	HelpEnvList        ID = "help.env_list"
	HelpEnvSet         ID = "help.env_set"
	HelpEnvUnset       ID = "help.env_unset"
	HelpNoteRollback   ID = "help.note.rollback"
	HelpNoteRestart    ID = "help.note.restart"
	HelpNotePromote    ID = "help.note.promote"
	HelpNoteScale      ID = "help.note.scale"
	HelpNoteEnvSet     ID = "help.note.env_set"
	HelpArgRelease     ID = "help.arg.release_number"
	HelpArgRestart     ID = "help.arg.restart_service"
	HelpArgFrom        ID = "help.arg.from"
	HelpArgTo          ID = "help.arg.to"
	HelpArgCount       ID = "help.arg.count"
	HelpArgPairs       ID = "help.arg.pairs"
	HelpArgVariables   ID = "help.arg.variables"
	ProblemPromoteSame ID = "problem.promote_same"
	ProblemCount       ID = "problem.count_form"
	ProblemPair        ID = "problem.pair_form"
	ProblemVariable    ID = "problem.variable_name"
	ProblemTwice       ID = "problem.variable_twice"
	ProblemValueLong   ID = "problem.variable_long"
	ProblemDynamic     ID = "problem.variable_dynamic"
	ProblemRelease     ID = "problem.release_number"
)

// What env list answers.
const (
	ReplyVariables       ID = "reply.variables"
	ReplyNoVariables     ID = "reply.no_variables"
	ReplyVariablesNone   ID = "reply.variables_none"
	ReplyVariablesFile   ID = "reply.variables_file"
	ReplyVariablesChat   ID = "reply.variables_chat"
	ReplyVariablesBoth   ID = "reply.variables_both"
	ReplyVariablesSecret ID = "reply.variables_secret"
	ReplyReleaseKind     ID = "reply.release_kind"
	ReplyStacks          ID = "reply.stacks"
)
