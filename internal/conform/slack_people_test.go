package conform_test

import (
	"slices"
)

// peopleRows are what Slack tells of people and their groups.
func peopleRows() []row[*desk] {
	info := func(who func(*desk) string, read func(answer) string) func(*desk) string {
		return func(d *desk) string {
			a := d.call("users.info", "user", who(d), "include_locale", "true")
			if a.says() != "ok" {
				return a.says()
			}
			return read(a)
		}
	}
	user := func(d *desk) string { return d.user }
	page := docs + "reference/objects/user-object"
	members := func(d *desk, group string) answer { return d.call("usergroups.users.list", "usergroup", group) }
	return []row[*desk]{
		{"a member of the workspace", "users.info", "deleted false, bot false, restricted false", page, info(user, func(a answer) string {
			return "deleted " + a.at("user", "deleted") + ", bot " + a.at("user", "is_bot") + ", restricted " + a.at("user", "is_restricted")
		})},
		{"a person's language comes where it is asked for", "users.info", "*-*", page + ", locale", info(user, func(a answer) string { return a.at("user", "locale") })},
		{"a guest is restricted", "users.info", "true", page + ", is_restricted", info(func(d *desk) string { return d.guest }, func(a answer) string { return a.at("user", "is_restricted") })},
		{"who was deactivated is still known", "users.info", "true", page + ", deleted", info(func(d *desk) string { return d.deactivated }, func(a answer) string { return a.at("user", "deleted") })},
		{"somebody of another workspace has its team's id", "users.info", "another", page + ", team_id, is_stranger", func(d *desk) string {
			if d.call("users.info", "user", d.stranger).at("user", "team_id") == d.call("auth.test").at("team_id") {
				return "ours"
			}
			return "another"
		}},
		{"somebody who is not there", "users.info", "user_not_found", docs + "reference/methods/users.info, Errors", info(func(d *desk) string { return d.unknownUser }, func(answer) string { return "found" })},
		{"a group has its members' ids", "usergroups.users.list", "true", docs + "reference/methods/usergroups.users.list", func(d *desk) string {
			return text(slices.ContainsFunc(asList(members(d, d.group).body["users"]), func(v any) bool { return v == d.user }))
		}},
		{"a group that is not there", "usergroups.users.list", "no_such_subteam", doubt + docs + "reference/methods/usergroups.users.list, Errors", func(d *desk) string { return members(d, "S0CONFORMNONE").says() }},
		{"a direct message has a channel", "conversations.open", "D*", docs + "reference/methods/conversations.open", func(d *desk) string { return d.call("conversations.open", "users", d.user).at("channel", "id") }},
		{"nobody's direct message", "conversations.open", "users_list_not_supplied", docs + "reference/methods/conversations.open, Errors", calls("conversations.open", func(*desk) []string { return nil })},
		{"a direct message to who was deactivated", "conversations.open", "user_disabled", docs + "reference/methods/conversations.open, Errors", calls("conversations.open", func(d *desk) []string { return []string{"users", d.deactivated} })},
		{"where the bot is, it is a member", "conversations.info", "true, then false", docs + "reference/objects/conversation-object, is_member", func(d *desk) string {
			member := func(channel string) string {
				return d.call("conversations.info", "channel", channel).at("channel", "is_member")
			}
			return member(d.channel) + ", then " + member(d.outside)
		}},
	}
}
