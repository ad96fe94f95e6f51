package config

import (
	"regexp"
	"strconv"
	"strings"
)

// maxTags leaves room for bcn's own within AWS's 50 tags per resource.
const maxTags = 40

// The shapes of the names of others. Slack's ids are upper-case letters and
// digits behind a letter that says what they name.
func isUser(s string) string {
	return shape(s, `^[UW][A-Z0-9]{2,20}$`, "a Slack user id such as U0DEV")
}

func isChannel(s string) string {
	return shape(s, `^[CG][A-Z0-9]{2,20}$`, "a Slack channel id such as C0DEPLOY")
}

func isUsergroup(s string) string {
	return shape(s, `^S[A-Z0-9]{2,20}$`, "a Slack user group id such as S0LEADS")
}

func isCommand(s string) string {
	return shape(s, `^/[a-z0-9_-]{1,31}$`, "a slash command such as /bcn")
}

func isLogin(s string) string {
	return shape(s, `^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$`, "a GitHub login")
}

func isGitHubTeam(s string) string {
	return shape(s, `^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[a-z0-9][a-z0-9._-]{0,99}$`, "a GitHub team such as acme/leads")
}

func isRepositories(s string) string {
	return shape(s, `^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(\*|[A-Za-z0-9._-]{1,100})$`, "repositories such as acme/web or acme/*")
}

func isEmail(s string) string {
	return shape(s, `^[^@\s<>]{1,64}@[^@\s<>]{1,190}$`, "a mail address")
}

func isTeam(s string) string {
	return shape(s, `^[a-z][a-z0-9_-]{0,62}$`, "a team's name: lower-case letters, digits, - and _")
}

func isName(s string) string {
	return shape(s, `^[A-Za-z][A-Za-z0-9-]{0,62}$`, "a name: letters, digits and -, a letter first")
}

func isNameOrAll(s string) string {
	if s == "*" {
		return ""
	}
	return isName(s)
}

func isSecretPath(s string) string {
	if strings.Contains(s, "//") || strings.Contains(s, "..") {
		return quoted(s) + ` must not hold "//" or ".."`
	}
	return shape(s, `^[A-Za-z0-9_.-][A-Za-z0-9_./-]{0,500}\*?$`, "a path below the district's, such as shared/*")
}

func isFileSystem(s string) string {
	return shape(s, `^fs-[0-9a-f]{8,40}$`, "a file system's id, such as fs-0123456789abcdef0")
}

func isLanguage(s string) string { return shape(s, `^(en|ja)$`, "en or ja") }

func isTagKey(s string) string {
	lower := strings.ToLower(s)
	if strings.HasPrefix(lower, "aws:") || strings.HasPrefix(lower, "bcn:") {
		return "a tag's name must not begin with " + quoted(s[:4])
	}
	return shape(s, `^[\pL\pN _.:/=+\-@]{1,128}$`, "a tag's name of at most 128 characters")
}

func isTagValue(s string) string {
	return shape(s, `^[\pL\pN _.:/=+\-@]{1,256}$`, "a tag's value of at most 256 characters")
}

func anything(string) string { return "" }

// shape answers what is wrong with s, or "".
func shape(s, pattern, want string) string {
	if regexp.MustCompile(pattern).MatchString(s) {
		return ""
	}
	return quoted(s) + " is not " + want
}

// quoted bounds what a message repeats.
func quoted(s string) string {
	const limit = 80
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return strconv.Quote(s)
}
