package text

// What keeps people and what they wrote apart from what was changed past bcn.
const (
	AnnounceHoldMended ID = "announce.hold_mended"
	AuditHoldMended    ID = "audit.hold_mended"
)
