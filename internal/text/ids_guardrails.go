package text

// What is said of guardrails; what one finds is under "guard.".
const (
	HelpGuardrailsList     ID = "help.guardrails_list"
	HelpGuardrailsTest     ID = "help.guardrails_test"
	HelpNoteGuardrails     ID = "help.note.guardrails"
	HelpNoteGuardrailsTest ID = "help.note.guardrails_test"
	ReplyGuardrails        ID = "reply.guardrails"
	ReplyGuardrailLine     ID = "reply.guardrail_line"
	ReplyGuardrailsOwn     ID = "reply.guardrails_own"
	ReplyGuardrailsNoOwn   ID = "reply.guardrails_no_own"
	ReplyGuardrailOwnLine  ID = "reply.guardrail_own_line"
	ReplyTried             ID = "reply.tried"
	ReplyTriedLine         ID = "reply.tried_line"
	ReplyTriedNothing      ID = "reply.tried_nothing"
	ReplyTriedQuiet        ID = "reply.tried_quiet"
	ReplyTriedNote         ID = "reply.tried_note"
	LevelDeny              ID = "level.deny"
	LevelApprove           ID = "level.approve"
	LevelWarn              ID = "level.warn"
	CardNeedsApproval      ID = "card.needs_approval"
)

// GuardrailID names the sentence that says what a guardrail of bcn's own
// demands.
func GuardrailID(guardrail string) ID { return ID("guardrail." + guardrail) }
