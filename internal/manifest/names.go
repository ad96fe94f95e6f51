package manifest

import "strings"

// MaxName is the longest name of a heritage: CloudFormation takes stack names
// of 128 characters, and its base stack has "heritage-" in front.
const MaxName = 128 - len("heritage-")

// NameProblem answers why a heritage (or app, district, endpoint) cannot have
// the name, as half a sentence, or "". The name's characters and length are
// the schema's matter.
func NameProblem(name string) string {
	for _, prefix := range []string{"barcelona-", "endpoint-", "heritage-"} {
		if strings.HasPrefix(strings.ToLower(name), prefix) {
			return "starts with " + prefix + ", which stacks of bcn's own do"
		}
	}
	if GrammarWord(name) {
		return "is a word of the chat grammar"
	}
	return ""
}

// GrammarWord says whether a word means something in a chat command, so that
// nothing may be named by it.
func GrammarWord(s string) bool {
	switch strings.ToLower(s) {
	case "all", "for", "to", "from", "on", "at", "by", "in", "list", "show", "set", "unset", "create", "update", "delete",
		"add", "edit", "run", "skip", "pause", "resume", "remove", "calendar", "adopt", "apply", "plugin", "issue",
		"rotate", "revoke", "replay", "open", "end", "extend", "help", "me", "any", "none", "latest":
		return true
	}
	return false
}
