package githubx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v92/github"
)

// What GitHub answers while somebody has not entered their code (docs.github.com,
// "Authorizing OAuth apps", device flow).
var (
	ErrPending  = errors.New("the code was not entered yet")
	ErrSlowDown = errors.New("asked too often") // from now on 5 s more between two questions
	ErrExpired  = errors.New("the code has expired")
	ErrDenied   = errors.New("it was denied")
)

// Device is a code that a person enters at GitHub to show which account is
// theirs.
type Device struct {
	Code     string // what is asked with; it is as good as the person's word
	UserCode string // what they enter
	URL      string // where
	Expires  time.Duration
	Interval time.Duration // at least, between two questions
}

// Account is who somebody is at GitHub.
type Account struct {
	ID    int64 // it stays theirs where the login does not
	Login string
}

// StartDevice asks for a code, for an OAuth app with its device flow enabled and
// no scope: what comes of it reads what is public.
func (c *Client) StartDevice(ctx context.Context, clientID string) (Device, error) {
	var said struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
		ExpiresIn       int    `json:"expires_in"`
		Interval        int    `json:"interval"`
		Error           string `json:"error"`
	}
	if err := c.post(ctx, "login/device/code", url.Values{"client_id": {clientID}}, &said); err != nil {
		return Device{}, err
	}
	if said.Error != "" || said.DeviceCode == "" || said.UserCode == "" {
		return Device{}, fmt.Errorf("GitHub gives no code: %q", said.Error)
	}
	return Device{
		Code: said.DeviceCode, UserCode: said.UserCode, URL: said.VerificationURI,
		Expires: time.Duration(said.ExpiresIn) * time.Second, Interval: time.Duration(max(said.Interval, 5)) * time.Second,
	}, nil
}

// PollDevice asks once who has entered a code. The token that GitHub gives for it
// is used to read who it is, and let go of: it leaves this function in no value
// and no error. Errors: ErrPending, ErrSlowDown, ErrExpired, ErrDenied; after any
// other the code may be spent.
func (c *Client) PollDevice(ctx context.Context, clientID, code string) (Account, error) {
	var said struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
	}
	err := c.post(ctx, "login/oauth/access_token", url.Values{
		"client_id": {clientID}, "device_code": {code}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"},
	}, &said)
	if err != nil {
		return Account{}, err
	}
	switch said.Error {
	case "":
	case "authorization_pending":
		return Account{}, ErrPending
	case "slow_down":
		return Account{}, ErrSlowDown
	case "expired_token", "incorrect_device_code":
		return Account{}, ErrExpired
	case "access_denied":
		return Account{}, ErrDenied
	default:
		return Account{}, fmt.Errorf("GitHub says %q of a device code", said.Error)
	}
	if said.AccessToken == "" {
		return Account{}, errors.New("GitHub gives neither a token nor an error for a device code")
	}
	return c.account(ctx, said.AccessToken)
}

func (c *Client) account(ctx context.Context, token string) (Account, error) {
	as, err := c.open(c.o.Transport, github.WithAuthToken(token))
	if err != nil {
		return Account{}, err
	}
	var out Account
	err = c.patient(ctx, func(ctx context.Context) error {
		u, _, err := as.Users.Get(ctx, "")
		if err == nil {
			out = Account{ID: u.GetID(), Login: u.GetLogin()}
		}
		return err
	})
	if err == nil && (out.ID == 0 || out.Login == "") {
		err = errors.New("it has no login")
	}
	if err != nil {
		return Account{}, fmt.Errorf("read whose code it was: %w", err)
	}
	return out, nil
}

// maxAnswer bounds what is read of an answer about a code.
const maxAnswer = 64 << 10

// post asks GitHub's web pages, which are beside its API. Its answers are JSON
// only where that is asked for, and their errors have status 200.
func (c *Client) post(ctx context.Context, path string, form url.Values, to any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, webURL(c.o.URL)+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "bcn")
	resp, err := c.o.Transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%s: %w: GitHub does not know the OAuth app", path, ErrNotFound)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: GitHub answers %s", path, resp.Status)
	}
	if err := json.Unmarshal(body, to); err != nil {
		return fmt.Errorf("%s: GitHub's answer is no JSON", path) // the body may hold a token
	}
	return nil
}

// webURL is where the pages are that belong to an API: github.com of
// api.github.com, and the host itself of a GitHub Enterprise Server, whose API is
// below /api/v3/.
func webURL(api string) string {
	u, err := url.Parse(api)
	if err != nil {
		return api
	}
	u.Host = strings.TrimPrefix(u.Host, "api.")
	u.Path = strings.TrimSuffix(u.Path, "api/v3/")
	return u.String()
}
