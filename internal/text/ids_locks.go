package text

// What is said of locks and freezes.
const (
	HoldWaiter   ID = "hold.waiter"
	CardUnlocked ID = "card.unlocked"
	CardHeld     ID = "card.held"
	CardOwnLock  ID = "card.own_lock"
	CardRollback ID = "card.rollback_lock"

	ThreadHeld         ID = "thread.held"
	DirectHeld         ID = "direct.held"
	DirectOverrode     ID = "direct.overrode"
	DirectHoldReminder ID = "direct.hold_reminder"
	DirectHoldTaken    ID = "direct.hold_taken"
	DirectUnlockAsked  ID = "direct.unlock_asked"
	DirectRollbackLock ID = "direct.rollback_lock"
	AnnounceHold       ID = "announce.hold"
	AnnounceHoldNew    ID = "announce.hold_changed"
	AnnounceHoldEnd    ID = "announce.hold_end"
	ButtonUnlock       ID = "button.unlock"
	ButtonThaw         ID = "button.thaw"
)

// The help of locks and freezes.
const (
	HelpGroupHold  ID = "help.group.hold"
	HelpLock       ID = "help.lock"
	HelpUnlock     ID = "help.unlock"
	HelpLocks      ID = "help.locks"
	HelpFreeze     ID = "help.freeze"
	HelpThaw       ID = "help.thaw"
	HelpNoteLock   ID = "help.note.lock"
	HelpNoteUnlock ID = "help.note.unlock"
	HelpNoteFreeze ID = "help.note.freeze"
	HelpArgHold    ID = "help.arg.hold_reason"
	HelpArgSteal   ID = "help.arg.steal"
	HelpArgFrozen  ID = "help.arg.frozen"
	ProblemNoWhy   ID = "problem.hold_reason"
)

// What lock, unlock, locks, freeze and thaw answer.
const (
	ReplyHoldSet     ID = "reply.hold_set"
	ReplyHoldChanged ID = "reply.hold_changed"
	ReplyHoldUndo    ID = "reply.hold_undo"
	ReplyHoldLifted  ID = "reply.hold_lifted"
	ReplyHoldNone    ID = "reply.hold_none"
	ReplyHolds       ID = "reply.holds"
	ReplyHoldsNone   ID = "reply.holds_none"
	ReplyHeld        ID = "reply.held"
	ReplyCalendarIce ID = "reply.calendar_frozen"
	ReplyStatusHeld  ID = "reply.status_held"
)
