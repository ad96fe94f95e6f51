package text

// AnnounceRulesWeaker is said where bot.yaml allows more than at the last start.
const AnnounceRulesWeaker ID = "announce.rules_weaker"
