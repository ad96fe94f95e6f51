package slackbot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/fresh"
)

// APIOptions say how Slack is reached.
type APIOptions struct {
	BotToken string
	AppToken string
	URL      string           // the Web API's base; empty: Slack's
	HTTP     *http.Client     // nil: one with a timeout of 30 s
	Now      func() time.Time // nil: time.Now
	// Unlimited leaves Slack's published limits to Slack: 429 alone slows bcn
	// down. It is for a local workspace that limits nothing.
	Unlimited bool
}

// API is Slack's Web API within its limits, and what it says of people,
// groups and channels. It is safe for concurrent use.
type API struct {
	web    *slack.Client
	http   *http.Client
	now    func() time.Time
	limits *limits
	real   bool // the Slack that everybody means, not one at another address

	people   *fresh.Reads[string, bcn.Profile]
	groups   *fresh.Reads[string, []string]
	channels *fresh.Reads[string, *slack.Channel]
	directs  *fresh.Reads[string, string]
	links    *fresh.Reads[messageKey, string]

	mu   sync.Mutex
	self Identity
}

// Identity is who the bot is, as auth.test says.
type Identity struct {
	Team       string // workspace id
	Enterprise string // organisation id, where there is one
	User       string // the bot's user id
	Bot        string // bot id
	Name       string
	URL        string // of the workspace
	App        string // app id; known once a socket said hello
	Scopes     []string
}

type messageKey struct{ channel, ts string }

// httpTimeout bounds every call: slack-go's own client has none.
const httpTimeout = 30 * time.Second

// patience is how long a read may wait for Slack's limits before the person
// is told that bcn could not check (DESIGN.md section 10, "Fresh").
const patience = 2 * time.Second

// NewAPI makes an API; it calls nobody.
func NewAPI(o APIOptions) *API {
	if o.URL == "" {
		o.URL = slack.APIURL
	}
	if !strings.HasSuffix(o.URL, "/") {
		o.URL += "/"
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: httpTimeout}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &API{
		web: slack.New(o.BotToken, slack.OptionAPIURL(o.URL), slack.OptionAppLevelToken(o.AppToken),
			slack.OptionHTTPClient(o.HTTP)),
		http: o.HTTP, now: o.Now, limits: newLimits(o.Now, o.Unlimited), real: isSlack(o.URL),
	}
	reads := fresh.Options{Now: o.Now}
	a.people = fresh.New(reads, a.readProfile)
	a.groups = fresh.New(reads, a.readGroup)
	a.channels = fresh.New(reads, a.readChannel)
	// A direct channel and a permalink never change.
	forever := fresh.Options{Now: o.Now, Cache: 24 * time.Hour}
	a.directs = fresh.New(forever, a.openDirect)
	a.links = fresh.New(forever, a.readPermalink)
	return a
}

// Identify asks Slack who the bot is. It fails with Slack's reason, such as
// invalid_auth, where the token is not good.
func (a *API) Identify(ctx context.Context) (Identity, error) {
	answer, err := a.web.AuthTestContext(ctx)
	if err != nil {
		return Identity{}, fmt.Errorf("auth.test: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	app := a.self.App
	a.self = Identity{
		Team: answer.TeamID, Enterprise: answer.EnterpriseID, User: answer.UserID, Bot: answer.BotID,
		Name: answer.User, URL: answer.URL, App: app, Scopes: scopes(answer.Header.Get("X-OAuth-Scopes")),
	}
	return a.self, nil
}

// CheckAppToken says whether the app-level token opens sockets: nil, or a
// FatalError with what to do. It opens none.
func (a *API) CheckAppToken(ctx context.Context) error {
	_, _, err := a.web.StartSocketModeContext(ctx)
	if err != nil {
		_, _, err = judge(err)
		return fmt.Errorf("apps.connections.open: %w", err)
	}
	return nil
}

// Self answers what Identify last learned.
func (a *API) Self() Identity {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.self
}

// learnApp keeps the app id that the first hello of a socket tells.
func (a *API) learnApp(app string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.self.App == "" {
		a.self.App = app
	}
}

func scopes(header string) []string {
	var list []string
	for s := range strings.SplitSeq(header, ",") {
		if s = strings.TrimSpace(s); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// reason answers Slack's word for an error, such as not_in_channel, or "".
func reason(err error) string {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refused.Err
	}
	return ""
}

// isSlack says that an address is Slack's own.
func isSlack(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return host == "slack.com" || strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com")
}
