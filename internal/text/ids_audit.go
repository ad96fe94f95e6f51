package text

// What is said of the audit log.
const (
	AuditAnchor ID = "audit.anchor"
)
