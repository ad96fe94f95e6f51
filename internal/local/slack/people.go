package slack

// Ids of the workspace and of the app in it.
const (
	TeamID      = "T0LOCAL"
	OtherTeamID = "T0EXTERN" // eve's
	AppID       = "A0BCN"
	BotUserID   = "U0BCN"
	BotID       = "B0BCN"
	slackbotID  = "USLACKBOT"
	teamDomain  = "local"
)

// User is a person of the workspace, or the bot.
type User struct {
	ID       string
	Name     string // what follows the @
	RealName string
	Title    string
	Email    string
	Locale   string // such as en-US
	Team     string
	Status   string // the emoji of their status, such as :palm_tree:
	Deleted  bool   // deactivated
	Guest    bool   // is_restricted
	Single   bool   // is_ultra_restricted too: a guest of one channel
	Stranger bool   // of another workspace: is_stranger
	Admin    bool   // of the workspace, which says nothing about bcn
	Bot      bool
	// Forced acts although no client of Slack's would let them: deactivated with a
	// session that is still open, or an app that acts as its user.
	Forced bool
}

// Channel is a channel or a direct message with the bot.
type Channel struct {
	ID       string
	Name     string // without #; empty for a direct message
	Topic    string
	IM       string // the person, if this is a direct message with the bot
	Private  bool
	Archived bool
	Shared   bool // with another workspace
	Members  []string

	messages []*Message
}

// Group is a user group.
type Group struct {
	ID       string
	Handle   string
	Name     string
	Disabled bool
	Members  []string
}

// seedUsers are the people of bot.yaml in DESIGN.md, and one of each kind that
// a bot has to refuse.
func seedUsers() []*User {
	person := func(id, name, fullName, title string) *User {
		return &User{ID: id, Name: name, RealName: fullName, Title: title, Email: name + "@example.com", Locale: "en-US", Team: TeamID}
	}
	yuki := person("U0YUKI", "yuki", "Yuki Tanaka", "Developer, reads Japanese")
	yuki.Locale = "ja-JP"
	admin := person("U0ADMIN", "ada", "Ada Admin", "Administrator")
	admin.Admin = true
	guest := person("U0GUEST", "gus", "Gus Guest", "Guest")
	guest.Guest = true
	gone := person("U0GONE", "dora", "Dora Departed", "Deactivated")
	gone.Deleted = true
	external := person("U0EXT", "eve", "Eve External", "Of another workspace")
	external.Team, external.Stranger = OtherTeamID, true
	bot := person(BotUserID, "bcn", "bcn", "")
	bot.Bot, bot.Email = true, ""
	return []*User{
		person("U0DEV", "dana", "Dana Developer", "Developer"),
		person("U0DEV2", "devi", "Devi Developer", "Developer"),
		person("U0LEAD", "lee", "Lee Lead", "Lead"),
		person("U0ONCALL", "olu", "Olu Oncall", "On call"),
		admin, yuki, guest, gone, external, bot,
	}
}

func seedGroups() []*Group {
	return []*Group{{
		ID: "S0DEVELOPERS", Handle: "developers", Name: "Developers",
		Members: []string{"U0DEV", "U0DEV2", "U0YUKI"},
	}}
}

// seedChannels puts everyone everywhere, but keeps the guest and the external
// person to #deploys, and the bot out of #random.
func seedChannels() []*Channel {
	staff := func(more ...string) []string {
		return append([]string{"U0DEV", "U0DEV2", "U0LEAD", "U0ONCALL", "U0ADMIN", "U0YUKI"}, more...)
	}
	return []*Channel{
		{ID: "C0DEPLOYS", Name: "deploys", Topic: "What goes out, and when", Shared: true, Members: staff("U0GUEST", "U0EXT", BotUserID)},
		{ID: "C0APPROVE", Name: "approvals", Topic: "Requests that wait for a lead", Members: staff(BotUserID)},
		{ID: "C0DEPLOY", Name: "announce", Topic: "Releases and scheduled work", Members: staff(BotUserID)},
		{ID: "C0SEC", Name: "security", Topic: "What must not be missed", Members: staff(BotUserID)},
		{ID: "C0RANDOM", Name: "random", Topic: "The bot is not here", Members: staff()},
	}
}

// imID is the id of a person's direct message with the bot.
func imID(user string) string { return "D" + user[1:] }
