package text

// What the audit log says of holds, of people and of what was taken up again.
const (
	AuditLockSet         ID = "audit.lock_set"
	AuditLockChanged     ID = "audit.lock_changed"
	AuditLockLifted      ID = "audit.lock_lifted"
	AuditLockStolen      ID = "audit.lock_stolen"
	AuditLockOver        ID = "audit.lock_over"
	AuditFreezeSet       ID = "audit.freeze_set"
	AuditFreezeChanged   ID = "audit.freeze_changed"
	AuditFreezeLifted    ID = "audit.freeze_lifted"
	AuditFreezeOver      ID = "audit.freeze_over"
	AuditBreakGlass      ID = "audit.break_glass"
	AuditAcknowledged    ID = "audit.acknowledged"
	AuditDeputyNamed     ID = "audit.deputy_named"
	AuditDeputyRemoved   ID = "audit.deputy_removed"
	AuditEscalated       ID = "audit.escalated"
	AuditLoginBegun      ID = "audit.login_begun"
	AuditLoginLinked     ID = "audit.login_linked"
	AuditLoginRefused    ID = "audit.login_refused"
	AuditLoginForgotten  ID = "audit.login_forgotten"
	AuditRulesSeen       ID = "audit.rules_seen"
	AuditShift           ID = "audit.shift"
	AuditTickParked      ID = "audit.tick_parked"
	AuditTickUnparked    ID = "audit.tick_unparked"
	AuditCommandUnparked ID = "audit.command_unparked"
	AuditCommandForged   ID = "audit.command_forged"
)
