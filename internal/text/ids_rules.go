package text

// What is said about the rules themselves.
const AnnounceRulesWeaker ID = "announce.rules_weaker"
