package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/api"
)

// Token is what Vault says of the bot's own token.
type Token struct {
	Ends      bool          // it does, unless it is renewed
	TTL       time.Duration // until then
	Renewable bool
	Policies  []string
}

// Token reads the bot's own token.
func (c *Client) Token(ctx context.Context) (Token, error) {
	data, err := c.read(ctx, "auth/token/lookup-self")
	if err != nil {
		return Token{}, err
	}
	n, ok := data["ttl"].(json.Number)
	if !ok {
		return Token{}, errors.New("the answer about the token lacks its ttl")
	}
	seconds, err := n.Int64()
	if err != nil {
		return Token{}, fmt.Errorf("read the token's ttl: %w", err)
	}
	expires, told := data["expire_time"]
	t := Token{Ends: !told || expires != nil, TTL: time.Duration(seconds) * time.Second}
	t.Renewable, _ = data["renewable"].(bool)
	t.Policies, err = list(data, "policies")
	return t, err
}

// Run keeps the token alive until ctx ends: it renews it, and gets another when
// it cannot be extended.
func (c *Client) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := c.o.Retry
		secret, err := c.current(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			c.o.Log.Error("no token of Vault that works: whom Vault decides of is refused", "error", err)
		case err == nil && secret == nil:
			wait = time.Hour // it does not end
		case err == nil && c.watch(ctx, secret):
			continue
		}
		pause(ctx, wait)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// current answers the token to watch: that of the last login, or the given one.
// It is nil where it has no end.
func (c *Client) current(ctx context.Context) (*api.Secret, error) {
	if c.logsIn() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.login == nil {
			if err := c.logIn(ctx); err != nil {
				return nil, err
			}
		}
		return c.login, nil
	}
	t, err := c.Token(ctx)
	if err != nil || !t.Ends {
		return nil, err
	}
	return &api.Secret{Auth: &api.SecretAuth{ClientToken: c.o.Token, Renewable: t.Renewable, LeaseDuration: max(int(t.TTL/time.Second), 1)}}, nil
}

// watch renews a token until that extends it no more, and answers whether there
// is another to watch at once.
func (c *Client) watch(ctx context.Context, secret *api.Secret) bool {
	if secret.Auth.LeaseDuration == 0 {
		pause(ctx, time.Hour)
		return true
	}
	w, err := c.api.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: secret})
	if err != nil {
		c.o.Log.Error("cannot watch the token of Vault", "error", err)
		return false
	}
	done := make(chan struct{})
	go func() { defer close(done); w.Start() }()
	defer func() { w.Stop(); <-done }()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-c.again:
			return true
		case r := <-w.RenewCh():
			c.o.Log.Info("renewed the token of Vault", "ttl", (time.Duration(r.Secret.Auth.LeaseDuration) * time.Second).String())
		case err := <-w.DoneCh():
			return c.ended(secret, err)
		}
	}
}

// ended forgets a login whose token ends, and answers whether to log in at once:
// not where tokens end as soon as they are made. A token that was given is all
// there is.
func (c *Client) ended(secret *api.Secret, err error) bool {
	if !c.logsIn() {
		c.o.Log.Error("VAULT_TOKEN ends and is not extended: give bcn another", "error", err)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.login == secret {
		c.login = nil
	}
	c.o.Log.Info("the token of Vault ends: logging in again", "error", err)
	return c.o.Now().Sub(c.loggedIn) >= c.o.Retry
}
