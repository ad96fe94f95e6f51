package slack

import (
	"slices"
)

func (w *Workspace) wireUser(u *User, locale bool) object {
	profile := object{"real_name": u.RealName, "display_name": u.Name, "title": u.Title, "team": u.Team, "status_emoji": u.Status, "status_text": "", "status_expiration": 0}
	if u.Email != "" && slices.Contains(w.opts.Scopes, "users:read.email") {
		profile["email"] = u.Email
	}
	out := object{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "deleted": u.Deleted, "real_name": u.RealName, "profile": profile,
		"is_bot": u.Bot, "is_app_user": false, "updated": 1700000000,
	}
	if !u.Deleted { // Slack leaves these out of deactivated people
		out["tz"], out["tz_label"], out["tz_offset"] = "Europe/Amsterdam", "Central European Time", 3600
		out["is_admin"], out["is_owner"], out["is_primary_owner"] = u.Admin, false, false
		out["is_restricted"], out["is_ultra_restricted"] = u.Guest || u.Single, u.Single
	}
	if u.Stranger {
		out["is_stranger"] = true
	}
	if locale {
		out["locale"] = u.Locale
	}
	if w.opts.Enterprise != "" && u.Team == TeamID {
		out["enterprise_user"] = object{
			"id": u.ID, "enterprise_id": w.opts.Enterprise, "enterprise_name": "Local Org",
			"is_admin": false, "is_owner": false, "teams": []string{TeamID},
		}
	}
	return out
}

func usersInfo(c *call) (object, *apiError) {
	u := c.w.user(c.str("user"))
	if u == nil {
		return nil, fail("user_not_found")
	}
	return object{"user": c.w.wireUser(u, c.flag("include_locale"))}, nil
}

func usersList(c *call) (object, *apiError) {
	var out []object
	for _, u := range c.w.users {
		if !u.Stranger { // people of other workspaces are not listed
			out = append(out, c.w.wireUser(u, c.flag("include_locale")))
		}
	}
	return page(c, "members", out)
}

func usergroupsList(c *call) (object, *apiError) {
	out := []object{}
	for _, g := range c.w.groups {
		if g.Disabled && !c.flag("include_disabled") {
			continue
		}
		group := object{
			"id": g.ID, "team_id": TeamID, "is_usergroup": true, "name": g.Name, "handle": g.Handle, "description": "",
			"is_external": false, "date_create": 1700000000, "date_update": 1700000000, "date_delete": 0,
			"created_by": "U0ADMIN", "updated_by": "U0ADMIN", "user_count": len(g.Members),
			"prefs": object{"channels": []string{}, "groups": []string{}},
		}
		if c.flag("include_users") {
			group["users"] = c.w.active(g.Members)
		}
		out = append(out, group)
	}
	return object{"usergroups": out}, nil
}

func usergroupsUsersList(c *call) (object, *apiError) {
	i := slices.IndexFunc(c.w.groups, func(g *Group) bool { return g.ID == c.str("usergroup") })
	if i < 0 || c.w.groups[i].Disabled && !c.flag("include_disabled") {
		return nil, fail("no_such_subteam")
	}
	return object{"users": c.w.active(c.w.groups[i].Members)}, nil
}

// active leaves out those who are deactivated: Slack drops them from groups.
func (w *Workspace) active(ids []string) []string {
	out := []string{}
	for _, id := range ids {
		if u := w.user(id); u != nil && !u.Deleted {
			out = append(out, id)
		}
	}
	return out
}
