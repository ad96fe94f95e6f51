package text

// Under which conditions a rule gives something.
const (
	RuleDestructive ID = "rule.destructive"
	RuleIAM         ID = "rule.iam"
	RuleHours       ID = "rule.hours"
	RuleHour        ID = "rule.hour"
	RuleReason      ID = "rule.reason"
	RuleTicket      ID = "rule.ticket"
	RuleLimit       ID = "rule.limit"
	RuleCounts      ID = "rule.counts"
	RuleScan        ID = "rule.scan"
	RuleOncall      ID = "rule.oncall"
	RuleEscalate    ID = "rule.escalate"
	RuleGlass       ID = "rule.glass"
)

// AnnounceRulesWeaker is said where bot.yaml allows more than at the last start.
const AnnounceRulesWeaker ID = "announce.rules_weaker"
