// Package githubx reads what bcn needs of GitHub: who is in a team, which
// commit a name stands for, one file at a commit. It is the only importer of
// go-github, and it never writes.
package githubx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v92/github"
)

// Errors that callers tell apart. All others mean that GitHub could not be
// asked, or did not answer.
var (
	// ErrNotFound: it is not there, or the credentials may not see it; GitHub
	// does not say which.
	ErrNotFound = errors.New("not found")
	// ErrNotConfigured: there are neither a token nor an app's key.
	ErrNotConfigured = errors.New("GitHub is not configured: set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY")
	// ErrTooLarge: the file is larger than asked for.
	ErrTooLarge = errors.New("too large")
)

// Options say how GitHub is reached. With neither Token nor AppID every call
// fails with ErrNotConfigured.
type Options struct {
	Token      string
	AppID      int64
	PrivateKey []byte            // PEM, of the app
	URL        string            // of the API; empty: https://api.github.com/
	Transport  http.RoundTripper // nil: http.DefaultTransport
}

const (
	defaultURL = "https://api.github.com/"
	// timeout bounds one call.
	timeout = 10 * time.Second
	// patience is how long a rate limit is waited for.
	patience = 2 * time.Second
)

// Client asks GitHub. It is safe for concurrent use.
type Client struct {
	o    Options
	apps *ghinstallation.AppsTransport

	mu      sync.Mutex
	clients map[string]*github.Client // by account; "" where a token serves all
}

// New makes a client; it calls nobody. It fails where the app's key is no key.
func New(o Options) (*Client, error) {
	if o.URL == "" {
		o.URL = defaultURL
	}
	if !strings.HasSuffix(o.URL, "/") {
		o.URL += "/"
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	c := &Client{o: o, clients: map[string]*github.Client{}}
	if o.Token == "" && o.AppID != 0 {
		apps, err := ghinstallation.NewAppsTransport(o.Transport, o.AppID, o.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("GITHUB_APP_PRIVATE_KEY: %w", err)
		}
		apps.BaseURL = strings.TrimSuffix(o.URL, "/")
		c.apps = apps
	}
	return c, nil
}

// Configured says whether there are credentials.
func (c *Client) Configured() bool { return c.o.Token != "" || c.apps != nil }

// client answers the go-github client for what belongs to an account: with an
// app each account has an installation of its own.
func (c *Client) client(ctx context.Context, account string) (*github.Client, error) {
	if !c.Configured() {
		return nil, ErrNotConfigured
	}
	key := strings.ToLower(account)
	if c.apps == nil {
		key = ""
	}
	c.mu.Lock()
	known := c.clients[key]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made, err := c.connect(ctx, account)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients[key] = made
	return made, nil
}

func (c *Client) connect(ctx context.Context, account string) (*github.Client, error) {
	if c.apps == nil {
		return c.open(c.o.Transport, github.WithAuthToken(c.o.Token))
	}
	app, err := c.open(c.apps)
	if err != nil {
		return nil, err
	}
	id, err := c.installation(ctx, app.Apps.GetOrganizationInstallation, account)
	if errors.Is(err, ErrNotFound) {
		id, err = c.installation(ctx, app.Apps.GetUserInstallation, account)
	}
	if err != nil {
		return nil, fmt.Errorf("installation of the app in %s: %w", account, err)
	}
	return c.open(ghinstallation.NewFromAppsTransport(c.apps, id))
}

type finder func(ctx context.Context, account string) (*github.Installation, *github.Response, error)

func (c *Client) installation(ctx context.Context, find finder, account string) (id int64, err error) {
	err = c.patient(ctx, func(ctx context.Context) error {
		in, _, err := find(ctx, account)
		if err == nil {
			id = in.GetID()
		}
		return err
	})
	return id, err
}

func (c *Client) open(t http.RoundTripper, more ...github.ClientOptionsFunc) (*github.Client, error) {
	options := append([]github.ClientOptionsFunc{
		github.WithTransport(t), github.WithTimeout(timeout), github.WithURLs(&c.o.URL, nil), github.WithUserAgent("bcn"),
	}, more...)
	made, err := github.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("GitHub client: %w", err)
	}
	return made, nil
}

// patient makes a call, and once more after a rate limit that is over within
// patience.
func (c *Client) patient(ctx context.Context, call func(ctx context.Context) error) error {
	deadline := time.Now().Add(patience)
	for {
		err := plainly(call(ctx))
		wait, limited := retryAfter(err)
		if !limited || time.Now().Add(wait).After(deadline) {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// plainly turns GitHub's 404 into ErrNotFound.
func plainly(err error) error {
	if answer, ok := errors.AsType[*github.ErrorResponse](err); ok && answer.Response.StatusCode == http.StatusNotFound {
		return ErrNotFound
	}
	return err
}

// retryAfter says how long a rate limit lasts: the primary until its reset, the
// secondary for its Retry-After, a minute where GitHub does not say.
func retryAfter(err error) (time.Duration, bool) {
	if limited, ok := errors.AsType[*github.RateLimitError](err); ok {
		return max(time.Until(limited.Rate.Reset.Time), time.Second), true
	}
	if limited, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		if limited.RetryAfter != nil {
			return max(*limited.RetryAfter, time.Second), true
		}
		return time.Minute, true
	}
	return 0, false
}
