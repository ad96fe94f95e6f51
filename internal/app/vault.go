package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/directory"
	"github.com/bcn-bot/bcn/internal/vault"
)

// vaultStart bounds the look at Vault when bcn starts.
const vaultStart = 10 * time.Second

// newVault makes the client of Vault, nil where no team is decided by it.
func newVault(p *config.Process, c *config.Config, o vault.Options) (*vault.Client, error) {
	if !c.NeedsVault() {
		return nil, nil
	}
	l := p.Vault
	o.Addr, o.CACert, o.Token = p.VaultAddr, l.CACert, l.Token.Reveal()
	if l.RoleID.Set() {
		o.AppRole = &vault.AppRole{RoleID: l.RoleID.Reveal(), SecretID: l.SecretID.Reveal(), Mount: l.AppRolePath}
	}
	if l.KubernetesRole.Set() {
		o.Kubernetes = &vault.Kubernetes{Role: l.KubernetesRole.Reveal(), TokenFile: l.KubernetesTokenPath, Mount: l.KubernetesPath}
	}
	return vault.New(o)
}

// wireVault makes the client and looks once whether Vault takes its token. What
// does not answer now may do so later: whom it decides of is refused until then.
func (a *App) wireVault(ctx context.Context) error {
	var err error
	if a.vault, err = newVault(a.o.Process, a.o.Config, vault.Options{Log: a.log}); err != nil || a.vault == nil {
		return err
	}
	a.onStop("vault", func(context.Context) error { a.vault.Close(); return nil })
	ctx, cancel := context.WithTimeout(ctx, vaultStart)
	defer cancel()
	if _, err := a.vault.Token(ctx); err != nil {
		a.log.Error("Vault does not take bcn's token: whom it decides of is refused (bot check says more)", "error", err)
	}
	return nil
}

// vaultSide is what the directory asks; nil where no team is decided by Vault.
func (a *App) vaultSide() directory.Vault {
	if a.vault == nil {
		return nil
	}
	return a.vault
}

// renewing keeps the token of Vault alive until ctx ends.
func (a *App) renewing(ctx context.Context) {
	if a.vault != nil {
		a.vault.Run(ctx)
	}
}

// vault looks whether Vault takes the token, and finds everybody whom bot.yaml
// says is in it.
func (c *checker) vault(ctx context.Context, p *config.Process, cfg *config.Config) {
	if missing := p.RequireVault(cfg); len(missing) > 0 {
		for _, m := range missing {
			c.fault("environment", m, "set it; docs/configuration.md lists all")
		}
		return
	}
	v, err := newVault(p, cfg, vault.Options{})
	if err != nil {
		c.fault("Vault", err, "check the variables that begin with VAULT_")
		return
	}
	if v == nil {
		return
	}
	defer v.Close()
	token, err := v.Token(ctx)
	if err != nil {
		c.fault("Vault", err, "check VAULT_ADDR and the token or login; docs/security.md has the policy that it needs")
		return
	}
	c.vaultToken(token)
	found := 0
	for _, person := range cfg.People {
		if person.Vault == "" {
			continue
		}
		entity, err := v.Entity(ctx, person.Vault)
		if err == nil && !entity.Known {
			err = errors.New("there is no such entity")
		}
		if err == nil && entity.Disabled {
			err = errors.New("the entity is disabled: its person is in no team by Vault")
		}
		if err != nil {
			c.fault("Vault entity "+person.Vault, err, "check people in bot.yaml, and bcn's policy in Vault (docs/security.md)")
			continue
		}
		found++
	}
	c.ok("Vault: %d people of bot.yaml are entities", found)
}

func (c *checker) vaultToken(t vault.Token) {
	switch {
	case !t.Ends:
		c.fault("Vault", errors.New("the token does not end"), "give bcn one that ends and is renewed: by AppRole, Kubernetes, or with a period")
	case !t.Renewable:
		c.fault("Vault", fmt.Errorf("the token ends in %s and cannot be renewed", t.TTL), "give bcn one that is renewable")
	default:
		c.ok("Vault: the token is renewed, and ends in %s without that", t.TTL)
	}
}
