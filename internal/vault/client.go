package vault

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/approle"
	"github.com/hashicorp/vault/api/auth/kubernetes"
)

// Patience bounds one call.
const Patience = 4 * time.Second

// maxBody is the size in bytes of which an answer is read.
const maxBody = 4 << 20

// loginPause is how long a login counts as new: what is refused right after one
// is refused for another reason than the token's age.
const loginPause = 10 * time.Second

// AppRole is a login with a role's id and secret id.
type AppRole struct{ RoleID, SecretID, Mount string }

// Kubernetes is a login with the service account's token, which is read from
// TokenFile at each login, since Kubernetes replaces it.
type Kubernetes struct{ Role, TokenFile, Mount string }

// Options say which Vault is asked, and as whom: by one of Token, AppRole and
// Kubernetes.
type Options struct {
	Addr       string // such as https://vault.example.com:8200
	CACert     string // a file with certificates of its own, in PEM form; empty: the system's
	Token      string
	AppRole    *AppRole
	Kubernetes *Kubernetes
	Log        *slog.Logger     // nil: nothing is logged
	Now        func() time.Time // nil: time.Now
	Retry      time.Duration    // between attempts to get a token back; 0: 15 s
}

// Client asks Vault. It is safe for concurrent use.
type Client struct {
	o   Options
	api *api.Client

	mu       sync.Mutex
	login    *api.Secret // the last one; nil: none yet, or the token was given
	loggedIn time.Time
	again    chan struct{} // there was a login that Run did not make
}

// New makes a client; it asks nobody.
func New(o Options) (*Client, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Retry == 0 {
		o.Retry = 15 * time.Second
	}
	if n := count(o.Token != "", o.AppRole != nil, o.Kubernetes != nil); n != 1 {
		return nil, fmt.Errorf("%d ways to a token of Vault, not one", n)
	}
	// The library's own settings from the environment (VAULT_SKIP_VERIFY, ...) are
	// not used: what bcn trusts is what docs/configuration.md names.
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: abreast, IdleConnTimeout: time.Minute,
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	conf := &api.Config{
		Address: o.Addr, HttpClient: &http.Client{Transport: transport, CheckRedirect: stay}, Timeout: Patience,
		DisableRedirects: true, // the token is for VAULT_ADDR and nobody else
		MaxRetries:       1, MinRetryWait: 50 * time.Millisecond, MaxRetryWait: 200 * time.Millisecond,
	}
	if o.CACert != "" {
		if err := conf.ConfigureTLS(&api.TLSConfig{CACert: o.CACert}); err != nil {
			return nil, fmt.Errorf("read VAULT_CACERT: %w", err)
		}
	}
	client, err := api.NewClient(conf)
	if err != nil {
		return nil, fmt.Errorf("make a client of Vault: %w", err)
	}
	client.ClearNamespace() // what a policy's path means depends on it; acl knows the root only
	client.SetToken(o.Token)
	return &Client{o: o, api: client, again: make(chan struct{}, 1)}, nil
}

func count(given ...bool) (n int) {
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
}

// Close gives idle connections back.
func (c *Client) Close() { c.api.CloneConfig().HttpClient.CloseIdleConnections() }

// logsIn says that a token can be had again.
func (c *Client) logsIn() bool { return c.o.Token == "" }

// method is the login.
func (c *Client) method() (api.AuthMethod, error) {
	if r := c.o.AppRole; r != nil {
		return approle.NewAppRoleAuth(r.RoleID, &approle.SecretID{FromString: r.SecretID}, approle.WithMountPath(cmp.Or(r.Mount, "approle")))
	}
	k := c.o.Kubernetes
	options := []kubernetes.LoginOption{kubernetes.WithMountPath(cmp.Or(k.Mount, "kubernetes"))}
	if k.TokenFile != "" {
		options = append(options, kubernetes.WithServiceAccountTokenPath(k.TokenFile))
	}
	return kubernetes.NewKubernetesAuth(k.Role, options...)
}

// ready answers the token to use, after the first login where there is none.
func (c *Client) ready(ctx context.Context) (string, error) {
	if token := c.api.Token(); token != "" {
		return token, nil
	}
	return c.replace(ctx, "")
}

// replace logs in, unless somebody else replaced the token that did not do. It
// answers the token that is used now.
func (c *Client) replace(ctx context.Context, token string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.api.Token(); now != token {
		return now, nil
	}
	if token != "" && c.o.Now().Sub(c.loggedIn) < loginPause {
		return token, nil
	}
	if err := c.logIn(ctx); err != nil {
		return "", err
	}
	select {
	case c.again <- struct{}{}:
	default:
	}
	return c.api.Token(), nil
}

// logIn makes a token; c.mu is held.
func (c *Client) logIn(ctx context.Context) error {
	m, err := c.method()
	if err != nil {
		return err
	}
	fresh, err := c.api.Clone() // without the old token
	if err != nil {
		return err
	}
	secret, err := fresh.Auth().Login(ctx, m)
	if err != nil {
		return err
	}
	c.login, c.loggedIn = secret, c.o.Now()
	c.api.SetToken(secret.Auth.ClientToken)
	return nil
}

// read reads a path; nil where Vault says that there is nothing (404). A refusal
// is tried once more with another token, where one can be had: it may have been
// revoked, or have ended.
func (c *Client) read(ctx context.Context, path string) (map[string]any, error) {
	token, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	data, err := c.get(ctx, path)
	if !refused(err) || !c.logsIn() {
		return data, err
	}
	next, errLogin := c.replace(ctx, token)
	if errLogin != nil {
		return nil, errors.Join(err, errLogin)
	}
	if next == token {
		return nil, err
	}
	return c.get(ctx, path)
}

// get is one call. The library's own Read answers nothing for any answer without
// a body, such as a redirect; only a 404 is nothing here.
func (c *Client) get(ctx context.Context, path string) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	resp, err := c.api.Logical().ReadRawWithContext(ctx, path)
	if resp != nil && resp.Body != nil {
		defer func() { _ = resp.Body.Close() }()
	}
	switch {
	case resp != nil && resp.StatusCode == http.StatusNotFound:
		return nil, nothing(resp)
	case err != nil:
		return nil, err
	case resp == nil || resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the answer of Vault about %s is none", path)
	}
	secret, err := api.ParseSecret(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read the answer of Vault about %s: %w", path, err)
	}
	if secret == nil || len(secret.Data) == 0 {
		return nil, fmt.Errorf("the answer of Vault about %s is empty", path)
	}
	return secret.Data, nil
}

// nothing refuses a 404 that does not say what Vault's says ({"errors":[]}): some
// proxy's page, or a path that has no handler.
func nothing(resp *api.Response) error {
	var body struct {
		Errors []string `json:"errors"`
	}
	err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(&body)
	if err != nil || body.Errors == nil || len(body.Errors) > 0 {
		return errors.New("the answer 404 is not Vault's for what is not there")
	}
	return nil
}

// refused says that Vault did not take the token, or not for this.
func refused(err error) bool {
	var e *api.ResponseError
	return errors.As(err, &e) && e.StatusCode == http.StatusForbidden
}
